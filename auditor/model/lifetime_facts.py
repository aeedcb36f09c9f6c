"""The facts that LifeTime's API gives: of the infrastructure, not of a host.

What LifeTime leaves out of a record is None, so that nothing is concluded from its absence.
"""

from __future__ import annotations

from dataclasses import dataclass

from auditor.model.fact import Drift, FactKey

# Accounts come and go by their keys; whoever reads a diff need not learn their names.
_BY_KEY = Drift(by=("key",), noise=frozenset({"name"}))


@dataclass(frozen=True, slots=True)
class RegisteredEnvironment:
    """An environment in LifeTime's list. `kind` is Development, Test or Production; `offline` is maintenance mode."""

    key: str
    name: str
    version: str | None = None
    order: int | None = None
    host_name: str | None = None
    uses_https: bool | None = None
    kind: str | None = None
    front_ends: int | None = None
    stack: str | None = None
    database: str | None = None
    in_cloud: bool | None = None
    offline: bool | None = None


@dataclass(frozen=True, slots=True)
class DeploymentZone:
    """A deployment zone of an environment, which is named by its key."""

    environment: str
    key: str
    name: str
    is_default: bool | None = None


@dataclass(frozen=True, slots=True)
class RolePermission:
    """What a role may do in the environment of this key. `label` says it; `level` is its number."""

    environment: str
    level: int | None = None
    label: str | None = None
    creates_applications: bool | None = None
    adds_dependencies: bool | None = None


@dataclass(frozen=True, slots=True)
class ItRole:
    """A role of LifeTime."""

    key: str
    name: str
    manages_infrastructure: bool | None = None
    manages_teams: bool | None = None
    permissions: tuple[RolePermission, ...] | None = None


@dataclass(frozen=True, slots=True)
class TeamMembership:
    """A team that a user belongs to, and the role there."""

    team: str
    team_name: str
    role: str
    role_name: str


@dataclass(frozen=True, slots=True)
class ApplicationGrant:
    """The role that a user has for one application."""

    application: str
    role: str
    role_name: str


@dataclass(frozen=True, slots=True)
class ItUser:
    """An IT user with the default role. `name` is how a finding names the person."""

    key: str
    name: str
    is_active: bool
    role: str
    role_name: str
    teams: tuple[TeamMembership, ...] | None = None
    grants: tuple[ApplicationGrant, ...] | None = None


@dataclass(frozen=True, slots=True)
class ItTeam:
    """A team with the keys of its applications."""

    key: str
    name: str
    applications: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ApplicationState:
    """An application in the environment of this key. `zone` is the key of its deployment zone; the default has none."""

    environment: str
    is_modified: bool | None = None
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class ManagedApplication:
    """An application that LifeTime knows; `is_system` for those of the platform."""

    key: str
    name: str
    is_system: bool | None = None
    states: tuple[ApplicationState, ...] | None = None


REGISTERED_ENVIRONMENTS = FactKey[tuple[RegisteredEnvironment, ...]](
    "lifetime.environments",
    tuple[RegisteredEnvironment, ...],
    "The environments that are registered in LifeTime",
    drift=Drift(by=("key", "name")),
)
DEPLOYMENT_ZONES = FactKey[tuple[DeploymentZone, ...]](
    "lifetime.zones",
    tuple[DeploymentZone, ...],
    "The deployment zones of each environment",
    drift=Drift(by=("environment", "key")),
)
IT_ROLES = FactKey[tuple[ItRole, ...]](
    "lifetime.roles", tuple[ItRole, ...], "The roles of LifeTime and their permissions", drift=Drift(by=("key", "name"))
)
IT_USERS = FactKey[tuple[ItUser, ...]](
    "lifetime.users", tuple[ItUser, ...], "The active IT users with their roles", drift=_BY_KEY
)
IT_TEAMS = FactKey[tuple[ItTeam, ...]](
    "lifetime.teams", tuple[ItTeam, ...], "The teams and their applications", drift=Drift(by=("key", "name"))
)
MANAGED_APPLICATIONS = FactKey[tuple[ManagedApplication, ...]](
    "lifetime.applications",
    tuple[ManagedApplication, ...],
    "The applications and how they are in each environment",
    drift=Drift(by=("key", "name")),
)
