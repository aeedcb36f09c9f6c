"""RabbitMQ, which invalidates the caches of an environment: bundled on Windows, or on a host of its own."""

from __future__ import annotations

from auditor.detection import windows_services
from auditor.detection.development_tools import by_number
from auditor.detection.evidence import (
    FOLDER,
    HINT,
    LISTENER,
    PACKAGE,
    PROGRAM_ENTRY,
    REGISTRY,
    SERVICE,
    TRACE,
    Weighing,
)
from auditor.detection.naming import naming_of
from auditor.model.component import Component, ComponentKind, State
from auditor.model.fact import Facts, Known, NotKnown, Reason
from auditor.model.inventory import Host
from auditor.model.known_facts import (
    ACCOUNT_IS_ADMINISTRATOR,
    BUNDLED_BROKER_VERSIONS,
    HOST_NAMES,
    LISTENERS,
    PACKAGES,
    PLATFORM_VARIABLES,
    RABBITMQ_REGISTERED,
    RABBITMQ_VERSION,
    SERVER_CONFIGURATION,
    SERVICES,
    UNINSTALL_ENTRIES,
    UNITS,
    Listener,
    Service,
    SystemdUnit,
)

_PORTS = (5671, 5672)
_UNIT = "rabbitmq-server"


def recognise_on_windows(host: Host, facts: Facts, platform: Component) -> Component:
    """Give the state of RabbitMQ on a Windows host; `platform` is its Platform Server."""
    weighing = Weighing(facts, ComponentKind.RABBITMQ)
    service = _service(weighing)
    _registered(weighing)
    listens = _listener(weighing)
    has_program = _programs(weighing)
    _bundled(weighing, platform)
    _variables(weighing)
    is_named = _configuration(weighing, host)
    if service is not None:
        return _with_service(weighing, service, platform, has_program=has_program, is_named=is_named)
    return _without_service(weighing, platform, listens=listens, is_named=is_named)


def recognise_on_linux(facts: Facts) -> Component:
    """Give the state of RabbitMQ on a Linux host."""
    weighing = Weighing(facts, ComponentKind.RABBITMQ)
    unit = _unit(weighing)
    has_package = _package(weighing)
    listens = _listener(weighing)
    version = weighing.look("program", RABBITMQ_VERSION)
    if version is not None and version.value:
        weighing.supports("program", f"RabbitMQ says version {version.value}.", TRACE, version)
    elif version is not None:
        weighing.denies("program", "There is no RabbitMQ to ask for its version.", version)
    found = version.value if version is not None else None
    if unit is not None:
        if unit.active_state in ("active", "activating", "reloading"):
            return weighing.conclude(State.PRESENT if weighing.is_convincing else State.PROBABLE, found)
        return weighing.conclude(State.LEFTOVER if unit.enabled_state == "disabled" else State.BROKEN, found)
    if listens or (has_package and not _units_are_known(facts)):
        return weighing.conclude(State.PROBABLE, found)
    if listens is None:
        return weighing.conclude_unknown()
    if weighing.score > 0 and _units_are_known(facts):
        return weighing.conclude(State.LEFTOVER, found)
    return weighing.conclude_not_found()


def _with_service(
    weighing: Weighing, service: Service, platform: Component, *, has_program: bool | None, is_named: bool | None
) -> Component:
    """Judge a registered service: one that does not run is broken if somebody needs it, else a leftover."""
    version = _version(weighing.facts)
    if windows_services.runs(service):
        return weighing.conclude(State.PRESENT if weighing.is_convincing else State.PROBABLE, version)
    is_automatic = windows_services.starts_by_itself(service)
    if is_named or (is_automatic and (platform.can_run or has_program)):
        return weighing.conclude(State.BROKEN, version)
    if is_named is None or (is_automatic and (platform.state is State.UNKNOWN or has_program is None)):
        return weighing.conclude_unknown(platform.not_known if is_named is not None else None)
    return weighing.conclude(State.LEFTOVER, version)


def _without_service(
    weighing: Weighing, platform: Component, *, listens: bool | None, is_named: bool | None
) -> Component:
    version = _version(weighing.facts)
    if listens:
        return weighing.conclude(State.PROBABLE, version)
    if listens is None:
        return weighing.conclude_unknown()
    if not isinstance(weighing.facts.get(SERVICES), Known):
        return weighing.conclude_not_found()
    if is_named and platform.can_run:
        return weighing.conclude(State.BROKEN, version)
    if is_named is None or (is_named and platform.state is State.UNKNOWN):
        return weighing.conclude_unknown(platform.not_known if is_named else None)
    return weighing.conclude(State.LEFTOVER, version) if weighing.score > 0 else weighing.conclude_not_found()


def _service(weighing: Weighing) -> Service | None:
    known = weighing.look("service", SERVICES)
    if known is None:
        return None
    service = windows_services.find(known.value, windows_services.BROKER)
    if service is None:
        weighing.denies("service", "There is no service RabbitMQ.", known)
    else:
        weighing.supports("service", f"{windows_services.in_words(service)}.", SERVICE, known)
    return service


def _registered(weighing: Weighing) -> None:
    known = weighing.look("registry", RABBITMQ_REGISTERED)
    if known is not None and known.value:
        weighing.supports("registry", "RabbitMQ is registered as a service of Erlang.", REGISTRY, known)
    elif known is not None:
        weighing.denies("registry", "RabbitMQ is not registered as a service of Erlang.", known)


