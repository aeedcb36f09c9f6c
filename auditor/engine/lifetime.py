"""LifeTime's API as a check sees it: which environments it manages, and what each IT user may do there.

The rules of precedence are those of the vendor's page about permission levels: a role for one application goes before
that of a team, and this before the default role; Full Control that comes through a team or an application is worth no
more than Change and Deploy; who has No Access by default cannot be granted anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, TypeVar

from auditor.engine.sight import Unknowable
from auditor.model.fact import FactKey, Known, NotKnown, Reason
from auditor.model.inventory import LIFETIME_API
from auditor.model.known_facts import (
    DEPLOYMENT_ZONES,
    IT_ROLES,
    IT_TEAMS,
    IT_USERS,
    MANAGED_APPLICATIONS,
    REGISTERED_ENVIRONMENTS,
)
from auditor.model.lifetime_facts import (
    DeploymentZone,
    ItRole,
    ItTeam,
    ItUser,
    ManagedApplication,
    RegisteredEnvironment,
    RolePermission,
)

if TYPE_CHECKING:
    from auditor.engine.subjects import Environment, Material, Recorder

T = TypeVar("T")

_ADMINISTRATOR = "administrator"
_IDENTITIES = (IT_ROLES, IT_USERS, IT_TEAMS)


class Level(IntEnum):
    """What a role may do in an environment, lowest first."""

    NO_ACCESS = 0
    ACCESS = 1
    LIST = 2
    MONITOR = 3
    OPEN = 4
    CHANGE = 5
    FULL_CONTROL = 6

    @property
    def words(self) -> str:
        """The label, as LifeTime shows it."""
        return _WORDS[self]


_WORDS = {
    Level.NO_ACCESS: "No Access",
    Level.ACCESS: "Access",
    Level.LIST: "List Applications",
    Level.MONITOR: "Monitor and Add Dependencies",
    Level.OPEN: "Open and Debug Applications",
    Level.CHANGE: "Change and Deploy Applications",
    Level.FULL_CONTROL: "Full Control",
}
_BY_LABEL = {words.casefold(): level for level, words in _WORDS.items()} | {
    "open and debug": Level.OPEN,
    "change and deploy": Level.CHANGE,
}


def level_of(permission: RolePermission) -> Level | None:
    """Return the level that a label says; the number counts only where the label is not known, because they disagree
    even on the page that defines them. None where neither says anything."""
    label = " ".join((permission.label or "").casefold().replace("&", " and ").split())
    if label in _BY_LABEL:
        return _BY_LABEL[label]
    return Level(permission.level) if permission.level in set(Level) else None


@dataclass(frozen=True, slots=True)
class Access:
    """What one user may do in an environment: everywhere by the default role, and at most, `through` something else."""

    everywhere: Level
    highest: Level
    through: str = ""


class LifeTime:
    """The facts of LifeTime's API; whatever is not known raises `Unknowable`."""

    def __init__(self, material: Material, recorder: Recorder) -> None:
        self._material = material
        self._recorder = recorder

    @property
    def host_name(self) -> str:
        """The host that LifeTime's API was asked at, as host names compare; empty where it is not asked."""
        api = self._material.inventory.lifetime
        return "" if api is None else plain_host(api.url.partition("://")[2].rstrip("/"))

    @property
    def environments(self) -> tuple[RegisteredEnvironment, ...]:
        """The environments that LifeTime lists for the token."""
        return self._fact(REGISTERED_ENVIRONMENTS)

    @property
    def zones(self) -> tuple[DeploymentZone, ...]:
        """The deployment zones of all environments."""
        return self._fact(DEPLOYMENT_ZONES)

    @property
    def applications(self) -> tuple[ManagedApplication, ...]:
        """All applications that the token may see."""
        return self._fact(MANAGED_APPLICATIONS)

    @property
    def roles(self) -> tuple[ItRole, ...]:
        """All roles."""
        return self._fact(IT_ROLES)

    @property
    def teams(self) -> tuple[ItTeam, ...]:
        """All teams."""
        return self._fact(IT_TEAMS)

    @property
    def users(self) -> tuple[ItUser, ...]:
        """All active IT users; `Unknowable` where there is none, for somebody must have made the token."""
        users = tuple(user for user in self._fact(IT_USERS) if user.is_active)
        if not users:
            raise Unknowable(NotKnown(Reason.CONTRADICTORY, "LifeTime lists no active user, which cannot be all."))
        return users

    @property
    def names_are_replaced(self) -> bool:
        """Whether names of people were replaced by pseudonyms."""
        api = self._material.inventory.lifetime
        return api is not None and api.pseudonymise

    def _fact(self, key: FactKey[T]) -> T:
        api = self._material.inventory.lifetime
        if api is None:
            sentence = (
                f"Only LifeTime's API tells this: {key.meaning.lower()}. The inventory does not say how to ask it; "
                "write its url and token into the section `lifetime`."
            )
            raise Unknowable(NotKnown(Reason.SOURCE_NOT_CONFIGURED, sentence))
        fact = self._material.facts[LIFETIME_API].get(key)
        self._recorder.note(LIFETIME_API, fact.questions)
        if not isinstance(fact, Known):
            if fact.reason is Reason.NOT_ASKED and not api.identities and key in _IDENTITIES:
                sentence = "The inventory keeps users, roles and teams out of the questions (identities: false)."
                raise Unknowable(NotKnown(Reason.SOURCE_NOT_CONFIGURED, sentence))
            raise Unknowable(fact)
        age = self._material.judged_at - self._material.visits[LIFETIME_API].observed_at
        if age.total_seconds() > 3600 * self._material.reference.thresholds.freshness_hours:
            raise Unknowable(NotKnown(Reason.STALE, "What LifeTime's API answered was too old when it was judged."))
        return fact.value

    def registered(self, environment: Environment) -> RegisteredEnvironment:
        """Return what LifeTime lists for an environment of the inventory: by its name, else by a host name of it.

        Raises `Unknowable` where none fits, or several do.
        """
        declared, named = environment.declared, self.candidates(environment)
        if len(named) == 1:
            return named[0]
        if named:
            sentence = f"LifeTime lists {len(named)} environments that could be {declared.name} (see LT-020)."
            raise Unknowable(NotKnown(Reason.CONTRADICTORY, sentence))
        sentence = (
            f"LifeTime lists no environment that is {declared.name} by name or host name: it is not registered, or the "
            "token may not see it (see TOPO-013)."
        )
        raise Unknowable(NotKnown(Reason.CONTRADICTORY, sentence))

    def candidates(self, environment: Environment) -> list[RegisteredEnvironment]:
        """Return what LifeTime lists that could be an environment of the inventory."""
        declared = environment.declared
        named = [item for item in self.environments if item.name.strip().casefold() == declared.name.casefold()]
        if named:
            return named
        names = (declared.address or "", *(name for host in declared.hosts for name in (host.name, *host.aliases)))
        hosts = {plain_host(name) for name in names if name}
        return [item for item in self.environments if item.host_name and plain_host(item.host_name) in hosts]

    @property
    def sees_everything(self) -> bool:
        """Whether the token sees users, which only a role for the whole infrastructure allows."""
        try:
            return bool(self.users)
        except Unknowable:
            return False

    def is_administrator(self, user: ItUser) -> bool:
        """Whether the default role of a user reaches the whole infrastructure."""
        role = self.role_of(user.role, user.role_name)
        if role.name.casefold() == _ADMINISTRATOR:
            return True
        return _told(role.manages_infrastructure, f"the role {role.name} may manage the infrastructure")

    def manages_teams(self, role: ItRole) -> bool:
        """Whether a role may manage teams, and not the whole infrastructure."""
        if role.name.casefold() == _ADMINISTRATOR:
            return False
        everything = _told(role.manages_infrastructure, f"the role {role.name} may manage the infrastructure")
        return not everything and _told(role.manages_teams, f"the role {role.name} may manage teams")

    def roles_held(self, user: ItUser) -> tuple[ItRole, ...]:
        """Return the roles of a user: by default, in teams, and for applications, each once."""
        if user.grants is None or user.teams is None:
            raise _nothing_of_teams(user)
        given = [(item.role, item.role_name) for item in user.teams]
        given += [(item.role, item.role_name) for item in user.grants]
        roles = [self.role_of(*names) for names in ((user.role, user.role_name), *given)]
        return tuple({role.key or role.name: role for role in roles}.values())

    def adds_to(self, role: ItRole, registered: RegisteredEnvironment) -> bool:
        """Whether a role may create applications or add system dependencies in an environment."""
        if role.name.casefold() == _ADMINISTRATOR:
            return True
        permission = self.permission(role, registered)
        creates = _told(permission.creates_applications, f"the role {role.name} may create applications")
        return creates or _told(permission.adds_dependencies, f"the role {role.name} may add dependencies")

    def role_of(self, key: str, name: str) -> ItRole:
        """Return a role by key, or by name where old versions of LifeTime left the key empty."""
        found = [role for role in self.roles if key and role.key == key]
        found = found or [role for role in self.roles if name and role.name.casefold() == name.casefold()]
        if len(found) == 1:
            return found[0]
        sentence = f"LifeTime gives the role {name or key or 'without name'} to a user, but does not list it once."
        raise Unknowable(NotKnown(Reason.CONTRADICTORY, sentence))

    def permission(self, role: ItRole, registered: RegisteredEnvironment) -> RolePermission:
        """Return what a role may do in an environment; `Unknowable` where LifeTime has no record of it."""
        for permission in role.permissions or ():
            if permission.environment == registered.key:
                return permission
        sentence = f"LifeTime has no record of what the role {role.name} may do in {registered.name}."
        raise Unknowable(NotKnown(Reason.CONTRADICTORY, sentence))

    def level(self, role: ItRole, registered: RegisteredEnvironment) -> Level:
        """Return the level of a role in an environment; the built-in Administrator has full control everywhere."""
        if role.name.casefold() == _ADMINISTRATOR:
            return Level.FULL_CONTROL
        permission = self.permission(role, registered)
        level = level_of(permission)
        if level is None:
            said = permission.label or permission.level
            sentence = f"The level of the role {role.name} in {registered.name} is not one that osaudit knows: {said}."
            raise Unknowable(NotKnown(Reason.PARSE_ERROR, sentence))
        return level

    def default_level(self, user: ItUser, registered: RegisteredEnvironment) -> Level:
        """Return what a user may do everywhere in an environment, by the default role."""
        return self.level(self.role_of(user.role, user.role_name), registered)

    def may_create(self, user: ItUser, registered: RegisteredEnvironment) -> bool:
        """Whether the default role lets a user create applications in an environment."""
        role = self.role_of(user.role, user.role_name)
        if role.name.casefold() == _ADMINISTRATOR:
            return True
        may = self.permission(role, registered).creates_applications
        return _told(may, f"the role {role.name} may create applications")

    def access(self, user: ItUser, registered: RegisteredEnvironment) -> Access:
        """Return what a user may do in an environment, by the rules of precedence."""
        everywhere = self.default_level(user, registered)
        if everywhere is Level.NO_ACCESS:
            return Access(everywhere, everywhere)
        access = Access(everywhere, everywhere)
        for level, how in self._grants(user, registered):
            if min(level, Level.CHANGE) > access.highest:
                access = Access(everywhere, min(level, Level.CHANGE), how)
        return access

    def _grants(self, user: ItUser, registered: RegisteredEnvironment) -> Iterable[tuple[Level, str]]:
        if user.grants is None or user.teams is None:
            raise _nothing_of_teams(user)
        for grant in user.grants:
            yield self.level(self.role_of(grant.role, grant.role_name), registered), "a role for an application"
        own = {grant.application for grant in user.grants}
        for membership in user.teams:
            # A role in a team counts for the team's applications, but for those for which there is a nearer one.
            if set(self._applications_of(membership.team, membership.team_name)) - own:
                role = self.role_of(membership.role, membership.role_name)
                yield self.level(role, registered), f"the team {membership.team_name or membership.team}"

    def _applications_of(self, key: str, name: str) -> tuple[str, ...]:
        team = next((team for team in self.teams if team.key == key), None)
        if team is None or team.applications is None:
            sentence = f"LifeTime does not tell the applications of the team {name or key}."
            raise Unknowable(NotKnown(Reason.CONTRADICTORY, sentence))
        return team.applications


