"""What a check may see: hosts, environments, the infrastructure.

A view notes which answers were looked at, so that the evidence of a verdict follows by itself. Asking for something
that is not known raises `Unknowable`; the engine turns it into an unknown verdict, so authors write no such code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeVar

from auditor.engine.coverage import Coverage, coverage_of
from auditor.engine.host_names import HostDirectory
from auditor.engine.lifetime import LifeTime
from auditor.engine.people import Roster
from auditor.engine.sight import Inapplicable, Sighting, Unknowable, search, unread_hosts
from auditor.engine.tables import Table, Tables
from auditor.model import inventory as declared
from auditor.model.component import Bearing, Component, ComponentKind, Portrait, RoleReading, State
from auditor.model.fact import FactKey, Facts, Known, NotKnown, Reason
from auditor.model.finding import EvidenceReference, Finding
from auditor.model.inventory import Hosting, Inventory, Purpose, Role, Source, WinRMEndpoint, WinRMReading
from auditor.model.known_facts import (
    ACCOUNT_IS_ADMINISTRATOR,
    PLATFORM_VERSION,
    SERVER_CONFIGURATION,
    ServerConfiguration,
)
from auditor.model.lifetime_facts import RegisteredEnvironment
from auditor.model.observation import Visit
from auditor.model.question import Answer, Outcome
from auditor.model.reference import Reference
from auditor.model.scan import EarlierScan
from auditor.model.version import Version
from auditor.model.waiver import Waiver

T = TypeVar("T")

FIRST_WITH_FIGURES = 11


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that verdicts are made from; a function of its input, so no clock but `judged_at`.

    `visits`, `facts` and `portraits` have an entry for every host of the inventory; `visits` and `facts` also one for
    LifeTime's API where the inventory names it. `secrets_found` has one for every
    host whose stored answers were searched, an empty one where nothing was found. `check_names` gives the id of a
    check for each of its names: id, slug and former ones. `tables` are the figures that came with the checks, `rules`
    is the digest of both. `previous` is the last complete scan before; None when there was none.
    """

    inventory: Inventory
    reference: Reference
    visits: Mapping[str, Visit]
    facts: Mapping[str, Facts]
    portraits: Mapping[str, Portrait]
    judged_at: datetime
    waivers: tuple[Waiver, ...] = ()
    check_names: Mapping[str, str] = field(default_factory=dict)
    secrets_found: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    earlier: tuple[Finding, ...] = ()
    tables: Tables = field(default_factory=Tables)
    rules: str = ""
    previous: EarlierScan | None = None


