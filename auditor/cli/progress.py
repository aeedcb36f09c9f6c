"""Progress of a scan: a bar on a terminal, plain lines otherwise."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from auditor.cli.loading import say

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from auditor.model.observation import Visit


class PlainProgress:
    """One line per host, for logs."""

    def __init__(self) -> None:
        self._hosts = self._done = 0

    def began(self, hosts: int, already_done: int) -> None:
        """Say how much there is to do."""
        self._hosts, self._done = hosts, already_done
        say(f"Reading {hosts - already_done} of {hosts} hosts.")

    def visited(self, visit: Visit) -> None:
        """Say how one visit ended."""
        self._done += 1
        say(f"{self._done}/{self._hosts} {outcome(visit)}")


class BarProgress:
    """A bar; hosts that could not be read stay visible above it."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def began(self, hosts: int, already_done: int) -> None:
        """Show the bar."""
        self._task = self._progress.add_task("Reading hosts", total=hosts, completed=already_done)

    def visited(self, visit: Visit) -> None:
        """Move the bar."""
        if visit.failure is not None:
            self._progress.console.print(outcome(visit), markup=False, highlight=False)
        if self._task is not None:
            self._progress.advance(self._task)


def outcome(visit: Visit) -> str:
    """Return how a visit ended, in one line."""
    if visit.failure is not None:
        return f"{visit.host}: not read ({visit.failure.kind}): {visit.failure.sentence}"
    return f"{visit.host}: read over {visit.channel}, {len(visit.answers)} questions"


@contextmanager
def scan_progress() -> Iterator[PlainProgress | BarProgress]:
    """Give the progress that fits stderr."""
    if not sys.stderr.isatty():
        yield PlainProgress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield BarProgress(progress)
