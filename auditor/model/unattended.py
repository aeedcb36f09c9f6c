"""What osaudit does without anybody watching: when it scans, whom it tells, and how long it keeps what it saw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from auditor.model.inventory import CredentialReference


class Weekday(StrEnum):
    """A day of the week, in the order of `date.weekday()`."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When scans are planned, in the local time of the computer that scans, and by which account.

    `name` tells several schedules of one computer apart; without an account it is the one that installs.
    """

    at: time
    days: tuple[Weekday, ...] = tuple(Weekday)
    account: str | None = None
    name: str = "osaudit"

    def last(self, now: datetime, zone: tzinfo | None = None) -> datetime:
        """Return the latest planned moment that is not after `now`, in UTC; planned in the zone, else in our own."""
        return max(moment for moment in self._around(now, zone) if moment <= now)

    def next(self, now: datetime, zone: tzinfo | None = None) -> datetime:
        """Return the earliest planned moment after `now`, in UTC; planned in the zone, else in our own."""
        return min(moment for moment in self._around(now, zone) if moment > now)

    def _around(self, now: datetime, zone: tzinfo | None) -> list[datetime]:
        """Return the planned moments of more than a week before and after."""
        today = now.astimezone(zone).date()
        dates = (today + timedelta(days=number) for number in range(-8, 9))
        return [self._on(day, zone) for day in dates if tuple(Weekday)[day.weekday()] in self.days]

    def _on(self, day: date, zone: tzinfo | None) -> datetime:
        # A moment without a zone is local time, with the offset that holds on that day.
        return datetime.combine(day, self.at, zone).astimezone(UTC)


class NotifyWhen(StrEnum):
    """After which scans somebody is told."""

    CHANGED = "changed"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Target:
    """Somebody to tell. The address is a secret, because it may hold one; only where it is kept is known here."""

    name: str
    address: CredentialReference
    attach_report: bool = False


@dataclass(frozen=True, slots=True)
class Retention:
    """How long scans are kept: those of so many days, the last so many, and those with these numbers."""

    keep_days: int | None = None
    keep_scans: int | None = None
    keep: tuple[int, ...] = ()

    @property
    def is_limited(self) -> bool:
        """Whether any scan may go at all."""
        return self.keep_days is not None or self.keep_scans is not None
