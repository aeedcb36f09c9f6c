from __future__ import annotations

from datetime import date

import pytest

from auditor.engine.waiving import NEVER_WAIVED, lay_waivers
from auditor.model.fact import Reason
from auditor.model.finding import Finding, Severity, Status, Subject, SubjectKind, Verdict
from auditor.model.inventory import Environment, Inventory, Purpose
from auditor.model.waiver import Waiver

INVENTORY = Inventory("Example", (Environment("Live", Purpose.PRODUCTION), Environment("Test", Purpose.QUALITY)))
TODAY = date(2026, 3, 2)


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
) -> Waiver:
    return Waiver(check, "because", "owner", "approver", granted, until, host, environment, purpose)


def is_laid(item: Finding, laid: Waiver, today: date = TODAY) -> bool:
    (result,) = lay_waivers([item], [laid], INVENTORY, today)
    assert result.verdict == item.verdict
    return result.waiver is not None


@pytest.mark.parametrize("status", [Status.FAIL, Status.UNKNOWN])
def test_a_waiver_lies_beside_the_verdict_and_leaves_it_as_it_is(status: Status) -> None:
    (result,) = lay_waivers([finding(status=status)], [waiver()], INVENTORY, TODAY)

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


def test_a_waiver_may_name_the_check_by_its_slug() -> None:
    assert is_laid(finding(), waiver("a_slug"))
    assert not is_laid(finding(), waiver("another_slug"))


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
    (result,) = lay_waivers([finding()], [ended, renewed], INVENTORY, TODAY)

    assert result.waiver is renewed
