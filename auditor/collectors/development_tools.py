"""Service Studio and Integration Studio: which are registered, and whether they are still there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditor.collectors.base import Collector, FactMap, Observations
from auditor.collectors.reading import (
    NO_BASE,
    Answers,
    IllTyped,
    NotReadable,
    data_text,
    fact,
    facts,
    member,
    place_exists,
    registry_subkeys,
)
from auditor.collectors.rights import REGISTRY, TOOL_FOLDER
from auditor.model.known_facts import INTEGRATION_STUDIOS, SERVICE_STUDIOS, DevelopmentTool
from auditor.model.question import Outcome, Platform, Question, Verb

_INSTALLER_KEY = r"HKLM\SOFTWARE\OutSystems\Installer"
_SERVICE_STUDIO, _INTEGRATION_STUDIO = "Service Studio", "Integration Studio"
_TOOLS = (_SERVICE_STUDIO, _INTEGRATION_STUDIO)
# The spellings of the major version that installers have used; the version stands in a value named like its key.
_MAJORS = ("11", "11.0", "10", "10.0", "9.1", "9.0")
_MAJORS_LOOKED_AT = ("11", "11.0", "10", "10.0")


def _registry(thing: str, why: str, view: int) -> Question:
    return Question(
        id=f"development_tools.{thing}",
        verb=Verb.REGISTRY,
        platform=Platform.WINDOWS,
        why=why,
        rights=REGISTRY,
        arguments={
            "key": _INSTALLER_KEY,
            "view": view,
            "values": ["", *(f"{tool} {major}" for tool in _TOOLS for major in _MAJORS)],
            "subkeys": True,
            "subkeys_like": "*Studio*",
        },
    )


def _executable(tool: str, major: str) -> Question:
    return Question(
        id=f"development_tools.{tool.lower().replace(' ', '_')}_{major.replace('.', '_')}",
        verb=Verb.FILE,
        platform=Platform.WINDOWS,
        why=f"Tells whether the registered {tool} {major} is still there, or only its registry key.",
        rights=TOOL_FOLDER,
        arguments={
            "path": f"{tool.replace(' ', '')}.exe",
            "base": {"key": rf"{_INSTALLER_KEY}\{tool} {major}", "value": ""},
        },
    )


REGISTERED = (
    _registry("registered", "Tells which development tools are installed, and their versions.", 64),
    _registry("registered_32", "Tells which development tools are installed, in the 32-bit view.", 32),
)
EXECUTABLES = {(tool, major): _executable(tool, major) for tool in _TOOLS for major in _MAJORS_LOOKED_AT}


def read(observations: Observations) -> FactMap:
    """Give the registered tools, each with whether its executable exists."""
    return facts(
        fact(observations, SERVICE_STUDIOS, lambda answers: _tools(answers, _SERVICE_STUDIO)),
        fact(observations, INTEGRATION_STUDIOS, lambda answers: _tools(answers, _INTEGRATION_STUDIO)),
    )


def _tools(answers: Answers, tool: str) -> tuple[DevelopmentTool, ...]:
    found: dict[str, DevelopmentTool] = {}
    for view in REGISTERED:
        for name, values in registry_subkeys(answers.whole(view)).items():
            major = name[len(tool) :].strip()
            if name.casefold().startswith(tool.casefold() + " ") and major:
                found.setdefault(major, _tool(answers, tool, major, values))
    return tuple(found[major] for major in sorted(found))


def _tool(answers: Answers, tool: str, major: str, values: Mapping[str, Any]) -> DevelopmentTool:
    folder = data_text(member(values, ""))
    version = data_text(member(values, f"{tool} {major}"))
    exists = None if folder is None else _executable_exists(answers, tool, major)
    return DevelopmentTool(major, version, folder, exists)


def _executable_exists(answers: Answers, tool: str, major: str) -> bool | None:
    """Return None where it could not be looked up: that costs this detail, not the whole fact."""
    question = EXECUTABLES.get((tool, major))
    if question is None:
        return None
    try:
        answer = answers.observation(question).answer
        if answer.outcome is Outcome.MISSING and answer.detail == NO_BASE:
            return None
        return place_exists(answers.value(question))
    except (NotReadable, IllTyped):
        return None


COLLECTOR = Collector("development_tools", Platform.WINDOWS, (*REGISTERED, *EXECUTABLES.values()), read)
