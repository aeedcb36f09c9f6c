"""How much of what could be decided was decided."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from auditor.model.fact import Reason
from auditor.model.finding import Finding, Status


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many verdicts of an environment were decided (pass or fail), could not be, or lack a declared source."""

    decided: int
    unknown: int
    not_configured: int

    @property
    def percent(self) -> int | None:
        """Decided of decidable verdicts in percent, rounded down; None when nothing applies."""
        total = self.decided + self.unknown
        return None if total == 0 else self.decided * 100 // total


def coverage_of(findings: Iterable[Finding]) -> Coverage:
    """Count decided, unknown and not configured verdicts, without those of the DATA group, which judge the audit."""
    decided = unknown = not_configured = 0
    for finding in findings:
        if finding.check.startswith("DATA-"):
            continue
        if finding.verdict.status in (Status.PASS, Status.FAIL):
            decided += 1
        elif finding.verdict.status in (Status.UNKNOWN, Status.ERROR):
            if finding.verdict.reason is Reason.SOURCE_NOT_CONFIGURED:
                not_configured += 1
            else:
                unknown += 1
    return Coverage(decided, unknown, not_configured)
