from __future__ import annotations

import dataclasses
from datetime import date
from typing import Any

import pytest

from auditor.bundled import checks_folder
from auditor.engine.discovery import load_checks
from auditor.engine.runner import run_checks
from auditor.engine.waiving import check_names, find_lapsed, lay_waivers, match_waivers
from auditor.model.fact import Reason
from auditor.model.finding import Finding, Severity, Status, Subject, SubjectKind, Verdict
from auditor.model.inventory import Environment, Inventory, Purpose
from auditor.model.waiver import NEVER_WAIVED, Waiver
from tests.engine.example_checks import host_check, passing, small

INVENTORY = Inventory("Example", (Environment("Live", Purpose.PRODUCTION), Environment("Test", Purpose.QUALITY)))
TODAY = date(2026, 3, 2)
NAMES = {"COMP-001": "COMP-001", "a_slug": "COMP-001", "an_old_name": "COMP-001"}


def finding(check: str = "COMP-001", status: Status = Status.FAIL, subject: Subject | None = None) -> Finding:
    subject = subject or Subject(SubjectKind.HOST, "web-1", "Live")
    reason = Reason.DENIED if status is Status.UNKNOWN else None
    return Finding(check, "a_slug", "A title", Severity.HIGH, subject, Verdict(status, "A sentence.", reason=reason))


def waiver(
    check: str = "COMP-001",
    *,
    granted: date = date(2026, 1, 1),
    until: date = date(2026, 12, 31),
    host: str | None = None,
    environment: str | None = None,
    purpose: str | None = None,
    evidence: tuple[str, ...] = (),
) -> Waiver:
    return Waiver(check, "because", "owner", "approver", granted, until, host, environment, purpose, evidence=evidence)


def is_laid(item: Finding, laid: Waiver, today: date = TODAY) -> bool:
    (result,) = lay_waivers([item], [laid], INVENTORY, today, NAMES)
    assert result.verdict == item.verdict
    return result.waiver is not None


@pytest.mark.parametrize("status", [Status.FAIL, Status.UNKNOWN])
def test_a_waiver_lies_beside_the_verdict_and_leaves_it_as_it_is(status: Status) -> None:
    (result,) = lay_waivers([finding(status=status)], [waiver()], INVENTORY, TODAY, NAMES)

    assert result.verdict.status is status
    assert result.is_waived
    assert not result.is_open


@pytest.mark.parametrize("status", [Status.PASS, Status.NOT_APPLICABLE, Status.ERROR])
def test_a_verdict_that_needs_no_waiver_takes_none(status: Status) -> None:
    assert not is_laid(finding(status=status), waiver())


@pytest.mark.parametrize("check", sorted(NEVER_WAIVED))
def test_some_checks_are_never_waived(check: str) -> None:
    assert not is_laid(finding(check), waiver(check))
    assert not is_laid(finding(check), waiver("a_slug"))


def test_the_checks_that_are_never_waived_are_those_of_reach_identity_and_secrets() -> None:
    assert sorted(NEVER_WAIVED) == ["DATA-001", "DATA-008", "DATA-013"]


@pytest.mark.parametrize("name", ["COMP-001", "a_slug", "an_old_name"])
def test_a_waiver_may_name_the_check_by_its_id_its_slug_or_a_former_name(name: str) -> None:
    assert is_laid(finding(), waiver(name))


@pytest.mark.parametrize("name", ["COMP-002", "another_slug", ""])
def test_a_waiver_for_another_check_or_for_none_covers_nothing(name: str) -> None:
    assert not is_laid(finding(), waiver(name))


def test_the_names_of_checks_are_their_ids_slugs_and_former_names() -> None:
    checks = [host_check("HOST-001", passing, formerly=("old_thing", "HOST-900")), host_check("HOST-002", passing)]

    assert check_names(checks) == {
        "HOST-001": "HOST-001", "host_001": "HOST-001", "old_thing": "HOST-001", "HOST-900": "HOST-001",
        "HOST-002": "HOST-002", "host_002": "HOST-002",
    }  # fmt: skip


