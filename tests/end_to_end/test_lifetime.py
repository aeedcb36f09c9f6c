"""LifeTime's API in a whole scan: what it proves, what its silence leaves open, and what of people is kept."""

from __future__ import annotations

import dataclasses
import shutil
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor import bundled
from auditor.diffing import compare
from auditor.engine.completeness import completeness
from auditor.model.fact import Known, Reason
from auditor.model.finding import Finding, Status
from auditor.model.inventory import LIFETIME_API, Asked, Inventory
from auditor.model.known_facts import IT_USERS
from auditor.model.observation import Visit
from auditor.model.question import Outcome
from auditor.model.reference import Reference
from auditor.model.scan import ScanRecord
from auditor.reporting.csv import csv_facts, csv_findings
from auditor.reporting.diff_view import build_diff_view
from auditor.reporting.html import html_diff, html_report
from auditor.reporting.json import json_diff, json_report
from auditor.reporting.markdown import markdown_summary
from auditor.reporting.view import build_view
from auditor.settings.reference import load_reference
from auditor.store import open_store
from auditor.transports.base import Secrets
from tests.cli.program import osaudit, refused
from tests.end_to_end.offline import declared, judged, visit_of_lifetime
from tests.end_to_end.simulated import PASSWORD, modelled, names, rules, scan_once, secrets, serving
from tests.end_to_end.test_no_evidence_no_pass import DAMAGES, JUDGED_BY_LIFETIME, with_damage

# What the simulated LifeTime says of people and nobody has to know.
PLANTED = (
    "Planted Full Name", "mail.example.org", "planted.d.moreau", "planted.example.org", "planted.example.net",
)  # fmt: skip

# Which servers a deployment zone of a farm has, only Service Center tells.
FARM = "COMP-009 Production"
# What users, roles and teams tell.
ABOUT_PEOPLE = {f"LT-{number:03}" for number in (*range(1, 9), 15, 18, 19)}


def without_servers(inventory: Inventory) -> Inventory:
    """Return the inventory of a LifeTime alone: no server of its environments is declared."""
    environments = tuple(dataclasses.replace(item, hosts=()) for item in inventory.environments)
    return dataclasses.replace(inventory, environments=environments)


def no_token(asked: Asked) -> Secrets:
    """Return what there is where the place that should hold the token is empty."""
    return Secrets()


@contextmanager
def scanned(name: str, folder: Path, given: Callable[[Asked], Secrets] = secrets, **api: Any) -> Iterator[ScanRecord]:
    """Scan the LifeTime of a model, and none of its servers."""
    infrastructure = modelled(name)
    with serving(infrastructure, folder) as (_, inventory):
        assert inventory.lifetime is not None
        asked = dataclasses.replace(inventory, lifetime=dataclasses.replace(inventory.lifetime, **api))
        yield scan_once(without_servers(asked), folder, reference=load_reference(infrastructure.reference), given=given)


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

    farm = found.pop(FARM)
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

    people = {name: item.verdict for name, item in found.items() if item.check in ABOUT_PEOPLE}
    assert {name.partition(" ")[0] for name in people} == ABOUT_PEOPLE
    assert {(verdict.status, verdict.reason) for verdict in people.values()} == {(Status.UNKNOWN, Reason.DENIED)}
    assert all("osaudit-identity" in verdict.sentence for verdict in people.values())
    others = {name: item.verdict.status for name, item in found.items() if item.check not in ABOUT_PEOPLE}
    assert others == {name: Status.UNKNOWN if name == FARM else Status.PASS for name in others}
    assert completeness(record).questions == 3


def test_an_expired_token_leaves_everything_open_with_its_cause(tmp_path: Path) -> None:
    with scanned("p21-expired-token", tmp_path) as record:
        found = findings_of(record)

    assert found
    assert {(item.verdict.status, item.verdict.reason) for item in found.values()} == {(Status.UNKNOWN, Reason.DENIED)}
    assert all("it has expired, was replaced" in item.verdict.sentence for item in found.values())
    assert completeness(record).hosts == (LIFETIME_API,)


