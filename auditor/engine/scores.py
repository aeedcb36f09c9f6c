"""What the score of a security bulletin weighs, in the words of severities."""

from __future__ import annotations

from auditor.model.finding import Severity

_LOWEST_SCORES = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM))


def severity_of_score(score: str | None) -> Severity:
    """Return the severity of a CVSS score; a bulletin that was published without one counts as high."""
    if score is None:
        return Severity.HIGH
    return next((severity for lowest, severity in _LOWEST_SCORES if float(score) >= lowest), Severity.LOW)
