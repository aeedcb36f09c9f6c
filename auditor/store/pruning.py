"""How long scans are kept: which may go, and what goes with them.

What is said of age and of number is what keeps a scan: it may go when neither keeps it. Whatever is said, these stay:
the last complete scan of an infrastructure, the last complete one of each month, those made during a change, those that
are named, and an unfinished scan that is the newest, because it may be at work or be resumed. The store adds to those
that are named what still waits for zones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import CompoundSelect, delete, func, select, union
from sqlalchemy.orm import Session

from auditor.model.scan import ScanState
from auditor.model.unattended import Retention
from auditor.store import encoding
from auditor.store.schema import (
    DocumentRow,
    JudgementRow,
    ScanRow,
    SharedScanRow,
    SubjectRow,
    VisitRow,
    VisitSectionRow,
)
from auditor.store.writing import alone_in

if TYPE_CHECKING:
    from auditor.store.repository import ScanSummary


@dataclass(frozen=True, slots=True)
class Pruned:
    """How much went."""

    scans: int
    documents: int


def expendable(scans: Iterable[ScanSummary], retention: Retention, now: datetime) -> tuple[ScanSummary, ...]:
    """Return the scans that may go, in the order in which they were made."""
    by_infrastructure = sorted(scans, key=lambda scan: (scan.infrastructure, scan.id))
    found = [
        scan
        for _, own in groupby(by_infrastructure, key=lambda scan: scan.infrastructure)
        for scan in _expendable(list(own), retention, now)
    ]
    return tuple(sorted(found, key=lambda scan: scan.id))


def _expendable(scans: list[ScanSummary], retention: Retention, now: datetime) -> Iterator[ScanSummary]:
    complete = [scan for scan in scans if scan.state is ScanState.COMPLETE]
    last_of_month = {(scan.started_at.year, scan.started_at.month): scan.id for scan in complete}
    stay = {scans[-1].id, *last_of_month.values(), *(scan.id for scan in complete[-1:]), *retention.keep}
    for scan in scans:
        newer = sum(other.id > scan.id for other in complete)
        is_young = retention.keep_days is not None and now - scan.started_at <= timedelta(days=retention.keep_days)
        is_recent = retention.keep_scans is not None and newer < retention.keep_scans
        if not (scan.id in stay or scan.changes or is_young or is_recent):
            yield scan


def remove(session: Session, scans: Iterable[int]) -> Pruned:
    """Remove scans with all that belongs to them, and the documents to which nothing refers any more."""
    ids = sorted(scans)
    judgements = select(JudgementRow.id).where(JudgementRow.scan.in_(ids))
    visits = select(VisitRow.id).where(VisitRow.scan.in_(ids))
    session.execute(delete(SharedScanRow).where(SharedScanRow.scan.in_(ids)))
    # Or somebody who judges a scan again could need just now what goes.
    alone_in(session, DocumentRow)
    session.execute(delete(SubjectRow).where(SubjectRow.judgement.in_(judgements)))
    session.execute(delete(JudgementRow).where(JudgementRow.scan.in_(ids)))
    session.execute(delete(VisitSectionRow).where(VisitSectionRow.visit.in_(visits)))
    session.execute(delete(VisitRow).where(VisitRow.scan.in_(ids)))
    session.execute(delete(ScanRow).where(ScanRow.id.in_(ids)))
    before = _documents(session)
    stay = _liked(session)
    session.execute(delete(DocumentRow).where(DocumentRow.id.not_in(_referred_to()), DocumentRow.id.not_in(stay)))
    return Pruned(len(ids), before - _documents(session))


def _documents(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(DocumentRow)) or 0


def _liked(session: Session) -> set[int]:
    """Return the documents that thin ones which stay are like, and those that these are like."""
    liked: set[int] = set()
    bodies: Iterable[bytes] = session.scalars(
        select(DocumentRow.body).where(DocumentRow.id.in_(_referred_to()))
    ).yield_per(100)
    while new := {base for body in bodies if (base := encoding.base_of(body)) is not None} - liked:
        liked |= new
        bodies = [session.get_one(DocumentRow, base).body for base in new]
    return liked


def _referred_to() -> CompoundSelect[Any]:
    # Without those that are null, because nothing is outside a list that holds one.
    return union(
        select(ScanRow.inventory),
        select(ScanRow.reference),
        select(VisitSectionRow.document),
        select(SubjectRow.facts).where(SubjectRow.facts.is_not(None)),
        select(SubjectRow.portrait).where(SubjectRow.portrait.is_not(None)),
        select(SubjectRow.findings),
    )
