"""How an infrastructure fared over its stored scans: numbers for each scan, and the life of every failure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from auditor.model.finding import Severity


@dataclass(frozen=True, slots=True)
class ScanPoint:
    """One complete scan in numbers: failures that were open by severity, waived ones, verdicts given and not given.

    `decided` counts passes and failures, waived ones too; what is not applicable counts nowhere.
    """

    scan: int
    finished_at: datetime
    rules: str
    opened: Mapping[Severity, int]
    waived: int
    decided: int
    undecided: int

    @property
    def coverage(self) -> float:
        """Which part of what was asked could be decided, from 0 to 1; 0 where nothing was asked."""
        asked = self.decided + self.undecided
        return self.decided / asked if asked else 0.0


@dataclass(frozen=True, slots=True)
class Life:
    """A failure across the scans, waived or not: the scans in which it was first and last seen to fail.

    `reopened` counts how often it failed again after it was proved not to; a scan that could not tell proves nothing.
    """

    first: int
    last: int
    reopened: int = 0


@dataclass(frozen=True, slots=True)
class History:
    """The complete scans of one infrastructure, oldest first, and the lives of failures by fingerprint."""

    points: tuple[ScanPoint, ...]
    lives: Mapping[str, Life] = field(default_factory=dict)
