"""A small builder of scan records over the values of the model."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
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
from auditor.model.finding import EvidenceReference, Finding, Status, Subject, SubjectKind, Verdict
from auditor.model.inventory import Environment, Host, Inventory, Purpose, Role, SSHEndpoint, WinRMEndpoint, WinRMSignIn
from auditor.model.known_facts import DatabaseSection, ServerConfiguration, Service, Volume
from auditor.model.observation import ChannelName, Failure, Visit
from auditor.model.question import Answer, Outcome, Platform
from auditor.model.reference import Adjustment, Reference
from auditor.model.scan import Judgement, RuleSet, ScanRecord, ScanState
from tests.reporting.pages import CHECKS

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
    return Visit(host, BEGIN, BEGIN + timedelta(seconds=5), failure=Failure(FailureKind.DROPPED, UNREACHED.sentence))


def component(host: str, kind: ComponentKind, state: State, version: str | None = None) -> Component:
    """Return a component with evidence that fits its state."""
    if state is State.UNKNOWN:
        return Component(host, kind, state, not_known=UNREACHED)
    denies = Evidence("registry", Bearing.DENIES, f"{kind.value} has no registry value.", 2, ("registry.server",))
    if state is State.ABSENT:
        return Component(host, kind, state, None, (denies,))
    supports = Evidence("registry", Bearing.SUPPORTS, f"The registry names {version}.", 2, ("registry.server",))
    living = Evidence("iis", Bearing.SUPPORTS, "The application has a living path.", 3, ("iis.applications",))
    return Component(host, kind, state, version, (supports, living))


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
        controller,
        12000,
        broker,
        5672,
        False,
        PLATFORM,
        "C:\\Program Files\\OutSystems\\Platform Server",
        None,
        sections,
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
    later = timedelta(days=scan - 41)
    started = BEGIN + later
    visits = {
        name: dataclasses.replace(item, started_at=item.started_at + later, observed_at=item.observed_at + later)
        for name, item in visits.items()
    }
    reference = Reference(
        adjustments=(Adjustment("Platform team", "Reviewed for the yearly audit.", "2026-01-15"),),
        digest="c20d77e1b9f4",
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


def without_check(old: ScanRecord, check: str) -> ScanRecord:
    """Return the record without the findings of one check."""
    findings = tuple(item for item in judged(old).findings if item.check != check)
    return dataclasses.replace(old, judgement=dataclasses.replace(judged(old), findings=findings))


def with_portrait(old: ScanRecord, new: Portrait) -> ScanRecord:
    """Return the record with another portrait of one host."""
    portraits = {**judged(old).portraits, new.host: new}
    return dataclasses.replace(old, judgement=dataclasses.replace(judged(old), portraits=portraits))
