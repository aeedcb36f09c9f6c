"""What became of every finding over all scans of an infrastructure.

A subject whose findings did not change from one scan to the next refers to the same document, so the database itself
leaves out whatever repeats: only the first and the last scan of each stretch come back, with the document, subject by
subject. The work is that of the changes, and the memory that of one subject and one row of numbers for each scan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from auditor.model.finding import Severity, Status
from auditor.model.history import History, Life, ScanPoint
from auditor.model.scan import ScanState
from auditor.store import encoding
from auditor.store.documents import content
from auditor.store.schema import DocumentRow, JudgementRow, ScanRow, SubjectRow

_WAIVED, _DECIDED, _UNDECIDED = "waived", "decided", "undecided"


@dataclass(frozen=True, slots=True)
class _Standing:
    """What one document says: its verdicts counted, who fails by (check, environment), and who does not."""

    counts: Counter[str]
    failing: dict[tuple[str, str], str]
    cleared: frozenset[tuple[str, str]]


@dataclass(slots=True)
class _Stretch:
    """Scans one after the other, by position, in which a subject had the same findings."""

    standing: _Standing
    start: int
    end: int


def history(session: Session, infrastructure: str, last: int) -> History:
    """Return the history of an infrastructure up to the scan `last`, by the judgements that count today."""
    scans = session.execute(_scans(infrastructure, last).order_by(ScanRow.id)).all()
    starts: list[Counter[str]] = [Counter() for _ in range(len(scans) + 1)]
    lives: dict[str, Life] = {}
    rows = session.execute(_changes(infrastructure, last).execution_options(yield_per=100))
    for _, own in groupby(rows, key=lambda row: (row.kind, row.name)):
        stretches = list(_stretches(session, own))
        for stretch in stretches:
            starts[stretch.start - 1].update(stretch.standing.counts)
            starts[stretch.end].subtract(stretch.standing.counts)
        lives.update(_lives(stretches, [scan.id for scan in scans]))
    points = []
    numbers: Counter[str] = Counter()
    for scan, change in zip(scans, starts, strict=False):
        numbers.update(change)
        points.append(
            ScanPoint(
                scan=scan.id,
                finished_at=scan.finished_at,
                rules=scan.rules_digest,
                opened={severity: numbers[severity.value] for severity in Severity if severity is not Severity.INFO},
                waived=numbers[_WAIVED],
                decided=numbers[_DECIDED],
                undecided=numbers[_UNDECIDED],
            )
        )
    return History(tuple(points), lives)


def _scans(infrastructure: str, last: int) -> Select[Any]:
    """Select the complete scans with the judgement that counts, numbered from 1 by `position`."""
    counts = (
        select(JudgementRow.scan, func.max(JudgementRow.id).label("judgement")).group_by(JudgementRow.scan).subquery()
    )
    return (
        select(
            ScanRow.id,
            ScanRow.finished_at,
            JudgementRow.rules_digest,
            counts.c.judgement,
            func.row_number().over(order_by=ScanRow.id).label("position"),
        )
        .join(counts, counts.c.scan == ScanRow.id)
        .join(JudgementRow, JudgementRow.id == counts.c.judgement)
        .where(ScanRow.infrastructure == infrastructure, ScanRow.state == ScanState.COMPLETE, ScanRow.id <= last)
    )


def _changes(infrastructure: str, last: int) -> Select[Any]:
    """Select, for each subject in turn, where its findings begin to be others and where they cease to be judged."""
    scans = _scans(infrastructure, last).subquery()
    subject = (SubjectRow.kind, SubjectRow.name)
    judged = (
        select(
            SubjectRow.kind,
            SubjectRow.name,
            SubjectRow.findings,
            scans.c.position,
            func.lag(SubjectRow.findings).over(partition_by=subject, order_by=scans.c.position).label("before"),
            func.lag(scans.c.position).over(partition_by=subject, order_by=scans.c.position).label("position_before"),
            func.lead(scans.c.position).over(partition_by=subject, order_by=scans.c.position).label("position_after"),
        )
        .join(scans, scans.c.judgement == SubjectRow.judgement)
        .subquery()
    )
    begins = or_(
        judged.c.before.is_(None),
        judged.c.before != judged.c.findings,
        judged.c.position_before != judged.c.position - 1,
    )
    ceases = or_(judged.c.position_after.is_(None), judged.c.position_after != judged.c.position + 1)
    return (
        select(judged, begins.label("begins"), ceases.label("ceases"), DocumentRow.body)
        .join(DocumentRow, DocumentRow.id == judged.c.findings)
        .where(or_(begins, ceases))
        .order_by(judged.c.kind, judged.c.name, judged.c.position)
    )


def _stretches(session: Session, rows: Iterable[Any]) -> Iterator[_Stretch]:
    """Yield the stretches of one subject; each document is read once, however often the subject returns to it."""
    read: dict[int, _Standing] = {}
    current: _Stretch | None = None
    for row in rows:
        if row.begins:
            if current is not None:
                current.end = row.position - 1
                yield current
            if row.findings not in read:
                read[row.findings] = _standing(content(session, row.body))
            current = _Stretch(read[row.findings], row.position, row.position)
        if row.ceases and current is not None:
            current.end = row.position
            yield current
            current = None


def _standing(rows: list[dict[str, Any]]) -> _Standing:
    counts: Counter[str] = Counter()
    failing: dict[tuple[str, str], str] = {}
    cleared: set[tuple[str, str]] = set()
    for row in rows:
        status = Status(row["verdict"]["status"])
        key = row["check"], row["subject"]["environment"]
        if status in (Status.PASS, Status.NOT_APPLICABLE):
            # By far the most, and all there is to know of them.
            counts[_DECIDED] += status is Status.PASS
            cleared.add(key)
            continue
        (finding,) = encoding.load_findings([row])
        counts[_DECIDED if status is Status.FAIL else _UNDECIDED] += 1
        counts[_WAIVED] += finding.is_waived
        if status is Status.FAIL:
            failing[key] = finding.fingerprint
            counts[finding.severity.value] += finding.is_open
    return _Standing(counts, failing, frozenset(cleared))


def _lives(stretches: Iterable[_Stretch], scans: list[int]) -> dict[str, Life]:
    lives: dict[str, Life] = {}
    keys: dict[tuple[str, str], str] = {}
    repaired: set[str] = set()
    for stretch in stretches:
        first, last = scans[stretch.start - 1], scans[stretch.end - 1]
        for key, fingerprint in stretch.standing.failing.items():
            keys[key] = fingerprint
            life = lives.get(fingerprint, Life(first, first))
            lives[fingerprint] = Life(life.first, last, life.reopened + (fingerprint in repaired))
            repaired.discard(fingerprint)
        repaired.update(fingerprint for key, fingerprint in keys.items() if key in stretch.standing.cleared)
    return lives
