"""Service Studio and Integration Studio: registered, and still there."""

from __future__ import annotations

from auditor.detection.evidence import FOLDER, PROGRAM_ENTRY, REGISTRY, Weighing
from auditor.model.component import Component, ComponentKind, State
from auditor.model.fact import FactKey, Facts, Known
from auditor.model.known_facts import INTEGRATION_STUDIOS, SERVICE_STUDIOS, UNINSTALL_ENTRIES, DevelopmentTool
from auditor.model.version import Version

_Tools = tuple[DevelopmentTool, ...]


def recognise_service_studio(facts: Facts) -> Component:
    """Give the state of Service Studio, of whichever versions."""
    return _recognise(facts, ComponentKind.SERVICE_STUDIO, SERVICE_STUDIOS, "Service Studio")


def recognise_integration_studio(facts: Facts) -> Component:
    """Give the state of Integration Studio, of whichever versions."""
    return _recognise(facts, ComponentKind.INTEGRATION_STUDIO, INTEGRATION_STUDIOS, "Integration Studio")


def _recognise(facts: Facts, kind: ComponentKind, key: FactKey[_Tools], name: str) -> Component:
    weighing = Weighing(facts, kind)
    tools = weighing.look("registry", key)
    _programs(weighing, name)
    if tools is None:
        return weighing.conclude_not_found()
    if not tools.value:
        weighing.denies("registry", f"The registry knows no {name}.", tools)
        return weighing.conclude(State.LEFTOVER) if weighing.score > 0 else weighing.conclude_not_found()
    for tool in tools.value:
        _tool(weighing, name, tool, tools)
    return weighing.conclude(*_best(tools.value))


def _tool(weighing: Weighing, name: str, tool: DevelopmentTool, tools: Known[_Tools]) -> None:
    version = tool.version or "of no stated version"
    weighing.supports("registry", f"The registry says {name} {tool.major} ({version}).", REGISTRY, tools)
    if tool.executable_exists:
        weighing.supports("folder", f"Its program is in {tool.folder}.", FOLDER, tools)
    elif tool.executable_exists is False:
        weighing.denies("folder", f"Its program is not in {tool.folder}.", tools)


def _programs(weighing: Weighing, name: str) -> None:
    entries = weighing.look("programs", UNINSTALL_ENTRIES)
    if entries is None:
        return
    # Older installers delivered both tools under one name.
    words = (name.casefold(), "outsystems development environment")
    named = [entry.name for entry in entries.value if any(word in entry.name.casefold() for word in words)]
    if named:
        weighing.supports("programs", f"{named[0]} is an installed program.", PROGRAM_ENTRY, entries)
    else:
        weighing.denies("programs", f"{name} is not among the installed programs.", entries)


def _best(tools: _Tools) -> tuple[State, str | None]:
    """Return the state of the tool that is most there, and the highest version in that state."""
    for exists, state in ((True, State.PRESENT), (None, State.PROBABLE)):
        found = [tool for tool in tools if tool.executable_exists is exists]
        if found:
            return state, _highest(found)
    return State.LEFTOVER, _highest(list(tools))


def _highest(tools: list[DevelopmentTool]) -> str | None:
    return max((tool.version for tool in tools if tool.version), key=by_number, default=None)


def by_number(version: str) -> tuple[bool, Version | None, str]:
    """Order version texts by their numbers; what is no version comes first."""
    try:
        return True, Version.parse(version), version
    except ValueError:
        return False, None, version
