"""Progress of a scan: a bar on a terminal, plain lines otherwise."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from auditor.cli.loading import say

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from auditor.model.observation import Visit

# A sentence about a host that could not be read is told whole; what a server said inside it has this end.
_LONGEST = 600
_log = logging.getLogger(__name__)


class PlainProgress:
    """One line per host."""

    def __init__(self, outcomes: bool) -> None:
        self._outcomes = outcomes
        self._hosts = self._done = 0

    def began(self, hosts: int, already_done: int) -> None:
        """Say how much there is to do."""
        self._hosts, self._done = hosts, already_done
        say(beginning(hosts, already_done))

    def visited(self, visit: Visit) -> None:
        """Say how one visit ended."""
        self._done += 1
        log_visit(visit)
        if self._outcomes:
            typer.echo(f"{self._done}/{self._hosts} {outcome(visit)}", err=True)


class BarProgress:
    """A bar; hosts that could not be read, wholly or in part, stay visible above it."""

    def __init__(self, progress: Progress, outcomes: bool) -> None:
        self._progress = progress
        self._outcomes = outcomes
        self._task: TaskID | None = None

    def began(self, hosts: int, already_done: int) -> None:
        """Show the bar. Not before: a prompt for a password would be drawn over."""
        self._progress.start()
        if already_done:
            self._progress.console.print(beginning(hosts, already_done), markup=False, highlight=False)
        self._task = self._progress.add_task("Reading hosts", total=hosts, completed=already_done)

    def visited(self, visit: Visit) -> None:
        """Move the bar."""
        log_visit(visit)
        if self._outcomes and not is_whole(visit):
            self._progress.console.print(outcome(visit), markup=False, highlight=False)
        if self._task is not None:
            self._progress.advance(self._task)


def beginning(hosts: int, already_done: int) -> str:
    """Return how much there is to do."""
    if not already_done:
        return f"Reading {hosts} host{'s' * (hosts != 1)}."
    return f"Reading {hosts - already_done} of {hosts} hosts; {already_done} are read already."


def outcome(visit: Visit) -> str:
    """Return how a visit ended: one line in which nothing of what a server said can act on a terminal."""
    from auditor.reporting.plain import shortened
    from auditor.reporting.words import CHANNELS

    if visit.failure is not None:
        line = f"{visit.host}: not read ({visit.failure.kind}): {visit.failure.sentence}"
    else:
        way = CHANNELS[visit.channel] if visit.channel else "no channel"
        line = f"{visit.host}: read by {way}, {told(visit)} of {len(visit.answers)} questions answered"
    return shortened(line, _LONGEST)


def log_visit(visit: Visit) -> None:
    """Write into the log how a visit ended."""
    fields = {
        "host": visit.host,
        "channel": visit.channel,
        "failure": visit.failure and visit.failure.kind,
        "questions": len(visit.answers),
        "answered": told(visit),
    }
    _log.log(logging.INFO if is_whole(visit) else logging.WARNING, "%s", outcome(visit), extra={"fields": fields})


def is_whole(visit: Visit) -> bool:
    """Whether the host was read, and every question answered."""
    return visit.failure is None and told(visit) == len(visit.answers)


def told(visit: Visit) -> int:
    """Return how many questions were answered, be it with the proof that something is not there."""
    from auditor.model.question import Outcome

    return sum(answer.outcome in (Outcome.OK, Outcome.MISSING) for answer in visit.answers.values())


@contextmanager
def scan_progress(*, outcomes: bool = True) -> Iterator[PlainProgress | BarProgress]:
    """Give the progress that fits stderr; without `outcomes` it does not tell how visits ended."""
    if not sys.stderr.isatty():
        yield PlainProgress(outcomes)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    progress = Progress(*columns, console=Console(stderr=True), transient=True)
    try:
        yield BarProgress(progress, outcomes)
    finally:
        progress.stop()
