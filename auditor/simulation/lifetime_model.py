"""A modelled LifeTime: its users, teams, roles and applications, and what its API answers to each path.

The environments follow from those of the infrastructure; a model says only what differs. Names of members are spelled
as LifeTime spells them, each call in its own way, and beside what an audit needs there is what it must leave alone:
mail addresses, full names, links.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from auditor.model.inventory import Hosting, Purpose

BASE = "/lifetimeapi/rest/v2"
LEVELS = (
    "No Access", "Access", "List Applications", "Monitor and Add Dependencies", "Open and Debug Applications",
    "Change and Deploy Applications", "Full Control",
)  # fmt: skip
_KINDS = {Purpose.DEVELOPMENT: "Development", Purpose.PRODUCTION: "Production"}
_IDENTITIES = frozenset({"roles", "users", "teams"})
_NAMESPACE = uuid.UUID("0a0b0c0d-0000-4000-8000-00000000abcd")


class Access(StrEnum):
    """What the token may see: everything, nothing of people, or nothing at all any more."""

    FULL = "full"
    WEAK = "weak"
    EXPIRED = "expired"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelledRole(_Section):
    """A role: its level in each environment by label, `otherwise` where none is named; None leaves the record out."""

    levels: dict[str, str | None] = {}
    otherwise: str = "Access"
    manage_infrastructure: bool = False
    manage_teams: bool = False
    creates_applications: list[str] = []
    adds_dependencies: list[str] = []


class ModelledUser(_Section):
    """An IT user: the default role, the role in each team, the role for each application."""

    role: str
    active: bool = True
    teams: dict[str, str] = {}
    applications: dict[str, str] = {}


class ModelledApplication(_Section):
    """An application: its team, the environments where it was changed by hand, and its zone where it is not Global."""

    team: str | None = None
    system: bool = False
    modified_in: list[str] = []
    zones: dict[str, str] = {}


class ModelledRegistration(_Section):
    """How LifeTime's list differs from the environment as declared; None: as it is."""

    name: str | None = None
    key: str | None = None
    kind: str | None = None
    order: int | None = None
    host_name: str | None = None
    offline: bool = False
    zones: list[str] = []
    missing: bool = False


class LifeTimeSection(_Section):
    """The section `lifetime` of a modelled infrastructure."""

    access: Access = Access.FULL
    roles: dict[str, ModelledRole] = {}
    teams: list[str] = []
    users: dict[str, ModelledUser] = {}
    applications: dict[str, ModelledApplication] = {}
    environments: dict[str, ModelledRegistration] = {}


@dataclass(frozen=True, slots=True)
class Registered:
    """What LifeTime knows of a modelled environment."""

    name: str
    purpose: Purpose
    hosting: Hosting
    host_name: str
    front_ends: int
    version: str


def key_of(kind: str, name: str) -> str:
    """Return the key that a thing of this name has, the same in every run."""
    return str(uuid.uuid5(_NAMESPACE, f"{kind}/{name}"))


