"""A detached installation: applications that run on without Platform Server. It looks a little like one and is none."""

from __future__ import annotations

from auditor.detection import windows_services
from auditor.detection.evidence import HINT, SERVICE, TRACE, Weighing
from auditor.model.component import Component, ComponentKind, State
from auditor.model.fact import Facts, Known
from auditor.model.known_facts import MACHINE_CONFIG_KEYS, PLATFORM_VERSION, PRIVATE_KEY_EXISTS, SERVICES, Service


def recognise(facts: Facts) -> Component:
    """Give the state of a detached installation: its own scheduler is the only sure sign."""
    weighing = Weighing(facts, ComponentKind.DETACHED_INSTALLATION)
    services = weighing.look("service", SERVICES)
    if services is None:
        return weighing.conclude_not_found()
    scheduler = _scheduler(facts)
    if scheduler is None:
        weighing.denies("service", "There is no Detached Scheduler Service.", services)
        return weighing.conclude_not_found()
    weighing.supports("service", f"{windows_services.in_words(scheduler)}.", SERVICE, services)
    _corroborate(weighing)
    if not windows_services.runs(scheduler):
        disabled = not windows_services.starts_by_itself(scheduler)
        return weighing.conclude(State.LEFTOVER if disabled else State.BROKEN)
    return weighing.conclude(State.PRESENT if weighing.is_convincing else State.PROBABLE)


def is_detached(facts: Facts) -> bool:
    """Whether the scheduler of a detached installation is registered and the registry knows no Platform Server."""
    version = facts.get(PLATFORM_VERSION)
    return _scheduler(facts) is not None and isinstance(version, Known) and version.value is None


def _scheduler(facts: Facts) -> Service | None:
    services = facts.value(SERVICES, ())
    return windows_services.find(services, windows_services.DETACHED_SCHEDULER)


def _corroborate(weighing: Weighing) -> None:
    keys = weighing.look("machine-config", MACHINE_CONFIG_KEYS)
    if keys is not None and keys.value:
        weighing.supports("machine-config", "machine.config has settings of OutSystems.", TRACE, keys)
    elif keys is not None:
        weighing.denies("machine-config", "machine.config has no settings of OutSystems.", keys)
    key = weighing.look("private-key", PRIVATE_KEY_EXISTS)
    if key is not None and key.value:
        weighing.contradicts("private-key", "private.key is still there; detaching removes it.", key)
    elif key is not None:
        weighing.supports("private-key", "There is no private.key, as detaching leaves it.", HINT, key)