class Recorder:
    """The answers that one check looked at for one subject."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, tuple[str, ...]]] = set()

    def note(self, host: str, questions: Iterable[str]) -> None:
        """Remember that these questions of this host were looked at."""
        self._seen.add((host, tuple(questions)))

    def forget(self) -> None:
        """Begin with the next subject."""
        self._seen.clear()

    @property
    def evidence(self) -> tuple[EvidenceReference, ...]:
        """All that was noted, sorted."""
        pairs = {(host, question) for host, questions in self._seen for question in questions}
        return tuple(EvidenceReference(*pair) for pair in sorted(pairs))


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
        """Whether Platform Server is expected: it is declared controller or front-end, or no role is declared.

        A host in an environment without any declared role may be anything, so it is looked at too.
        """
        return self.roles != {Role.CACHE_BROKER} and self.environment is not None

    @property
    def has_platform_server(self) -> bool:
        """Whether Platform Server is installed, even if broken; raises `Unknowable` when that is not known."""
        return self.component(ComponentKind.PLATFORM_SERVER).can_run

    @property
    def visit(self) -> Visit:
        """The visit of this scan."""
        return self._material.visits[self.name]

    @property
    def age(self) -> timedelta:
        """How old the answers were when the scan was judged."""
        return self._material.judged_at - self.visit.observed_at

    @property
    def fresh_for(self) -> timedelta:
        """How long answers may be judged, by the reference."""
        return timedelta(hours=self._material.reference.thresholds.freshness_hours)

    def _demand_fresh(self) -> None:
        """Raise `Unknowable` (stale) when the answers are too old to say how the host is."""
        if self.age > self.fresh_for:
            sentence = f"What {self.name} answered was too old when it was judged (see DATA-003)."
            raise Unknowable(NotKnown(Reason.STALE, sentence))

    def fact(self, key: FactKey[T]) -> T:
        """Return the value of a fact; raises `Unknowable` when it is not known."""
        self._recorder.note(self.name, self._material.facts[self.name].get(key).questions)
        return self.look_up(key)

    def look_up(self, key: FactKey[T]) -> T:
        """Return the value of a fact without noting it as evidence: for an index, of which little is used."""
        fact = self._material.facts[self.name].get(key)
        if isinstance(fact, Known):
            self._demand_fresh()
            return fact.value
        raise self._unknowable(fact)

    @property
    def is_new(self) -> bool:
        """Whether no complete scan before this one read this host."""
        return self._material.previous is None or self.name not in self._material.previous.facts

    def earlier_fact(self, key: FactKey[T]) -> T:
        """Return the value that a fact had in the last complete scan that read this host, if it is not new.

        Raises `Unknowable` when that scan could not tell it.
        """
        assert self._material.previous is not None
        fact = self._material.previous.facts[self.name].get(key)
        if isinstance(fact, Known):
            return fact.value
        sentence = f"The scan before could not tell this of {self.name}, so nothing can be compared: {key.meaning}."
        raise Unknowable(NotKnown(fact.reason, sentence))

    def _unknowable(self, why: NotKnown) -> Unknowable:
        """Where the visit failed, one finding tells how: all others only refer to it."""
        otherwise = self._material.facts[self.name].otherwise
        if otherwise is not None and why.sentence == otherwise.sentence:
            return unread_hosts(why.reason, (self.name,))
        return Unknowable(why)

    def component(self, kind: ComponentKind) -> Component:
        """Return a component whose state is decided; raises `Unknowable` when it is not."""
        component = self._material.portraits[self.name].component(kind)
        for evidence in component.evidence:
            self._recorder.note(self.name, evidence.questions)
        if component.state is State.UNKNOWN:
            why = component.not_known or NotKnown(Reason.CONTRADICTORY, f"The evidence on {self.name} does not decide.")
            raise self._unknowable(why)
        self._demand_fresh()
        return component

    def proved(self, kind: ComponentKind) -> Component:
        """Return a component of which no unread answer could show that it is broken or a leftover.

        For checks that pass because it is there: `Unknowable` where it is only probable.
        """
        component = self.component(kind)
        if component.state is not State.PROBABLE:
            return component
        unread = [row.statement for row in component.evidence if row.bearing is Bearing.UNREADABLE]
        reason = Reason.DENIED if unread else Reason.CONTRADICTORY
        why = unread[0] if unread else "The evidence does not suffice."
        raise Unknowable(NotKnown(reason, f"Whether {self.name} has it in working order is only probable: {why}"))

    @property
    def role_reading(self) -> RoleReading:
        """The roles that services and configuration show; raises `Unknowable` when they are not known."""
        reading = self._material.portraits[self.name].roles
        self._recorder.note(self.name, reading.questions)
        if isinstance(reading, NotKnown):
            raise self._unknowable(reading)
        self._demand_fresh()
        return reading

    @property
    def platform_version(self) -> Version | None:
        """The Platform Server version in the registry, None when there is none; raises `Unknowable`."""
        text = self.fact(PLATFORM_VERSION)
        try:
            return None if text is None else Version.parse(text)
        except ValueError as error:
            sentence = f"The version of Platform Server on {self.name} cannot be read: {error}."
            raise Unknowable(NotKnown(Reason.PARSE_ERROR, sentence)) from error

    @property
    def installed_platform(self) -> Version:
        """The version of the Platform Server that is here.

        Raises `Inapplicable` (because of COMP-001) where there is none, `Unknowable` where its version is not known.
        """
        if not self.has_platform_server:
            raise Inapplicable(f"{self.name} has no Platform Server.", because_of="COMP-001")
        version = self.platform_version
        if version is None:
            sentence = f"{self.name} has Platform Server, but the registry does not tell its version (see COMP-001)."
            raise Unknowable(NotKnown(Reason.CONTRADICTORY, sentence))
        return version

    def figures(self, table: str) -> Table:
        """Return a table of figures by its name."""
        return self._material.tables[table]

    @property
    def today(self) -> date:
        """The day on which the scan is judged."""
        return self._material.judged_at.date()

    @property
    def configuration(self) -> ServerConfiguration:
        """The content of server.hsconf; raises `Unknowable` also when there is no such file, as COMP-010 tells."""
        configuration = self.fact(SERVER_CONFIGURATION)
        if configuration is None:
            sentence = f"{self.name} has no server.hsconf (see COMP-010), so what it would say is not known."
            raise Unknowable(NotKnown(Reason.CONTRADICTORY, sentence))
        return configuration

    def demand_visit(self) -> None:
        """Raise `Unknowable` when the visit failed: for checks that judge answers instead of facts."""
        if self.visit.failure is not None:
            otherwise = self._material.facts[self.name].otherwise
            raise unread_hosts(otherwise.reason if otherwise else Reason.UNREACHABLE, (self.name,))

    @property
    def answers(self) -> tuple[Answer, ...]:
        """The raw answers by question id: for checks of the audit itself, which judge how they ended."""
        return tuple(answer for _, answer in sorted(self.visit.answers.items()))

    @property
    def unanswered(self) -> tuple[Answer, ...]:
        """The questions that ended neither ok nor missing, without those that the operator chose not to put."""
        chosen = {answer.question for answer in self.left_out}
        told = (Outcome.OK, Outcome.MISSING)
        lost = tuple(item for item in self.answers if item.outcome not in told and item.question not in chosen)
        self._recorder.note(self.name, (answer.question for answer in lost))
        return lost

    @property
    def left_out(self) -> tuple[Answer, ...]:
        """The questions that cannot be put over WMI, where the inventory asks for WMI alone."""
        endpoint = self.declared.endpoint
        if not isinstance(endpoint, WinRMEndpoint) or endpoint.reading is not WinRMReading.WMI:
            return ()
        return tuple(answer for answer in self.answers if answer.outcome is Outcome.UNSUPPORTED)

    @property
    def secrets_found(self) -> tuple[str, ...]:
        """The questions whose stored answers look like holding a secret; raises `Unknowable` when nobody searched."""
        if self.name not in self._material.secrets_found:
            sentence = f"The stored answers of {self.name} were not searched for secrets."
            raise Unknowable(NotKnown(Reason.NOT_ASKED, sentence))
        questions = self._material.secrets_found[self.name]
        self._recorder.note(self.name, questions)
        return questions

    @property
    def is_administrator(self) -> bool:
        """Whether the account had administrator rights on this host."""
        return self.fact(ACCOUNT_IS_ADMINISTRATOR)


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
        """The hosts on which Platform Server is expected: all but those that are nothing but a cache broker."""
        return tuple(host for host in self.hosts if host.is_platform_host)

    def demand_hosts(self) -> None:
        """Raise `Unknowable` when no controller or front-end is declared, so that nothing could have been seen."""
        if not self.platform_hosts:
            sentence = f"The inventory declares no controller and no front-end in {self.name}."
            raise Unknowable(NotKnown(Reason.NOT_DECLARED, sentence))

    def find_servers(self) -> Sighting[Host]:
        """Find the platform hosts that have Platform Server, with those of which it is not known.

        Hosts without it are left out: COMP-001 tells of them. Raises `Inapplicable` (because of COMP-001) when no host
        has it, `Unknowable` when no host was seen or none is declared.
        """
        self.demand_hosts()
        servers = search(self.platform_hosts, lambda host: host.has_platform_server)
        if not servers.found:
            servers.demand_complete_sight()
            raise Inapplicable(f"No host of {self.name} has Platform Server.", because_of="COMP-001")
        return servers

    def find_servers_with_figures(self) -> Sighting[Host]:
        """Find the servers that the figures by version are for: those with Platform Server 11 or later.

        Raises `Inapplicable` (because of VER-001) when all have an older one, otherwise what `find_servers` raises.
        """
        servers = self.find_servers()
        recent = search(servers.found, lambda host: host.installed_platform.parts[0] >= FIRST_WITH_FIGURES)
        found = Sighting(recent.found, (*recent.unseen, *servers.unseen))
        if not found.found:
            found.demand_complete_sight()
            raise Inapplicable("The figures are for version 11, which no server here has.", because_of="VER-001")
        return found

    def figures(self, table: str) -> Table:
        """Return a table of figures by its name."""
        return self._material.tables[table]

    @property
    def registered(self) -> RegisteredEnvironment:
        """What LifeTime lists for it; raises `Unknowable` where that is not known, or not clear."""
        return self.infrastructure.lifetime.registered(self)

    @property
    def sources(self) -> frozenset[Source] | None:
        """The further witnesses declared; None when nothing was declared."""
        return self.declared.sources

    @property
    def coverage(self) -> Coverage:
        """The coverage of the verdicts given before this check; for checks declared `after_all`."""
        return coverage_of(self.infrastructure.earlier_of(self))


class Infrastructure:
    """The whole infrastructure as a check sees it."""

    def __init__(self, material: Material, recorder: Recorder):
        self._material = material
        self.name = material.inventory.infrastructure
        self.reference = material.reference
        self.waivers = material.waivers
        self.judged_at = material.judged_at
        self.rules = material.rules
        self.scan_before = material.previous
        self.check_names = material.check_names
        self.environments = tuple(Environment(item, self, recorder) for item in material.inventory.environments)
        self.other_hosts = tuple(Host(host, None, material, recorder) for host in material.inventory.other_hosts)
        self.hosts = (*(host for environment in self.environments for host in environment.hosts), *self.other_hosts)
        # Made when first asked for: few checks need them, and each check sees an infrastructure of its own.
        self.lifetime = LifeTime(material, recorder)
        self.people = Roster(material.reference.people, self.lifetime)
        self._directory: HostDirectory | None = None
        self._earlier: dict[str, list[Finding]] | None = None

    @property
    def on_premises(self) -> tuple[Environment, ...]:
        """The environments that run on servers of ours."""
        return tuple(environment for environment in self.environments if not environment.is_cloud)

    def host_called(self, text: str, *, seen_from: Host) -> Host:
        """Return the host that a name or address in a configuration of `seen_from` means.

        Raises `Unknowable` (not-declared) for a name that no host is known by: it may be an alias in DNS.
        """
        if self._directory is None:
            self._directory = HostDirectory(self.hosts)
        return self._directory.find(text, seen_from)

    def figures(self, table: str) -> Table:
        """Return a table of figures by its name."""
        return self._material.tables[table]

    @property
    def earlier(self) -> tuple[Finding, ...]:
        """The findings given before this check; for checks declared `after_all`."""
        return self._material.earlier

    def earlier_of(self, environment: Environment) -> list[Finding]:
        """The findings given before this check of an environment and its hosts."""
        if self._earlier is None:
            self._earlier = {}
            for finding in self._material.earlier:
                self._earlier.setdefault(finding.subject.environment, []).append(finding)
        return self._earlier.get(environment.name, [])

    def of_purpose(self, purpose: Purpose) -> tuple[Environment, ...]:
        """The environments declared with this purpose."""
        return tuple(environment for environment in self.environments if environment.purpose is purpose)