def test_a_waiver_by_a_former_name_of_a_check_that_is_never_waived_covers_nothing() -> None:
    former = {"reached": "DATA-001"}

    assert match_waivers([waiver("reached")], [finding("DATA-001")], {}, former) == [(waiver("reached"), [])]


def test_the_first_of_two_waivers_for_a_finding_is_laid() -> None:
    wide, narrow = waiver("an_old_name"), waiver(host="web-1")
    (result,) = lay_waivers([finding()], [wide, narrow], INVENTORY, TODAY, NAMES)

    assert result.waiver is wide


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({"host": "web-1"}, True),
        ({"host": "web-2"}, False),
        ({"environment": "Live"}, True),
        ({"environment": "Test"}, False),
        ({"purpose": "production"}, True),
        ({"purpose": "quality"}, False),
        ({"host": "web-1", "environment": "Test"}, False),
    ],
)
def test_a_waiver_covers_only_its_scope(scope: dict[str, str], expected: bool) -> None:
    laid = waiver(host=scope.get("host"), environment=scope.get("environment"), purpose=scope.get("purpose"))

    assert is_laid(finding(), laid) is expected


def test_a_waiver_for_a_host_does_not_cover_an_environment_of_that_name() -> None:
    environment = Subject(SubjectKind.ENVIRONMENT, "Live", "Live")

    assert not is_laid(finding(subject=environment), waiver(host="Live"))


def test_a_waiver_for_an_environment_does_not_cover_a_host_outside_all_environments() -> None:
    outside = Subject(SubjectKind.HOST, "spare-1")

    assert not is_laid(finding(subject=outside), waiver(environment="Live"))
    assert is_laid(finding(subject=outside), waiver(host="spare-1"))


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2025, 12, 31), False),
        (date(2026, 1, 1), True),
        (date(2026, 12, 31), True),
        (date(2027, 1, 1), False),
    ],
)
def test_a_waiver_is_in_force_from_its_first_to_its_last_day(today: date, expected: bool) -> None:
    assert is_laid(finding(), waiver(), today) is expected


def test_an_ended_waiver_does_not_hide_the_one_in_force_behind_it() -> None:
    ended, renewed = waiver(until=date(2026, 2, 1)), waiver(granted=date(2026, 2, 1))
    (result,) = lay_waivers([finding()], [ended, renewed], INVENTORY, TODAY, NAMES)

    assert result.waiver is renewed


def test_a_waiver_by_a_former_name_is_known_and_laid() -> None:
    checks = [
        dataclasses.replace(check, formerly=("lifetime_is_dedicated",)) if check.id == "TOPO-006" else check
        for check in load_checks([checks_folder()])
    ]
    hosts = {"dev-1": {"environment": "Development", "roles": ["front-end"], "components": {"lifetime": "present"}}}
    laid = dataclasses.replace(waiver("lifetime_is_dedicated", host="dev-1"), until=date(2026, 3, 31))
    stuff = dataclasses.replace(small(hosts=hosts), waivers=(laid,), check_names=check_names(checks))

    findings = lay_waivers(run_checks(checks, stuff), [laid], stuff.inventory, TODAY, stuff.check_names)

    by_check = {item.check: item for item in findings if item.subject.name in ("dev-1", stuff.inventory.infrastructure)}
    assert by_check["TOPO-006"].waiver is laid
    assert by_check["TOPO-011"].verdict == Verdict(Status.PASS, "1 waiver checked: complete and in force.")
    assert [item.check for item in findings if item.waiver] == ["TOPO-006"]


# Accepted evidence


def measured(found: str = "11.27", *, host: str = "web-1", **more: Any) -> Finding:
    verdict = Verdict(Status.FAIL, f"It has {found}.", "11.28 or later", found, **more)
    return dataclasses.replace(finding(subject=Subject(SubjectKind.HOST, host, "Live")), verdict=verdict)


def waived_and_lapsed(*items: Finding, by: tuple[Waiver, ...]) -> list[tuple[bool, bool]]:
    laid = lay_waivers(items, by, INVENTORY, TODAY, NAMES)
    return [(item.is_waived, item.lapsed is not None) for item in laid]


def test_a_waiver_covers_a_finding_as_long_as_it_looks_as_it_was_accepted() -> None:
    accepted = waiver(evidence=(measured().evidence_fingerprint,))

    changed = measured("11.26", host="web-2")

    assert waived_and_lapsed(measured(), changed, by=(accepted,)) == [(True, False), (False, True)]


