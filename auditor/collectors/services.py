"""The Windows services of the platform, its broker and its prerequisites."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from auditor.collectors import service_keys
from auditor.collectors.account import WINDOWS_ACCOUNT
from auditor.collectors.base import Collector, FactMap, Observations
from auditor.collectors.reading import (
    Answers,
    IllTyped,
    NotReadable,
    fact,
    flag,
    member,
    one_line,
    rows,
    text,
    text_or_empty,
    whole_number,
)
from auditor.collectors.rights import SERVICES as SERVICES_RIGHT
from auditor.collectors.service_keys import ServiceKey
from auditor.model.fact import Reason
from auditor.model.known_facts import SERVICES, Service
from auditor.model.question import Platform, Question, Verb

# Services of other products are nobody's business here.
_PREREQUISITES = (*service_keys.WEB_SERVER, "Winmgmt", "WSearch", "MSMQ", "W32Time")
_NAMES_SHOWN = 5

STATES = Question(
    id="services.states",
    verb=Verb.WMI,
    platform=Platform.WINDOWS,
    why="Tells which services of the platform are installed, how they start and whether they run.",
    rights=SERVICES_RIGHT,
    arguments={
        "class": "Win32_Service",
        "properties": ["Name", "DisplayName", "State", "StartMode", "StartName", "PathName", "ProcessId", "ExitCode"],
        "condition": " OR ".join(
            [f"Name LIKE '{begin}%' OR DisplayName LIKE '{begin}%'" for begin in service_keys.BEGINNINGS]
            + [f"Name = '{name}'" for name in _PREREQUISITES]
        ),
    },
)


def read(observations: Observations) -> FactMap:
    """Give the services, sorted by name; not known where Windows does not show all of them to the account."""
    return fact(observations, SERVICES, _services)


def _services(answers: Answers) -> tuple[Service, ...]:
    shown = rows(answers.whole(STATES))
    host = answers.observation(STATES).host
    keys = _keys(answers)
    delayed = {key.name.casefold() for key in keys if key.delayed}
    services = [_service(row, delayed) for row in shown]
    untold = _untold(services, keys)
    if untold:
        raise _hidden(answers, host, untold)
    return tuple(sorted(services, key=lambda service: service.name.casefold()))


def _keys(answers: Answers) -> tuple[ServiceKey, ...]:
    """Return what the registry knows. To an administrator Windows shows every service, with or without this witness."""
    keys = list(service_keys.keys_found(answers, service_keys.PLATFORM))
    for question in service_keys.OTHERS:
        try:
            keys += service_keys.keys_found(answers, question)
        except NotReadable:
            if not _is_administrator(answers):
                raise
    return tuple(keys)


def _is_administrator(answers: Answers) -> bool:
    """Whether the account is proved to be an administrator."""
    try:
        return flag(member(answers.value(WINDOWS_ACCOUNT), "administrator"))
    except (NotReadable, IllTyped):
        return False


def _untold(services: Iterable[Service], keys: Iterable[ServiceKey]) -> tuple[str, ...]:
    """Return the names of services that were not shown, or shown without state or start mode."""
    listed = {service.name.casefold(): service for service in services}
    unseen = [key.name for key in keys if key.is_service and key.name.casefold() not in listed]
    known = {key.name.casefold() for key in keys if key.is_service}
    vague = [item.name for name, item in listed.items() if name in known and not (item.state and item.start_mode)]
    return tuple(sorted({*unseen, *vague}, key=str.casefold))


def _hidden(answers: Answers, host: str, names: tuple[str, ...]) -> NotReadable:
    first = ", ".join(one_line(name, 80) for name in names[:_NAMES_SHOWN])
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    them = "it" if len(names) == 1 else "them"
    what = f"{host} has {first}{more} in its registry, but did not fully show {them}: no service counts as absent"
    if _is_administrator(answers):
        sentence = f"{what}; look whether they were removed only in part, or deny administrators to query them."
        return answers.refusal(Reason.CONTRADICTORY, sentence)
    return answers.refusal(Reason.DENIED, f"{what}; the account needs: {SERVICES_RIGHT}.")


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
        exit_code=_exit_code(member(service, "ExitCode")),
    )


def _process(value: Any) -> int:
    return 0 if value is None else whole_number(value)


def _exit_code(value: Any) -> int | None:
    return None if value is None else whole_number(value)


def image_path(command_line: str) -> str:
    """Return the executable of a service's command line; arguments are dropped, they may hold secrets."""
    quoted = re.match(r'\s*"([^"]*)"', command_line)
    if quoted:
        return one_line(quoted[1])
    plain = re.match(r"\s*(.+?\.exe)(?=\s|$)", command_line, re.IGNORECASE)
    return one_line(plain[1] if plain else command_line.strip().partition(" ")[0])


COLLECTOR = Collector(
    "services",
    Platform.WINDOWS,
    (STATES, service_keys.PLATFORM, *service_keys.OTHERS),
    read,
    also_reads=(WINDOWS_ACCOUNT,),
)