def test_without_a_token_everything_is_left_open_with_its_cause_and_nothing_is_sent(tmp_path: Path) -> None:
    with scanned("reference-with-lifetime", tmp_path, given=no_token) as record:
        found = findings_of(record)

    assert {item.check for item in found.values()} >= ABOUT_PEOPLE
    assert {item.verdict.status for item in found.values()} == {Status.UNKNOWN}
    assert all("There is no usable token" in item.verdict.sentence for item in found.values())
    assert completeness(record).hosts == (LIFETIME_API,)
    assert record.visits[LIFETIME_API].requests == 0


def test_every_check_of_lifetime_fails_on_a_model() -> None:
    failing = {
        item.check for name in names() for item in modelled(name).expected.findings if item.status is Status.FAIL
    }
    own = {item.id for item in rules().texts.values() if item.id.startswith(JUDGED_BY_LIFETIME)}

    assert own >= ABOUT_PEOPLE
    # LT-005 records what developers may do and judges nobody.
    assert own - failing == {"LT-005"}


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


@pytest.mark.parametrize("pseudonymise", [False, True])
def test_a_diff_names_only_those_whom_a_finding_is_about(tmp_path: Path, pseudonymise: bool) -> None:
    (tmp_path / "before").mkdir()
    (tmp_path / "after").mkdir()
    with scanned("reference-with-lifetime", tmp_path / "before", pseudonymise=pseudonymise) as before:
        pass
    with scanned("p21-too-many-rights", tmp_path / "after", pseudonymise=pseudonymise) as after:
        pass
    # Two models stand for two days of one infrastructure.
    same = dataclasses.replace(after.inventory, infrastructure=before.inventory.infrastructure)
    after = dataclasses.replace(after, inventory=same)
    difference = compare(before, after)
    told = json_diff(difference) + html_diff(build_diff_view(difference, before, after, rules().texts))

    assert ("x.gone" in told) is not pseudonymise
    assert "o.perez" not in told
    assert not any(planted in told for planted in (*PLANTED, PASSWORD))
    if pseudonymise:
        assert not any(name in told for name in ("b.second", "a.first"))


def verdicts_of_a_whole_scan(name: str, folder: Path) -> tuple[ScanRecord, dict[str, Finding]]:
    """Scan everything that a model declares, and return what was found, by check and subject."""
    infrastructure = modelled(name)
    with serving(infrastructure, folder) as (_, inventory):
        record = scan_once(inventory, folder, reference=load_reference(infrastructure.reference))
    assert record.judgement is not None
    return record, {f"{item.check} {item.subject.name}": item for item in record.judgement.findings}


def test_an_infrastructure_in_the_cloud_is_judged_by_lifetime_alone(tmp_path: Path) -> None:
    record, found = verdicts_of_a_whole_scan("p22-cloud-with-lifetime", tmp_path)
    view = build_view(record, rules().texts)

    assert record.inventory.hosts == ()
    assert completeness(record).is_complete
    # The four environments that the reference asks for are decided, and by what LifeTime answered.
    for check in ("TOPO-001", "TOPO-002", "TOPO-003", "TOPO-004"):
        stage = found[f"{check} {record.inventory.infrastructure}"]
        assert stage.verdict.status is Status.PASS
        assert {evidence.host for evidence in stage.evidence} == {LIFETIME_API}
    # Whatever passes rests on LifeTime, or judges what the operator declared.
    by_nothing = {item.check for item in found.values() if item.verdict.status is Status.PASS and not item.evidence}
    assert by_nothing <= {"TOPO-010", "TOPO-011", "TOPO-018"}
    assert {item.check for item in found.values() if item.verdict.status is Status.UNKNOWN} == {"DATA-015"}
    assert "Nothing was audited" not in view.verdict.headline
    assert (view.hosts_declared, view.hosts_read) == (1, 1)
    assert "LifeTime API" in html_report(view)


