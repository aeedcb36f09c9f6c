"""The tables.

Nightly scans repeat themselves, so content is kept once: a `document` is compressed JSON under its digest, and the
other tables are narrow rows that refer to documents. A visit refers to the document of its answers (earlier stores: one
for each collector), a judgement to facts, portrait and findings of each subject.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from auditor.model.finding import SubjectKind
from auditor.model.scan import ScanState

# The newest revision of store/migrations; a test keeps the two equal.
REVISION = "0003"


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC: aware in Python, naive in the database."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive moments and store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A moment without a zone cannot be stored.")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the moment its zone back."""
        return None if value is None else value.replace(tzinfo=UTC)


def _one_of(column: str, kinds: type[ScanState] | type[SubjectKind]) -> str:
    return f"{column} in ({', '.join(repr(kind.value) for kind in kinds)})"


def _who_refers(table: str, column: str) -> Index:
    # PostgreSQL asks who refers to it for each document that pruning removes; in SQLite pruning does without.
    return Index(f"ix_{table}_{column}", column).ddl_if(dialect="postgresql")


Key = Annotated[int, mapped_column(primary_key=True)]
Name = Annotated[str, mapped_column(String(255))]
Moment = Annotated[datetime, mapped_column(UtcDateTime)]
DocumentKey = Annotated[int, mapped_column(ForeignKey("document.id"))]


class Base(DeclarativeBase):
    """The base of all rows."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class DocumentRow(Base):
    """Content, kept once: zlib of canonical JSON under the SHA-256 of the content; `store.documents` says more."""

    __tablename__ = "document"

    id: Mapped[Key]
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class ScanRow(Base):
    """One scan. `state` is complete only after the transaction that stored its first judgement.

    `changes` is a JSON list of names.
    """

    __tablename__ = "scan"
    __table_args__ = (CheckConstraint(_one_of("state", ScanState), name="state"),)

    id: Mapped[Key]
    infrastructure: Mapped[Name] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(16))
    started_at: Mapped[Moment]
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    inventory: Mapped[DocumentKey]
    reference: Mapped[DocumentKey]
    changes: Mapped[str] = mapped_column(String, server_default="[]")


class SharedScanRow(Base):
    """That a running scan is shared by the collectors of several zones; the row goes when the scan is sealed.

    `identity` is what collectors must have in common. `digest_key` makes the digests that they read comparable; it is
    kept nowhere else, and no longer than the scan runs.
    """

    __tablename__ = "shared_scan"

    scan: Mapped[int] = mapped_column(ForeignKey("scan.id", ondelete="CASCADE"), primary_key=True)
    identity: Mapped[Name] = mapped_column(unique=True)
    ends_at: Mapped[Moment]
    digest_key: Mapped[bytes] = mapped_column(LargeBinary(32))


class VisitRow(Base):
    """One visit to one host; written in one transaction, so it is there whole or not at all."""

    __tablename__ = "visit"
    __table_args__ = (UniqueConstraint("scan", "host"),)

    id: Mapped[Key]
    scan: Mapped[int] = mapped_column(ForeignKey("scan.id"))
    host: Mapped[Name]
    started_at: Mapped[Moment]
    observed_at: Mapped[Moment]
    channel: Mapped[str | None] = mapped_column(String(32))
    platform: Mapped[str | None] = mapped_column(String(16))
    failure_kind: Mapped[str | None] = mapped_column(String(32))
    failure_sentence: Mapped[str | None] = mapped_column(String)
    notes: Mapped[str] = mapped_column(String)
    requests: Mapped[int]
    milliseconds: Mapped[str] = mapped_column(String)


class VisitSectionRow(Base):
    """Which documents hold the answers of a visit."""

    __tablename__ = "visit_section"
    __table_args__ = (_who_refers("visit_section", "document"),)

    visit: Mapped[int] = mapped_column(ForeignKey("visit.id"), primary_key=True)
    document: Mapped[int] = mapped_column(ForeignKey("document.id"), primary_key=True)


class JudgementRow(Base):
    """One judgement of a scan's visits; judging again by newer rules adds another, the newest counts."""

    __tablename__ = "judgement"

    id: Mapped[Key]
    scan: Mapped[int] = mapped_column(ForeignKey("scan.id"), index=True)
    rules_digest: Mapped[str] = mapped_column(String(16))
    tool_version: Mapped[str] = mapped_column(String(32))


class SubjectRow(Base):
    """What one judgement says of one subject; facts and portrait exist for hosts only."""

    __tablename__ = "subject"
    __table_args__ = (
        CheckConstraint(_one_of("kind", SubjectKind), name="kind"),
        _who_refers("subject", "facts"),
        _who_refers("subject", "portrait"),
        _who_refers("subject", "findings"),
    )

    judgement: Mapped[int] = mapped_column(ForeignKey("judgement.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    facts: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    portrait: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    findings: Mapped[DocumentKey]