class ModelledLifeTime:
    """Answers paths of the API; the models of environments come in the order of the pipeline."""

    def __init__(self, section: LifeTimeSection, environments: list[Registered]) -> None:
        self.access = section.access
        self._section = section
        self._registered = {
            item.name: item
            for item in environments
            if not section.environments.get(item.name, ModelledRegistration()).missing
        }

    def answer(self, path: str) -> tuple[int, Any]:
        """Return the status and the JSON of a GET, as a good token gets it."""
        kind, *rest = [part for part in path.partition("?")[0].removeprefix(BASE).split("/") if part] or [""]
        if kind in _IDENTITIES and self.access is Access.WEAK:
            return 403, {"Errors": ["No permission to manage users and roles."], "StatusCode": 403}
        if kind == "environments" and len(rest) == 2 and rest[1] == "deploymentzones":
            return self._zones(rest[0])
        listing = {
            "environments": self._environments,
            "roles": self._roles,
            "users": self._users,
            "teams": self._teams,
            "applications": self._applications,
        }.get(kind)
        if listing is None or rest:
            return 404, {"Errors": ["Not found."], "StatusCode": 404}
        rows = list(listing())
        return (200, rows) if rows else (204, None)

    def _key(self, name: str) -> str:
        return self._registration(name).key or key_of("environment", name)

    def _registration(self, name: str) -> ModelledRegistration:
        return self._section.environments.get(name, ModelledRegistration())

    def _environments(self) -> Iterator[dict[str, Any]]:
        for order, item in enumerate(self._registered.values()):
            differs = self._registration(item.name)
            yield {
                "Key": self._key(item.name),
                "Name": differs.name or item.name,
                "OSVersion": item.version,
                "Order": order if differs.order is None else differs.order,
                "DetailsURL": f"https://planted.example.net/lifetime/Environment_Detail?Id={order}",
                "HostName": differs.host_name or item.host_name,
                "UseHTTPS": True,
                "EnvironmentType": differs.kind or _KINDS.get(item.purpose, "Test"),
                "NumberOfFrontEnds": item.front_ends,
                "ApplicationServerType": ".NET",
                "ApplicationServer": "IIS",
                "DatabaseProvider": "SQLServer",
                "IsCloudEnvironment": item.hosting is Hosting.CLOUD,
                "IsOffline": differs.offline,
            }

    def _zones(self, key: str) -> tuple[int, Any]:
        name = next((name for name in self._registered if self._key(name) == key), None)
        if name is None:
            return 404, {"Errors": ["Environment not found."], "StatusCode": 404}
        zones = ("Global", *self._registration(name).zones)
        return 200, [
            {"Key": key_of("zone", f"{name}/{zone}"), "Name": zone, "IsDefault": zone == "Global",
             "DeploymentTechnology": {"Key": key_of("technology", ""), "Name": "Classical Virtual Machines"}}
            for zone in zones
        ]  # fmt: skip

    def _roles(self) -> Iterator[dict[str, Any]]:
        for name, role in self._section.roles.items():
            labels = {item: role.levels.get(item, role.otherwise) for item in self._registered}
            yield {
                "Key": key_of("role", name),
                "name": name,
                "description": "",
                "manageInfrastructure": role.manage_infrastructure,
                "manageTeams": role.manage_teams,
                "environmentPermissions": [
                    {
                        "environmentKey": self._key(environment),
                        "environmentName": environment,
                        # The number of LifeTime's own example does not fit its label; an unknown label has any.
                        "level": LEVELS.index(label) if label in LEVELS else 2,
                        "levelLabel": label,
                        "createApplications": environment in role.creates_applications,
                        "addDependenciesToSystem": environment in role.adds_dependencies,
                    }
                    for environment, label in labels.items()
                    if label is not None
                ],
            }

    def _users(self) -> Iterator[dict[str, Any]]:
        for name, user in self._section.users.items():
            if user.active:
                yield {
                    "Key": key_of("user", name),
                    "Username": name,
                    "Name": f"Planted Full Name of {name.partition('@')[0]}",
                    "Email": f"planted.{name.partition('@')[0]}@mail.example.org",
                    "IsActive": True,
                    "RoleKey": key_of("role", user.role),
                    "RoleName": user.role,
                    "Teams": [
                        {"TeamKey": key_of("team", team), "TeamName": team, **_role(role)}
                        for team, role in user.teams.items()
                    ],
                    "ApplicationRoles": [
                        {
                            "applicationKey": key_of("application", application),
                            "applicationName": application,
                            "roleKey": key_of("role", role),
                            "roleName": role,
                        }
                        for application, role in user.applications.items()
                    ],
                }

    def _teams(self) -> Iterator[dict[str, Any]]:
        for name in self._section.teams:
            yield {
                "key": key_of("team", name),
                "name": name,
                "description": "",
                "users": [],
                "applications": [
                    {"Key": key_of("application", application), "Name": application}
                    for application, item in self._section.applications.items()
                    if item.team == name
                ],
            }

    def _applications(self) -> Iterator[dict[str, Any]]:
        for name, item in self._section.applications.items():
            yield {
                "Key": key_of("application", name),
                "Name": name,
                "Kind": "WebResponsive",
                "Team": item.team or "",
                "Description": "",
                "DetailsURL": "https://planted.example.net/lifetime/Application_Detail",
                "IsSystem": item.system,
                "AppStatusInEnvs": [
                    {
                        "EnvironmentKey": self._key(environment),
                        "IsModified": environment in item.modified_in,
                        "ConsistencyStatus": "",
                        "DeploymentZoneKey": key_of("zone", f"{environment}/{item.zones.get(environment, 'Global')}"),
                    }
                    for environment in self._registered
                ],
            }


def _role(name: str) -> Mapping[str, str]:
    return {"RoleKey": key_of("role", name), "RoleName": name}
