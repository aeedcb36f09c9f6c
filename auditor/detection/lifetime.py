"""LifeTime: the payload that an installer brought told apart from the console that is published."""

from __future__ import annotations

from auditor.detection.evidence import FOLDER, HINT, LIVING_APPLICATION, REGISTRY, TRACE, Weighing
from auditor.detection.published import Life, Published, elsewhere, module_of, published
from auditor.detection.web_server import web_server_is_stopped
from auditor.model.component import Component, ComponentKind, State
from auditor.model.fact import Facts, Known
from auditor.model.known_facts import (
    CONSOLE_FOLDERS,
    IIS_APPLICATIONS,
    IIS_POOLS,
    LIFETIME_PAYLOAD_VERSION,
    LIFETIME_PUBLISHED_VERSION,
    LIFETIME_SOLUTION_EXISTS,
)

_PATH, _MODULE, _POOL = "/lifetime", "lifetime", "LifeTimeAppPool"
# `/lifetime` alone may be anybody's application, and so may be all that begins with /LT.
_FURTHER_PATHS = ("/PerformanceMonitor", "/LifeTimeSDK")


def recognise(facts: Facts) -> Component:
    """Give the state of the published LifeTime; without sight of IIS it is not known."""
    weighing = Weighing(facts, ComponentKind.LIFETIME)
    applications = weighing.look("iis", IIS_APPLICATIONS)
    has_folder = _folders(weighing)
    _registry(weighing)
    _pool(weighing)
    if applications is None:
        return weighing.conclude_not_found()
    console = published(facts, _PATH)
    further = [item for item in (published(facts, path) for path in _FURTHER_PATHS) if item is not None]
    version = _version(facts)
    if console is not None and console.life is not Life.GONE:
        return _listed(weighing, console, further, has_folder, version)
    _note_rest(weighing, applications, console, further)
    return weighing.conclude(State.LEFTOVER, version) if weighing.score > 0 else weighing.conclude_not_found()


def recognise_payload(facts: Facts) -> Component:
    """Give the state of the payload: what a combined installer delivered, published or not."""
    weighing = Weighing(facts, ComponentKind.LIFETIME_PAYLOAD)
    version = weighing.look("registry", LIFETIME_PAYLOAD_VERSION)
    solution = weighing.look("file", LIFETIME_SOLUTION_EXISTS)
    if version is not None and version.value:
        weighing.supports("registry", f"The registry says LifeTime {version.value}.", REGISTRY, version)
    elif version is not None:
        weighing.denies("registry", "The registry has no LifeTime.", version)
    if solution is not None and solution.value:
        weighing.supports("file", "Lifetime.osp is in the install folder.", FOLDER, solution)
    elif solution is not None:
        weighing.denies("file", "Lifetime.osp is not in the install folder.", solution)
    found = version.value if version is not None else None
    if found:
        if solution is None:
            return weighing.conclude(State.PROBABLE, found)
        return weighing.conclude(State.PRESENT if solution.value else State.LEFTOVER, found)
    if solution is not None and solution.value:
        return weighing.conclude(State.PROBABLE)
    return weighing.conclude_not_found()


def _version(facts: Facts) -> str | None:
    return facts.value(LIFETIME_PUBLISHED_VERSION, None) or facts.value(LIFETIME_PAYLOAD_VERSION, None)


def _listed(
    weighing: Weighing, console: Published, further: list[Published], has_folder: bool | None, version: str | None
) -> Component:
    """Judge a listed `/lifetime`: it is LifeTime if one more sign says so."""
    path = console.application.physical_path
    signs = [item for item in further if item.life is not Life.GONE]
    if not signs and not has_folder and console.module.casefold() != _MODULE:
        weighing.denies(
            "iis", f"{_PATH} is served from {path}, and no other sign of LifeTime is there.", *console.facts
        )
        if weighing.score > 0:
            return weighing.conclude(State.LEFTOVER, version)
        return weighing.conclude_not_found()
    weighing.supports("iis", f"IIS serves {_PATH} from {path}.", LIVING_APPLICATION, *console.facts)
    for item in signs:
        statement = f"IIS serves {item.application.path} beside it."
        weighing.supports("further-application", statement, TRACE, *item.facts)
    if console.life is Life.UNDECIDED:
        if console.cause is not None:
            weighing.unreadable("folder", console.cause)
        return weighing.conclude(State.PROBABLE, version)
    is_stopped = web_server_is_stopped(weighing)
    if is_stopped:
        return weighing.conclude(State.BROKEN, version)
    is_sure = weighing.is_convincing and is_stopped is not None
    return weighing.conclude(State.PRESENT if is_sure else State.PROBABLE, version)


def _note_rest(
    weighing: Weighing, applications: Known[object], console: Published | None, further: list[Published]
) -> None:
    for other in elsewhere(weighing.facts, _PATH):
        statement = f"The site {other.site} has an application {_PATH}, where LifeTime never is."
        weighing.supports("iis", statement, HINT, applications)
    if console is None:
        weighing.denies("iis", f"The Default Web Site has no application {_PATH}.", applications)
    else:
        statement = f"IIS lists {_PATH}, whose folder {console.application.physical_path} does not exist."
        weighing.supports("iis", statement, TRACE, *console.facts)
    for item in further:
        statement = f"IIS lists {item.application.path} without LifeTime's console."
        weighing.supports("further-application", statement, TRACE, *item.facts)


def _folders(weighing: Weighing) -> bool | None:
    known = weighing.look("folder", CONSOLE_FOLDERS)
    if known is None:
        return None
    deployed = [name for name in known.value if module_of(name).casefold() == _MODULE]
    if deployed:
        weighing.supports("folder", f"Deployed as {', '.join(deployed[:3])}.", FOLDER, known)
    else:
        weighing.denies("folder", "No module LifeTime is deployed.", known)
    return bool(deployed)


def _registry(weighing: Weighing) -> None:
    known = weighing.look("registry", LIFETIME_PUBLISHED_VERSION)
    if known is None:
        return
    if known.value:
        weighing.supports("registry", f"The registry notes LifeTime {known.value} as published.", REGISTRY, known)
    else:
        weighing.denies("registry", "The registry notes no published LifeTime.", known)


def _pool(weighing: Weighing) -> None:
    pools = weighing.facts.get(IIS_POOLS)
    if isinstance(pools, Known) and _POOL.casefold() in {pool.name.casefold() for pool in pools.value}:
        weighing.supports("iis", f"IIS has the pool {_POOL}.", HINT, pools)
