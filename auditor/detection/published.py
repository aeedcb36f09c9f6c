"""Which applications IIS serves, and whether their folders still exist: an application without one is a leftover."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from auditor.model.fact import FactKey, Facts, Known, NotKnown, Reason
from auditor.model.known_facts import (
    CONSOLE_FOLDERS,
    IIS_APPLICATIONS,
    INSTALL_FOLDER,
    INSTALL_FOLDER_ENTRIES,
    PLATFORM_FOLDER,
    RUNNING_FOLDERS,
    Application,
)

# Applications are always deployed there; it cannot be renamed.
_SITE = "default web site"
_CONSOLES = ("servicecenter", "lifetime")


class Life(StrEnum):
    """What is known of the folder behind an application."""

    LIVING = "living"
    GONE = "gone"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Published:
    """An application of the Default Web Site with what is known of its folder; `cause` says why it is undecided."""

    application: Application
    life: Life
    facts: tuple[Known[Any], ...]
    cause: NotKnown | None = None

    @property
    def module(self) -> str:
        """The module that its folder is named after: the part before the last dot."""
        return module_of(_parts(self.application.physical_path)[-1])


def module_of(folder: str) -> str:
    """Return the module of a folder name such as `LifeTime.0f0f`."""
    return folder.rpartition(".")[0] or folder


def published(facts: Facts, path: str) -> Published | None:
    """Return the application of this path, or None where IIS is known and has none; IIS must be known."""
    applications = facts.get(IIS_APPLICATIONS)
    assert isinstance(applications, Known)
    for application in applications.value:
        if application.site.casefold() == _SITE and application.path.rstrip("/").casefold() == path.casefold():
            life, rests_on, cause = _life(facts, application)
            return Published(application, life, (applications, *rests_on), cause)
    return None


def elsewhere(facts: Facts, path: str) -> tuple[Application, ...]:
    """Return applications of this path in other sites, which do not count but are worth a word."""
    applications = facts.value(IIS_APPLICATIONS, ())
    return tuple(
        item for item in applications if item.path.casefold() == path.casefold() and item.site.casefold() != _SITE
    )


def _life(facts: Facts, application: Application) -> tuple[Life, tuple[Known[Any], ...], NotKnown | None]:
    registered, folder = facts.get(PLATFORM_FOLDER), facts.get(INSTALL_FOLDER)
    for known in (registered, folder):
        if isinstance(known, NotKnown):
            return Life.UNDECIDED, (), known
    assert isinstance(registered, Known) and isinstance(folder, Known)
    place = folder.value or registered.value
    below = None if place is None else _below(application.physical_path, place)
    if not below:
        sentence = (
            f"The folder of {application.path} on {facts.host} ({application.physical_path}) is outside the install "
            "folder, so it was not looked at."
        )
        return Life.UNDECIDED, (registered, folder), NotKnown(Reason.NOT_ASKED, sentence, folder.questions)
    if folder.value is None:
        return Life.GONE, (registered, folder), None
    in_running = len(below) == 2 and below[0] == "running"
    wanted = below[1] if in_running else below[0]
    listed = facts.get(_folder_list(wanted) if in_running else INSTALL_FOLDER_ENTRIES)
    if isinstance(listed, NotKnown):
        return Life.UNDECIDED, (registered, folder), listed
    exists = wanted in {name.casefold() for name in listed.value}
    return Life.LIVING if exists else Life.GONE, (registered, folder, listed), None


def _folder_list(folder: str) -> FactKey[tuple[str, ...]]:
    """Return the fact that lists this running folder: consoles are asked for by name, since lists have an end."""
    return CONSOLE_FOLDERS if folder.startswith(_CONSOLES) else RUNNING_FOLDERS


def _below(path: str, folder: str) -> list[str]:
    parts, above = [part.casefold() for part in _parts(path)], [part.casefold() for part in _parts(folder)]
    return parts[len(above) :] if parts[: len(above)] == above else []


def _parts(path: str) -> list[str]:
    return [part for part in path.replace("/", "\\").split("\\") if part] or [""]
