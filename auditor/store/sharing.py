"""Running scans that the collectors of several zones share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from auditor.store.schema import ScanRow, SharedScanRow


@dataclass(frozen=True, slots=True)
class SharedScan:
    """A running scan into which several collectors write.

    `identity` is what they must have in common. After `ends_at` nobody waits for a zone any more. `digest_key` makes
    the digests comparable that they read.
    """

    id: int
    identity: str
    ends_at: datetime
    digest_key: bytes = field(repr=False)


def shared_scans(session: Session, infrastructure: str) -> Iterator[SharedScan]:
    """Yield the shared scans of an infrastructure, oldest first."""
    query = select(SharedScanRow).join(ScanRow, ScanRow.id == SharedScanRow.scan)
    for row in session.scalars(query.where(ScanRow.infrastructure == infrastructure).order_by(SharedScanRow.scan)):
        yield SharedScan(row.scan, row.identity, row.ends_at, row.digest_key)
