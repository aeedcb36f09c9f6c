"""The former Java stack on Linux, by the evidence of its own."""

from __future__ import annotations

from auditor.detection.evidence import FOLDER, PACKAGE, REGISTRY, SERVICE, Weighing
from auditor.model.component import Component, ComponentKind, State
from auditor.model.fact import Facts
from auditor.model.known_facts import JAVA_STACK_MARKER, JAVA_STACK_VERSION, PACKAGES, UNITS, SystemdUnit

UNIT_NAMES = ("outsystems", "wildfly-outsystems", "jboss-outsystems", "weblogic-outsystems")


def recognise(facts: Facts) -> Component:
    """Give the state of the Java stack on a Linux host."""
    weighing = Weighing(facts, ComponentKind.JAVA_STACK)
    marker = weighing.look("marker", JAVA_STACK_MARKER)
    if marker is not None and marker.value:
        weighing.supports("marker", "/etc/sysconfig/outsystems exists.", REGISTRY, marker)
    elif marker is not None:
        weighing.denies("marker", "/etc/sysconfig/outsystems does not exist.", marker)
    version = _version(weighing)
    _packages(weighing)
    units = _units(weighing)
    if weighing.score == 0:
        return weighing.conclude_not_found()
    runs = any(is_active(unit) for unit in units or ())
    if marker is None:
        state = State.PROBABLE if runs or weighing.is_convincing else None
    elif not marker.value:
        state = State.PROBABLE if runs else State.LEFTOVER
    elif weighing.is_convincing:
        state = State.BROKEN if units and not runs else State.PRESENT
    else:
        state = State.LEFTOVER if weighing.all_was_read else State.PROBABLE
    if state is State.LEFTOVER and units is None:
        state = None
    return weighing.conclude_not_found() if state is None else weighing.conclude(state, version)


def is_active(unit: SystemdUnit) -> bool:
    """Whether the unit runs."""
    return unit.active_state in ("active", "activating", "reloading")


def _version(weighing: Weighing) -> str | None:
    known = weighing.look("folder", JAVA_STACK_VERSION)
    if known is not None and known.value:
        weighing.supports("folder", f"The platform folder has version {known.value}.", FOLDER, known)
    elif known is not None:
        weighing.denies("folder", "/opt/outsystems/platform has no version.txt.", known)
    return known.value if known is not None else None


def _packages(weighing: Weighing) -> None:
    known = weighing.look("package", PACKAGES)
    if known is None:
        return
    named = [package for package in known.value if package.casefold().startswith("outsystems-")]
    if named:
        weighing.supports("package", f"The package {named[0]} is installed.", PACKAGE, known)
    else:
        weighing.denies("package", "No package of OutSystems is installed.", known)


def _units(weighing: Weighing) -> tuple[SystemdUnit, ...] | None:
    known = weighing.look("unit", UNITS)
    if known is None:
        return None
    found = tuple(unit for unit in known.value if unit.name in UNIT_NAMES)
    if found:
        states = ", ".join(f"{unit.name} is {unit.active_state or 'in no known state'}" for unit in found)
        weighing.supports("unit", f"{states}.", SERVICE, known)
    else:
        weighing.denies("unit", "No unit of OutSystems is loaded.", known)
    return found
