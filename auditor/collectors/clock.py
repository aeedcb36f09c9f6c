"""What the server's clock says: how far it is off, in which zone, and on Windows what it follows."""

from __future__ import annotations

from functools import partial

from auditor.collectors.base import Collector, FactMap, Observations
from auditor.collectors.operating_system import moment
from auditor.collectors.reading import Answers, fact, facts, member, registry_text, text
from auditor.collectors.rights import REGISTRY, SIGN_IN
from auditor.model.known_facts import CLOCK_OFFSET, CLOCK_SOURCE, CLOCK_ZONE
from auditor.model.question import Platform, Question, Verb

_WHY = "Tells time and zone of the server, since ages and time-outs are wrong where clocks differ."

WINDOWS_CLOCK = Question("clock.time", Verb.CLOCK, Platform.WINDOWS, _WHY, SIGN_IN)
LINUX_CLOCK = Question("linux_clock.time", Verb.CLOCK, Platform.LINUX, _WHY, SIGN_IN)
WINDOWS_SOURCE = Question(
    id="clock.source",
    verb=Verb.REGISTRY,
    platform=Platform.WINDOWS,
    why="Tells whether the time service follows a source, since a clock without one drifts.",
    rights=REGISTRY,
    arguments={"key": r"HKLM\SYSTEM\CurrentControlSet\Services\W32Time\Parameters", "values": ["Type"]},
)


def read(question: Question, observations: Observations) -> FactMap:
    """Give offset and zone."""
    return facts(
        fact(observations, CLOCK_OFFSET, lambda answers: _offset(answers, question)),
        fact(observations, CLOCK_ZONE, lambda answers: text(member(answers.value(question), "zone"))),
    )


def read_windows(observations: Observations) -> FactMap:
    """Give offset, zone and the kind of time source."""
    source = fact(observations, CLOCK_SOURCE, lambda answers: registry_text(answers.value(WINDOWS_SOURCE), "Type"))
    return facts(read(WINDOWS_CLOCK, observations), source)


def _offset(answers: Answers, question: Question) -> float:
    there = moment(member(answers.value(question), "utc"))
    return round((there - answers.observation(question).observed_at).total_seconds(), 3)


# The time comes last: what lies between its answer and the arrival of the document counts as an error of the clock.
WINDOWS = Collector("clock", Platform.WINDOWS, (WINDOWS_SOURCE, WINDOWS_CLOCK), read_windows)
LINUX = Collector("linux_clock", Platform.LINUX, (LINUX_CLOCK,), partial(read, LINUX_CLOCK))
