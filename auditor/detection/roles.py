"""The roles of a Windows host: what it is meant to do by start modes and configuration, and what it does."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.detection import windows_services
from auditor.detection.naming import Naming, controller_naming
from auditor.detection.windows_services import runs, starts_by_itself
from auditor.model.component import Certainty, Component, RoleReading, State
from auditor.model.fact import Facts, NotKnown
from auditor.model.inventory import Host, Role
from auditor.model.known_facts import SERVICES, Service


@dataclass(frozen=True, slots=True)
class _Trio:
    """The three services of the platform, each None where it is not registered."""

    controller: Service | None
    deployment: Service | None
    scheduler: Service | None

    @property
    def found(self) -> tuple[Service, ...]:
        return tuple(item for item in (self.controller, self.deployment, self.scheduler) if item is not None)


def read_roles(host: Host, facts: Facts, broker: Component) -> RoleReading | NotKnown:
    """Give the roles of a Windows host; not known where its services could not be read.

    `broker` is the host's RabbitMQ: where it runs, the host is a cache broker.
    """
    services = facts.get(SERVICES)
    if isinstance(services, NotKnown):
        return services
    trio = _Trio(*(windows_services.find(services.value, name) for name in windows_services.PLATFORM))
    naming = controller_naming(host, facts) if trio.found else Naming(None, "")
    intended, actual = _intended(trio, naming), _actual(trio)
    if broker.can_run:
        intended.add(Role.CACHE_BROKER)
    if broker.state in (State.PRESENT, State.PROBABLE):
        actual.add(Role.CACHE_BROKER)
    certain = not trio.found or naming.here is not None
    broker_questions = tuple(question for row in broker.evidence for question in row.questions)
    questions = dict.fromkeys((*services.questions, *naming.questions, *broker_questions))
    return RoleReading(
        host=facts.host,
        intended=frozenset(intended),
        actual=frozenset(actual),
        runs_scheduler=runs(trio.scheduler),
        passive=_is_passive(trio),
        certainty=Certainty.FULL if certain else Certainty.SERVICES_ONLY,
        statement=_statement(facts.host, trio, naming, broker),
        contradictions=_contradictions(facts.host, trio, naming),
        questions=tuple(questions),
    )


def _intended(trio: _Trio, naming: Naming) -> set[Role]:
    roles = set()
    # The configuration makes a host the controller whatever its services do.
    if starts_by_itself(trio.controller) or (naming.here and trio.controller is not None):
        roles.add(Role.DEPLOYMENT_CONTROLLER)
    if starts_by_itself(trio.deployment):
        roles.add(Role.FRONT_END)
    return roles


def _actual(trio: _Trio) -> set[Role]:
    roles = set()
    if runs(trio.controller):
        roles.add(Role.DEPLOYMENT_CONTROLLER)
    if runs(trio.deployment):
        roles.add(Role.FRONT_END)
    return roles


def _is_passive(trio: _Trio) -> bool:
    """A front-end whose scheduler, and nothing else, is switched off on purpose."""
    scheduler = trio.scheduler
    disabled = scheduler is not None and scheduler.start_mode == "disabled" and not runs(scheduler)
    return disabled and starts_by_itself(trio.deployment)


def _statement(host: str, trio: _Trio, naming: Naming, broker: Component) -> str:
    undecided = f" Whether {host} is a cache broker is not known." if broker.state is State.UNKNOWN else ""
    if not trio.found:
        return f"{host} has none of the services that make a controller or a front-end.{undecided}"
    services = "; ".join(windows_services.in_words(service) for service in trio.found)
    return f"{services}. {naming.statement}".strip() + undecided


def _contradictions(host: str, trio: _Trio, naming: Naming) -> tuple[str, ...]:
    found = []
    controller = trio.controller
    if controller is not None and naming.here is False and runs(controller):
        found.append(f"{host} runs a deployment controller, but {naming.statement} Two controllers are suspected.")
    elif controller is not None and naming.here is False and starts_by_itself(controller):
        found.append(f"{host} starts a deployment controller by itself, but {naming.statement}")
    if controller is not None and naming.here and controller.start_mode == "disabled" and not runs(controller):
        found.append(f"{naming.statement} But its controller service is disabled: nobody is the controller.")
    for service in trio.found:
        if service.start_mode == "disabled" and runs(service):
            found.append(f"{service.name} runs on {host} although it is disabled; somebody started it by hand.")
    scheduler, deployment = trio.scheduler, trio.deployment
    if starts_by_itself(scheduler) and deployment is not None and deployment.start_mode == "disabled":
        found.append(f"{host} starts the scheduler by itself, but its deployment service is disabled.")
    return tuple(found)
