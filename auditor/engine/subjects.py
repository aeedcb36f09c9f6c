"""What a check may see: hosts, environments, the infrastructure.

A view notes which answers were looked at, so that the evidence of a verdict follows by itself. Asking for something
that is not known raises `Unknowable`; the engine turns it into an unknown verdict, so authors write no such code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from auditor.model import inventory as declared
from auditor.model.component import Component, ComponentKind, Portrait, RoleReading, State
from auditor.model.fact import FactKey, Facts, Known, NotKnown, Reason
from auditor.model.finding import EvidenceReference, Finding, Status
from auditor.model.inventory import Hosting, Inventory, Purpose, Role, Source
from auditor.model.known_facts import ACCOUNT_IS_ADMINISTRATOR, MACHINE_GUID, MACHINE_MACS, MACHINE_UUID
from auditor.model.observation import Visit
from auditor.model.question import Answer, Outcome
from auditor.model.reference import Reference
from auditor.model.waiver import Waiver

T = TypeVar("T")


class Unknowable(Exception):  # noqa: N818 - it is not an error but an answer
    """Something a check asked for is not known; carries why."""

    def __init__(self, not_known: NotKnown) -> None:
        self.not_known = not_known
        super().__init__(not_known.sentence)


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that verdicts are made from; a function of its input, so no clock but `judged_at`."""

    inventory: Inventory
    reference: Reference
    visits: Mapping[str, Visit]
    facts: Mapping[str, Facts]
    portraits: Mapping[str, Portrait]
    judged_at: datetime
    waivers: tuple[Waiver, ...] = ()
    check_names: frozenset[str] = frozenset()
    secrets_found: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    earlier: tuple[Finding, ...] = ()


class Recorder:
    """The answers that one check looked at."""

    def __init__(self) -> None:
        self._seen: set[EvidenceReference] = set()

    def note(self, host: str, questions: Iterable[str]) -> None:
        """Remember that these questions of this host were looked at."""
        self._seen.update(EvidenceReference(host, question) for question in questions)

    @property
    def evidence(self) -> tuple[EvidenceReference, ...]:
        """All that was noted, sorted."""
        return tuple(sorted(self._seen))


class Host:
    """A host as a check sees it."""

    def __init__(self, host: declared.Host, environment: Environment | None, material: Material, recorder: Recorder):
        self.declared = host
        self.name = host.name
        self.environment = environment
        self._material = material
        self._recorder = recorder

    @property
    def roles(self) -> frozenset[Role]:
        """The roles that the inventory declares."""
        return self.declared.roles

    @property
    def is_platform_host(self) -> bool:
        """Whether the inventory declares it a controller or a front-end."""
        return bool(self.roles & {Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END})

    @property
    def visit(self) -> Visit:
        """The visit of this scan."""
        return self._material.visits[self.name]

    def fact(self, key: FactKey[T]) -> T:
        """Return the value of a fact; raises `Unknowable` when it is not known."""
        fact = self._material.facts[self.name].get(key)
        self._recorder.note(self.name, fact.questions)
        if isinstance(fact, Known):
            return fact.value
        raise Unknowable(fact)

    def component(self, kind: ComponentKind) -> Component:
        """Return a component whose state is decided; raises `Unknowable` when it is not."""
        component = self._material.portraits[self.name].component(kind)
        for evidence in component.evidence:
            self._recorder.note(self.name, evidence.questions)
        if component.state is State.UNKNOWN:
            why = component.not_known or NotKnown(Reason.CONTRADICTORY, f"The evidence on {self.name} does not decide.")
            raise Unknowable(why)
        return component

    @property
    def role_reading(self) -> RoleReading:
        """The roles that services and configuration show; raises `Unknowable` when they are not known."""
        reading = self._material.portraits[self.name].roles
        self._recorder.note(self.name, reading.questions)
        if isinstance(reading, NotKnown):
            raise Unknowable(reading)
        return reading

    @property
    def answers(self) -> tuple[Answer, ...]:
        """The raw answers by question id: for checks of the audit itself, which judge how they ended."""
        return tuple(answer for _, answer in sorted(self.visit.answers.items()))

    @property
    def unanswered(self) -> tuple[Answer, ...]:
        """The questions that were put and ended neither ok nor missing, without those the channel cannot ask."""
        told = (Outcome.OK, Outcome.MISSING)
        return tuple(answer for answer in self.answers if answer.outcome not in told)

    @property
    def secrets_found(self) -> tuple[str, ...]:
        """The questions whose stored answers look like holding a secret."""
        return self._material.secrets_found.get(self.name, ())

    @property
    def is_administrator(self) -> bool:
        """Whether the account had administrator rights on this host."""
        return self.fact(ACCOUNT_IS_ADMINISTRATOR)

    def is_same_machine_as(self, other: Host) -> bool:
        """Whether two inventory entries are one machine: two of hardware UUID, system GUID and network cards agree.

        One alone proves nothing: clones of a template share the GUID. Raises `Unknowable` where neither two agree nor
        two differ.
        """
        agree = differ = 0
        not_known: NotKnown | None = None
        keys: tuple[FactKey[Any], ...] = (MACHINE_UUID, MACHINE_GUID, MACHINE_MACS)
        for key in keys:
            try:
                mine, theirs = self.fact(key), other.fact(key)
            except Unknowable as unknowable:
                not_known = unknowable.not_known
                continue
            if not mine or not theirs:
                continue
            marks_mine, marks_theirs = _marks(mine), _marks(theirs)
            same = bool(marks_mine & marks_theirs)
            agree, differ = agree + same, differ + (not same)
        if agree >= 2:
            return True
        if differ >= 2 or (differ and not agree and not_known is None):
            return False
        raise Unknowable(
            not_known
            or NotKnown(
                Reason.CONTRADICTORY,
                f"The identities of {self.name} and {other.name} neither agree nor differ in two of three marks.",
            )
        )


