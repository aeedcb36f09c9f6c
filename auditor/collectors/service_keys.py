r"""The second witness of Windows services: their keys in the registry, which every user may read.

Windows leaves services out of a list without a word where their own rights hide them from the account that asks. Each
service has a key below `HKLM\SYSTEM\CurrentControlSet\Services` all the same, so whoever counts a service as absent
looks there too. Keys of drivers, and keys that hold nothing but performance counters, are no services.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from auditor.collectors.reading import Answers, member, registry_subkeys, whole_number
from auditor.collectors.rights import REGISTRY
from auditor.model.question import Platform, Question, Verb

# Names, or display names, of the services of the platform and its broker begin like this.
BEGINNINGS = ("OutSystems", "Detached Scheduler", "RabbitMQ")
# The services of IIS. Of no other service something may be concluded from its absence: add it here first.
WEB_SERVER = ("W3SVC", "WAS")

_KEY = r"HKLM\SYSTEM\CurrentControlSet\Services"
_VALUES = ["DelayedAutostart", "Type"]
# SERVICE_WIN32_OWN_PROCESS and SERVICE_WIN32_SHARE_PROCESS.
_SERVICE = 0x30


@dataclass(frozen=True, slots=True)
class ServiceKey:
    """A key below that of all services; it may belong to a driver or hold nothing but counters."""

    name: str
    is_service: bool
    delayed: bool


def _question(thing: str, why: str, key: str = _KEY, **more: object) -> Question:
    arguments = {"key": key, "values": _VALUES, **more}
    return Question(f"services.{thing}", Verb.REGISTRY, Platform.WINDOWS, why, REGISTRY, arguments)


# Each list by its beginning: all keys together are more than one answer holds. The first is also asked because
# Win32_Service has DelayedAutoStart only since Windows Server 2016, and a query that names an unknown property fails
# as a whole.
PLATFORM = _question(
    "delayed",
    "Tells which services of the platform are registered, also unseen ones, and which start with a delay.",
    subkeys=True,
    subkeys_like=f"{BEGINNINGS[0]}*",
)
OTHERS = (
    _question(
        "detached",
        "Tells whether a scheduler of detached applications is registered, though the account may not see it.",
        subkeys=True,
        subkeys_like=f"{BEGINNINGS[1]}*",
    ),
    _question(
        "broker",
        "Tells whether RabbitMQ is registered as a service, though the account may not see it.",
        subkeys=True,
        subkeys_like=f"{BEGINNINGS[2]}*",
    ),
    *(
        _question(
            name.lower(), f"Tells whether {name} is registered, though the account may not see it.", rf"{_KEY}\{name}"
        )
        for name in WEB_SERVER
    ),
)


def keys_found(answers: Answers, question: Question) -> tuple[ServiceKey, ...]:
    """Return the keys that one of the questions found; raises `NotReadable` where it was not answered in full."""
    return tuple(
        ServiceKey(name, _is_service(values), member(values, "DelayedAutostart") == 1)
        for name, values in _keys(answers.whole(question), question)
    )


def _keys(value: Any, question: Question) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if question.arguments.get("subkeys"):
        yield from registry_subkeys(value).items()
    elif value is not None:
        yield str(question.arguments["key"]).rpartition("\\")[2], member(value, "values")


def _is_service(values: Mapping[str, Any]) -> bool:
    kind = member(values, "Type")
    return kind is not None and bool(whole_number(kind) & _SERVICE)
