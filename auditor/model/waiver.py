"""Deviations that somebody accepted, with a reason and an end."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

# They judge whether the audit itself can be trusted, so nobody can accept their failure.
NEVER_WAIVED = frozenset({"DATA-001", "DATA-008", "DATA-013"})


@dataclass(frozen=True, slots=True)
class Waiver:
    """One accepted deviation: laid beside a verdict, never over it. `place` is where it stands in its file."""

    check: str
    reason: str
    owner: str
    approver: str
    granted: datetime.date
    until: datetime.date
    host: str | None = None
    environment: str | None = None
    purpose: str | None = None
    place: str = ""