def test_a_waiver_without_evidence_covers_whatever_is_found() -> None:
    assert waived_and_lapsed(measured(), by=(waiver(),)) == [(True, False)]
    assert waived_and_lapsed(measured("11.26"), by=(waiver(),)) == [(True, False)]


def test_a_scope_with_several_findings_names_the_evidence_of_each_and_equal_evidence_once() -> None:
    items = [measured(), measured(host="web-2"), measured("11.26", host="web-3"), measured("11.25", host="web-4")]
    accepted = waiver(environment="Live", evidence=tuple({item.evidence_fingerprint for item in items[:3]}))

    assert len(accepted.evidence) == 2
    assert [is_waived for is_waived, _ in waived_and_lapsed(*items, by=(accepted,))] == [True, True, True, False]


def test_a_renewed_waiver_covers_what_an_outgrown_one_does_not() -> None:
    first, renewed = (waiver(evidence=(measured(found).evidence_fingerprint,)) for found in ("11.27", "11.26"))

    assert waived_and_lapsed(measured("11.26"), by=(first, renewed)) == [(True, False)]
    assert find_lapsed([(first, [measured("11.26")]), (renewed, [measured("11.26")])], TODAY) == [[], []]


def test_only_a_waiver_in_force_can_lapse() -> None:
    ended = waiver(until=date(2026, 2, 1), evidence=(measured().evidence_fingerprint,))

    assert waived_and_lapsed(measured("11.26"), by=(ended,)) == [(False, False)]
    assert find_lapsed([(ended, [measured("11.26")])], TODAY) == [[]]


def test_what_could_not_be_looked_at_is_neither_covered_nor_changed_and_can_be_accepted_itself() -> None:
    unseen = finding(status=Status.UNKNOWN)
    accepted = waiver(evidence=(measured().evidence_fingerprint,))

    assert waived_and_lapsed(unseen, by=(accepted,)) == [(False, False)]
    assert find_lapsed([(accepted, [unseen])], TODAY) == [[]]
    assert waived_and_lapsed(unseen, by=(waiver(evidence=(unseen.evidence_fingerprint,)),)) == [(True, False)]


def test_the_fingerprint_covers_what_was_expected_and_found_and_how_much_it_weighs() -> None:
    base = measured()
    verdict = base.verdict
    others = [
        dataclasses.replace(base, check="COMP-002"),
        dataclasses.replace(base, verdict=dataclasses.replace(verdict, expected="11.29 or later")),
        dataclasses.replace(base, verdict=dataclasses.replace(verdict, found="11.26")),
        dataclasses.replace(base, verdict=dataclasses.replace(verdict, severity=Severity.LOW)),
        dataclasses.replace(base, verdict=dataclasses.replace(verdict, status=Status.UNKNOWN, reason=Reason.DENIED)),
    ]

    assert len({item.evidence_fingerprint for item in (base, *others)}) == 6


def test_the_fingerprint_leaves_out_words_that_say_no_more_the_subject_and_what_changes_by_itself() -> None:
    base = measured("9.1 GB free", lasting="full")
    verdict = base.verdict
    others = [
        measured("8.7 GB free", lasting="full"),
        measured("9.1 GB free", host="web-2", lasting="full"),
        dataclasses.replace(base, severity=Severity.LOW, title="Another title"),
        dataclasses.replace(base, verdict=dataclasses.replace(verdict, sentence="In other words. Not seen: web-3.")),
    ]

    assert {item.evidence_fingerprint for item in others} == {base.evidence_fingerprint}


def test_of_an_unknown_verdict_the_reason_counts_and_not_the_words() -> None:
    unseen = finding(status=Status.UNKNOWN)
    reworded = dataclasses.replace(unseen, verdict=dataclasses.replace(unseen.verdict, sentence="Other words."))
    stale = dataclasses.replace(unseen, verdict=dataclasses.replace(unseen.verdict, reason=Reason.STALE))

    assert reworded.evidence_fingerprint == unseen.evidence_fingerprint != stale.evidence_fingerprint
