"""What a judged scan is held against: findings that are new, and how much could be decided."""

from __future__ import annotations

import dataclasses

import pytest

from auditor.engine.completeness import completeness, open_findings, opened_since
from auditor.model.fact import Reason
from auditor.model.finding import Finding, Status, Verdict
from auditor.model.scan import ScanRecord
from tests.reporting.northwind import healthy_record, lifetime_waiver, reference_inventory, without_sight_of
from tests.reporting.records import finding, host_subject, judged, with_findings

DEV = host_subject("dev-1", "Development")


def on_dev(status: Status, sentence: str = "seen") -> Finding:
    reason = Reason.UNREACHABLE if status is Status.UNKNOWN else None
    return finding("TOPO-006", DEV, Verdict(status, sentence, reason=reason))


def new_checks(before: ScanRecord | None, *now: Finding) -> list[str]:
    after = with_findings(healthy_record(42), *now)
    return [item.check for item in opened_since(before, open_findings(after))]


@pytest.mark.parametrize(
    ("was", "now", "is_new"),
    [
        ("pass", "fail", True),
        ("not-applicable", "fail", True),
        ("unknown", "fail", True),
        ("fail", "fail", False),
        ("fail", "unknown", False),
        ("pass", "unknown", False),
    ],
)
def test_what_is_open_now_and_was_not_before_is_new_and_what_became_unknown_is_not(
    was: str, now: str, is_new: bool
) -> None:
    before = with_findings(healthy_record(41), on_dev(Status(was)))
    assert ("TOPO-006" in new_checks(before, on_dev(Status(now)))) is is_new


def test_another_measured_value_does_not_make_a_finding_new() -> None:
    before = with_findings(healthy_record(41), on_dev(Status.FAIL, "11.27"))
    assert new_checks(before, on_dev(Status.FAIL, "11.28")) == []


def test_a_finding_whose_waiver_ended_is_new_and_one_that_is_waived_now_is_not() -> None:
    waived = dataclasses.replace(on_dev(Status.FAIL), waiver=lifetime_waiver())
    before = with_findings(healthy_record(41), waived)

    assert new_checks(before, on_dev(Status.FAIL)) == ["TOPO-006"]
    assert new_checks(before, waived) == []


def test_a_finding_of_a_host_that_came_is_new() -> None:
    came = finding("TOPO-006", host_subject("dev-2", "Development"), Verdict(Status.FAIL, "seen"))
    before = with_findings(healthy_record(41), on_dev(Status.FAIL))

    assert new_checks(before, on_dev(Status.FAIL), came) == ["TOPO-006"]


def test_without_an_earlier_scan_everything_that_is_open_is_new() -> None:
    assert new_checks(None, on_dev(Status.FAIL)) == ["TOPO-006"]


def test_less_decided_than_asked_for_makes_a_scan_incomplete() -> None:
    record = without_sight_of(healthy_record(41), reference_inventory().environments[1].hosts[0])
    percent = completeness(record).coverage.percent
    assert percent is not None
    assert percent < 100

    assert completeness(record).is_covered
    assert completeness(record, percent).is_covered
    assert not completeness(record, percent + 1).is_covered
    assert not completeness(record, percent + 1).is_complete


def test_where_nothing_was_to_be_decided_no_coverage_is_reached() -> None:
    record = healthy_record(41)
    empty = dataclasses.replace(record, judgement=dataclasses.replace(judged(record), findings=()))

    assert completeness(empty).is_covered
    assert not completeness(empty, 1).is_covered
