"""The reference infrastructure of an invented insurer: healthy in one scan, drifted in the next."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta

from auditor.model.component import ComponentKind, State
from auditor.model.fact import Facts, Known
from auditor.model.finding import EvidenceReference, Finding, Severity, Status, Subject, SubjectKind, Verdict
from auditor.model.history import History, Life, ScanPoint
from auditor.model.inventory import Environment, Host, Inventory, Purpose
from auditor.model.observation import ChannelName, Visit
from auditor.model.scan import ScanRecord
from auditor.model.waiver import Waiver
from tests.reporting.pages import CHECKS
from tests.reporting.records import (
    BEGIN,
    DC,
    FE,
    LIFETIME,
    PLATFORM,
    UNREACHED,
    environment,
    environment_subject,
    facts,
    failed_visit,
    failing,
    finding,
    host_subject,
    judged,
    linux,
    passed,
    portrait,
    record,
    unknown,
    unseen_portrait,
    visit,
    windows,
    with_findings,
    with_portrait,
)

INFRASTRUCTURE = Subject(SubjectKind.INFRASTRUCTURE, "Northwind Insurance")


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
        scan,
        inventory,
        visits,
        portraits,
        {host.name: _facts_of(host.name) for host in inventory.hosts},
        _passes(inventory),
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
        answers["registry.server"] = {
            "values": {"Server": PLATFORM, "LifeTime": LIFETIME, "LifetimePublished": LIFETIME}
        }
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


def without_sight_of(old: ScanRecord, host: Host) -> ScanRecord:
    """Return the record as if this host had not answered: every verdict on it is unknown."""
    blind = with_portrait(old, unseen_portrait(host))
    visits = {**old.visits, host.name: failed_visit(host.name)}
    nothing = {**judged(blind).facts, host.name: Facts(host.name, {}, UNREACHED)}
    blind = dataclasses.replace(blind, visits=visits, judgement=dataclasses.replace(judged(blind), facts=nothing))
    subject = host_subject(host.name, host.environment or "")
    lost = [
        dataclasses.replace(item, verdict=unknown(), evidence=(EvidenceReference(host.name, "registry.server"),))
        for item in judged(old).findings
        if (item.subject == subject or item.subject == environment_subject(host.environment or ""))
        and item.verdict.status in (Status.PASS, Status.FAIL)
        and item.check != "DATA-001"
    ]
    missed = finding(
        "DATA-001", subject, failing(UNREACHED.sentence, "an answer", "none"), (host.name, "registry.server")
    )
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
            failing("prd-fe1, declared a front-end, also runs a controller.", "front-end", "front-end, controller"),
            ("prd-fe1", "services"),
        ),
        dataclasses.replace(
            finding(
                "TOPO-008", environment_subject("LifeTime"),
                failing("lt-1 carries Factory Monitoring beside LifeTime.", "LifeTime only", "1 further application"),
                ("lt-1", "iis.applications"),
            ),
            waiver=lifetime_waiver(),
        ),
    ]  # fmt: skip


def repaired_since() -> Finding:
    """Return a failure of an earlier scan that the drifted record proves to be gone."""
    verdict = failing("Development names no cache broker.", "a broker", "none")
    return finding("COMP-013", environment_subject("Development"), verdict, ("dev-1", "hsconf"))


def history_of(record: ScanRecord, scans: int = 12) -> History:
    """Return a history in which failures came one by one, the first of them came back, and each is there today."""
    failing_now = [item for item in judged(record).findings if item.verdict.status is Status.FAIL]
    first = record.id - scans + 1
    lives = {
        item.fingerprint: Life(min(first + number, record.id), record.id, reopened=2 if number == 0 else 0)
        for number, item in enumerate(failing_now)
    }
    points = []
    for scan in range(first, record.id + 1):
        seen = [item for item in failing_now if lives[item.fingerprint].first <= scan and item.is_open]
        opened = {severity: sum(item.severity is severity for item in seen) for severity in Severity}
        del opened[Severity.INFO]
        at = BEGIN + timedelta(days=scan - 41)
        points.append(ScanPoint(scan, at, "9f3ab82c41d6", opened, 1, 48 + len(seen), 10 if scan == record.id else 2))
    return History(tuple(points), lives)


def lifetime_waiver() -> Waiver:
    """Return a waiver in force at the drifted record that ends within the month."""
    return Waiver(
        "TOPO-008", "Moves to the new console in March.", "Platform team", "Head of operations",
        date(2026, 1, 10), date(2026, 3, 21), environment="LifeTime", place="waivers.yaml:4",
    )  # fmt: skip
