"""Documents: content under its digest, kept once, and thinly where another document holds much the same.

A thin document says which whole one it is like, and what differs. What it is like is always whole, so that reading
takes two rows at most. Its digest is that of its content, as if it were whole.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from auditor.store import encoding
from auditor.store.patching import difference, patched
from auditor.store.schema import DocumentRow
from auditor.store.writing import insert_new

# Below this many bytes the row costs more than its content.
_WORTHWHILE = 1000
# How many times smaller than the whole a thin document has to be; drifting on, it becomes whole again at last.
_THIN = 4


def keep(session: Session, data: object, near: int | None = None) -> int:
    """Return the id of the document with this content, stored now if it is new; `near` may have much of it."""
    packed = encoding.pack(data)
    digest = hashlib.sha256(packed).digest()
    known = session.scalar(select(DocumentRow.id).where(DocumentRow.digest == digest))
    if known is not None:
        return known
    body = encoding.compress(packed)
    if near is not None and len(body) >= _WORTHWHILE:
        thin = _thin(session, packed, near)
        if thin is not None and len(thin) * _THIN <= len(body):
            body = thin
    # Another collector may have stored the same since.
    insert_new(session, DocumentRow, digest=digest, body=body)
    kept: int = session.scalars(select(DocumentRow.id).where(DocumentRow.digest == digest)).one()
    return kept


def _thin(session: Session, packed: bytes, near: int) -> bytes | None:
    """Return a thin body, or None where a patch does not lead to the very same bytes: to Python, 1 equals True."""
    base = encoding.base_of(session.get_one(DocumentRow, near).body) or near
    whole = encoding.decompress(session.get_one(DocumentRow, base).body)
    before = json.loads(whole)
    patch = difference(before, json.loads(packed))
    if encoding.pack(patched(before, patch)) != packed:
        return None
    return encoding.compress_thin(patch, base, whole)


def document(session: Session, key: int) -> Any:
    """Return the content of a document."""
    return content(session, session.get_one(DocumentRow, key).body)


def content(session: Session, body: bytes) -> Any:
    """Return the content of the body of a document."""
    base = encoding.base_of(body)
    if base is None:
        return encoding.unpack(body)
    whole = encoding.decompress(session.get_one(DocumentRow, base).body)
    return patched(json.loads(whole), encoding.unpack_thin(body, whole))
