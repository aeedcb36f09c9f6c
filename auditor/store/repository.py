"""Reading and writing scans."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from sqlalchemy import CursorResult, Engine, delete, func, select, update
from sqlalchemy.orm import Session

from auditor.errors import FailureKind, StoreError
from auditor.model.component import Portrait
from auditor.model.fact import Facts
from auditor.model.finding import Finding, Subject, SubjectKind
from auditor.model.history import History
from auditor.model.inventory import Inventory
from auditor.model.observation import ChannelName, Failure, Visit
from auditor.model.question import Answer, Platform
from auditor.model.reference import Reference
from auditor.model.scan import EarlierScan, Judgement, RuleSet, ScanRecord, ScanState
from auditor.model.unattended import Retention
from auditor.store import encoding, pruning, sqlite_file
from auditor.store.checking import UNREADABLE, problems_of_documents, problems_of_scans
from auditor.store.documents import content, document, keep
from auditor.store.history import history
from auditor.store.reading import at_one_moment
from auditor.store.schema import (
    DocumentRow,
    JudgementRow,
    ScanRow,
    SharedScanRow,
    SubjectRow,
    VisitRow,
    VisitSectionRow,
)
from auditor.store.sharing import SharedScan, shared_scans
from auditor.store.writing import alone_in, insert_new

# How many milliseconds a question took is kept from here on: the others differ every night and tell nobody anything,
# and would take more room than all answers.
_SLOW = 1000


@dataclass(frozen=True, slots=True)
class ScanSummary:
    """One line about a stored scan; `hosts_visited` counts finished visits, failed ones included.

    `judgement` is the id of the judgement that counts, None before the first one.
    """

    id: int
    infrastructure: str
    started_at: datetime
    finished_at: datetime | None
    state: ScanState
    hosts_visited: int
    changes: tuple[str, ...] = ()
    judgement: int | None = None


class Store:
    """An open store. Each method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.dispose()

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        """Open a session that reads what is there at one moment.

        What cannot be read was changed by something else, and is told as damage.
        """
        try:
            with Session(self._engine) as session:
                at_one_moment(session)
                yield session
        except UNREADABLE as error:
            raise StoreError(
                f"The store holds something that cannot be read ({type(error).__name__}); `osaudit store check` says "
                "what, and what to do."
            ) from error

    def begin(
        self, inventory: Inventory, reference: Reference, started_at: datetime, changes: tuple[str, ...] = ()
    ) -> int:
        """Begin a scan and return its id; until it is sealed it counts as incomplete."""
        with Session(self._engine) as session, session.begin():
            return _begin(session, inventory, reference, started_at, changes)

    def join(
        self,
        inventory: Inventory,
        reference: Reference,
        started_at: datetime,
        changes: tuple[str, ...] = (),
        *,
        identity: str,
        ends_at: datetime,
        digest_key: bytes,
    ) -> SharedScan:
        """Return the running scan that collectors of this identity share, begun now if there is none."""
        with Session(self._engine) as session, session.begin():
            # Or two collectors would begin the same scan.
            alone_in(session, SharedScanRow)
            for shared in shared_scans(session, inventory.infrastructure):
                if shared.identity == identity:
                    break
            else:
                scan = _begin(session, inventory, reference, started_at, ())
                shared = SharedScan(scan, identity, ends_at, digest_key)
                session.add(SharedScanRow(scan=scan, identity=identity, ends_at=ends_at, digest_key=digest_key))
        self.name_changes(shared.id, changes)
        return shared

    def shared_scans(self, infrastructure: str) -> tuple[SharedScan, ...]:
        """Return the running scans of an infrastructure that collectors share, oldest first."""
        with self._reading() as session:
            return tuple(shared_scans(session, infrastructure))

    def visited(self, scan: int) -> frozenset[str]:
        """Return the hosts that have a visit in a scan."""
        with self._reading() as session:
            return frozenset(session.scalars(select(VisitRow.host).where(VisitRow.scan == scan)))

    def name_changes(self, scan: int, changes: tuple[str, ...]) -> None:
        """Add the changes during which a scan is made to those that it names already."""
        with Session(self._engine) as session, session.begin():
            row = session.get_one(ScanRow, scan, with_for_update=True)
            row.changes = json.dumps(tuple(dict.fromkeys((*json.loads(row.changes), *changes))))

    def record(self, scan: int, visit: Visit) -> bool:
        """Store one visit whole, and say whether it was: the first visit to a host counts, another is dropped."""
        times = {
            question: answer.milliseconds for question, answer in visit.answers.items() if answer.milliseconds >= _SLOW
        }
        with Session(self._engine) as session, session.begin():
            is_first = insert_new(
                session,
                VisitRow,
                scan=scan,
                host=visit.host,
                started_at=visit.started_at,
                observed_at=visit.observed_at,
                channel=visit.channel,
                platform=visit.platform,
                failure_kind=visit.failure and visit.failure.kind,
                failure_sentence=visit.failure and visit.failure.sentence,
                notes=json.dumps(visit.notes),
                requests=visit.requests,
                milliseconds=json.dumps(times, separators=(",", ":"), sort_keys=True),
            )
            if is_first and visit.answers:
                query = select(VisitRow.id).where(VisitRow.scan == scan, VisitRow.host == visit.host)
                key = session.scalars(query).one()
                answers = encoding.dump_answers(visit.answers)
                kept = keep(session, answers, near=_answers_before(session, visit.host, key))
                session.add(VisitSectionRow(visit=key, document=kept))
        return is_first

    def seal(self, scan: int, judgement: Judgement, finished_at: datetime) -> bool:
        """Store the judgement and declare the scan complete, both or neither; say no if it was complete already."""
        running = update(ScanRow).where(ScanRow.id == scan, ScanRow.state == ScanState.RUNNING)
        completing = running.values(state=ScanState.COMPLETE, finished_at=finished_at)
        with Session(self._engine) as session, session.begin():
            # Two collectors that find all zones in wait for each other here.
            is_sealed = cast(CursorResult[Any], session.execute(completing)).rowcount > 0
            if is_sealed:
                session.execute(delete(SharedScanRow).where(SharedScanRow.scan == scan))
                # Two that store the same documents, each in its order, would wait for each other.
                alone_in(session, DocumentRow)
                _write_judgement(session, scan, judgement)
        return is_sealed

    def judge_again(self, scan: int, judgement: Judgement) -> None:
        """Add a judgement by other rules; it becomes the one that counts."""
        with Session(self._engine) as session, session.begin():
            # Or the scan could be pruned meanwhile.
            alone_in(session, DocumentRow)
            self._scan_row(session, scan)
            _write_judgement(session, scan, judgement)

    def scans(self, infrastructure: str | None = None) -> tuple[ScanSummary, ...]:
        """Return all scans, oldest first."""
        with self._reading() as session:
            query = select(ScanRow).order_by(ScanRow.id)
            if infrastructure is not None:
                query = query.where(ScanRow.infrastructure == infrastructure)
            visited: dict[int, int] = defaultdict(int)
            for scan in session.scalars(select(VisitRow.scan)):
                visited[scan] += 1
            newest = select(JudgementRow.scan, func.max(JudgementRow.id)).group_by(JudgementRow.scan)
            judged = {scan: judgement for scan, judgement in session.execute(newest)}  # noqa: C416 - rows are no pairs
            return tuple(
                ScanSummary(
                    id=row.id,
                    infrastructure=row.infrastructure,
                    started_at=row.started_at,
                    finished_at=row.finished_at,
                    state=ScanState(row.state),
                    hosts_visited=visited[row.id],
                    changes=tuple(json.loads(row.changes)),
                    judgement=judged.get(row.id),
                )
                for row in session.scalars(query)
            )

    def check(self) -> tuple[str, ...]:
        """Return what is wrong with the store, one sentence each; nothing where it is whole."""
        found: list[str] = []
        try:
            with self._reading() as session:
                if sqlite_file.is_sqlite(self._engine):
                    found.extend(sqlite_file.damage(session.connection()))
                found.extend(problems_of_scans(session, lambda row: _rows_of(session, row)))
                found.extend(problems_of_documents(session))
        except StoreError as error:
            # Nothing more can be looked at.
            found.append(str(error))
        return tuple(found)

    def back_up(self, target: Path) -> int:
        """Copy the store into a new file while others may use it; return how many complete scans the copy holds."""
        if not sqlite_file.is_sqlite(self._engine):
            raise StoreError("The store is no file but a database of PostgreSQL; back it up with `pg_dump`.")
        return sqlite_file.back_up(self._engine, target)

    def expendable(self, retention: Retention, now: datetime) -> tuple[ScanSummary, ...]:
        """Return the scans that need not be kept, oldest first; StoreError for a number to keep that no scan has."""
        scans = self.scans()
        unknown = sorted(set(retention.keep) - {scan.id for scan in scans})
        if unknown:
            raise StoreError(f"The store holds no scan {unknown[0]} to keep; `osaudit scans` lists those it holds.")
        with self._reading() as session:
            waiting = session.scalars(select(SharedScanRow.scan).where(SharedScanRow.ends_at > now)).all()
        return pruning.expendable(scans, replace(retention, keep=(*retention.keep, *waiting)), now)

    def remove(self, scans: Iterable[int]) -> pruning.Pruned:
        """Remove scans, and the documents to which nothing refers any more, all or nothing."""
        with sqlite_file.in_bulk(self._engine) as session:
            return pruning.remove(session, scans)

    def shrink(self) -> None:
        """Give room that nothing takes any more back to the disk, where the store is a file."""
        sqlite_file.shrink(self._engine)

    def scan(self, scan: int, *, with_facts: bool = True) -> ScanRecord:
        """Return one scan whole, or without facts and portraits; StoreError when there is none of this id."""
        with self._reading() as session:
            row = self._scan_row(session, scan)
            return ScanRecord(
                id=row.id,
                started_at=row.started_at,
                finished_at=row.finished_at,
                state=ScanState(row.state),
                inventory=encoding.load_inventory(document(session, row.inventory)),
                reference=encoding.load_reference(document(session, row.reference)),
                visits=_visits(session, scan),
                judgement=_judgement(session, scan, with_facts=with_facts),
                changes=tuple(json.loads(row.changes)),
            )

    def complete_scan(self, scan: int | None = None) -> ScanRecord:
        """Return a complete scan, by default the last one; StoreError when there is none or it is not complete."""
        if scan is None:
            with self._reading() as session:
                query = select(ScanRow.id).where(ScanRow.state == ScanState.COMPLETE).order_by(ScanRow.id.desc())
                scan = session.scalar(query.limit(1))
        if scan is None:
            raise StoreError("The store holds no complete scan; run `osaudit scan` first.")
        record = self.scan(scan)
        if record.state is not ScanState.COMPLETE:
            raise StoreError(f"Scan {scan} is incomplete; `osaudit scan --resume` completes it.")
        return record

    def scan_before(self, scan: int) -> ScanRecord | None:
        """Return the last complete scan of the same infrastructure before this one, or None."""
        with self._reading() as session:
            earlier = self._id_before(session, scan)
        return None if earlier is None else self.scan(earlier)

    def earlier_scan(self, scan: int) -> EarlierScan | None:
        """Return what the checks compare a scan with; None when there was no complete scan before."""
        with self._reading() as session:
            earlier = self._id_before(session, scan)
            judgement = None if earlier is None else _judgement(session, earlier)
            if earlier is None or judgement is None:
                return None
            row = self._scan_row(session, earlier)
            reference = encoding.load_reference(document(session, row.reference))
            read = _last_read(session, row)
            facts = {host: item for host, item in judgement.facts.items() if read.get(host) == earlier}
            for host, other in read.items():
                if other != earlier:
                    facts[host] = _facts(session, other, host)
        return EarlierScan(facts, judgement.rules.digest, reference.digest)

    def last_read(self, scan: int) -> Mapping[str, Visit]:
        """Return the visits of a scan, for a host that it could not read that of the last complete scan which did."""
        with self._reading() as session:
            read = _last_read(session, self._scan_row(session, scan))
            return {host: _visits(session, other, host)[host] for host, other in read.items()}

    def history(self, scan: int) -> History:
        """Return how the infrastructure of this scan fared in all its complete scans up to this one."""
        with self._reading() as session:
            return history(session, self._scan_row(session, scan).infrastructure, scan)

    def _id_before(self, session: Session, scan: int) -> int | None:
        row = self._scan_row(session, scan)
        return session.scalar(
            select(ScanRow.id)
            .where(ScanRow.infrastructure == row.infrastructure, ScanRow.state == ScanState.COMPLETE)
            .where(ScanRow.id < scan)
            .order_by(ScanRow.id.desc())
            .limit(1)
        )

    @staticmethod
    def _scan_row(session: Session, scan: int) -> ScanRow:
        row = session.get(ScanRow, scan)
        if row is None:
            raise StoreError(f"The store holds no scan {scan}; `osaudit scans` lists those it holds.")
        return row


