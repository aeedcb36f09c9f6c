"""Platform Server: the registry says that it was installed, folder and services that it is there."""

from __future__ import annotations

from auditor.detection import windows_services
from auditor.detection.detached import is_detached
from auditor.detection.evidence import (
    FOLDER,
    HINT,
    LIVING_APPLICATION,
    PROGRAM_ENTRY,
    REGISTRY,
    SERVICE,
    TRACE,
    Weighing,
)
from auditor.detection.published import Life, published
from auditor.model.component import Component, ComponentKind, State
from auditor.model.fact import Facts, Known
from auditor.model.known_facts import (
    IIS_APPLICATIONS,
    MACHINE_CONFIG_KEYS,
    PLATFORM_FILE_VERSION,
    PLATFORM_FOLDER,
    PLATFORM_FOLDER_EXISTS,
    PLATFORM_VERSION,
    SERVICES,
    UNINSTALL_ENTRIES,
    Service,
)

_APPLICATIONS = ("/server.api", "/server.identity")


def recognise(facts: Facts) -> Component:
    """Give the state of Platform Server."""
    weighing = Weighing(facts, ComponentKind.PLATFORM_SERVER)
    registered = _registry(weighing)
    folder_exists = _folder(weighing)
    services = _services(weighing)
    _version_file(weighing)
    _applications(weighing)
    _traces(weighing)
    version = facts.value(PLATFORM_VERSION, None) or facts.value(PLATFORM_FILE_VERSION, None)
    state = _state(weighing, registered, folder_exists, services)
    return weighing.conclude_not_found() if state is None else weighing.conclude(state, version)


def _state(
    weighing: Weighing, registered: bool | None, folder_exists: bool | None, services: tuple[Service, ...] | None
) -> State | None:
    """Return the state, or None where nothing speaks for the component or the evidence does not decide."""
    running = any(windows_services.runs(service) for service in services or ())
    if registered:
        return _registered_state(weighing, folder_exists, services, running)
    if registered is None:
        if services and folder_exists is not False:
            return State.PROBABLE
        return State.BROKEN if running else None
    if running or (services and folder_exists):
        return State.BROKEN
    if weighing.score == 0:
        return None
    return State.LEFTOVER if services is not None and folder_exists is not None else None


def _registered_state(
    weighing: Weighing, folder_exists: bool | None, services: tuple[Service, ...] | None, running: bool
) -> State | None:
    if folder_exists is False:
        return State.BROKEN if running else State.LEFTOVER
    if folder_exists is None and services is not None and not services:
        # Either the folder is gone and this is a leftover, or it is there and the services are gone.
        return None
    if weighing.is_contradicted or (services is not None and _cannot_live(services, running)):
        return State.BROKEN
    return State.PRESENT if weighing.is_convincing else State.PROBABLE


def _cannot_live(services: tuple[Service, ...], running: bool) -> bool:
    """Whether no service is registered, or none runs though one is meant to."""
    meant_to_run = any(windows_services.starts_by_itself(service) for service in services)
    return not services or (meant_to_run and not running)


def _registry(weighing: Weighing) -> bool | None:
    version, folder = weighing.look("registry", PLATFORM_VERSION), weighing.look("registry", PLATFORM_FOLDER)
    if version and folder and version.value and folder.value:
        statement = f"The registry says Platform Server {version.value} in {folder.value}."
        weighing.supports("registry", statement, REGISTRY, version, folder)
        return True
    halves = [fact for fact in (version, folder) if fact and fact.value]
    if halves:
        weighing.supports("registry", "The registry has only half of the installer's values.", TRACE, *halves)
    if version is None or folder is None:
        return None
    if not halves:
        weighing.denies("registry", "The registry has neither version nor folder of Platform Server.", version, folder)
    return False


def _folder(weighing: Weighing) -> bool | None:
    exists = weighing.look("folder", PLATFORM_FOLDER_EXISTS)
    if exists is None:
        return None
    if exists.value:
        weighing.supports("folder", "The install folder exists.", FOLDER, exists)
    else:
        weighing.denies("folder", "The install folder does not exist.", exists)
    return exists.value


def _services(weighing: Weighing) -> tuple[Service, ...] | None:
    known = weighing.look("service", SERVICES)
    if known is None:
        return None
    searched = (windows_services.find(known.value, name) for name in windows_services.PLATFORM)
    found = tuple(service for service in searched if service is not None)
    if not found:
        weighing.denies("service", "None of the three services of the platform is registered.", known)
        return found
    names = ", ".join(windows_services.in_words(service) for service in found)
    folder = weighing.facts.value(PLATFORM_FOLDER, None)
    gone = weighing.facts.value(PLATFORM_FOLDER_EXISTS, True) is False
    weighing.supports("service", f"{names}.", TRACE if gone else SERVICE, known)
    if len(found) < len(windows_services.PLATFORM):
        weighing.contradicts("service", f"Only {len(found)} of the three services are registered.", known)
    outside = [service for service in found if folder and not windows_services.is_below(service, folder)]
    for service in outside:
        statement = f"{service.name} runs from {service.image_path}, outside the folder in the registry."
        weighing.contradicts("service", statement, known)
    return found


def _version_file(weighing: Weighing) -> None:
    on_disk = weighing.look("version-file", PLATFORM_FILE_VERSION)
    if on_disk is None:
        return
    if not on_disk.value:
        weighing.denies("version-file", "There is no version.txt in the install folder.", on_disk)
        return
    weighing.supports("version-file", f"version.txt says {on_disk.value}.", TRACE, on_disk)
    registered = weighing.facts.get(PLATFORM_VERSION)
    if isinstance(registered, Known) and registered.value and registered.value != on_disk.value:
        statement = f"The registry says {registered.value}, version.txt {on_disk.value}: an interrupted upgrade."
        weighing.contradicts("version-file", statement, registered, on_disk)


def _applications(weighing: Weighing) -> None:
    known = weighing.look("iis", IIS_APPLICATIONS)
    if known is None:
        return
    found = [item for item in (published(weighing.facts, path) for path in _APPLICATIONS) if item is not None]
    for item in found:
        path = item.application.path
        if item.life is Life.LIVING:
            weighing.supports("iis", f"IIS serves {path} from the install folder.", LIVING_APPLICATION, *item.facts)
        elif item.life is Life.GONE:
            weighing.supports("iis", f"IIS lists {path}, whose folder does not exist.", TRACE, *item.facts)
        else:
            weighing.supports("iis", f"IIS lists {path}; its folder was not looked at.", TRACE, *item.facts)
    if not found:
        weighing.denies("iis", "IIS serves neither /server.api nor /server.identity.", known)


def _traces(weighing: Weighing) -> None:
    entries = weighing.look("programs", UNINSTALL_ENTRIES)
    if entries is not None:
        named = [entry for entry in entries.value if entry.name.casefold().startswith("outsystems platform server")]
        if named:
            weighing.supports("programs", f"{named[0].name} is an installed program.", PROGRAM_ENTRY, entries)
        else:
            weighing.denies("programs", "Platform Server is not among the installed programs.", entries)
    keys = weighing.look("machine-config", MACHINE_CONFIG_KEYS)
    if keys is None:
        return
    if not keys.value:
        weighing.denies("machine-config", "machine.config has no settings of OutSystems.", keys)
    elif is_detached(weighing.facts):
        weighing.supports("machine-config", "machine.config has settings of a detached installation.", HINT, keys)
    else:
        weighing.supports("machine-config", "machine.config has settings of OutSystems.", TRACE, keys)
