"""The Windows services of the platform, its broker and its prerequisites."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from auditor.collectors.base import Collector, FactMap, Observations
from auditor.collectors.reading import (
    Answers,
    fact,
    member,
    one_line,
    registry_subkeys,
    rows,
    text,
    text_or_empty,
    whole_number,
)
from auditor.collectors.rights import REGISTRY
from auditor.collectors.rights import SERVICES as SERVICES_RIGHT
from auditor.model.known_facts import SERVICES, Service
from auditor.model.question import Platform, Question, Verb

# Names or display names that begin like this; services of other products are nobody's business here.
_BEGINNINGS = ("OutSystems", "Detached Scheduler", "RabbitMQ")
_PREREQUISITES = ("W3SVC", "WAS", "Winmgmt", "WSearch", "MSMQ", "W32Time")

STATES = Question(
    id="services.states",
    verb=Verb.WMI,
    platform=Platform.WINDOWS,
    why="Tells which services of the platform are installed, how they start and whether they run.",
    rights=SERVICES_RIGHT,
    arguments={
        "class": "Win32_Service",
        "properties": ["Name", "DisplayName", "State", "StartMode", "StartName", "PathName", "ProcessId"],
        "condition": " OR ".join(
            [f"Name LIKE '{begin}%' OR DisplayName LIKE '{begin}%'" for begin in _BEGINNINGS]
            + [f"Name = '{name}'" for name in _PREREQUISITES]
        ),
    },
)
# Asked of the registry, because Win32_Service has DelayedAutoStart only since Windows Server 2016, and a query that
# names an unknown property fails as a whole.
DELAYED = Question(
    id="services.delayed",
    verb=Verb.REGISTRY,
    platform=Platform.WINDOWS,
    why="Tells which services of the platform start with a delay, so that a fresh start is no false alarm.",
    rights=REGISTRY,
    arguments={
        "key": r"HKLM\SYSTEM\CurrentControlSet\Services",
        "values": ["DelayedAutostart"],
        "subkeys": True,
        "subkeys_like": "OutSystems*",
    },
)


def read(observations: Observations) -> FactMap:
    """Give the services, sorted by name."""
    return fact(observations, SERVICES, _services)


def _services(answers: Answers) -> tuple[Service, ...]:
    found = rows(answers.whole(STATES))
    delayed = {
        name.casefold()
        for name, values in registry_subkeys(answers.value(DELAYED)).items()
        if member(values, "DelayedAutostart") == 1
    }
    services = [_service(service, delayed) for service in found]
    return tuple(sorted(services, key=lambda service: service.name.casefold()))


def _service(service: Mapping[str, Any], delayed: set[str]) -> Service:
    name = text(member(service, "Name"))
    return Service(
        name=name,
        display_name=text_or_empty(member(service, "DisplayName")),
        state=text_or_empty(member(service, "State")).casefold(),
        start_mode=text_or_empty(member(service, "StartMode")).casefold(),
        delayed=name.casefold() in delayed,
        account=text_or_empty(member(service, "StartName")),
        image_path=image_path(text_or_empty(member(service, "PathName"))),
        process=_process(member(service, "ProcessId")),
    )


def _process(value: Any) -> int:
    return 0 if value is None else whole_number(value)


def image_path(command_line: str) -> str:
    """Return the executable of a service's command line; arguments are dropped, they may hold secrets."""
    quoted = re.match(r'\s*"([^"]*)"', command_line)
    if quoted:
        return one_line(quoted[1])
    plain = re.match(r"\s*(.+?\.exe)(?=\s|$)", command_line, re.IGNORECASE)
    return one_line(plain[1] if plain else command_line.strip().partition(" ")[0])


COLLECTOR = Collector("services", Platform.WINDOWS, (STATES, DELAYED), read)