def test_with_production_in_the_cloud_servers_and_lifetime_are_judged_together(tmp_path: Path) -> None:
    record, found = verdicts_of_a_whole_scan("p22-cloud-production-with-lifetime", tmp_path)
    stages = {
        check: found[f"{check} {record.inventory.infrastructure}"]
        for check in ("TOPO-001", "TOPO-002", "TOPO-003", "TOPO-004")
    }

    assert completeness(record).is_complete
    assert {stage.verdict.status for stage in stages.values()} == {Status.PASS}
    assert {evidence.host for evidence in stages["TOPO-003"].evidence} == {LIFETIME_API}
    assert LIFETIME_API not in {evidence.host for evidence in stages["TOPO-001"].evidence}
    assert found["LT-002 Production"].verdict.status is Status.PASS


def test_an_infrastructure_in_the_cloud_without_a_token_is_no_audit(tmp_path: Path) -> None:
    infrastructure = modelled("p22-cloud-with-lifetime")
    with serving(infrastructure, tmp_path) as (_, inventory):
        record = scan_once(inventory, tmp_path, given=no_token)

    assert completeness(record).audited == 0
    assert build_view(record, rules().texts).verdict.tone == "nothing"


@dataclasses.dataclass(frozen=True)
class AskedOnce:
    """A LifeTime whose API was asked, without any server."""

    inventory: Inventory
    visit: Visit
    reference: Reference

    def findings(self, visit: Visit) -> dict[str, Finding]:
        """Return what is found where the API answered so."""
        judgement = judged(self.inventory, {LIFETIME_API: visit}, reference=self.reference)
        return of_lifetime(judgement.findings)


@pytest.fixture(scope="module", params=["reference-with-lifetime", "p21-too-many-rights", "p21-list-in-disorder"])
def asked(request: pytest.FixtureRequest) -> AskedOnce:
    infrastructure = modelled(request.param)
    inventory = without_servers(declared(infrastructure))
    assert inventory.lifetime is not None
    assert infrastructure.lifetime is not None
    visit = visit_of_lifetime(inventory.lifetime, infrastructure.lifetime)
    return AskedOnce(inventory, visit, load_reference(infrastructure.reference))


@pytest.mark.parametrize("label", DAMAGES)
def test_no_evidence_no_pass(asked: AskedOnce, label: str) -> None:
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


def test_every_question_of_lifetime_has_a_verdict_that_rests_on_it(asked: AskedOnce) -> None:
    """Otherwise it would be asked for nothing, and the property above would say nothing about it."""
    looked_at = {evidence.question for item in asked.findings(asked.visit).values() for evidence in item.evidence}

    assert looked_at == set(asked.visit.answers)


def test_the_whole_report_can_be_made_of_a_lifetime_alone(tmp_path: Path) -> None:
    with scanned("reference-with-lifetime", tmp_path) as record:
        text = html_report(build_view(record, rules().texts), bundled.templates_folder())

    assert "LifeTime API" in text


def test_only_the_collector_of_its_zone_asks_lifetimes_api_and_the_scan_waits_for_it(tmp_path: Path) -> None:
    infrastructure = modelled("reference-with-lifetime")
    assert infrastructure.reference is not None
    shutil.copy(infrastructure.reference, tmp_path / "reference.yaml")
    with serving(infrastructure, tmp_path) as (served, _):
        file = tmp_path / "inventory.yaml"
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        for environment in content["environments"]:
            environment["zone"] = "internal"
        file.write_text(yaml.safe_dump(content), encoding="utf-8")
        refused(osaudit(tmp_path, "scan", "--zone", "internal"), f"No collector of a zone would read {LIFETIME_API};")

        content["lifetime"]["zone"] = "office"
        file.write_text(yaml.safe_dump(content), encoding="utf-8")
        inner = osaudit(tmp_path, "scan", "--zone", "internal")
        assert "waits for office until " in inner.err, inner.err
        assert served.servers[LIFETIME_API].command_lines == []

        outer = osaudit(tmp_path, "scan", "--zone", "office")
        assert "waits for" not in outer.err
        assert served.servers[LIFETIME_API].command_lines != []
    with open_store(str(tmp_path / "osaudit.db")) as store:
        record = store.scan(1)
    assert set(record.visits) == {asked.name for asked in record.inventory.asked}
    assert {visit.failure for visit in record.visits.values()} == {None}
    assert (
        of_lifetime(record.judgement.findings if record.judgement else ())["LT-001 Production"].verdict.status
        is Status.PASS
    )
