"""Documents: content under its digest, kept once, and thinly where another document holds much the same.

A thin document says which one it is like, and what differs. That one may be thin itself, so that a server that drifts
on pays once for what changed for good, and not again every night; a few steps lead to one that is whole. The digest of
a document is that of its content, as if it were whole.
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
# How many times smaller than the whole a thin document has to be.
_THIN = 4
# What changes every night takes less than this many bytes; a larger thin document may hold what changed for good.
_NIGHTLY = 160
# How many times smaller the newest has to make a document, to be what this one and those after it are like.
_WORTH_A_STEP = 1.3
# How many thin documents a thin one may stand on, which is how many more rows have to be read.
_DEEP = 8


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
    """Return a thin body: like what `near` is like, or like `near` where that saves what changed for good."""
    line = _line(session, session.get_one(DocumentRow, near).body)
    whole, contents = encoding.decompress(line[0][1]), _contents(line)
    base = line[-1][0]
    if base is None:
        return _patch(contents[-1], packed, near, whole)
    usual = _patch(contents[-2], packed, base, whole)
    if usual is not None and len(usual) < _NIGHTLY:
        return usual
    newest = _patch(contents[-1], packed, near, whole)
    if newest is None or (usual is not None and len(usual) < _WORTH_A_STEP * len(newest)):
        return usual
    return newest if len(line) <= _DEEP else None


def _patch(before: Any, packed: bytes, base: int, whole: bytes) -> bytes | None:
    """Return a thin body, or None where a patch does not lead to the very same bytes: to Python, 1 equals True."""
    patch = difference(before, json.loads(packed))
    if encoding.pack(patched(before, patch)) != packed:
        return None
    return encoding.compress_thin(patch, base, whole)


def document(session: Session, key: int) -> Any:
    """Return the content of a document."""
    return content(session, session.get_one(DocumentRow, key).body)


def content(session: Session, body: bytes) -> Any:
    """Return the content of the body of a document."""
    return _contents(_line(session, body))[-1]


def _line(session: Session, body: bytes) -> list[tuple[int | None, bytes]]:
    """Return the bodies that lead to this one, the whole one first, each with the document that it is like."""
    line = [(encoding.base_of(body), body)]
    while (base := line[0][0]) is not None:
        if len(line) > _DEEP:
            raise ValueError("The documents that this one is like come to no end.")
        body = session.get_one(DocumentRow, base).body
        line.insert(0, (encoding.base_of(body), body))
    return line


def _contents(line: list[tuple[int | None, bytes]]) -> list[Any]:
    """Return the content of each document of a line."""
    whole = encoding.decompress(line[0][1])
    contents = [json.loads(whole)]
    for _, body in line[1:]:
        contents.append(patched(contents[-1], encoding.unpack_thin(body, whole)))
    return contents
