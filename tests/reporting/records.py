"""A small builder of scan records: a reference infrastructure with deviations, an unread host and a waiver."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from auditor.errors import FailureKind
from auditor.model.component import (
    Bearing,
    Certainty,
    Component,
    ComponentKind,
    Evidence,
    Portrait,
    RoleReading,
    State,
)
from auditor.model.fact import Facts, Known, NotKnown, Reason
from auditor.model.finding import EvidenceReference, Finding, Severity, Status, Subject, SubjectKind, Verdict
from auditor.model.inventory import Environment, Host, Inventory, Purpose, Role, SSHEndpoint, WinRMEndpoint, WinRMSignIn
from auditor.model.known_facts import DatabaseSection, ServerConfiguration, Service, Volume
from auditor.model.observation import ChannelName, Failure, Visit
from auditor.model.question import Answer, Outcome, Platform
from auditor.model.reference import Adjustment, Reference
from auditor.model.scan import Judgement, RuleSet, ScanRecord, ScanState
from auditor.model.waiver import Waiver
from auditor.reporting.shapes import CheckText

PLATFORM = "11.38.0.47000"
LIFETIME = "11.28.0.1200"
BEGIN = datetime(2026, 3, 2, 2, 0, 0, tzinfo=UTC)
DC, FE, BROKER = Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END, Role.CACHE_BROKER
BOTH = frozenset({DC, FE})

UNREACHED = NotKnown(Reason.UNREACHABLE, "qa-1 did not answer on port 5986 within 5 s: check firewall and service.")


def windows(name: str, environment: str | None, roles: frozenset[Role] = BOTH) -> Host:
    """Return a host read over WinRM."""
    endpoint = WinRMEndpoint(f"{name}.corp.example", 5986, True, WinRMSignIn.KERBEROS, "CORP\\audit")
    return Host(name, environment, endpoint, roles)


def linux(name: str, environment: str | None = None, roles: frozenset[Role] = frozenset({BROKER})) -> Host:
    """Return a host read over SSH."""
    return Host(name, environment, SSHEndpoint(f"{name}.corp.example", 22, "audit", Platform.LINUX), roles)


def environment(name: str, purpose: Purpose, *hosts: Host) -> Environment:
    """Return an environment of these hosts."""
    return Environment(name, purpose, hosts=hosts)


def reference_inventory() -> Inventory:
    """Return the infrastructure that the fixtures of this project call the reference, with one external broker."""
    return Inventory(
        "Northwind Insurance",
        (
            environment("Development", Purpose.DEVELOPMENT, windows("dev-1", "Development")),
            environment("Quality", Purpose.QUALITY, windows("qa-1", "Quality")),
            environment(
                "Production",
                Purpose.PRODUCTION,
                windows("prd-ctl", "Production", frozenset({DC})),
                windows("prd-fe1", "Production", frozenset({FE})),
                windows("prd-fe2", "Production", frozenset({FE})),
            ),
            environment("LifeTime", Purpose.LIFETIME, windows("lt-1", "LifeTime")),
        ),
        (linux("mq-1"),),
        digest="4be1c9d07a52",
    )


def visit(host: str, channel: ChannelName, answers: Mapping[str, Any], notes: tuple[str, ...] = ()) -> Visit:
    """Return a successful visit; a value None in `answers` means that the thing is missing."""
    stored = {
        question: Answer(question, Outcome.MISSING if value is None else Outcome.OK, value, milliseconds=12)
        for question, value in sorted(answers.items())
    }
    platform = Platform.LINUX if channel is ChannelName.SH_OVER_SSH else Platform.WINDOWS
    return Visit(host, BEGIN, BEGIN + timedelta(seconds=9), channel, platform, stored, notes=notes, requests=5)


def failed_visit(host: str) -> Visit:
    """Return a visit that brought nothing."""
    return Visit(
        host, BEGIN, BEGIN + timedelta(seconds=5), failure=Failure(FailureKind.DROPPED, UNREACHED.sentence)
    )


def component(host: str, kind: ComponentKind, state: State, version: str | None = None) -> Component:
    """Return a component with evidence that fits its state."""
    if state is State.UNKNOWN:
        return Component(host, kind, state, not_known=UNREACHED)
    if state is State.ABSENT:
        evidence = (Evidence("registry", Bearing.DENIES, f"{kind.value} has no registry value.", 2, ("registry.server",)),)
    else:
        evidence = (
            Evidence("registry", Bearing.SUPPORTS, f"The registry names version {version}.", 2, ("registry.server",)),
            Evidence("iis", Bearing.SUPPORTS, "The application has a living path.", 3, ("iis.applications",)),
        )
    return Component(host, kind, state, version, evidence)


def portrait(host: Host, present: Mapping[ComponentKind, tuple[State, str | None]], scheduler: bool = True) -> Portrait:
    """Return a portrait in which every kind that is not named is absent."""
    components = tuple(component(host.name, kind, *present.get(kind, (State.ABSENT, None))) for kind in ComponentKind)
    reading = RoleReading(
        host=host.name,
        intended=host.roles,
        actual=host.roles,
        runs_scheduler=scheduler,
        passive=False,
        certainty=Certainty.FULL,
        statement=f"The services of {host.name} run as its start modes ask for.",
        questions=("services",),
    )
    return Portrait(host.name, components, reading)


def unseen_portrait(host: Host) -> Portrait:
    """Return the portrait of a host that was not read."""
    components = tuple(component(host.name, kind, State.UNKNOWN) for kind in ComponentKind)
    return Portrait(host.name, components, UNREACHED)


def facts(host: str, controller: str, broker: str, catalog: str, server: str = "sql-np") -> Facts:
    """Return the facts of a host with Platform Server."""
    sections = tuple(
        DatabaseSection(section, "SqlServer", server, name, "Database Authentication")
        for section, name in (("platform", catalog), ("session", f"{catalog}_session"))
    )
    configuration = ServerConfiguration(
        controller, 12000, broker, 5672, False, PLATFORM, "C:\\Program Files\\OutSystems\\Platform Server", None, sections
    )
    service = Service(
        "OutSystems Deployment Service", "OutSystems Deployment Service", "running", "auto", False, "LocalSystem",
        "C:\\Program Files\\OutSystems\\Platform Server\\DeployService\\DeployService.exe", 4120,
    )  # fmt: skip
    return Facts(
        host,
        {
            "os.name": Known("Windows Server 2022 Standard", ("os",)),
            "os.is_server": Known(True, ("os",)),
            "hardware.processors": Known(4, ("processors",)),
            "hardware.memory": Known(17179869184, ("memory",)),
            "hardware.volumes": Known((Volume("C:", 322122547200, 214748364800),), ("volumes",)),
            "platform_server.version": Known(PLATFORM, ("registry.server",)),
            "lifetime.payload_version": Known(None, ("registry.server",)),
            "services": Known((service,), ("services",)),
            "server_configuration": Known(configuration, ("hsconf",)),
            "clock.offset": Known(0.4, ("clock",)),
            "iis.bindings": NotKnown(Reason.DENIED, f"The account may not read applicationHost.config on {host}.", ()),
        },
    )


def host_subject(name: str, environment_name: str = "") -> Subject:
    """Return a host as a subject."""
    return Subject(SubjectKind.HOST, name, environment_name)


def environment_subject(name: str) -> Subject:
    """Return an environment as a subject."""
    return Subject(SubjectKind.ENVIRONMENT, name, name)


INFRASTRUCTURE = Subject(SubjectKind.INFRASTRUCTURE, "Northwind Insurance")

CHECKS = {
    "TOPO-003": ("production_environment_exists", "Production environment exists", Severity.CRITICAL),
    "TOPO-004": ("lifetime_environment_exists", "Exactly one LifeTime environment exists", Severity.HIGH),
    "TOPO-006": ("lifetime_not_in_existing_environment", "LifeTime is not in an environment that has another purpose", Severity.CRITICAL),
    "TOPO-008": ("lifetime_without_business_applications", "LifeTime carries no business application", Severity.MEDIUM),
    "TOPO-015": ("one_deployment_controller", "Every environment has exactly one deployment controller", Severity.CRITICAL),
    "TOPO-016": ("front_end_and_scheduler", "Every environment has front-end and scheduler", Severity.HIGH),
    "COMP-001": ("platform_server_installed", "Platform Server is installed on each host", Severity.CRITICAL),
    "COMP-002": ("service_center_present", "Service Center is present in each environment", Severity.CRITICAL),
    "COMP-003": ("lifetime_installed", "LifeTime is installed in its environment", Severity.CRITICAL),
    "COMP-013": ("cache_broker_designated", "A cache invalidation broker is designated", Severity.HIGH),
    "DATA-001": ("every_host_reached", "Every host was reached", Severity.HIGH),
    "DATA-002": ("every_datum_collected", "Every datum was collected", Severity.MEDIUM),
    "DATA-005": ("declared_role_is_observed", "The declared role is the observed role", Severity.MEDIUM),
    "DATA-015": ("optional_sources_declared", "Optional sources are declared", Severity.INFO),
}  # fmt: skip

PAGE = {
    "Why it matters": "Since OutSystems 11 this set-up is not supported.\n\nThe next upgrade of `LifeTime` stops half-way:\n"
    "- the installer refuses the server\n- deployments are blocked until it is undone",
    "How it is decided": "From the registry value `LifeTime` and the IIS application `/lifetime`.\nOne of them is enough.",
    "How to fix": "1. Install LifeTime in an environment of its own.\n2. Register all environments there.\n"
    "3. Remove LifeTime from here in the documented order.",
    "References": "See the sources.",
}


def check_texts() -> dict[str, CheckText]:
    """Return the page of every check of these records."""
    sources = (("Set up OutSystems (success.outsystems.com)", "https://success.outsystems.com/documentation/11/"),)
    return {
        check: CheckText(check, slug, title, severity, PAGE, sources)
        for check, (slug, title, severity) in CHECKS.items()
    }


def finding(check: str, subject: Subject, verdict: Verdict, *evidence: tuple[str, str]) -> Finding:
    """Return a finding of one of the checks of these records."""
    slug, title, severity = CHECKS[check]
    references = tuple(sorted(EvidenceReference(host, question) for host, question in evidence))
    return Finding(check, slug, title, severity, subject, verdict, references)


def passed(sentence: str) -> Verdict:
    """Return a pass."""
    return Verdict(Status.PASS, sentence)


def failing(sentence: str, expected: str, found: str) -> Verdict:
    """Return a failure."""
    return Verdict(Status.FAIL, sentence, expected, found)


def unknown(sentence: str = UNREACHED.sentence, because_of: str | None = "DATA-001") -> Verdict:
    """Return a verdict that could not be given."""
    return Verdict(Status.UNKNOWN, sentence, reason=Reason.UNREACHABLE, because_of=because_of)


def healthy_record(scan: int = 41) -> ScanRecord:
    """Return a scan of the reference infrastructure in which everything was read and passed."""
    inventory = reference_inventory()
    windows_hosts = [host for host in inventory.hosts if host.name != "mq-1"]
    visits = {host.name: _windows_visit(host.name) for host in windows_hosts}
    visits["mq-1"] = visit(
        "mq-1", ChannelName.SH_OVER_SSH, {"linux.packages": {"exit_code": 0, "text": "rabbitmq-server 4.1.2\n"}}
    )
    portraits = {host.name: portrait(host, _components_of(host.name), host.name != "prd-ctl") for host in windows_hosts}
    broker = inventory.other_hosts[0]
    portraits["mq-1"] = portrait(broker, {ComponentKind.RABBITMQ: (State.PRESENT, "4.1.2")}, False)
    return record(
        scan, inventory, visits, portraits, {host.name: _facts_of(host.name) for host in inventory.hosts}, _passes(inventory)
    )


def _windows_visit(host: str) -> Visit:
    answers = {
        "registry.server": {"values": {"": "C:\\Program Files\\OutSystems\\Platform Server", "Server": PLATFORM}},
        "services": {"rows": [{"Name": "W3SVC", "State": "Running"}]},
        "iis.applications": {"path": "applicationHost.config", "root": {"name": "configuration"}},
        "hsconf": {"path": "server.hsconf"},
        "rabbitmq.folder": None,
    }
    if host == "lt-1":
        answers["registry.server"] = {"values": {"Server": PLATFORM, "LifeTime": LIFETIME, "LifetimePublished": LIFETIME}}
    channel = ChannelName.POWERSHELL_OVER_SSH if host == "prd-fe2" else ChannelName.POWERSHELL_OVER_WINRM
    return visit(host, channel, answers)


def _components_of(host: str) -> dict[ComponentKind, tuple[State, str | None]]:
    found: dict[ComponentKind, tuple[State, str | None]] = {ComponentKind.PLATFORM_SERVER: (State.PRESENT, PLATFORM)}
    if host != "prd-ctl":
        found[ComponentKind.SERVICE_CENTER] = (State.PRESENT, PLATFORM)
    if host == "lt-1":
        found[ComponentKind.LIFETIME] = (State.PRESENT, LIFETIME)
        found[ComponentKind.LIFETIME_PAYLOAD] = (State.PRESENT, LIFETIME)
    if host in ("dev-1", "qa-1"):
        found[ComponentKind.RABBITMQ] = (State.PRESENT, "4.1.2")
    if host == "dev-1":
        found[ComponentKind.SERVICE_STUDIO] = (State.PROBABLE, "11.55.24")
    return found


def _facts_of(host: str) -> Facts:
    catalogs = {"dev-1": "outsystems_dev", "qa-1": "outsystems_qa", "lt-1": "outsystems_lt"}
    if host == "mq-1":
        return Facts(host, {"linux.packages": Known(("rabbitmq-server 4.1.2", "erlang 27.3"), ("linux.packages",))})
    if host in catalogs:
        return facts(host, "localhost", "localhost" if host != "lt-1" else "mq-1.corp.example", catalogs[host])
    return facts(host, "prd-ctl", "mq-1.corp.example", "outsystems_prd", "sql-pr")


def _passes(inventory: Inventory) -> list[Finding]:
    made = []
    for check in CHECKS:
        if check in ("TOPO-003", "TOPO-004", "DATA-015"):
            made.append(finding(check, INFRASTRUCTURE, passed("Seen as the reference asks for.")))
        elif check in ("COMP-001", "DATA-001", "DATA-002", "DATA-005", "TOPO-006"):
            for host in inventory.hosts:
                subject = host_subject(host.name, host.environment or "")
                applies = check.startswith("DATA") or host.name != "mq-1"
                verdict = passed(f"{host.name} is as it should be.") if applies else _not_applicable(host.name)
                made.append(finding(check, subject, verdict, (host.name, "registry.server")))
        else:
            for item in inventory.environments:
                applies = check not in ("COMP-003", "TOPO-008") or item.purpose is Purpose.LIFETIME
                verdict = passed(f"{item.name} is as it should be.") if applies else _not_applicable(item.name)
                made.append(finding(check, environment_subject(item.name), verdict, *_evidence_of(item)))
    return made


def _evidence_of(item: Environment) -> list[tuple[str, str]]:
    return [(host.name, question) for host in item.hosts for question in ("registry.server", "services")]


def _not_applicable(name: str) -> Verdict:
    return Verdict(Status.NOT_APPLICABLE, f"The check is not meant for {name}.")


def record(
    scan: int,
    inventory: Inventory,
    visits: Mapping[str, Visit],
    portraits: Mapping[str, Portrait],
    all_facts: Mapping[str, Facts],
    findings: Iterable[Finding],
) -> ScanRecord:
    """Return a sealed record."""
    ordered = tuple(sorted(findings, key=lambda item: (item.check, item.subject)))
    started = BEGIN + timedelta(days=scan - 41)
    reference = Reference(
        adjustments=(Adjustment("Platform team", "Reviewed for the yearly audit.", "2026-01-15"),), digest="c20d77e1b9f4"
    )
    judgement = Judgement(dict(all_facts), dict(portraits), ordered, RuleSet("9f3ab82c41d6", "0.1.0"))
    return ScanRecord(
        scan, started, started + timedelta(seconds=74), ScanState.COMPLETE, inventory, reference, visits, judgement
    )


def judged(old: ScanRecord) -> Judgement:
    """Return the judgement of a sealed record."""
    assert old.judgement is not None
    return old.judgement


def with_findings(old: ScanRecord, *changed: Finding) -> ScanRecord:
    """Return the record with these findings in place of those of the same check and subject, or beside them."""
    findings = {item.fingerprint: item for item in judged(old).findings} | {item.fingerprint: item for item in changed}
    ordered = tuple(sorted(findings.values(), key=lambda item: (item.check, item.subject)))
    return dataclasses.replace(old, judgement=dataclasses.replace(judged(old), findings=ordered))


def with_portrait(old: ScanRecord, new: Portrait) -> ScanRecord:
    """Return the record with another portrait of one host."""
    portraits = {**judged(old).portraits, new.host: new}
    return dataclasses.replace(old, judgement=dataclasses.replace(judged(old), portraits=portraits))


def without_sight_of(old: ScanRecord, host: Host) -> ScanRecord:
    """Return the record as if this host had not answered: every verdict on it is unknown."""
    blind = with_portrait(old, unseen_portrait(host))
    visits = {**old.visits, host.name: failed_visit(host.name)}
    nothing = {**judged(blind).facts, host.name: Facts(host.name, {}, UNREACHED)}
    blind = dataclasses.replace(
        blind, visits=visits, judgement=dataclasses.replace(judged(blind), facts=nothing)
    )
    subject = host_subject(host.name, host.environment or "")
    lost = [
        dataclasses.replace(item, verdict=unknown(), evidence=(EvidenceReference(host.name, "registry.server"),))
        for item in judged(old).findings
        if (item.subject == subject or item.subject == environment_subject(host.environment or ""))
        and item.verdict.status in (Status.PASS, Status.FAIL)
        and item.check != "DATA-001"
    ]
    missed = finding("DATA-001", subject, failing(UNREACHED.sentence, "an answer", "none"), (host.name, "registry.server"))
    return with_findings(blind, *lost, missed)


def drifted_record(scan: int = 42) -> ScanRecord:
    """Return a later scan: LifeTime on dev-1, LifeTime's host with a business application, qa-1 silent, a waiver."""
    base = without_sight_of(healthy_record(scan), reference_inventory().environments[1].hosts[0])
    dev = base.inventory.environments[0].hosts[0]
    lifetime = {
        ComponentKind.LIFETIME: (State.PRESENT, LIFETIME),
        ComponentKind.LIFETIME_PAYLOAD: (State.PRESENT, LIFETIME),
    }
    front_end = base.inventory.environments[2].hosts[2]
    behind = {**_components_of("prd-fe2"), ComponentKind.PLATFORM_SERVER: (State.PRESENT, "11.36.1.45990")}
    broken = {**behind, ComponentKind.SERVICE_CENTER: (State.BROKEN, "11.36.1.45990")}
    base = with_portrait(base, portrait(dev, {**_components_of("dev-1"), **lifetime}))
    base = with_portrait(base, portrait(front_end, broken, scheduler=False))
    return with_findings(base, *_drift(base))


