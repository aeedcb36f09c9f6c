"""LifeTime's API in a whole scan: what it proves, what its silence leaves open, and what of people is kept."""

from __future__ import annotations

import dataclasses
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from auditor import bundled
from auditor.evaluating import completeness
from auditor.model.fact import Known, Reason
from auditor.model.finding import Finding, Status
from auditor.model.inventory import LIFETIME_API, Inventory
from auditor.model.known_facts import IT_USERS
from auditor.model.observation import Visit
from auditor.model.question import Outcome
from auditor.model.reference import Reference
from auditor.model.scan import ScanRecord
from auditor.reporting.csv import csv_facts, csv_findings
from auditor.reporting.html import html_report
from auditor.reporting.json import json_report
from auditor.reporting.markdown import markdown_summary
from auditor.reporting.view import build_view
from auditor.settings.reference import load_reference
from auditor.store import open_store
from tests.end_to_end.offline import declared, judged, visit_of_lifetime
from tests.end_to_end.simulated import PASSWORD, modelled, rules, scan_once, serving
from tests.end_to_end.test_no_evidence_no_pass import DAMAGES, JUDGED_BY_LIFETIME, with_damage

# What the simulated LifeTime says of people and nobody has to know.
PLANTED = (
    "Planted Full Name", "mail.example.org", "planted.d.moreau", "planted.example.org", "planted.example.net",
)  # fmt: skip


def without_servers(inventory: Inventory) -> Inventory:
    """Return the inventory of a LifeTime alone: no server of its environments is declared."""
    environments = tuple(dataclasses.replace(item, hosts=()) for item in inventory.environments)
    return dataclasses.replace(inventory, environments=environments)


@contextmanager
def scanned(name: str, folder: Path, **api: Any) -> Iterator[ScanRecord]:
    """Scan the LifeTime of a model, and none of its servers."""
    infrastructure = modelled(name)
    with serving(infrastructure, folder) as (_, inventory):
        assert inventory.lifetime is not None
        asked = dataclasses.replace(inventory, lifetime=dataclasses.replace(inventory.lifetime, **api))
        yield scan_once(without_servers(asked), folder, reference=load_reference(infrastructure.reference))


def of_lifetime(findings: tuple[Finding, ...]) -> dict[str, Finding]:
    """Return the findings that rest on LifeTime's API and apply, by check and subject."""
    return {
        f"{item.check} {item.subject.name}": item
        for item in findings
        if item.check.startswith(JUDGED_BY_LIFETIME) and item.verdict.status is not Status.NOT_APPLICABLE
    }


def findings_of(record: ScanRecord) -> dict[str, Finding]:
    assert record.judgement is not None
    return of_lifetime(record.judgement.findings)


def test_a_healthy_lifetime_passes_everything_with_evidence_and_is_read_back_as_it_was(tmp_path: Path) -> None:
    with scanned("reference-with-lifetime", tmp_path) as record:
        found = findings_of(record)

    # Which servers a deployment zone of a farm has, only Service Center tells.
    farm = found.pop("COMP-009 Production")
    assert (farm.verdict.status, farm.verdict.reason) == (Status.UNKNOWN, Reason.SOURCE_NOT_CONFIGURED)
    assert {name: item.verdict.sentence for name, item in found.items() if item.verdict.status is not Status.PASS} == {}
    assert {item.check for item in found.values()} >= {
        f"LT-{number:03}" for number in (*range(1, 9), 13, 15, 16, *range(18, 22))
    }
    assert all({evidence.host for evidence in item.evidence} == {LIFETIME_API} for item in found.values())
    assert completeness(record).is_complete
    assert record.visits[LIFETIME_API].requests == 8
    with open_store(str(tmp_path / "osaudit.db")) as store:
        stored = store.scan(record.id)
    assert stored.inventory.lifetime is not None
    assert stored.inventory.lifetime.token is None
    assert stored.judgement is not None and record.judgement is not None
    users = stored.judgement.facts[LIFETIME_API].get(IT_USERS)
    assert isinstance(users, Known)
    assert users == record.judgement.facts[LIFETIME_API].get(IT_USERS)


def test_the_weak_token_leaves_open_what_it_may_not_see_and_names_the_account_that_may(tmp_path: Path) -> None:
    with scanned("p21-weak-token", tmp_path) as record:
        found = findings_of(record)

    people = [item.verdict for name, item in found.items() if name.startswith(("LT-001", "LT-002", "LT-003", "LT-004"))]
    assert [verdict.status for verdict in people] == [Status.UNKNOWN] * 4
    assert {verdict.reason for verdict in people} == {Reason.DENIED}
    assert all("osaudit-identity" in verdict.sentence for verdict in people)
    assert completeness(record).questions == 3


def test_an_expired_token_leaves_everything_open_with_its_cause(tmp_path: Path) -> None:
    with scanned("p21-expired-token", tmp_path) as record:
        found = findings_of(record)

    assert found
    assert {(item.verdict.status, item.verdict.reason) for item in found.values()} == {(Status.UNKNOWN, Reason.DENIED)}
    assert all("it has expired, was replaced" in item.verdict.sentence for item in found.values())
    assert completeness(record).hosts == (LIFETIME_API,)


