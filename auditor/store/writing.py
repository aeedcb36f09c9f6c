"""Writing beside other collectors, who may store the same at the same moment."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import CursorResult, text
from sqlalchemy.orm import Session

from auditor.store.schema import Base


def insert_new(session: Session, table: type[Base], **values: Any) -> bool:
    """Insert a row unless one of the same key is there, and say whether it was inserted."""
    if session.get_bind().dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    statement = insert(table).values(**values).on_conflict_do_nothing()
    done = session.execute(statement, execution_options={"preserve_rowcount": True})
    return cast(CursorResult[Any], done).rowcount > 0


def alone_in(session: Session, table: type[Base]) -> None:
    """Let nobody else write into a table to the end of the transaction; SQLite lets one write at a time anyway.

    Who writes alone in both begins with the shared scans, and goes on with the documents.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"lock table {table.__tablename__} in share row exclusive mode"))