def _begin(
    session: Session, inventory: Inventory, reference: Reference, started_at: datetime, changes: tuple[str, ...]
) -> int:
    row = ScanRow(
        infrastructure=inventory.infrastructure,
        state=ScanState.RUNNING,
        started_at=started_at,
        inventory=keep(session, encoding.dump_inventory(inventory)),
        reference=keep(session, encoding.dump_reference(reference)),
        changes=json.dumps(changes),
    )
    session.add(row)
    session.flush()
    return row.id


def _answers_before(session: Session, host: str, visit: int) -> int | None:
    """Return the document of the answers of the last visit to the same host."""
    documents = select(VisitSectionRow.document).join(VisitRow, VisitRow.id == VisitSectionRow.visit)
    earlier = documents.where(VisitRow.host == host, VisitRow.id < visit).order_by(VisitRow.id.desc())
    return session.scalar(earlier.limit(1))


def _subjects_before(session: Session, judgement: JudgementRow) -> Mapping[tuple[str, str], SubjectRow]:
    """Return what the last judgement of the same infrastructure says of each subject."""
    own = select(ScanRow.infrastructure).where(ScanRow.id == judgement.scan).scalar_subquery()
    earlier = select(func.max(JudgementRow.id)).join(ScanRow, ScanRow.id == JudgementRow.scan)
    last = session.scalar(earlier.where(ScanRow.infrastructure == own, JudgementRow.id < judgement.id))
    rows = session.scalars(select(SubjectRow).where(SubjectRow.judgement == last)) if last is not None else ()
    return {(row.kind, row.name): row for row in rows}