def test_without_identities_the_scan_is_complete_and_says_whose_choice_it_was(tmp_path: Path) -> None:
    with scanned("p21-weak-token", tmp_path, identities=False) as record:
        found = findings_of(record)

    assert completeness(record).is_complete
    assert found["LT-002 Production"].verdict.reason is Reason.SOURCE_NOT_CONFIGURED
    assert "identities: false" in found["LT-002 Production"].verdict.sentence


def test_without_the_section_everything_is_left_open_for_want_of_a_source(tmp_path: Path) -> None:
    infrastructure = modelled("reference-with-lifetime")
    with serving(infrastructure, tmp_path) as (_, inventory):
        alone = dataclasses.replace(without_servers(inventory), lifetime=None)
        record = scan_once(alone, tmp_path, reference=load_reference(infrastructure.reference))

    found = findings_of(record)
    assert {(item.verdict.status, item.verdict.reason) for item in found.values()} == {
        (Status.UNKNOWN, Reason.SOURCE_NOT_CONFIGURED)
    }


def everything_kept(folder: Path) -> str:
    """Return all that the store of a folder holds, unpacked."""
    with sqlite3.connect(folder / "osaudit.db") as database:
        dump = "\n".join(database.iterdump())
        bodies = [zlib.decompress(body).decode() for (body,) in database.execute("select body from document")]
    return "\n".join((dump, *bodies))


def everything_told(record: ScanRecord) -> str:
    """Return the reports of a scan, one after the other."""
    view = build_view(record, rules().texts)
    return "\n".join(
        (
            html_report(view, bundled.templates_folder()),
            json_report(view),
            csv_findings(view),
            csv_facts(view),
            markdown_summary(view),
        )
    )


def test_of_people_no_more_is_kept_and_told_than_a_finding_needs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(0)
    with scanned("p21-team-deploys-to-production", tmp_path) as record:
        kept, told = everything_kept(tmp_path), everything_told(record)
    logged = caplog.text + "".join(capfd.readouterr())

    for planted in (*PLANTED, PASSWORD):
        assert planted not in kept
        assert planted not in told
        assert planted not in logged
    # The person whom a finding is about is named; nobody else is, but by the keys and names that are kept.
    assert "d.moreau" in told
    assert "o.perez" not in told
    assert "o.perez" in kept
    assert "o.perez" not in logged


def test_with_pseudonyms_nobody_is_named_anywhere(tmp_path: Path) -> None:
    with scanned("p21-team-deploys-to-production", tmp_path, pseudonymise=True) as record:
        kept, told = everything_kept(tmp_path), everything_told(record)
        found = findings_of(record)

    assert record.judgement is not None
    users = record.judgement.facts[LIFETIME_API].get(IT_USERS)
    assert isinstance(users, Known)
    for name in ("a.first", "o.perez"):
        assert name not in told
    # The reference, which the operator wrote, names some of them; what LifeTime answered does not.
    answers = repr(record.visits[LIFETIME_API].answers) + repr(users)
    assert not any(name in answers for name in ("moreau", "o.perez", "a.first", "m.silva"))
    assert not any(planted in kept + told for planted in PLANTED)
    verdict = found["LT-002 Production"].verdict
    assert verdict.status is Status.FAIL
    assert "person-" in verdict.found
    assert found["LT-004 Development"].verdict.reason is Reason.NOT_DECLARED


@dataclasses.dataclass(frozen=True)
class Asked:
    """A LifeTime whose API was asked, without any server."""

    inventory: Inventory
    visit: Visit
    reference: Reference

    def findings(self, visit: Visit) -> dict[str, Finding]:
        """Return what is found where the API answered so."""
        judgement = judged(self.inventory, {LIFETIME_API: visit}, reference=self.reference)
        return of_lifetime(judgement.findings)


@pytest.fixture(scope="module", params=["reference-with-lifetime", "p21-too-many-rights", "p21-list-in-disorder"])
def asked(request: pytest.FixtureRequest) -> Asked:
    infrastructure = modelled(request.param)
    inventory = without_servers(declared(infrastructure))
    assert inventory.lifetime is not None
    assert infrastructure.lifetime is not None
    visit = visit_of_lifetime(inventory.lifetime, infrastructure.lifetime)
    return Asked(inventory, visit, load_reference(infrastructure.reference))


@pytest.mark.parametrize("label", DAMAGES)
def test_no_evidence_no_pass(asked: Asked, label: str) -> None:
    before = asked.findings(asked.visit)
    turned, still = [], []
    for question, answer in asked.visit.answers.items():
        assert answer.outcome is Outcome.OK
        after = asked.findings(with_damage(asked.visit, question, DAMAGES[label]))
        for name, item in before.items():
            if after[name].verdict.status is Status.PASS:
                if item.verdict.status is not Status.PASS:
                    turned.append((question, name))
                elif any(evidence.question == question for evidence in item.evidence):
                    still.append((question, name))
    assert turned == []
    assert still == []


def test_every_question_of_lifetime_has_a_verdict_that_rests_on_it(asked: Asked) -> None:
    """Otherwise it would be asked for nothing, and the property above would say nothing about it."""
    looked_at = {evidence.question for item in asked.findings(asked.visit).values() for evidence in item.evidence}

    assert looked_at == set(asked.visit.answers)


def test_the_whole_report_can_be_made_of_a_lifetime_alone(tmp_path: Path) -> None:
    with scanned("reference-with-lifetime", tmp_path) as record:
        text = html_report(build_view(record, rules().texts), bundled.templates_folder())

    assert "LifeTime API" in text