def _drift(base: ScanRecord) -> list[Finding]:
    lifetime_evidence = [("dev-1", "registry.server"), ("dev-1", "iis.applications"), ("dev-1", "services")]
    return [
        finding(
            "TOPO-006", host_subject("dev-1", "Development"),
            failing(
                f"dev-1 (Development) also runs LifeTime {LIFETIME}: payload, application /lifetime and its pool.",
                "no LifeTime outside of the LifeTime environment", f"LifeTime {LIFETIME}",
            ),
            *lifetime_evidence,
        ),
        finding(
            "TOPO-004", INFRASTRUCTURE,
            failing("LifeTime was found in two environments: LifeTime and Development.", "one", "two: lt-1, dev-1"),
            *lifetime_evidence, ("lt-1", "registry.server"),
        ),
        finding(
            "DATA-005", host_subject("prd-fe2", "Production"),
            failing("prd-fe2 runs no scheduler although its start mode is automatic.", "scheduler running", "stopped"),
            ("prd-fe2", "services"),
        ),
        finding(
            "DATA-005", host_subject("prd-fe1", "Production"),
            failing("prd-fe1 is declared a front-end and also runs a controller.", "front-end", "front-end, controller"),
            ("prd-fe1", "services"),
        ),
        dataclasses.replace(
            finding(
                "TOPO-008", environment_subject("LifeTime"),
                failing("lt-1 carries Factory Monitoring beside LifeTime.", "LifeTime and its plugins", "1 further application"),
                ("lt-1", "iis.applications"),
            ),
            waiver=lifetime_waiver(),
        ),
    ]  # fmt: skip


def lifetime_waiver() -> Waiver:
    """Return a waiver in force at the drifted record that ends within the month."""
    return Waiver(
        "TOPO-008", "Moves to the new console in March.", "Platform team", "Head of operations",
        date(2026, 1, 10), date(2026, 3, 21), environment="LifeTime", place="waivers.yaml:4",
    )  # fmt: skip
