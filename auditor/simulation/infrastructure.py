"""Modelled infrastructures: which machine plays which host, and what an audit of them must come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, field_validator

from auditor.bundled import machines_folder
from auditor.errors import DocumentError, Location
from auditor.model.component import ComponentKind, State
from auditor.model.finding import Severity, Status, Subject, SubjectKind
from auditor.model.inventory import Hosting, Purpose, Role
from auditor.simulation.lifetime_model import LifeTimeSection, ModelledLifeTime, Registered
from auditor.simulation.machine import Machine, load_machine
from auditor.simulation.modelled_document import Document, read_document, validated

INFRASTRUCTURE_FILE = "infrastructure.yaml"


class Reach(StrEnum):
    """What happens to somebody who connects: all is well, or how the connection fails."""

    OK = "ok"
    REFUSED = "refused"
    TLS = "tls"
    NAME = "name"
    TIMEOUT = "timeout"
    SILENT = "silent"


class ModelledTransport(StrEnum):
    """How the host is asked: PowerShell over WinRM, WMI over WS-Man alone, or SSH."""

    WINRM = "winrm"
    WMI = "wmi"
    SSH = "ssh"


@dataclass(frozen=True, slots=True)
class ModelledHost:
    """A host as the inventory declares it, with the machine that plays it."""

    name: str
    environment: str | None
    roles: frozenset[Role]
    machine: Machine
    transport: ModelledTransport = ModelledTransport.WINRM
    reach: Reach = Reach.OK
    passive: bool = False
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelledEnvironment:
    """An environment as the inventory declares it."""

    name: str
    purpose: Purpose
    hosting: Hosting
    hosts: tuple[ModelledHost, ...]
    address: str | None = None
    tls_offloading: bool = False


@dataclass(frozen=True, slots=True)
class ExpectedComponent:
    """The state that must be found; `version` None demands nothing of the version."""

    state: State
    version: str | None = None


@dataclass(frozen=True, slots=True)
class ExpectedRoles:
    """The roles that must be read from a host."""

    intended: frozenset[Role]
    actual: frozenset[Role]


@dataclass(frozen=True, slots=True)
class ExpectedFinding:
    """A verdict that must be given: fail or unknown; `severity` None demands nothing of the severity."""

    check: str
    subject: Subject
    status: Status
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """What an audit must come to.

    `components` names every kind for every host, but those of which the model demands nothing; `roles` holds a host
    only where the model demands something (None: must not be known), and counts controller and front-end only.
    Every finding that is not in `findings` must not fail. `later` are ids of the catalogue that the model is made
    for and that no check of today judges.
    """

    components: Mapping[str, Mapping[ComponentKind, ExpectedComponent]]
    roles: Mapping[str, ExpectedRoles | None]
    findings: tuple[ExpectedFinding, ...]
    later: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelledInfrastructure:
    """A whole modelled infrastructure.

    `lifetime` answers as LifeTime's API, None where the inventory does not name it; `reference` is the
    reference.yaml that belongs to it, None where the built-in one does.
    """

    name: str
    summary: str
    environments: tuple[ModelledEnvironment, ...]
    other_hosts: tuple[ModelledHost, ...]
    expected: Expectation
    lifetime: ModelledLifeTime | None = None
    reference: Path | None = None

    @property
    def hosts(self) -> tuple[ModelledHost, ...]:
        """Every host, those outside all environments last."""
        return (*(host for environment in self.environments for host in environment.hosts), *self.other_hosts)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Host(_Section):
    machine: str
    roles: list[Role] = []
    transport: ModelledTransport = ModelledTransport.WINRM
    reach: Reach = Reach.OK
    passive: bool = False
    aliases: list[str] = []


class _Environment(_Section):
    purpose: Purpose
    hosting: Hosting = Hosting.ON_PREMISES
    address: str | None = None
    tls_offloading: bool = False
    hosts: dict[str, _Host] = {}


class _Roles(_Section):
    intended: list[Role]
    actual: list[Role]


class _Finding(_Section):
    check: str
    subject: str
    status: Literal[Status.FAIL, Status.UNKNOWN]
    severity: Severity | None = None

    @field_validator("subject")
    @classmethod
    def _has_a_kind(cls, subject: str) -> str:
        kind, _, name = subject.partition("/")
        if kind not in set(SubjectKind) or bool(name) == (kind == SubjectKind.INFRASTRUCTURE):
            raise ValueError("must be infrastructure, environment/<name> or host/<name>")
        return subject


class _Expected(_Section):
    components: dict[str, dict[ComponentKind | Literal["otherwise"], str]] = {}
    roles: dict[str, _Roles | Literal["unknown"]] = {}
    findings: list[_Finding] = []
    later: list[str] = []


class _Infrastructure(_Section):
    name: str
    summary: str
    environments: dict[str, _Environment]
    other_hosts: dict[str, _Host] = {}
    lifetime: LifeTimeSection | None = None
    reference: str | None = None
    expected: _Expected


def load_infrastructure(folder: Path) -> ModelledInfrastructure:
    """Load a folder of `fixtures/infrastructures`; raises `DocumentError` with the place of each mistake.

    Machines are looked up in the folder itself, then among the machine models.
    """
    source = read_document(folder / INFRASTRUCTURE_FILE)
    document = validated(source, _Infrastructure)
    environments = tuple(
        ModelledEnvironment(
            name,
            environment.purpose,
            environment.hosting,
            tuple(_host(folder, host, name, row) for host, row in environment.hosts.items()),
            environment.address,
            environment.tls_offloading,
        )
        for name, environment in document.environments.items()
    )
    others = tuple(_host(folder, host, None, row) for host, row in document.other_hosts.items())
    hosts = [host for environment in environments for host in environment.hosts] + list(others)
    expected = _expectation(document, source, hosts)
    return ModelledInfrastructure(
        document.name,
        document.summary,
        environments,
        others,
        expected,
        None if document.lifetime is None else ModelledLifeTime(document.lifetime, _registered(environments)),
        # Named from the folder of all infrastructures, so that whoever extends this one has it too.
        None if document.reference is None else folder.parent / document.reference,
    )


def _registered(environments: tuple[ModelledEnvironment, ...]) -> list[Registered]:
    """Return what LifeTime knows of the environments that it manages."""
    return [
        Registered(
            name=item.name,
            purpose=item.purpose,
            hosting=item.hosting,
            host_name=item.address or next((host.name for host in item.hosts), item.name.casefold()),
            front_ends=sum(Role.FRONT_END in host.roles for host in item.hosts),
            version="11.43.0.51000",
        )
        for item in environments
        if item.purpose is not Purpose.LIFETIME
    ]


def _host(folder: Path, name: str, environment: str | None, row: _Host) -> ModelledHost:
    beside = folder / row.machine
    machine = load_machine(beside if beside.is_file() else machines_folder() / row.machine)
    roles = frozenset(row.roles)
    return ModelledHost(name, environment, roles, machine, row.transport, row.reach, row.passive, tuple(row.aliases))


def _expectation(document: _Infrastructure, source: Document, hosts: list[ModelledHost]) -> Expectation:
    known = {host.name: host for host in hosts}
    places = [("components", *document.expected.components), ("roles", *document.expected.roles)]
    problems = [
        (source.locate(("expected", section, name)), "is not a host of this infrastructure.")
        for section, *names in places
        for name in names
        if name not in known
    ]
    findings = [_finding(item, document, known) for item in document.expected.findings]
    place: Location = source.locate(("expected", "findings"))
    problems += [
        (place, f"{item.subject} does not exist.")
        for item in document.expected.findings
        if not _exists(item, document, known)
    ]
    if problems:
        raise DocumentError(problems)
    roles = {
        name: None if row == "unknown" else ExpectedRoles(frozenset(row.intended), frozenset(row.actual))
        for name, row in document.expected.roles.items()
        if isinstance(row, _Roles) or row == "unknown"
    }
    components = {host.name: _components(document.expected.components.get(host.name, {}), host) for host in hosts}
    return Expectation(components, roles, tuple(findings), tuple(document.expected.later))


def _components(
    rows: Mapping[ComponentKind | Literal["otherwise"], str], host: ModelledHost
) -> dict[ComponentKind, ExpectedComponent]:
    """Give every kind: what the model says, else `otherwise`, else absent; unknown where the host is not reached.

    The word `any` demands nothing.
    """
    unreached = host.reach is not Reach.OK
    otherwise = "unknown" if unreached else rows.get("otherwise", "absent")
    found = {}
    for kind in ComponentKind:
        state, _, version = (otherwise if unreached else rows.get(kind, otherwise)).partition(" ")
        if state != "any":
            found[kind] = ExpectedComponent(State(state), version or None)
    return found


def _exists(item: _Finding, document: _Infrastructure, hosts: Mapping[str, ModelledHost]) -> bool:
    kind, _, name = item.subject.partition("/")
    if kind == SubjectKind.HOST:
        return name in hosts
    return kind == SubjectKind.INFRASTRUCTURE or name in document.environments


def _finding(item: _Finding, document: _Infrastructure, hosts: Mapping[str, ModelledHost]) -> ExpectedFinding:
    kind, _, name = item.subject.partition("/")
    if kind == SubjectKind.HOST:
        environment = hosts[name].environment or "" if name in hosts else ""
        subject = Subject(SubjectKind.HOST, name, environment)
    elif kind == SubjectKind.ENVIRONMENT:
        subject = Subject(SubjectKind.ENVIRONMENT, name, name)
    else:
        subject = Subject(SubjectKind.INFRASTRUCTURE, document.name)
    return ExpectedFinding(item.check, subject, item.status, item.severity)