def _listener(weighing: Weighing) -> bool | None:
    """Return whether Erlang listens on a port of the broker; None where ports or names of processes are not known."""
    known = weighing.look("listener", LISTENERS)
    if known is None:
        return None
    found = [listener for listener in known.value if listener.port in _PORTS]
    erlang = [listener for listener in found if listener.process.casefold().startswith(("erl", "beam"))]
    if erlang:
        weighing.supports("listener", f"Erlang listens on port {erlang[0].port}.", LISTENER, known)
    elif not found:
        weighing.denies("listener", "Nothing listens on the ports of RabbitMQ.", known)
    nameless = [listener for listener in found if not listener.process]
    for listener in found:
        if listener.process and listener not in erlang:
            statement = f"{listener.process} listens on port {listener.port}, which is RabbitMQ's."
            weighing.contradicts("listener", statement, known)
    if nameless:
        weighing.unreadable("listener", _nameless(weighing.facts, nameless[0].port, known))
    return True if erlang else None if nameless else False


def _nameless(facts: Facts, port: int, known: Known[tuple[Listener, ...]]) -> NotKnown:
    """Say why it is not known whether it is RabbitMQ that listens."""
    what = f"A process whose name was not readable listens on port {port} of {facts.host}, which is RabbitMQ's"
    if facts.value(ACCOUNT_IS_ADMINISTRATOR, False):
        return NotKnown(Reason.CONTRADICTORY, f"{what}, and no other sign of RabbitMQ decides.", known.questions)
    right = "administrator (root on Linux) to read the names of other accounts' processes"
    return NotKnown(Reason.DENIED, f"{what}; the account needs: {right}.", known.questions)


def _programs(weighing: Weighing) -> bool | None:
    entries = weighing.look("programs", UNINSTALL_ENTRIES)
    if entries is None:
        return None
    named = [entry for entry in entries.value if entry.name.casefold().startswith("rabbitmq")]
    if named:
        weighing.supports("programs", f"{named[0].name} is an installed program.", PROGRAM_ENTRY, entries)
    else:
        weighing.denies("programs", "RabbitMQ is not among the installed programs.", entries)
    return bool(named)


def _bundled(weighing: Weighing, platform: Component) -> None:
    known = weighing.look("folder", BUNDLED_BROKER_VERSIONS)
    if known is None:
        return
    if not known.value:
        weighing.denies("folder", "The install folder has no bundled RabbitMQ.", known)
        return
    if platform.not_known is not None:
        weighing.unreadable("folder", platform.not_known)
        return
    # The installer delivers it to every server of the platform, also to those that never run it.
    weight = HINT if platform.can_run else FOLDER
    weighing.supports("folder", f"The install folder has RabbitMQ {', '.join(known.value)}.", weight, known)


def _variables(weighing: Weighing) -> None:
    known = weighing.look("variables", PLATFORM_VARIABLES)
    if known is not None and known.value:
        weighing.supports("variables", f"System variables are set: {', '.join(known.value)}.", TRACE, known)
    elif known is not None:
        weighing.denies("variables", "No system variable of the bundled broker is set.", known)


def _configuration(weighing: Weighing, host: Host) -> bool | None:
    """Return whether server.hsconf names this host as cache service, None where it cannot be told."""
    known = weighing.look("configuration", SERVER_CONFIGURATION)
    if known is None:
        return None
    named = known.value.cache_host if known.value is not None else None
    if named is None:
        weighing.denies("configuration", "No server.hsconf names a cache service.", known)
        return False
    naming = naming_of(host, weighing.facts, named)
    if naming.here is None:
        names = weighing.facts.get(HOST_NAMES)
        reason = names.reason if isinstance(names, NotKnown) else Reason.CONTRADICTORY
        weighing.unreadable("configuration", NotKnown(reason, naming.statement, (*known.questions, *naming.questions)))
    elif naming.here:
        weighing.supports("configuration", f"server.hsconf names {named} as cache service.", HINT, known)
    else:
        weighing.denies("configuration", f"server.hsconf names {named} as cache service, another host.", known)
    return naming.here


def _version(facts: Facts) -> str | None:
    entries = facts.value(UNINSTALL_ENTRIES, ())
    installed = [entry.version for entry in entries if entry.name.casefold().startswith("rabbitmq") and entry.version]
    bundled = facts.value(BUNDLED_BROKER_VERSIONS, ())
    return max(installed or bundled, key=by_number, default=None)


def _units_are_known(facts: Facts) -> bool:
    return isinstance(facts.get(UNITS), Known)


def _unit(weighing: Weighing) -> SystemdUnit | None:
    known = weighing.look("unit", UNITS)
    if known is None:
        return None
    unit = next((unit for unit in known.value if unit.name == _UNIT), None)
    if unit is None:
        weighing.denies("unit", f"There is no unit {_UNIT}.", known)
    else:
        statement = f"The unit {_UNIT} is {unit.active_state or 'in no known state'}."
        weighing.supports("unit", statement, SERVICE, known)
    return unit


def _package(weighing: Weighing) -> bool:
    known = weighing.look("package", PACKAGES)
    if known is None:
        return False
    named = [package for package in known.value if package.casefold().startswith("rabbitmq-server")]
    if named:
        weighing.supports("package", f"The package {named[0]} is installed.", PACKAGE, known)
    else:
        weighing.denies("package", "No package of RabbitMQ is installed.", known)
    return bool(named)
