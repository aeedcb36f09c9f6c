"""Who is who: the groups of people that the reference declares, among the users that LifeTime lists."""

from __future__ import annotations

from functools import cached_property

from auditor.engine.lifetime import LifeTime
from auditor.engine.sight import Unknowable
from auditor.model.fact import NotKnown, Reason
from auditor.model.lifetime_facts import ItUser
from auditor.model.reference import Group, People, PeopleGroup


class Roster:
    """The declared groups, matched with LifeTime's users by role, team, name or key."""

    def __init__(self, people: People, lifetime: LifeTime) -> None:
        self._people = people
        self._lifetime = lifetime

    def declared(self, group: Group) -> PeopleGroup:
        """Return a group as declared; raises `Unknowable` (not-declared) where nobody declared it."""
        found = self._people.of(group)
        if found is None:
            sentence = (
                f"The reference does not say who {group.words} is; write roles, teams or users into "
                f"`people: {group.value}`."
            )
            raise Unknowable(NotKnown(Reason.NOT_DECLARED, sentence))
        return found

    def is_declared(self, group: Group) -> bool:
        """Whether the reference says who belongs to a group."""
        return self._people.of(group) is not None

    def includes(self, group: Group, user: ItUser) -> bool:
        """Whether a user belongs to a group."""
        declared = self.declared(group)
        roles, teams = _folded(declared.roles), _folded(declared.teams)
        if user.role_name.casefold() in roles or self._role_name(user) in roles:
            return True
        if teams and any(item.team_name.casefold() in teams for item in user.teams or ()):
            return True
        return any(self.account(name) == user for name in declared.users)

    def members(self, group: Group) -> tuple[ItUser, ...]:
        """Return the active users of a group."""
        self.declared(group)
        return tuple(user for user in self._lifetime.users if self.includes(group, user))

    def account(self, name: str) -> ItUser | None:
        """Return the active user of this name or key, None where there is none.

        Raises `Unknowable` where two users have the name, or where names were replaced and this is no key.
        """
        wanted = name.casefold()
        if wanted in self._by_key:
            return self._by_key[wanted]
        if self._lifetime.names_are_replaced:
            sentence = "The names of users were replaced, so the reference can name people by role, team or key alone."
            raise Unknowable(NotKnown(Reason.NOT_DECLARED, sentence))
        by_name = self._by_name.get(wanted, [])
        if len(by_name) > 1:
            sentence = f"LifeTime has {len(by_name)} users called {name}; name those that are meant by key."
            raise Unknowable(NotKnown(Reason.CONTRADICTORY, sentence))
        return by_name[0] if by_name else None

    # Every user is compared with every name of a group, so both are looked up and not searched for.
    @cached_property
    def _by_key(self) -> dict[str, ItUser]:
        return {user.key.casefold(): user for user in self._lifetime.users if user.key}

    @cached_property
    def _by_name(self) -> dict[str, list[ItUser]]:
        found: dict[str, list[ItUser]] = {}
        for user in self._lifetime.users:
            found.setdefault(user.name.casefold(), []).append(user)
        return found

    def unknown_names(self, group: Group) -> tuple[str, ...]:
        """Return what a declared group names and LifeTime does not know: `role X`, `team Y`, `user Z`."""
        declared = self._people.of(group)
        if declared is None:
            return ()
        roles = {role.name.casefold() for role in self._lifetime.roles} if declared.roles else set()
        teams = {team.name.casefold() for team in self._lifetime.teams} if declared.teams else set()
        return (
            *(f"role {name}" for name in declared.roles if name.casefold() not in roles),
            *(f"team {name}" for name in declared.teams if name.casefold() not in teams),
            *(f"user {name}" for name in declared.users if self.account(name) is None),
        )

    def note(self, group: Group) -> str:
        """Return a closing sentence about names of a group that LifeTime does not know; empty where it knows all."""
        unknown = self.unknown_names(group)
        return f" The reference names {', '.join(unknown)}, unknown to LifeTime." if unknown else ""

    def _role_name(self, user: ItUser) -> str:
        return next((role.name.casefold() for role in self._lifetime.roles if role.key == user.role), "")


def _folded(names: tuple[str, ...]) -> set[str]:
    return {name.casefold() for name in names}