def _marks(value: Any) -> set[str]:
    values = value if isinstance(value, tuple) else (value,)
    return {str(item).casefold() for item in values}


@dataclass(frozen=True, slots=True)
class Sighting:
    """The result of a search: the hosts found, and those that could not be looked at."""

    found: tuple[Host, ...]
    unseen: tuple[tuple[Host, NotKnown], ...]

    @property
    def names(self) -> str:
        """The names of the hosts found, for a sentence."""
        return ", ".join(host.name for host in self.found)

    @property
    def unseen_note(self) -> str:
        """A closing sentence that names the hosts not seen, empty when all were."""
        if not self.unseen:
            return ""
        return f" Not seen: {', '.join(host.name for host, _ in self.unseen)}."

    def demand_complete_sight(self) -> None:
        """Raise `Unknowable` unless every host was looked at: a negative is proved only by complete sight."""
        if self.unseen:
            first = self.unseen[0][1]
            names = ", ".join(host.name for host, _ in self.unseen)
            raise Unknowable(NotKnown(first.reason, f"Not every host could be looked at ({names}): {first.sentence}"))


def search(hosts: Iterable[Host], predicate: Callable[[Host], bool]) -> Sighting:
    """Ask every host, whatever happens at the others, and return those for which the predicate holds."""
    found: list[Host] = []
    unseen: list[tuple[Host, NotKnown]] = []
    for host in hosts:
        try:
            if predicate(host):
                found.append(host)
        except Unknowable as unknowable:
            unseen.append((host, unknowable.not_known))
    return Sighting(tuple(found), tuple(unseen))


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many verdicts of an environment were decided (pass or fail), could not be, or lack a declared source."""

    decided: int
    unknown: int
    not_configured: int

    @property
    def percent(self) -> int | None:
        """Decided of decidable verdicts in percent, rounded down; None when nothing applies."""
        total = self.decided + self.unknown
        return None if total == 0 else self.decided * 100 // total


class Environment:
    """An environment as a check sees it."""

    def __init__(self, environment: declared.Environment, infrastructure: Infrastructure, recorder: Recorder):
        self.declared = environment
        self.name = environment.name
        self.purpose = environment.purpose
        self.infrastructure = infrastructure
        self._material = infrastructure._material
        self.hosts = tuple(Host(host, self, self._material, recorder) for host in environment.hosts)

    @property
    def is_cloud(self) -> bool:
        """Whether its servers are not ours."""
        return self.declared.hosting is Hosting.CLOUD

    @property
    def platform_hosts(self) -> tuple[Host, ...]:
        """The hosts declared as controller or front-end."""
        return tuple(host for host in self.hosts if host.is_platform_host)

    @property
    def sources(self) -> frozenset[Source] | None:
        """The further witnesses declared; None when nothing was declared."""
        return self.declared.sources

    @property
    def coverage(self) -> Coverage:
        """The coverage of the verdicts given before this check; for checks declared `after_all`."""
        return coverage_of([finding for finding in self._material.earlier if finding.subject.environment == self.name])


def coverage_of(findings: Iterable[Finding]) -> Coverage:
    """Count decided, unknown and not configured verdicts, without those of the DATA group, which judge the audit."""
    decided = unknown = not_configured = 0
    for finding in findings:
        if finding.check.startswith("DATA-"):
            continue
        if finding.verdict.status in (Status.PASS, Status.FAIL):
            decided += 1
        elif finding.verdict.status in (Status.UNKNOWN, Status.ERROR):
            if finding.verdict.reason is Reason.SOURCE_NOT_CONFIGURED:
                not_configured += 1
            else:
                unknown += 1
    return Coverage(decided, unknown, not_configured)


class Infrastructure:
    """The whole infrastructure as a check sees it."""

    def __init__(self, material: Material, recorder: Recorder):
        self._material = material
        self.name = material.inventory.infrastructure
        self.reference = material.reference
        self.waivers = material.waivers
        self.judged_at = material.judged_at
        self.check_names = material.check_names
        self.environments = tuple(Environment(item, self, recorder) for item in material.inventory.environments)
        self.other_hosts = tuple(Host(host, None, material, recorder) for host in material.inventory.other_hosts)

    @property
    def hosts(self) -> tuple[Host, ...]:
        """Every host of the inventory."""
        return (*(host for environment in self.environments for host in environment.hosts), *self.other_hosts)

    @property
    def earlier(self) -> tuple[Finding, ...]:
        """The findings given before this check; for checks declared `after_all`."""
        return self._material.earlier

    def of_purpose(self, purpose: Purpose) -> tuple[Environment, ...]:
        """The environments declared with this purpose."""
        return tuple(environment for environment in self.environments if environment.purpose is purpose)
