"""Service Center on this server: published where IIS serves it from a folder that exists."""

from __future__ import annotations

from auditor.detection.evidence import FOLDER, HINT, LIVING_APPLICATION, REGISTRY, TRACE, Weighing
from auditor.detection.published import Life, elsewhere, module_of, published
from auditor.detection.web_server import web_server_is_stopped
from auditor.model.component import Component, ComponentKind, State
from auditor.model.fact import Facts, Known
from auditor.model.known_facts import (
    CONSOLE_FOLDERS,
    IIS_APPLICATIONS,
    IIS_POOLS,
    SERVICE_CENTER_REGISTERED_VERSION,
)

_PATH, _MODULE, _POOL = "/ServiceCenter", "servicecenter", "ServiceCenterAppPool"


def recognise(facts: Facts) -> Component:
    """Give the state of Service Center; without sight of IIS it is not known."""
    weighing = Weighing(facts, ComponentKind.SERVICE_CENTER)
    applications = weighing.look("iis", IIS_APPLICATIONS)
    life = None if applications is None else _application(weighing, applications)
    _folders(weighing)
    _registry(weighing)
    _pool(weighing)
    version = facts.value(SERVICE_CENTER_REGISTERED_VERSION, None)
    if applications is None:
        return weighing.conclude_not_found()
    if life is Life.LIVING:
        is_stopped = web_server_is_stopped(weighing)
        if is_stopped:
            return weighing.conclude(State.BROKEN, version)
        is_sure = weighing.is_convincing and is_stopped is not None
        return weighing.conclude(State.PRESENT if is_sure else State.PROBABLE, version)
    if life is Life.UNDECIDED:
        return weighing.conclude(State.PROBABLE, version)
    if weighing.score > 0:
        return weighing.conclude(State.LEFTOVER, version)
    return weighing.conclude_not_found()


def _application(weighing: Weighing, applications: Known[object]) -> Life | None:
    for other in elsewhere(weighing.facts, _PATH):
        statement = f"The site {other.site} has an application {_PATH}, where Service Center never is."
        weighing.supports("iis", statement, HINT, applications)
    found = published(weighing.facts, _PATH)
    if found is None:
        weighing.denies("iis", f"The Default Web Site has no application {_PATH}.", applications)
        return None
    if found.life is Life.LIVING:
        statement = f"IIS serves {_PATH} from {found.application.physical_path}."
        weighing.supports("iis", statement, LIVING_APPLICATION, *found.facts)
    elif found.life is Life.GONE:
        statement = f"IIS lists {_PATH}, whose folder {found.application.physical_path} does not exist."
        weighing.supports("iis", statement, TRACE, *found.facts)
    else:
        weighing.supports("iis", f"IIS lists {_PATH}.", LIVING_APPLICATION, *found.facts)
        if found.cause is not None:
            weighing.unreadable("folder", found.cause)
    return found.life


def _folders(weighing: Weighing) -> None:
    known = weighing.look("folder", CONSOLE_FOLDERS)
    if known is None:
        return
    deployed = [name for name in known.value if module_of(name).casefold() == _MODULE]
    if deployed:
        weighing.supports("folder", f"Deployed as {', '.join(deployed[:3])}.", FOLDER, known)
    else:
        weighing.denies("folder", "No module ServiceCenter is deployed.", known)


def _registry(weighing: Weighing) -> None:
    known = weighing.look("registry", SERVICE_CENTER_REGISTERED_VERSION)
    if known is None:
        return
    if not known.value:
        # Normal wherever the platform was configured by hand.
        weighing.denies("registry", "The registry notes no Service Center.", known)
        return
    # It says that this version was published from this server, not that it is served by it.
    weighing.supports("registry", f"The registry notes Service Center {known.value}.", REGISTRY, known)


def _pool(weighing: Weighing) -> None:
    pools = weighing.facts.get(IIS_POOLS)
    if isinstance(pools, Known) and _POOL.casefold() in {pool.name.casefold() for pool in pools.value}:
        weighing.supports("iis", f"IIS has the pool {_POOL}, which every tuned server has.", HINT, pools)
