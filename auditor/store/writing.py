"""Inserting what may be there already, because another collector stored the same at the same moment."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, cast

from sqlalchemy import CursorResult, select
from sqlalchemy.orm import Session

from auditor.store import encoding
from auditor.store.schema import Base, DocumentRow


def insert_new(session: Session, table: type[Base], **values: Any) -> bool:
    """Insert a row unless one of the same key is there, and say whether it was inserted."""
    if session.get_bind().dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    statement = insert(table).values(**values).on_conflict_do_nothing()
    done = session.execute(statement, execution_options={"preserve_rowcount": True})
    return cast(CursorResult[Any], done).rowcount > 0


def keep(session: Session, contents: Iterable[object]) -> list[int]:
    """Return the ids of the documents with these contents, in their order, each stored now if it is new.

    New ones are inserted in the order of their digests: transactions that store the same documents then wait for each
    other in one direction only.
    """
    digests: list[bytes] = []
    ids: dict[bytes, int | None] = {}
    new: dict[bytes, bytes] = {}
    for data in contents:
        packed = encoding.pack(data)
        digest = hashlib.sha256(packed).digest()
        digests.append(digest)
        if digest not in ids:
            ids[digest] = _id_of(session, digest)
            if ids[digest] is None:
                new[digest] = encoding.compress(packed)
    for digest, body in sorted(new.items()):
        insert_new(session, DocumentRow, digest=digest, body=body)
        ids[digest] = _id_of(session, digest)
    return [cast(int, ids[digest]) for digest in digests]


def _id_of(session: Session, digest: bytes) -> int | None:
    return session.scalar(select(DocumentRow.id).where(DocumentRow.digest == digest))
