"""What the server's clock says: how far it is off, and in which zone. The same for both platforms."""

from __future__ import annotations

from functools import partial

from auditor.collectors.base import Collector, FactMap, Observations
from auditor.collectors.operating_system import moment
from auditor.collectors.reading import Answers, fact, facts, member, text
from auditor.collectors.rights import SIGN_IN
from auditor.model.known_facts import CLOCK_OFFSET, CLOCK_ZONE
from auditor.model.question import Platform, Question, Verb

_WHY = "Tells time and zone of the server, since ages and time-outs are wrong where clocks differ."

WINDOWS_CLOCK = Question("clock.time", Verb.CLOCK, Platform.WINDOWS, _WHY, SIGN_IN)
LINUX_CLOCK = Question("linux_clock.time", Verb.CLOCK, Platform.LINUX, _WHY, SIGN_IN)


def read(question: Question, observations: Observations) -> FactMap:
    """Give offset and zone."""
    return facts(
        fact(observations, CLOCK_OFFSET, lambda answers: _offset(answers, question)),
        fact(observations, CLOCK_ZONE, lambda answers: text(member(answers.value(question), "zone"))),
    )


def _offset(answers: Answers, question: Question) -> float:
    there = moment(member(answers.value(question), "utc"))
    return round((there - answers.observation(question).observed_at).total_seconds(), 3)


WINDOWS = Collector("clock", Platform.WINDOWS, (WINDOWS_CLOCK,), partial(read, WINDOWS_CLOCK))
LINUX = Collector("linux_clock", Platform.LINUX, (LINUX_CLOCK,), partial(read, LINUX_CLOCK))