def _told(answer: bool | None, what: str) -> bool:
    if answer is None:
        raise Unknowable(NotKnown(Reason.PARSE_ERROR, f"LifeTime does not tell whether {what}."))
    return answer


def _nothing_of_teams(user: ItUser) -> Unknowable:
    sentence = f"LifeTime does not tell the teams and application roles of {user.name}."
    return Unknowable(NotKnown(Reason.PARSE_ERROR, sentence))


def alike(
    listed: Iterable[RegisteredEnvironment], identity: Callable[[RegisteredEnvironment], str]
) -> list[list[RegisteredEnvironment]]:
    """Return the groups of environments that share an identity; an empty one is none."""
    groups: dict[str, list[RegisteredEnvironment]] = {}
    for item in listed:
        groups.setdefault(identity(item), []).append(item)
    return [group for name, group in groups.items() if name and len(group) > 1]


def plain_host(name: str) -> str:
    """Return a host name as it compares: in lower case, without a port and the dot at its end."""
    text = name.strip().casefold()
    host, colon, port = text.rpartition(":")
    if colon and port.isdigit() and (":" not in host or host.endswith("]")):
        text = host
    return text.strip("[]").rstrip(".")


def each_user(users: Iterable[ItUser], predicate: Callable[[ItUser], bool]) -> tuple[list[ItUser], Unknowable | None]:
    """Ask every user, whatever happens at the others; return those who say yes, and why somebody could not be asked."""
    found, gap = [], None
    for user in users:
        try:
            if predicate(user):
                found.append(user)
        except Unknowable as unknowable:
            gap = gap or unknowable
    return found, gap
