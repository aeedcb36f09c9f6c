"""Which TCP ports listen, and who listens. The same for both platforms."""

from __future__ import annotations

from functools import partial
from typing import Any

from auditor.collectors.base import Collector, FactMap, Observations
from auditor.collectors.reading import IllTyped, fact, items, mapping, member, text, text_or_empty, whole_number
from auditor.collectors.rights import LISTENERS as LISTENERS_RIGHT
from auditor.model.known_facts import LISTENERS, Listener
from auditor.model.question import Platform, Question, Verb

_WHY = "Tells which ports listen, as a sign that the services of the platform and its broker live."

WINDOWS_PORTS = Question("listeners.ports", Verb.LISTENER, Platform.WINDOWS, _WHY, LISTENERS_RIGHT)
LINUX_PORTS = Question("linux_listeners.ports", Verb.LISTENER, Platform.LINUX, _WHY, LISTENERS_RIGHT)


def read(question: Question, observations: Observations) -> FactMap:
    """Give the listening ports."""
    return fact(observations, LISTENERS, lambda answers: _listeners(answers.whole(question)))


def _listeners(value: Any) -> tuple[Listener, ...]:
    if value is None:
        raise IllTyped("no list of ports")
    found = {
        Listener(
            text(member(entry, "address")), whole_number(member(entry, "port")), text_or_empty(member(entry, "process"))
        )
        for entry in map(mapping, items(member(value, "listeners")))
    }
    return tuple(sorted(found, key=lambda listener: (listener.port, listener.address, listener.process)))


WINDOWS = Collector("listeners", Platform.WINDOWS, (WINDOWS_PORTS,), partial(read, WINDOWS_PORTS))
LINUX = Collector("linux_listeners", Platform.LINUX, (LINUX_PORTS,), partial(read, LINUX_PORTS))
