from __future__ import annotations

import pytest

from auditor.engine.coverage import Coverage, coverage_of
from auditor.model.fact import Reason
from auditor.model.finding import Finding, Severity, Status, Subject, SubjectKind, Verdict


def finding(status: Status, check: str = "COMP-001", reason: Reason | None = None) -> Finding:
    subject = Subject(SubjectKind.ENVIRONMENT, "Live", "Live")
    return Finding(check, "slug", "Title", Severity.HIGH, subject, Verdict(status, "A sentence.", reason=reason))


def test_pass_and_fail_are_decided_and_errors_are_not() -> None:
    statuses = [Status.PASS, Status.FAIL, Status.UNKNOWN, Status.ERROR, Status.NOT_APPLICABLE]

    assert coverage_of(finding(status) for status in statuses) == Coverage(decided=2, unknown=2, not_configured=0)


def test_a_source_that_nobody_configured_is_counted_apart() -> None:
    coverage = coverage_of([finding(Status.PASS), finding(Status.UNKNOWN, reason=Reason.SOURCE_NOT_CONFIGURED)])

    assert coverage == Coverage(decided=1, unknown=0, not_configured=1)
    assert coverage.percent == 100


def test_checks_of_the_audit_itself_do_not_count() -> None:
    assert coverage_of([finding(Status.FAIL, "DATA-001"), finding(Status.UNKNOWN, "DATA-002")]).percent is None


@pytest.mark.parametrize(("decided", "unknown", "percent"), [(0, 3, 0), (2, 1, 66), (799, 201, 79), (4, 1, 80)])
def test_the_percentage_is_rounded_down(decided: int, unknown: int, percent: int) -> None:
    assert Coverage(decided, unknown, 0).percent == percent
