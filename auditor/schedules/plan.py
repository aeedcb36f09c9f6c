"""What is planned, before a system says it in its own words."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.model.unattended import Schedule

# How long after the deadline of its scan a process may still judge, store, report and notify, in seconds.
GRACE_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class Plan:
    """A planned scan.

    `command` is the program with its full path and its arguments; `folder` is where it runs; `writable` are the
    folders into which it writes, sorted; `scan_seconds` is the deadline of the scan.
    """

    schedule: Schedule
    account: str
    command: tuple[str, ...]
    folder: str
    writable: tuple[str, ...]
    scan_seconds: int

    @property
    def limit_seconds(self) -> int:
        """After how many seconds the process is ended if it did not end itself; the scan can be resumed then."""
        return self.scan_seconds + GRACE_SECONDS
