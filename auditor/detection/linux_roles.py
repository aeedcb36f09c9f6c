"""The roles of a Linux host: those of the Java stack, and that of a broker."""

from __future__ import annotations

from auditor.detection.java_stack import UNIT_NAMES, is_active
from auditor.model.component import Certainty, Component, RoleReading, State
from auditor.model.fact import Facts, Known, NotKnown, Reason
from auditor.model.inventory import Role
from auditor.model.known_facts import JAVA_STACK_SERVICES, UNITS

_FRONT_END = ("DEPLOYER", "DEPLOYMENT")


def read_linux_roles(facts: Facts, java_stack: Component, broker: Component) -> RoleReading | NotKnown:
    """Give the roles of a Linux host; not known where a component that gives one is not known."""
    for component in (java_stack, broker):
        if component.state is State.UNKNOWN:
            fallback = NotKnown(Reason.CONTRADICTORY, f"The evidence on {facts.host} does not decide.")
            return component.not_known or fallback
    intended: set[Role] = set()
    actual: set[Role] = set()
    questions = [question for item in (java_stack, broker) for row in item.evidence for question in row.questions]
    statement = f"{facts.host} has no role of OutSystems."
    runs_scheduler = False
    if java_stack.can_run:
        services, units = facts.get(JAVA_STACK_SERVICES), facts.get(UNITS)
        if isinstance(services, NotKnown):
            return services
        questions += services.questions
        intended |= _roles(services.value)
        running = isinstance(units, Known) and any(is_active(unit) for unit in units.value if unit.name in UNIT_NAMES)
        actual |= intended if running else set()
        runs_scheduler = running and "SCHEDULER" in services.value
        enabled = ", ".join(services.value) or "nothing"
        statement = f"os.services.conf of {facts.host} enables {enabled}."
    if broker.can_run:
        intended.add(Role.CACHE_BROKER)
        statement = f"{facts.host} has RabbitMQ." if not java_stack.can_run else f"{statement} It has RabbitMQ."
    if broker.state in (State.PRESENT, State.PROBABLE):
        actual.add(Role.CACHE_BROKER)
    return RoleReading(
        host=facts.host,
        intended=frozenset(intended),
        actual=frozenset(actual),
        runs_scheduler=runs_scheduler,
        passive=False,
        # The Java stack's server.hsconf is not read, so nothing confirms what its services say.
        certainty=Certainty.SERVICES_ONLY if java_stack.can_run else Certainty.FULL,
        statement=statement,
        questions=tuple(dict.fromkeys(questions)),
    )


def _roles(services: tuple[str, ...]) -> set[Role]:
    roles = {Role.DEPLOYMENT_CONTROLLER} if "CONTROLLER" in services else set()
    return roles | {Role.FRONT_END} if any(name in services for name in _FRONT_END) else roles