def _write_judgement(session: Session, scan: int, judgement: Judgement) -> None:
    row = JudgementRow(scan=scan, rules_digest=judgement.rules.digest, tool_version=judgement.rules.tool_version)
    session.add(row)
    session.flush()
    findings: dict[tuple[SubjectKind, str], list[Finding]] = defaultdict(list)
    for finding in judgement.findings:
        findings[finding.subject.kind, finding.subject.name].append(finding)
    for host in judgement.facts:
        findings.setdefault((SubjectKind.HOST, host), [])
    earlier = _subjects_before(session, row)
    for (kind, name), own in sorted(findings.items()):
        before = earlier.get((kind.value, name))
        subject = SubjectRow(judgement=row.id, kind=kind, name=name)
        subject.findings = keep(session, encoding.dump_findings(tuple(own)), near=before.findings if before else None)
        if kind is SubjectKind.HOST:
            facts, portrait = judgement.facts[name], judgement.portraits.get(name)
            subject.facts = keep(session, encoding.dump_facts(facts), near=before.facts if before else None)
            # LifeTime's API has facts, and no components that could be seen on it.
            if portrait is not None:
                near = before.portrait if before else None
                subject.portrait = keep(session, encoding.dump_portrait(portrait), near=near)
        session.add(subject)


def _rows_of(session: Session, row: ScanRow) -> None:
    """Read all of a scan but its documents; raises where that cannot be done."""
    ScanState(row.state)
    json.loads(row.changes)
    for visit in session.scalars(select(VisitRow).where(VisitRow.scan == row.id)):
        _visit(visit, {})
        json.loads(visit.milliseconds)


