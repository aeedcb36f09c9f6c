"""What LifeTime's API says of the infrastructure: its environments, and who may do what."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

from auditor.collectors.base import Collector, FactMap, Observations
from auditor.collectors.reading import Answers, IllTyped, fact, facts, flag, items, member, text, whole_number
from auditor.collectors.rights import LIFETIME_BASIC, LIFETIME_IDENTITY
from auditor.model.inventory import LifeTimeApi
from auditor.model.known_facts import (
    DEPLOYMENT_ZONES,
    IT_ROLES,
    IT_TEAMS,
    IT_USERS,
    MANAGED_APPLICATIONS,
    REGISTERED_ENVIRONMENTS,
)
from auditor.model.lifetime_facts import (
    ApplicationGrant,
    ApplicationState,
    DeploymentZone,
    ItRole,
    ItTeam,
    ItUser,
    ManagedApplication,
    RegisteredEnvironment,
    RolePermission,
    TeamMembership,
)
from auditor.model.question import Platform, Question, Verb

T = TypeVar("T")


def _question(name: str, why: str, rights: str, call: str, keep: list[str], **more: Any) -> Question:
    return Question(
        id=f"lifetime.{name}",
        verb=Verb.LIFETIME,
        platform=Platform.LIFETIME,
        why=why,
        rights=rights,
        arguments={"call": call, "keep": keep, **more},
    )


ENVIRONMENTS = _question(
    "environments",
    "Tells which environments are registered, in which order, with version, type, front-ends and maintenance mode.",
    LIFETIME_BASIC,
    "environments",
    ["Key", "Name", "OSVersion", "Order", "HostName", "UseHTTPS", "EnvironmentType", "NumberOfFrontEnds",
     "ApplicationServerType", "DatabaseProvider", "IsCloudEnvironment", "IsOffline"],
)  # fmt: skip
ZONES = _question(
    "zones",
    "Tells which deployment zones each environment has; one request for each environment.",
    LIFETIME_BASIC,
    "deployment_zones",
    ["Key", "Name", "IsDefault"],
)
APPLICATIONS = _question(
    "applications",
    "Tells in which zone each application is, and whether it was changed in an environment since its last version.",
    LIFETIME_BASIC,
    "applications",
    ["Key", "Name", "IsSystem", "AppStatusInEnvs.EnvironmentKey", "AppStatusInEnvs.IsModified",
     "AppStatusInEnvs.DeploymentZoneKey"],
)  # fmt: skip
ROLES = _question(
    "roles",
    "Tells which roles there are and what each may do in each environment.",
    LIFETIME_IDENTITY,
    "roles",
    ["Key", "Name", "ManageInfrastructure", "ManageTeams", "EnvironmentPermissions.EnvironmentKey",
     "EnvironmentPermissions.Level", "EnvironmentPermissions.LevelLabel", "EnvironmentPermissions.CreateApplications",
     "EnvironmentPermissions.AddDependenciesToSystem"],
)  # fmt: skip
USERS = _question(
    "users",
    "Tells which active IT users have which role, for everything, in a team and for single applications.",
    LIFETIME_IDENTITY,
    "users",
    ["Key", "Username", "IsActive", "RoleKey", "RoleName", "Teams.TeamKey", "Teams.TeamName", "Teams.RoleKey",
     "Teams.RoleName", "ApplicationRoles.ApplicationKey", "ApplicationRoles.RoleKey", "ApplicationRoles.RoleName"],
    persons=["Username"],
)  # fmt: skip
TEAMS = _question(
    "teams",
    "Tells which applications belong to which team, as a role in a team holds for these.",
    LIFETIME_IDENTITY,
    "teams",
    ["Key", "Name", "Applications.Key"],
)
_IDENTITIES = (ROLES, USERS, TEAMS)


def questions_of_lifetime(api: LifeTimeApi) -> tuple[Question, ...]:
    """Return the questions as the inventory lets them be put: without identities, or with names replaced."""
    questions = COLLECTOR.questions if api.identities else (ENVIRONMENTS, ZONES, APPLICATIONS)
    if not api.pseudonymise:
        return questions
    return tuple(
        dataclasses.replace(question, arguments={**question.arguments, "pseudonymise": True})
        if "persons" in question.arguments
        else question
        for question in questions
    )


def read(observations: Observations) -> FactMap:
    """Give the facts of the infrastructure."""
    return facts(
        fact(observations, REGISTERED_ENVIRONMENTS, lambda answers: _rows(answers, ENVIRONMENTS, _environment)),
        fact(observations, DEPLOYMENT_ZONES, lambda answers: _rows(answers, ZONES, _zone)),
        fact(observations, MANAGED_APPLICATIONS, lambda answers: _rows(answers, APPLICATIONS, _application)),
        fact(observations, IT_ROLES, lambda answers: _rows(answers, ROLES, _role)),
        fact(observations, IT_USERS, lambda answers: _rows(answers, USERS, _user)),
        fact(observations, IT_TEAMS, lambda answers: _rows(answers, TEAMS, _team)),
    )


def _rows(answers: Answers, question: Question, read_row: Callable[[Any], T]) -> tuple[T, ...]:
    value = answers.whole(question)
    if value is None:
        raise IllTyped("no list")
    return tuple(sorted((read_row(row) for row in items(member(value, "rows"))), key=_place))


def _place(row: Any) -> tuple[str, str]:
    return row.name.casefold(), row.key


def _environment(row: Any) -> RegisteredEnvironment:
    return RegisteredEnvironment(
        key=text(member(row, "Key")),
        name=text(member(row, "Name")),
        version=_if_there(text, row, "OSVersion"),
        order=_if_there(whole_number, row, "Order"),
        host_name=_if_there(text, row, "HostName"),
        uses_https=_if_there(flag, row, "UseHTTPS"),
        kind=_if_there(text, row, "EnvironmentType") or None,
        front_ends=_if_there(whole_number, row, "NumberOfFrontEnds"),
        stack=_if_there(text, row, "ApplicationServerType"),
        database=_if_there(text, row, "DatabaseProvider"),
        in_cloud=_if_there(flag, row, "IsCloudEnvironment"),
        offline=_if_there(flag, row, "IsOffline"),
    )


def _zone(row: Any) -> DeploymentZone:
    return DeploymentZone(
        text(member(row, "Of")), text(member(row, "Key")), text(member(row, "Name")), _if_there(flag, row, "IsDefault")
    )


def _role(row: Any) -> ItRole:
    return ItRole(
        key=text(member(row, "Key")),
        name=text(member(row, "Name")),
        manages_infrastructure=_if_there(flag, row, "ManageInfrastructure"),
        manages_teams=_if_there(flag, row, "ManageTeams"),
        permissions=_inner(row, "EnvironmentPermissions", _permission),
    )


def _permission(row: Any) -> RolePermission:
    return RolePermission(
        environment=text(member(row, "EnvironmentKey")),
        level=_if_there(whole_number, row, "Level"),
        label=_if_there(text, row, "LevelLabel"),
        creates_applications=_if_there(flag, row, "CreateApplications"),
        adds_dependencies=_if_there(flag, row, "AddDependenciesToSystem"),
    )


def _user(row: Any) -> ItUser:
    return ItUser(
        key=text(member(row, "Key")),
        name=text(member(row, "Username")),
        is_active=flag(member(row, "IsActive")),
        role=_if_there(text, row, "RoleKey") or "",
        role_name=_if_there(text, row, "RoleName") or "",
        teams=_inner(row, "Teams", _membership),
        grants=_inner(row, "ApplicationRoles", _grant),
    )


def _membership(row: Any) -> TeamMembership:
    return TeamMembership(
        text(member(row, "TeamKey")),
        _if_there(text, row, "TeamName") or "",
        _if_there(text, row, "RoleKey") or "",
        _if_there(text, row, "RoleName") or "",
    )


def _grant(row: Any) -> ApplicationGrant:
    return ApplicationGrant(
        text(member(row, "ApplicationKey")),
        _if_there(text, row, "RoleKey") or "",
        _if_there(text, row, "RoleName") or "",
    )


def _team(row: Any) -> ItTeam:
    return ItTeam(
        key=text(member(row, "Key")),
        name=text(member(row, "Name")),
        applications=_inner(row, "Applications", lambda application: text(member(application, "Key"))),
    )


def _application(row: Any) -> ManagedApplication:
    return ManagedApplication(
        key=text(member(row, "Key")),
        name=text(member(row, "Name")),
        is_system=_if_there(flag, row, "IsSystem"),
        states=_inner(row, "AppStatusInEnvs", _state),
    )


def _state(row: Any) -> ApplicationState:
    return ApplicationState(
        text(member(row, "EnvironmentKey")),
        _if_there(flag, row, "IsModified"),
        _if_there(text, row, "DeploymentZoneKey"),
    )


def _if_there(read_value: Callable[[Any], T], row: Any, name: str) -> T | None:
    value = member(row, name)
    return None if value is None else read_value(value)


def _inner(row: Any, name: str, read_row: Callable[[Any], T]) -> tuple[T, ...] | None:
    value = member(row, name)
    return None if value is None else tuple(read_row(item) for item in items(value))


COLLECTOR = Collector("lifetime", Platform.LIFETIME, (ENVIRONMENTS, ZONES, APPLICATIONS, ROLES, USERS, TEAMS), read)
