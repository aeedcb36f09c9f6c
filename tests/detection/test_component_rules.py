"""The rules and traps of recognition that no single profile shows."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.detection import portray
from auditor.model.component import Bearing, Component, ComponentKind, RoleReading, State
from auditor.model.fact import FactKey, Facts, Known, NotKnown, Reason
from auditor.model.inventory import Role
from auditor.model.known_facts import (
    ACCOUNT_IS_ADMINISTRATOR,
    CONSOLE_FOLDERS,
    IIS_APPLICATIONS,
    INSTALL_FOLDER,
    JAVA_STACK_MARKER,
    JAVA_STACK_VERSION,
    LIFETIME_PAYLOAD_VERSION,
    LIFETIME_SOLUTION_EXISTS,
    LISTENERS,
    MACHINE_CONFIG_KEYS,
    PACKAGES,
    PLATFORM_FOLDER,
    PLATFORM_FOLDER_EXISTS,
    PLATFORM_VERSION,
    RABBITMQ_REGISTERED,
    RUNNING_FOLDERS,
    SERVER_CONFIGURATION,
    SERVICE_STUDIOS,
    SERVICES,
    UNINSTALL_ENTRIES,
    UNITS,
    Application,
    DevelopmentTool,
    Listener,
    ServerConfiguration,
    Service,
    SystemdUnit,
    UninstallEntry,
)
from auditor.model.question import Platform
from tests.detection.modelled_hosts import declared, model, portrait_of

FOLDER = r"C:\Program Files\OutSystems\Platform Server"
DENIED = NotKnown(Reason.DENIED, "dev-1 denied it.", ("a.question",))
CONTROLLER = "OutSystems Deployment Controller Service"
DEPLOYMENT = "OutSystems Deployment Service"
SCHEDULER = "OutSystems Scheduler Service"


def _seen(name: str, kind: ComponentKind, *changes: tuple[FactKey[Any], Any]) -> Component:
    """Return a component of a model after some of its facts were changed."""
    facts, _ = portrait_of(name)
    changed = {key.name: value if isinstance(value, NotKnown) else Known(value, ("changed",)) for key, value in changes}
    host = declared(model(name).name, model(name).platform)
    return portray(host, Facts(host.name, {**dict(facts), **changed})).component(kind)


def _roles(name: str, *changes: tuple[FactKey[Any], Any]) -> RoleReading | NotKnown:
    facts, _ = portrait_of(name)
    changed = {key.name: value if isinstance(value, NotKnown) else Known(value, ("changed",)) for key, value in changes}
    host = declared(model(name).name, model(name).platform)
    return portray(host, Facts(host.name, {**dict(facts), **changed})).roles


def _reading(name: str, *changes: tuple[FactKey[Any], Any]) -> RoleReading:
    roles = _roles(name, *changes)
    assert isinstance(roles, RoleReading)
    return roles


def _service(name: str, state: str = "running", mode: str = "auto", image: str = rf"{FOLDER}\x.exe") -> Service:
    return Service(name, name, state, mode, False, "LocalSystem", image, 1)


def _trio(controller: str, deployment: str, scheduler: str) -> tuple[Service, ...]:
    """Return the three services, each given as `mode/state`."""
    words = zip((CONTROLLER, DEPLOYMENT, SCHEDULER), (controller, deployment, scheduler), strict=True)
    return tuple(_service(name, row.partition("/")[2], row.partition("/")[0]) for name, row in words)


def _application(path: str, folder: str, site: str = "Default Web Site") -> Application:
    return Application(site, path, "OutSystemsApplications", folder)


# Platform Server


def _platform(*changes: tuple[FactKey[Any], Any]) -> State:
    return _seen("p01-development", ComponentKind.PLATFORM_SERVER, *changes).state


def test_a_platform_without_its_services_is_broken() -> None:
    assert _platform((SERVICES, ())) is State.BROKEN


def test_a_platform_of_which_nothing_runs_though_it_should_is_broken() -> None:
    stopped = _trio("auto/stopped", "auto/stopped", "auto/stopped")
    assert _platform((SERVICES, stopped)) is State.BROKEN


def test_services_from_another_folder_break_a_platform() -> None:
    moved = tuple(_service(name, image=r"D:\Other\x.exe") for name in (CONTROLLER, DEPLOYMENT, SCHEDULER))
    component = _seen("p01-development", ComponentKind.PLATFORM_SERVER, (SERVICES, moved))
    assert component.state is State.BROKEN
    assert any(row.bearing is Bearing.CONTRADICTS and "D:\\Other" in row.statement for row in component.evidence)


def test_folder_and_services_without_the_registry_are_a_broken_platform() -> None:
    assert _platform((PLATFORM_VERSION, None), (PLATFORM_FOLDER, None)) is State.BROKEN


def test_half_of_the_registry_values_are_not_an_installed_platform() -> None:
    assert _platform((PLATFORM_VERSION, None)) is State.BROKEN


def test_a_registry_without_folder_and_services_is_a_leftover() -> None:
    gone = (PLATFORM_FOLDER_EXISTS, False), (INSTALL_FOLDER, None)
    assert _platform(*gone, (SERVICES, ())) is State.LEFTOVER


def test_a_registry_whose_corroborating_probes_could_not_run_is_a_probable_platform() -> None:
    facts = {key.name: Known(value) for key, value in ((PLATFORM_VERSION, "11.38.0.1"), (PLATFORM_FOLDER, FOLDER))}
    portrait = portray(declared("dev-1", Platform.WINDOWS), Facts("dev-1", facts, DENIED))
    component = portrait.component(ComponentKind.PLATFORM_SERVER)
    assert (component.state, component.version) == (State.PROBABLE, "11.38.0.1")


def test_services_without_sight_of_the_registry_are_a_probable_platform() -> None:
    assert _platform((PLATFORM_VERSION, DENIED), (PLATFORM_FOLDER, DENIED)) is State.PROBABLE


def test_settings_in_machine_config_alone_are_leftovers() -> None:
    component = _seen("p13-plain", ComponentKind.PLATFORM_SERVER, (MACHINE_CONFIG_KEYS, ("OutSystems.X",)))
    assert component.state is State.LEFTOVER


def test_settings_of_a_detached_installation_are_no_leftovers_of_the_platform() -> None:
    assert portrait_of("p15-detached")[1].component(ComponentKind.PLATFORM_SERVER).state is State.ABSENT


def test_a_display_name_is_enough_to_find_a_service() -> None:
    renamed = tuple(
        Service(f"os{number}", name.upper(), "running", "auto", False, "LocalSystem", rf"{FOLDER}\x.exe", 1)
        for number, name in enumerate((CONTROLLER, DEPLOYMENT, SCHEDULER))
    )
    assert _platform((SERVICES, renamed)) is State.PRESENT


# Consoles


def test_a_customer_application_that_begins_with_lt_is_not_lifetime() -> None:
    reports = (_application("/LTReports", rf"{FOLDER}\running\LTReports.1"),)
    component = _seen("p01-development", ComponentKind.LIFETIME, (IIS_APPLICATIONS, reports))
    assert component.state is State.ABSENT


def test_an_application_called_lifetime_without_another_sign_is_not_lifetime() -> None:
    foreign = (_application("/lifetime", rf"{FOLDER}\running\Warranty.1"),)
    folders = (RUNNING_FOLDERS, ("Warranty.1",))
    component = _seen("p01-development", ComponentKind.LIFETIME, (IIS_APPLICATIONS, foreign), folders)
    assert component.state is State.ABSENT
    assert any("no other sign" in row.statement for row in component.evidence)


def test_lifetime_in_another_site_does_not_count_but_is_mentioned() -> None:
    foreign = (_application("/lifetime", rf"{FOLDER}\running\LifeTime.1", "Other Site"),)
    component = _seen("p01-development", ComponentKind.LIFETIME, (IIS_APPLICATIONS, foreign))
    assert component.state is State.ABSENT and any("Other Site" in row.statement for row in component.evidence)


@pytest.mark.parametrize("kind", [ComponentKind.LIFETIME, ComponentKind.SERVICE_CENTER])
def test_a_console_whose_folder_is_gone_is_a_leftover(kind: ComponentKind) -> None:
    assert _seen("p04-lifetime", kind, (CONSOLE_FOLDERS, ())).state is State.LEFTOVER


@pytest.mark.parametrize("kind", [ComponentKind.LIFETIME, ComponentKind.SERVICE_CENTER])
def test_a_console_whose_folder_could_not_be_looked_for_is_probable(kind: ComponentKind) -> None:
    assert _seen("p04-lifetime", kind, (CONSOLE_FOLDERS, DENIED)).state is State.PROBABLE


@pytest.mark.parametrize("kind", [ComponentKind.LIFETIME, ComponentKind.SERVICE_CENTER])
def test_a_console_of_a_stopped_web_server_is_broken(kind: ComponentKind) -> None:
    stopped = (*_trio("auto/running", "auto/running", "auto/running"), _service("W3SVC", "stopped", "disabled"))
    assert _seen("p04-lifetime", kind, (SERVICES, stopped)).state is State.BROKEN


def test_performance_monitor_without_a_console_is_a_leftover_of_lifetime() -> None:
    rest = (_application("/PerformanceMonitor", rf"{FOLDER}\running\PerformanceMonitor.1"),)
    component = _seen("p01-development", ComponentKind.LIFETIME, (IIS_APPLICATIONS, rest))
    assert component.state is State.LEFTOVER


def test_a_console_outside_the_install_folder_is_probable() -> None:
    moved = (_application("/ServiceCenter", r"E:\running\ServiceCenter.1"),)
    component = _seen("p01-development", ComponentKind.SERVICE_CENTER, (IIS_APPLICATIONS, moved))
    assert component.state is State.PROBABLE


@pytest.mark.parametrize(
    ("version", "solution", "state"),
    [
        ("11.28.0.1", True, State.PRESENT),
        ("11.28.0.1", DENIED, State.PROBABLE),
        ("11.28.0.1", False, State.LEFTOVER),
        (None, True, State.PROBABLE),
        (None, False, State.ABSENT),
        (None, DENIED, State.UNKNOWN),
        (DENIED, False, State.UNKNOWN),
    ],
)
def test_the_payload_is_judged_by_registry_and_solution(version: object, solution: object, state: State) -> None:
    changes = ((LIFETIME_PAYLOAD_VERSION, version), (LIFETIME_SOLUTION_EXISTS, solution))
    assert _seen("p01-development", ComponentKind.LIFETIME_PAYLOAD, *changes).state is state


# Tools


@pytest.mark.parametrize(("exists", "state"), [(True, State.PRESENT), (None, State.PROBABLE), (False, State.LEFTOVER)])
def test_a_registered_tool_is_as_present_as_its_program(exists: bool | None, state: State) -> None:
    tools = (DevelopmentTool("11", "11.55.35.64305", r"C:\Tools", exists),)
    assert _seen("p13-plain", ComponentKind.SERVICE_STUDIO, (SERVICE_STUDIOS, tools)).state is state


def test_of_several_versions_the_highest_that_is_there_is_told() -> None:
    tools = (
        DevelopmentTool("10", "10.0.1005.2", None, True),
        DevelopmentTool("11", "11.9.0.0", None, True),
        DevelopmentTool("11.0", "11.55.35.64305", None, False),
        DevelopmentTool("9.1", "damaged", None, True),
    )
    assert _seen("p13-plain", ComponentKind.SERVICE_STUDIO, (SERVICE_STUDIOS, tools)).version == "11.9.0.0"


def test_an_installed_program_without_registry_key_is_a_leftover_tool() -> None:
    entries = (UninstallEntry("OutSystems Development Environment 11", "11.0", "OutSystems"),)
    component = _seen("p13-plain", ComponentKind.INTEGRATION_STUDIO, (UNINSTALL_ENTRIES, entries))
    assert component.state is State.LEFTOVER


# RabbitMQ


def _broker(name: str, *changes: tuple[FactKey[Any], Any]) -> State:
    return _seen(name, ComponentKind.RABBITMQ, *changes).state


def _with_broker(state: str, mode: str) -> tuple[Service, ...]:
    return (*_trio("auto/running", "auto/running", "auto/running"), _service("RabbitMQ", state, mode))


def _cached_on(host: str | None) -> tuple[FactKey[Any], Any]:
    return SERVER_CONFIGURATION, ServerConfiguration("localhost", 1, host, 5672, None, None, None, None, ())


def test_a_stopped_broker_that_the_platform_needs_is_broken() -> None:
    assert _broker("p01-development", (SERVICES, _with_broker("stopped", "auto"))) is State.BROKEN


def test_a_configuration_that_names_this_host_without_a_broker_is_a_broken_broker() -> None:
    changes = ((SERVICES, _trio("auto/running", "auto/running", "auto/running")), (LISTENERS, ()))
    assert _broker("p01-development", *changes) is State.BROKEN


def test_a_disabled_broker_that_nobody_names_is_a_leftover() -> None:
    changes = ((SERVICES, _with_broker("stopped", "disabled")), _cached_on("mq-1"))
    assert _broker("p01-development", *changes) is State.LEFTOVER


def test_a_broker_without_a_service_that_listens_is_probable() -> None:
    listening = (Listener("::", 5672, "erl"),)
    assert _broker("p13-plain", (LISTENERS, listening)) is State.PROBABLE


def test_foreign_software_on_the_port_of_the_broker_is_no_broker() -> None:
    foreign = (Listener("::", 5672, "qpidd"),)
    component = _seen("p13-plain", ComponentKind.RABBITMQ, (LISTENERS, foreign))
    assert component.state is State.ABSENT
    assert any(row.bearing is Bearing.CONTRADICTS and "qpidd" in row.statement for row in component.evidence)


NAMELESS = (LISTENERS, (Listener("::", 5672, ""),))
NO_ADMINISTRATOR = (ACCOUNT_IS_ADMINISTRATOR, False)


@pytest.mark.parametrize("name", ["p13-plain", "linux-plain"])
def test_a_nameless_process_on_the_port_of_the_broker_may_be_a_broker(name: str) -> None:
    component = _seen(name, ComponentKind.RABBITMQ, NAMELESS, NO_ADMINISTRATOR)
    assert component.state is State.UNKNOWN and component.not_known is not None
    assert component.not_known.reason is Reason.DENIED
    assert "port 5672" in component.not_known.sentence and "root" in component.not_known.sentence


@pytest.mark.parametrize("name", ["p13-plain", "linux-plain"])
def test_a_process_without_a_name_even_for_an_administrator_does_not_decide(name: str) -> None:
    component = _seen(name, ComponentKind.RABBITMQ, NAMELESS, (ACCOUNT_IS_ADMINISTRATOR, True))
    assert component.state is State.UNKNOWN and component.not_known is not None
    assert component.not_known.reason is Reason.CONTRADICTORY


def test_nameless_processes_on_other_ports_do_not_matter() -> None:
    others = (LISTENERS, (Listener("::", 80, ""), Listener("::", 25672, "")))
    assert _broker("linux-plain", others, NO_ADMINISTRATOR) is State.ABSENT


@pytest.mark.parametrize("unseen", [NAMELESS, (LISTENERS, DENIED)])
def test_a_broker_is_not_called_broken_or_left_over_while_it_may_be_what_listens(
    unseen: tuple[FactKey[Any], Any],
) -> None:
    without = (SERVICES, _trio("auto/running", "auto/running", "auto/running"))
    assert _broker("p01-development", without, unseen, NO_ADMINISTRATOR) is State.UNKNOWN
    assert _broker("p13-plain", (RABBITMQ_REGISTERED, True), unseen, NO_ADMINISTRATOR) is State.UNKNOWN
    assert _broker("p17-rabbitmq", (UNITS, ()), unseen, NO_ADMINISTRATOR) is State.UNKNOWN


def test_a_broker_with_a_running_service_or_unit_needs_no_name_on_its_port() -> None:
    assert _broker("p01-development", NAMELESS, NO_ADMINISTRATOR) is State.PRESENT
    assert _broker("p17-rabbitmq", NAMELESS, NO_ADMINISTRATOR) is State.PRESENT


def test_roles_say_that_a_broker_could_not_be_decided() -> None:
    reading = _reading("p13-plain", NAMELESS, NO_ADMINISTRATOR)
    assert "cache broker is not known" in reading.statement


@pytest.mark.parametrize("kind", [ComponentKind.SERVICE_CENTER, ComponentKind.LIFETIME])
def test_a_console_is_only_probable_where_nobody_saw_whether_the_web_server_runs(kind: ComponentKind) -> None:
    component = _seen("p04-lifetime", kind, (SERVICES, DENIED))
    assert component.state is State.PROBABLE
    assert any(row.bearing is Bearing.UNREADABLE and row.probe == "service" for row in component.evidence)


def test_a_service_alone_is_a_probable_broker() -> None:
    facts = {SERVICES.name: Known(_with_broker("running", "auto"))}
    portrait = portray(declared("dev-1", Platform.WINDOWS), Facts("dev-1", facts, DENIED))
    assert portrait.component(ComponentKind.RABBITMQ).state is State.PROBABLE


def test_an_erlang_registration_alone_is_a_leftover() -> None:
    assert _broker("p13-plain", (RABBITMQ_REGISTERED, True)) is State.LEFTOVER


@pytest.mark.parametrize(
    ("unit", "state"),
    [
        (SystemdUnit("rabbitmq-server", "failed", "enabled"), State.BROKEN),
        (SystemdUnit("rabbitmq-server", "inactive", "disabled"), State.LEFTOVER),
        (SystemdUnit("rabbitmq-server", "active", "disabled"), State.PRESENT),
    ],
)
def test_a_linux_broker_is_judged_by_its_unit(unit: SystemdUnit, state: State) -> None:
    assert _broker("p17-rabbitmq", (UNITS, (unit,))) is state


def test_a_package_whose_unit_could_not_be_asked_for_is_a_probable_broker() -> None:
    assert _broker("p17-rabbitmq", (UNITS, DENIED), (LISTENERS, ())) is State.PROBABLE


# The Java stack


def _java(name: str, *changes: tuple[FactKey[Any], Any]) -> State:
    return _seen(name, ComponentKind.JAVA_STACK, *changes).state


def test_a_stopped_java_stack_is_broken() -> None:
    assert _java("p11-java-stack", (UNITS, (SystemdUnit("outsystems", "failed", "enabled"),))) is State.BROKEN


def test_the_marker_of_a_java_stack_alone_is_a_leftover() -> None:
    assert _java("linux-plain", (JAVA_STACK_MARKER, True)) is State.LEFTOVER


def test_a_platform_folder_without_the_marker_is_a_leftover() -> None:
    changes = ((JAVA_STACK_MARKER, False), (UNITS, ()), (PACKAGES, ()))
    assert _java("p11-java-stack", *changes) is State.LEFTOVER


def test_a_java_stack_is_probable_where_its_marker_could_not_be_looked_for() -> None:
    assert _java("p11-java-stack", (JAVA_STACK_MARKER, DENIED)) is State.PROBABLE


def test_traces_of_a_java_stack_that_could_not_be_completed_decide_nothing() -> None:
    changes = ((JAVA_STACK_MARKER, DENIED), (UNITS, DENIED), (PACKAGES, ()), (JAVA_STACK_VERSION, "10.0"))
    assert _java("p11-java-stack", *changes) is State.UNKNOWN


# Detached installations


@pytest.mark.parametrize(
    ("words", "state"),
    [("auto/running", State.PRESENT), ("auto/stopped", State.BROKEN), ("disabled/stopped", State.LEFTOVER)],
)
def test_a_detached_installation_is_judged_by_its_scheduler(words: str, state: State) -> None:
    mode, _, run = words.partition("/")
    services = (_service("Detached Scheduler Service", run, mode, r"D:\Detached\x.exe"),)
    assert _seen("p15-detached", ComponentKind.DETACHED_INSTALLATION, (SERVICES, services)).state is state


# Roles


def test_a_controller_that_is_disabled_although_the_configuration_names_it_is_a_contradiction() -> None:
    reading = _reading("p03-controller", (SERVICES, _trio("disabled/stopped", "auto/running", "auto/running")))
    assert Role.DEPLOYMENT_CONTROLLER in reading.intended and Role.DEPLOYMENT_CONTROLLER not in reading.actual
    assert any("nobody is the controller" in item for item in reading.contradictions)


def test_a_stopped_controller_is_intended_and_not_actual() -> None:
    reading = _reading("p03-controller", (SERVICES, _trio("auto/stopped", "disabled/stopped", "disabled/stopped")))
    assert Role.DEPLOYMENT_CONTROLLER in reading.intended and Role.FRONT_END not in reading.intended
    assert Role.DEPLOYMENT_CONTROLLER not in reading.actual and Role.FRONT_END not in reading.actual
    assert reading.contradictions == ()


def test_a_manual_controller_that_is_stopped_on_a_front_end_is_no_role() -> None:
    reading = _reading("p03-front-end-1", (SERVICES, _trio("manual/stopped", "auto/running", "auto/running")))
    assert reading.intended == reading.actual == {Role.FRONT_END}


def test_a_controller_that_would_start_although_another_is_named_is_a_contradiction() -> None:
    reading = _reading("p03-front-end-1", (SERVICES, _trio("auto/stopped", "auto/running", "auto/running")))
    assert any("starts a deployment controller by itself" in item for item in reading.contradictions)


def test_a_scheduler_without_deployment_service_is_a_contradiction() -> None:
    reading = _reading("p03-controller", (SERVICES, _trio("auto/running", "disabled/stopped", "auto/running")))
    assert reading.runs_scheduler and any("deployment service is disabled" in item for item in reading.contradictions)


def test_without_services_the_roles_are_not_known() -> None:
    assert _roles("p01-development", (SERVICES, DENIED)) == DENIED


def test_a_host_that_could_not_be_read_is_unknown_in_everything() -> None:
    cause = NotKnown(Reason.UNREACHABLE, "dev-1 did not answer.")
    for platform in Platform:
        portrait = portray(declared("dev-1", platform), Facts("dev-1", {}, cause))
        assert {component.state for component in portrait.components} == {State.UNKNOWN}
        assert {component.not_known for component in portrait.components} == {cause}
        assert portrait.roles == cause
