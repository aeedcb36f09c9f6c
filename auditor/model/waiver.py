"""Deviations that somebody accepted, with a reason and an end."""

from __future__ import annotations

import calendar
import datetime
from dataclasses import dataclass
from enum import StrEnum

# They judge whether the audit itself can be trusted, so nobody can accept their failure.
NEVER_WAIVED = frozenset({"DATA-001", "DATA-008", "DATA-013"})
# How long a waiver holds at most.
MONTHS = 12
MONTHS_WHEN_CRITICAL = 3


def months_later(day: datetime.date, months: int) -> datetime.date:
    """Return the same day so many months later, or the last one of a month that is shorter."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if year > datetime.MAXYEAR:
        return datetime.date.max
    return datetime.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@dataclass(frozen=True, slots=True)
class Waiver:
    """One accepted deviation: laid beside a verdict, never over it. `place` is where it stands in its file.

    `evidence` are the fingerprints of the evidence that was accepted; without any, whatever is found is accepted.
    """

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
    evidence: tuple[str, ...] = ()

    def is_in_force(self, today: datetime.date) -> bool:
        """Whether it holds on this day."""
        return self.granted <= today <= self.until

    def accepts(self, evidence_fingerprint: str) -> bool:
        """Whether a finding with this evidence is what was accepted."""
        return not self.evidence or evidence_fingerprint in self.evidence


class WaiverState(StrEnum):
    """How a waiver stands on a day, beside the last complete scan."""

    IN_FORCE = "in-force"
    STARTS_LATER = "starts-later"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    DEAD = "dead"
    EVIDENCE_CHANGED = "evidence-changed"


@dataclass(frozen=True, slots=True)
class Standing:
    """A waiver with its state and why; `check` is the id of its check, `covers` are subjects of findings it accepts."""

    waiver: Waiver
    check: str
    state: WaiverState
    note: str
    covers: tuple[str, ...]
