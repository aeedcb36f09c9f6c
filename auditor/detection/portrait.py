"""The whole portrait of a host: a component of every kind, and its roles."""

from __future__ import annotations

from auditor.detection import (
    detached,
    development_tools,
    java_stack,
    lifetime,
    platform_server,
    rabbitmq,
    service_center,
)
from auditor.detection.evidence import Weighing
from auditor.detection.linux_roles import read_linux_roles
from auditor.detection.roles import read_roles
from auditor.model.component import Component, ComponentKind, Portrait
from auditor.model.fact import Facts, Known
from auditor.model.inventory import Host, SSHEndpoint
from auditor.model.known_facts import OS_FAMILY
from auditor.model.question import Platform

# The consoles of a Java stack are part of that component; these are the ones of Platform Server.
_NEEDS = {
    ComponentKind.PLATFORM_SERVER: "Platform Server 11 runs on Windows only",
    ComponentKind.SERVICE_CENTER: "Platform Server's Service Center runs on Windows only",
    ComponentKind.LIFETIME: "Platform Server's LifeTime runs on Windows only",
    ComponentKind.LIFETIME_PAYLOAD: "LifeTime's installer runs on Windows only",
    ComponentKind.SERVICE_STUDIO: "Service Studio runs on Windows servers only",
    ComponentKind.INTEGRATION_STUDIO: "Integration Studio runs on Windows only",
    ComponentKind.DETACHED_INSTALLATION: "Detached applications of Platform Server run on Windows only",
    ComponentKind.JAVA_STACK: "The Java stack is looked for on Linux only",
}


def portray(host: Host, facts: Facts) -> Portrait:
    """Recognise every kind of component on the host, and read its roles. A function of its input; never raises."""
    windows = _is_windows(host, facts)
    components = _on_windows(host, facts) if windows else _on_linux(facts)
    by_kind = {component.kind: component for component in components}
    broker, stack = by_kind[ComponentKind.RABBITMQ], by_kind[ComponentKind.JAVA_STACK]
    roles = read_roles(host, facts, broker) if windows else read_linux_roles(facts, stack, broker)
    return Portrait(host.name, tuple(by_kind[kind] for kind in ComponentKind), roles)


def _is_windows(host: Host, facts: Facts) -> bool:
    """Go by the system that answered; by the declared endpoint where none did."""
    family = facts.get(OS_FAMILY)
    if isinstance(family, Known):
        return family.value == Platform.WINDOWS.value
    endpoint = host.endpoint
    return not isinstance(endpoint, SSHEndpoint) or endpoint.platform is Platform.WINDOWS


def _on_windows(host: Host, facts: Facts) -> tuple[Component, ...]:
    platform = platform_server.recognise(facts)
    return (
        platform,
        service_center.recognise(facts),
        lifetime.recognise(facts),
        lifetime.recognise_payload(facts),
        development_tools.recognise_service_studio(facts),
        development_tools.recognise_integration_studio(facts),
        rabbitmq.recognise_on_windows(host, facts, platform),
        detached.recognise(facts),
        _foreign(facts, ComponentKind.JAVA_STACK),
    )


def _on_linux(facts: Facts) -> tuple[Component, ...]:
    stack = java_stack.recognise(facts)
    foreign = [kind for kind in _NEEDS if kind is not ComponentKind.JAVA_STACK]
    return (*(_foreign(facts, kind) for kind in foreign), rabbitmq.recognise_on_linux(facts), stack)


def _foreign(facts: Facts, kind: ComponentKind) -> Component:
    """Say of a component of another system that it is absent, if the system is known."""
    weighing = Weighing(facts, kind)
    family = weighing.look("operating-system", OS_FAMILY)
    if family is not None:
        weighing.denies("operating-system", f"{_NEEDS[kind]}; {facts.host} runs {family.value}.", family)
    return weighing.conclude_not_found()
