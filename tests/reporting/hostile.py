"""A scan in which every value that somebody else can choose is hostile."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import Any

from auditor.model.component import Component, ComponentKind, Evidence, Portrait, RoleReading, State
from auditor.model.fact import Facts, Known
from auditor.model.finding import EvidenceReference, Finding, Status, Subject, SubjectKind, Verdict
from auditor.model.inventory import Environment, Host, Inventory, Purpose
from auditor.model.known_facts import Service
from auditor.model.observation import Visit
from auditor.model.question import Answer, Outcome
from auditor.model.scan import ScanRecord
from auditor.model.waiver import Waiver
from auditor.reporting.view import CheckText
from tests.reporting.northwind import drifted_record
from tests.reporting.pages import CHECKS
from tests.reporting.records import judged, with_findings

MARKUP = "\"'><script>alert(1)</script><img src=x onerror=alert(2)></style></title>"
CONTROLS = "a\x1b[31mred\x07\x00b\u202etxt.exe\u2066c\u200bd\ud800e\u2028f"
LONG = "x" * 1_000_000
NASTY = MARKUP + CONTROLS
# What a spreadsheet would take for a formula, and ways to hide that.
FORMULAS = (
    "=cmd|'/c calc'!A1",
    "+1+1",
    "-1+1",
    "@SUM(1;1)",
    "\t=1+1",
    "\r=1+1",
    " \n =1+1",
    "\u00a0=1+1",
    "\u200b=1+1",
    "＝1+1",
    '"=1+1',
    'x","=1+1',
    "'=1+1",
    "_x003D_1+1",
)
# What chats and trackers make something of.
TRIGGERS = (
    "@channel",
    "ping @admin please",
    "admin@corp.example",
    "<!here> <@U123>",
    "https://evil.example/x",
    "www.evil.example",
    "mailto:admin@corp.example",
    "#12 and org/repo#12",
    "[click](javascript:alert(1))",
    "![](https://evil.example/pixel)",
    "<https://evil.example>",
    "# title",
    "- [ ] task",
    "**loud** _soft_ `code` ~~gone~~ $x$",
    "<img src=x onerror=alert(1)>",
    "a | b",
    "&lt;b&gt;",
    "C:\\Program Files\\OutSystems",
)
# Declared names come from a file in UTF-8, which has no halves of surrogate pairs.
NAME = NASTY.replace("\ud800", "")


def hostile_texts() -> dict[str, CheckText]:
    """Return check pages with hostile texts and addresses."""
    sections = {"Why it matters": NASTY, "How it is decided": f"`{NASTY}`", "How to fix": f"- {NASTY}\n1. {NASTY}"}
    links = (
        (NASTY, "javascript:alert(3)"),
        ("data", "data:text/html,x"),
        ("quote", 'https://x.example/"onclick=alert(4)'),
    )
    return {
        check: CheckText(check, slug, title, severity, sections, links)
        for check, (slug, title, severity) in CHECKS.items()
    }


def hostile_record() -> ScanRecord:
    """Return the drifted scan with every name, sentence, version and value replaced."""
    record = drifted_record()
    inventory = _inventory(record.inventory)
    names = {old.name: new.name for old, new in zip(record.inventory.hosts, inventory.hosts, strict=True)}
    judgement = judged(record)
    return dataclasses.replace(
        record,
        inventory=inventory,
        visits={names[name]: _visit(visit, names[name]) for name, visit in record.visits.items()},
        judgement=dataclasses.replace(
            judgement,
            facts={names[name]: _facts(facts, names[name]) for name, facts in judgement.facts.items()},
            portraits={names[name]: _portrait(item, names[name]) for name, item in judgement.portraits.items()},
            findings=tuple(_finding(item, names) for item in judgement.findings),
        ),
    )


def with_hostile_changes(record: ScanRecord) -> ScanRecord:
    """Return an earlier hostile scan in which every verdict was another, and every component in another state."""
    judgement = judged(record)
    other = {Status.FAIL: Status.PASS, Status.PASS: Status.FAIL}
    findings = tuple(
        dataclasses.replace(
            item, waiver=None,
            verdict=dataclasses.replace(
                item.verdict, status=other.get(item.verdict.status, item.verdict.status), sentence=NASTY + LONG
            ),
        )
        for item in judgement.findings
    )  # fmt: skip
    portraits = {
        name: dataclasses.replace(
            portrait,
            components=tuple(
                dataclasses.replace(
                    item, version=NASTY, state=State.LEFTOVER if item.state is State.ABSENT else item.state
                )
                for item in portrait.components
            ),
        )
        for name, portrait in judgement.portraits.items()
    }
    return dataclasses.replace(record, judgement=dataclasses.replace(judgement, findings=findings, portraits=portraits))


def saying(texts: tuple[str, ...]) -> ScanRecord:
    """Return the drifted scan with failures on further hosts, each with one of these texts wherever one can stand."""
    record = drifted_record()
    old = next(item for item in judged(record).findings if _fails(item.verdict))
    new = [
        dataclasses.replace(
            old,
            subject=Subject(SubjectKind.HOST, text, text),
            verdict=Verdict(Status.FAIL, text, text, text),
            waiver=None,
        )
        for text in texts
    ]
    return with_findings(record, *new)


def _inventory(inventory: Inventory) -> Inventory:
    environments = tuple(
        Environment(item.name + NAME, Purpose.OTHER, hosts=tuple(_host(host) for host in item.hosts))
        for item in inventory.environments
    )
    return Inventory(NAME, environments, tuple(_host(host) for host in inventory.other_hosts), "digest")


def _host(host: Host) -> Host:
    environment = host.environment + NAME if host.environment else None
    return dataclasses.replace(host, name=host.name + NAME + "y" * 500, environment=environment, aliases=(NAME,))


def _visit(visit: Visit, name: str) -> Visit:
    values: list[Any] = [NASTY, LONG, {NASTY: [NASTY, {NASTY: LONG}]}, [1, None, True, 1.5, NASTY], {}]
    answers = {
        f"{question}{NASTY}": Answer(f"{question}{NASTY}", Outcome.OK, values[index % len(values)], NASTY)
        for index, question in enumerate(visit.answers)
    }
    failure = dataclasses.replace(visit.failure, sentence=NASTY + LONG) if visit.failure else None
    return dataclasses.replace(visit, host=name, answers=answers, failure=failure, notes=(NASTY, LONG))


def _facts(facts: Facts, name: str) -> Facts:
    service = Service(NASTY, LONG, NASTY, NASTY, False, NASTY, LONG, 1)
    hostile: dict[str, Known[Any]] = {
        "services": Known((service,) * 100),
        "host.names": Known((NASTY,) * 100),
        "platform_server.serial": Known(LONG),
        f"fact{NASTY}": Known({NASTY: NASTY}),
    }
    return Facts(name, {**dict(facts), **hostile}, facts.otherwise)


def _portrait(portrait: Portrait, name: str) -> Portrait:
    roles = portrait.roles
    if isinstance(roles, RoleReading):
        roles = dataclasses.replace(roles, host=name, statement=NASTY + LONG, contradictions=(NASTY, LONG))
    return Portrait(name, tuple(_component(item, name) for item in portrait.components), roles)


def _component(component: Component, name: str) -> Component:
    evidence = tuple(
        Evidence(NASTY, item.bearing, NASTY + LONG, item.weight, item.questions) for item in component.evidence
    )
    version = NASTY + LONG if component.kind is ComponentKind.PLATFORM_SERVER else component.version
    return dataclasses.replace(component, host=name, version=version, evidence=evidence)


def _finding(finding: Finding, names: dict[str, str]) -> Finding:
    subject = finding.subject
    environment = subject.environment + NAME if subject.environment else ""
    name = NAME if subject.kind is SubjectKind.INFRASTRUCTURE else environment
    name = names[subject.name] if subject.kind is SubjectKind.HOST else name
    verdict = finding.verdict
    texts = NASTY + LONG
    hurt = dataclasses.replace(verdict, sentence=texts, expected=texts, found=texts) if _fails(verdict) else verdict
    return dataclasses.replace(
        finding,
        subject=Subject(subject.kind, name, environment),
        verdict=hurt,
        evidence=tuple(EvidenceReference(names[item.host], f"{item.question}{NASTY}") for item in finding.evidence),
        waiver=_waiver(finding) if finding.waiver else None,
    )


def _fails(verdict: Verdict) -> bool:
    return verdict.status is Status.FAIL


def _waiver(finding: Finding) -> Waiver:
    end = date(2026, 4, 1)
    return Waiver(finding.check, NASTY + LONG, NASTY, NASTY, date(2026, 1, 1), end, environment=NASTY, place=NASTY)
