"""Whether a store is whole: its file, the digest of every document, and that all of every sealed scan can be read."""

from __future__ import annotations

import hashlib
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import InstrumentedAttribute, Session

from auditor.model.scan import ScanState
from auditor.store import encoding
from auditor.store.documents import content
from auditor.store.schema import DocumentRow, JudgementRow, ScanRow, SubjectRow, VisitRow, VisitSectionRow

# What reading raises where a file was changed by something else than osaudit.
UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, zlib.error, NoResultFound)


@dataclass(frozen=True, slots=True)
class _Use:
    """What documents of one kind are called, how they are read, and which scan refers to which of them."""

    name: str
    read: Callable[[Any], object]
    references: Any


def _judged(column: InstrumentedAttribute[Any]) -> Any:
    return select(JudgementRow.scan, column).join(SubjectRow, SubjectRow.judgement == JudgementRow.id)


_USES = (
    _Use("inventory", encoding.load_inventory, select(ScanRow.id, ScanRow.inventory)),
    _Use("reference", encoding.load_reference, select(ScanRow.id, ScanRow.reference)),
    _Use(
        "answers",
        lambda data: encoding.load_answers(data, {}),
        select(VisitRow.scan, VisitSectionRow.document).join(VisitRow, VisitRow.id == VisitSectionRow.visit),
    ),
    _Use("facts", lambda data: encoding.load_facts("", data), _judged(SubjectRow.facts)),
    _Use("components", encoding.load_portrait, _judged(SubjectRow.portrait)),
    _Use("findings", encoding.load_findings, _judged(SubjectRow.findings)),
)


def problems_of_documents(session: Session) -> Iterator[str]:
    """Yield a sentence for each document that is not what was stored, with the scans that it belongs to."""
    uses: dict[int, set[int]] = defaultdict(set)
    for number, use in enumerate(_USES):
        column = use.references.selected_columns[1]
        for (document,) in session.execute(use.references.with_only_columns(column).distinct()):
            uses[document].add(number)
    rows = session.execute(select(DocumentRow.id, DocumentRow.digest, DocumentRow.body).order_by(DocumentRow.id))
    for key, digest, body in rows.yield_per(100):
        problem = _problem(session, digest, body, uses[key])
        if problem:
            yield f"Document {key} ({_whose(session, key, uses[key])}) {problem}."


def _problem(session: Session, digest: bytes, body: bytes, uses: set[int]) -> str:
    try:
        data = content(session, body)
        if hashlib.sha256(encoding.pack(data)).digest() != digest:
            return "is not what was stored: its digest differs"
        for number in uses:
            _USES[number].read(data)
    except UNREADABLE as error:
        return f"cannot be read ({type(error).__name__})"
    return ""


def _whose(session: Session, document: int, uses: set[int]) -> str:
    parts = []
    for number in sorted(uses):
        references = _USES[number].references
        scan, column = references.selected_columns
        scans = session.scalars(references.where(column == document).with_only_columns(scan).distinct()).all()
        first, last = min(scans), max(scans)
        which = f"scan {first}" if first == last else f"{len(scans)} scans, {first} to {last}"
        parts.append(f"{_USES[number].name} of {which}")
    return ", ".join(parts) or "of no scan"


def problems_of_scans(session: Session, read_rows: Callable[[ScanRow], object]) -> Iterator[str]:
    """Yield a sentence for each sealed scan whose rows cannot be read, or that has no judgement."""
    for scan in session.scalars(select(ScanRow.id).order_by(ScanRow.id)).all():
        try:
            row = session.get_one(ScanRow, scan)
            read_rows(row)
            judged = session.scalar(select(JudgementRow.id).where(JudgementRow.scan == scan).limit(1))
        except UNREADABLE as error:
            yield f"Scan {scan} cannot be read ({type(error).__name__})."
            continue
        if row.state == ScanState.COMPLETE and judged is None:
            yield f"Scan {scan} is complete and has no judgement."
