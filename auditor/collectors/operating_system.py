"""Which Windows it is, and since when it runs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from auditor.collectors.base import Collector, FactMap, Observations
from auditor.collectors.reading import Answers, IllTyped, fact, facts, member, row, text, whole_number
from auditor.collectors.rights import WMI
from auditor.model.known_facts import OS_FAMILY, OS_IS_SERVER, OS_LAST_BOOT, OS_NAME, OS_VERSION
from auditor.model.question import Platform, Question, Verb
from auditor.model.version import Version

SYSTEM = Question(
    id="operating_system.system",
    verb=Verb.WMI,
    platform=Platform.WINDOWS,
    why="Tells edition, version and kind of Windows, and when it was started last.",
    rights=WMI,
    arguments={
        "class": "Win32_OperatingSystem",
        "properties": ["Caption", "Version", "ProductType", "LastBootUpTime"],
    },
)

# 1 is a workstation, 2 a domain controller, 3 a server.
_WORKSTATION = 1


def read(observations: Observations) -> FactMap:
    """Give the facts about Windows."""
    return facts(
        fact(observations, OS_FAMILY, lambda answers: _family(answers.value(SYSTEM))),
        fact(observations, OS_NAME, lambda answers: text(member(row(answers.value(SYSTEM)), "Caption"))),
        fact(observations, OS_VERSION, lambda answers: version(member(row(answers.value(SYSTEM)), "Version"))),
        fact(observations, OS_IS_SERVER, _is_server),
        fact(observations, OS_LAST_BOOT, lambda answers: moment(member(row(answers.value(SYSTEM)), "LastBootUpTime"))),
    )


def _family(value: Any) -> str:
    if "windows" not in text(member(row(value), "Caption")).casefold():
        raise IllTyped("no name of a Windows")
    return Platform.WINDOWS.value


def _is_server(answers: Answers) -> bool:
    return whole_number(member(row(answers.value(SYSTEM)), "ProductType")) > _WORKSTATION


def version(value: Any) -> Version:
    """Return a dotted version."""
    try:
        return Version.parse(text(value))
    except ValueError:
        raise IllTyped("no version") from None


def moment(value: Any) -> datetime:
    """Return an ISO 8601 time as a time in UTC."""
    try:
        parsed = datetime.fromisoformat(text(value))
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise IllTyped("no time") from None


COLLECTOR = Collector("operating_system", Platform.WINDOWS, (SYSTEM,), read)
