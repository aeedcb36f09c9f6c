"""What the registry says of Platform Server, Service Center and LifeTime."""

from __future__ import annotations

import re
from collections.abc import Callable

from auditor.collectors.base import Collector, FactMap, Observations
from auditor.collectors.places import SERVER_KEY
from auditor.collectors.reading import Answers, distinct, fact, facts, mapping, member, registry_text
from auditor.collectors.rights import REGISTRY
from auditor.model.fact import FactKey
from auditor.model.known_facts import (
    LIFETIME_PAYLOAD_VERSION,
    LIFETIME_PUBLISHED_VERSION,
    PLATFORM_FOLDER,
    PLATFORM_MACHINE_NAME,
    PLATFORM_SERIAL,
    PLATFORM_VARIABLES,
    PLATFORM_VERSION,
    SERVICE_CENTER_REGISTERED_VERSION,
    SYSTEM_COMPONENTS_REGISTERED_VERSION,
)
from auditor.model.question import Platform, Question, Verb

_SERVER_VALUES = ["", "Server", "LifeTime", "ServiceCenter", "SystemComponents", "LifetimePublished"]
_MACHINE_VALUES = ["MachineName", "SerialNumber"]
_VARIABLES = ("ERLANG_HOME", "OUTSYSTEMS_RABBITMQ", "RABBITMQ_BASE", "RABBITMQ_NODENAME")


def _question(thing: str, why: str, key: str, values: list[str], view: int = 64) -> Question:
    arguments = {"key": key, "view": view, "values": values}
    return Question(f"platform_server.{thing}", Verb.REGISTRY, Platform.WINDOWS, why, REGISTRY, arguments)


_INSTALLER_WHY = "Tells folder and version of Platform Server, and which consoles were installed with it"
INSTALLER = (
    _question("installer", f"{_INSTALLER_WHY}.", SERVER_KEY, _SERVER_VALUES),
    _question("installer_32", f"{_INSTALLER_WHY}, in the 32-bit view.", SERVER_KEY, _SERVER_VALUES, 32),
)
_RECORD_KEY = r"HKLM\SOFTWARE\OutSystems\Platform Server"
_RECORD_WHY = "Tells the name and serial number that the platform recorded, to recognise cloned servers"
RECORD = (
    _question("record", f"{_RECORD_WHY}.", _RECORD_KEY, _MACHINE_VALUES),
    _question("record_32", f"{_RECORD_WHY}, in the 32-bit view.", _RECORD_KEY, _MACHINE_VALUES, 32),
)
VARIABLES = _question(
    "variables",
    "Tells whether the bundled broker left its environment variables behind.",
    r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment",
    list(_VARIABLES),
)


def read(observations: Observations) -> FactMap:
    """Give what the registry says."""
    in_installer: tuple[tuple[FactKey[str | None], str], ...] = (
        (PLATFORM_VERSION, "Server"),
        (PLATFORM_FOLDER, ""),
        (LIFETIME_PAYLOAD_VERSION, "LifeTime"),
        (LIFETIME_PUBLISHED_VERSION, "LifetimePublished"),
        (SERVICE_CENTER_REGISTERED_VERSION, "ServiceCenter"),
        (SYSTEM_COMPONENTS_REGISTERED_VERSION, "SystemComponents"),
    )
    return facts(
        *(fact(observations, key, _reader(INSTALLER, name)) for key, name in in_installer),
        fact(observations, PLATFORM_MACHINE_NAME, _reader(RECORD, "MachineName")),
        fact(observations, PLATFORM_SERIAL, lambda answers: masked(in_views(answers, RECORD, "SerialNumber"))),
        fact(observations, PLATFORM_VARIABLES, _variables),
    )


def _reader(views: tuple[Question, ...], name: str) -> Callable[[Answers], str | None]:
    return lambda answers: in_views(answers, views, name)


def in_views(answers: Answers, views: tuple[Question, ...], name: str) -> str | None:
    """Return the value of the first view that has it; None only when every view was read and has none."""
    for view in views:
        found = registry_text(answers.value(view), name)
        if found is not None:
            return found
    return None


def masked(serial: str | None) -> str | None:
    """Return first and last group of a serial number: it identifies the customer's licence."""
    if serial is None:
        return None
    groups = [group for group in re.split(r"[^0-9A-Za-z]+", serial) if group]
    return f"{groups[0][:4]}-...-{groups[-1][:4]}" if len(groups) > 2 else "..."


def _variables(answers: Answers) -> tuple[str, ...]:
    value = answers.value(VARIABLES)
    found = {} if value is None else mapping(member(value, "values"))
    names = {name.upper() for name in found}
    return distinct(name for name in _VARIABLES if name in names)


COLLECTOR = Collector("platform_server", Platform.WINDOWS, (*INSTALLER, *RECORD, VARIABLES), read)
