"""The rows of Programs and Features about OutSystems, RabbitMQ and Erlang."""

from __future__ import annotations

from auditor.collectors.base import Collector, FactMap, Observations
from auditor.collectors.reading import Answers, data_text, fact, member, registry_subkeys
from auditor.collectors.rights import REGISTRY
from auditor.model.known_facts import UNINSTALL_ENTRIES, UninstallEntry
from auditor.model.question import Platform, Question, Verb

_KEY = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"
_WANTED = ("outsystems", "rabbitmq", "erlang")


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
    """Give the rows, sorted by name."""
    return fact(observations, UNINSTALL_ENTRIES, _entries)


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


COLLECTOR = Collector("programs", Platform.WINDOWS, INSTALLED, read)
