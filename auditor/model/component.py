"""Components and roles recognised on a host, each with the evidence for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from auditor.model.fact import NotKnown
from auditor.model.inventory import Role


class ComponentKind(StrEnum):
    """What can be recognised on a host, in the order in which reports list it."""

    PLATFORM_SERVER = "platform-server"
    SERVICE_CENTER = "service-center"
    LIFETIME = "lifetime"
    LIFETIME_PAYLOAD = "lifetime-payload"
    SERVICE_STUDIO = "service-studio"
    INTEGRATION_STUDIO = "integration-studio"
    RABBITMQ = "rabbitmq"
    JAVA_STACK = "java-stack"
    DETACHED_INSTALLATION = "detached-installation"


class State(StrEnum):
    """What the evidence says of a component."""

    PRESENT = "present"
    PROBABLE = "probable"
    BROKEN = "broken"
    LEFTOVER = "leftover"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class Bearing(StrEnum):
    """What one piece of evidence says: for the component, against it, or nothing because it could not be read."""

    SUPPORTS = "supports"
    DENIES = "denies"
    CONTRADICTS = "contradicts"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece: which kind of probe, what it says in words, how much it weighs, and the questions behind it."""

    probe: str
    bearing: Bearing
    statement: str
    weight: int
    questions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Component:
    """A component of one host. `version` is text as found; `not_known` says why the state is unknown."""

    host: str
    kind: ComponentKind
    state: State
    version: str | None = None
    evidence: tuple[Evidence, ...] = ()
    not_known: NotKnown | None = None

    @property
    def can_run(self) -> bool:
        """Whether the component is there to be judged: present, probable or broken."""
        return self.state in (State.PRESENT, State.PROBABLE, State.BROKEN)


class Certainty(StrEnum):
    """How well founded a reading of roles is."""

    FULL = "full"
    SERVICES_ONLY = "services-only"


@dataclass(frozen=True, slots=True)
class RoleReading:
    """The roles of one host: `intended` by start modes and configuration, `actual` by what runs.

    `passive` says that the front-end runs without its scheduler on purpose; `contradictions` are sentences, for
    example that the server runs a controller although its configuration names another one.
    """

    host: str
    intended: frozenset[Role]
    actual: frozenset[Role]
    runs_scheduler: bool
    passive: bool
    certainty: Certainty
    statement: str
    contradictions: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Portrait:
    """All that detection says of one host."""

    host: str
    components: tuple[Component, ...]
    roles: RoleReading | NotKnown

    def component(self, kind: ComponentKind) -> Component:
        """Return the component of this kind; detection gives one for every kind."""
        return next(component for component in self.components if component.kind == kind)
