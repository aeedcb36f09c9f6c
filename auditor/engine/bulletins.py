"""Security bulletins: which fixes a version lacks, and what that weighs."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.engine.sight import Unknowable, name_few
from auditor.engine.table_rows import Row
from auditor.engine.verdicts import count, failed
from auditor.model.fact import NotKnown, Reason
from auditor.model.finding import Severity, Verdict
from auditor.model.version import Version

_LOWEST_SCORES = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM))


def missing_fixes(host: str, product: str, version: Version, rows: Sequence[Row]) -> Verdict | None:
    """Fail for the bulletins whose fix this version of a product on a host lacks, None when it has all.

    `rows` are those of a table of bulletins that speak of the version: columns bulletin, score, and certain, which is
    false where the number of the fixed build was not published. These alone raise `Unknowable` (version-not-in-table).
    """
    lacking = sorted((row for row in rows if row.value("certain", bool)), key=_by_weight)
    unclear = name_few(row.value("bulletin", str) for row in rows if not row.value("certain", bool))
    if lacking:
        fixed = max(row.before for row in lacking if row.before is not None)
        also = f" It may also lack {unclear}, whose fixed build was not published." if unclear else ""
        return failed(
            f"{host} has {product} {version} without the fixes of {count(len(lacking), 'bulletin')}: "
            f"{name_few(_told(row) for row in lacking)}.{also}",
            expected=f"{product} {fixed} or later",
            found=f"{product} {version}",
            severity=min((_severity(row) for row in lacking), key=lambda severity: severity.rank),
        )
    if unclear:
        sentence = f"{product} {version} of {host} may lack {unclear}, whose fixed build was not published."
        raise Unknowable(NotKnown(Reason.VERSION_NOT_IN_TABLE, sentence))
    return None


def _severity(row: Row) -> Severity:
    """Return the severity of a CVSS score; a bulletin that was published without one counts as high."""
    score = row.find("score", str)
    if score is None:
        return Severity.HIGH
    return next((severity for lowest, severity in _LOWEST_SCORES if float(score) >= lowest), Severity.LOW)


def _by_weight(row: Row) -> tuple[int, float, str]:
    return _severity(row).rank, -float(row.find("score", str) or 0), row.value("bulletin", str)


def _told(row: Row) -> str:
    return f"{row.value('bulletin', str)} ({row.find('score', str) or 'no score'})"