def _last_read(session: Session, scan: ScanRow) -> Mapping[str, int]:
    """Return for each host of a scan the last complete one, up to this, that read it; nothing where none did."""
    of_this = select(VisitRow.host).where(VisitRow.scan == scan.id)
    rows = session.execute(
        select(VisitRow.host, func.max(VisitRow.scan))
        .join(ScanRow, ScanRow.id == VisitRow.scan)
        .where(ScanRow.infrastructure == scan.infrastructure, ScanRow.state == ScanState.COMPLETE)
        .where(ScanRow.id <= scan.id, VisitRow.failure_kind.is_(None), VisitRow.host.in_(of_this))
        .group_by(VisitRow.host)
    )
    # The order of letters differs from database to database.
    return dict(sorted((row[0], row[1]) for row in rows))


def _facts(session: Session, scan: int, host: str) -> Facts:
    kept = session.scalar(
        select(SubjectRow.facts)
        .join(JudgementRow, JudgementRow.id == SubjectRow.judgement)
        .where(JudgementRow.scan == scan, SubjectRow.kind == SubjectKind.HOST, SubjectRow.name == host)
        .order_by(JudgementRow.id.desc())
        .limit(1)
    )
    assert kept is not None, "a complete scan has facts of each of its hosts"
    return encoding.load_facts(host, document(session, kept))


