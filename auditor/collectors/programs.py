"""The rows of Programs and Features about OutSystems, RabbitMQ, Erlang and the build tools."""

from __future__ import annotations

import re

from auditor.collectors.base import Collector, FactMap, Observations
from auditor.collectors.reading import Answers, data_text, distinct, fact, facts, member, registry_subkeys
from auditor.collectors.rights import REGISTRY
from auditor.model.known_facts import ERLANG_VERSIONS, UNINSTALL_ENTRIES, UninstallEntry
from auditor.model.question import Platform, Question, Verb

_KEY = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"
# The number in parentheses that follows is that of its runtime system, which is another one.
_ERLANG = re.compile(r"erlang otp (\d{1,9}(?:\.\d{1,9}){0,5})(?!\S)", re.IGNORECASE)
_WANTED = ("outsystems", "rabbitmq", "erlang", "microsoft build tools", "visual studio build tools")


def _question(thing: str, why: str, view: int) -> Question:
    arguments = {
        "key": _KEY,
        "view": view,
        "values": ["DisplayName", "DisplayVersion", "Publisher"],
        "subkeys": True,
    }
    return Question(f"programs.{thing}", Verb.REGISTRY, Platform.WINDOWS, why, REGISTRY, arguments)


# Never Win32_Product: asking it makes Windows Installer verify and repair every package.
INSTALLED = (
    _question("installed", "Tells whether the platform or its broker is listed as an installed program.", 64),
    _question("installed_32", "Tells the same of the list of 32-bit programs.", 32),
)


def read(observations: Observations) -> FactMap:
    """Give the rows, sorted by name, and the versions of Erlang among them."""
    return facts(
        fact(observations, UNINSTALL_ENTRIES, _entries),
        fact(observations, ERLANG_VERSIONS, _erlang_versions),
    )


def _entries(answers: Answers) -> tuple[UninstallEntry, ...]:
    found = set()
    for view in INSTALLED:
        for values in registry_subkeys(answers.whole(view)).values():
            name = data_text(member(values, "DisplayName")) or ""
            publisher = data_text(member(values, "Publisher")) or ""
            version = data_text(member(values, "DisplayVersion")) or ""
            if any(word in f"{name} {publisher}".casefold() for word in _WANTED):
                found.add(UninstallEntry(name, version, publisher))
    return tuple(sorted(found, key=lambda entry: (entry.name.casefold(), entry.version, entry.publisher)))


def _erlang_versions(answers: Answers) -> tuple[str, ...]:
    matches = (_ERLANG.match(entry.name) for entry in _entries(answers))
    return distinct(match.group(1) for match in matches if match)


COLLECTOR = Collector("programs", Platform.WINDOWS, INSTALLED, read)
