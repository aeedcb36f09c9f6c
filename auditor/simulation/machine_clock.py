"""The clock of a modelled server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from auditor.simulation.machine_document import Clock


@dataclass(frozen=True, slots=True)
class ModelledClock:
    """The real time plus an offset, or a fixed time; the zone is a Windows zone id or an abbreviation."""

    offset: timedelta
    fixed: datetime | None
    zone: str
    minutes_east: int

    @classmethod
    def of(cls, section: Clock) -> ModelledClock:
        """Return the clock of a model."""
        offset = timedelta(seconds=section.offset_seconds)
        return cls(offset, section.fixed, section.zone, section.offset_minutes)

    def utc(self) -> datetime:
        """Return the time that the server believes it is."""
        return (self.fixed or datetime.now(UTC)) + self.offset

    def value(self) -> dict[str, Any]:
        """Return the value of the `clock` verb."""
        now = self.utc()
        text = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z"
        return {"utc": text, "zone": self.zone, "offset_minutes": self.minutes_east}


def instant(text: str) -> datetime:
    """Return the UTC time that an ISO 8601 text names."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def iso(moment: datetime) -> str:
    """Return a time as the `wmi` verb spells it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