def _visits(session: Session, scan: int, host: str | None = None) -> Mapping[str, Visit]:
    visits = {}
    which = (VisitRow.scan == scan,) if host is None else (VisitRow.scan == scan, VisitRow.host == host)
    for row in session.scalars(select(VisitRow).where(*which)):
        bodies = session.scalars(
            select(DocumentRow.body)
            .join(VisitSectionRow, VisitSectionRow.document == DocumentRow.id)
            .where(VisitSectionRow.visit == row.id)
        )
        times: dict[str, int] = json.loads(row.milliseconds)
        answers: dict[str, Answer] = {}
        for body in bodies:
            answers.update(encoding.load_answers(content(session, body), times))
        visits[row.host] = _visit(row, answers)
    # The order of letters differs from database to database.
    return dict(sorted(visits.items()))


def _visit(row: VisitRow, answers: Mapping[str, Answer]) -> Visit:
    failure = None
    if row.failure_kind is not None:
        failure = Failure(FailureKind(row.failure_kind), row.failure_sentence or "")
    return Visit(
        host=row.host,
        started_at=row.started_at,
        observed_at=row.observed_at,
        channel=None if row.channel is None else ChannelName(row.channel),
        platform=None if row.platform is None else Platform(row.platform),
        answers=dict(sorted(answers.items())),
        failure=failure,
        notes=tuple(json.loads(row.notes)),
        requests=row.requests,
    )


def _judgement(session: Session, scan: int, *, with_facts: bool = True) -> Judgement | None:
    row = session.scalar(select(JudgementRow).where(JudgementRow.scan == scan).order_by(JudgementRow.id.desc()))
    if row is None:
        return None
    facts: dict[str, Facts] = {}
    portraits: dict[str, Portrait] = {}
    findings: list[Finding] = []
    for subject in session.scalars(select(SubjectRow).where(SubjectRow.judgement == row.id)):
        if with_facts and subject.facts is not None:
            facts[subject.name] = encoding.load_facts(subject.name, document(session, subject.facts))
        if with_facts and subject.portrait is not None:
            portraits[subject.name] = encoding.load_portrait(document(session, subject.portrait))
        findings.extend(encoding.load_findings(document(session, subject.findings)))
    return Judgement(
        facts=dict(sorted(facts.items())),
        portraits=dict(sorted(portraits.items())),
        findings=tuple(sorted(findings, key=_by_check_and_subject)),
        rules=RuleSet(row.rules_digest, row.tool_version),
    )


def _by_check_and_subject(finding: Finding) -> tuple[str, Subject]:
    return finding.check, finding.subject
