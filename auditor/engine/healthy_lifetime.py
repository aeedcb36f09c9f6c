"""The healthy LifeTime from which a case starts that has a table `lifetime`, and what the table changes of it.

Like `auditor.engine.healthy`, it gives facts in the form in which a case file would spell them. In the table stand:

- `environments.<name>`: fields of the environment in LifeTime's list; `missing = true` leaves it out;
- `roles.<name>`: `levels` by environment (`otherwise` for all others), `creates` and `adds` (names of environments),
  and fields of the role;
- `users.<name>`: `role`, `teams` (role by team), `applications` (role by application), and fields of the user;
- `teams.<name>`: the names of its applications;
- `applications.<name>`: `modified` (names of environments), `zones` (zone by environment), and fields;
- `zones.<environment>`: names of zones beside Global;
- `facts`: facts by name in the place of what follows from these; `api`: settings of the section of the inventory;
  `visit`: failure, reason, observed_at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditor.model.inventory import Hosting, Purpose, Role

_KINDS = {Purpose.DEVELOPMENT: "Development", Purpose.PRODUCTION: "Production"}
_FULL, _CHANGE, _MONITOR = "Full Control", "Change and Deploy Applications", "Monitor and Add Dependencies"
_ROLES: dict[str, Any] = {
    "Administrator": {"otherwise": _FULL, "manages_infrastructure": True, "manages_teams": True},
    "Operations": {"otherwise": _FULL},
    "Developer": {"otherwise": "Access"},
    "Builder": {"otherwise": "Access", "levels": {"Development": _CHANGE, "Production": _MONITOR}},
}
_USERS: dict[str, Any] = {
    "a.first": {"role": "Administrator"},
    "o.perez": {"role": "Operations"},
    "d.moreau": {"role": "Developer", "teams": {"Billing": "Builder"}},
    "m.silva": {"role": "Developer"},
}
_HEALTHY: dict[str, Any] = {
    "roles": _ROLES,
    "users": _USERS,
    "teams": {"Billing": ["Invoices"]},
    "applications": {"Invoices": {}, "Service Center": {"is_system": True}},
}
# Who is who in it.
PEOPLE: Mapping[str, Any] = {
    "operations": {"roles": ["Operations"]},
    "development": {"users": ["d.moreau"]},
    "development_management": {"users": ["m.silva"]},
    "maintenance": {"teams": ["Billing"]},
    "administrators": {"users": ["a.first"]},
}
KEYS = frozenset({"environments", "roles", "users", "teams", "applications", "zones", "facts", "api", "visit"})


def healthy_lifetime(environments: Mapping[str, Any], hosts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the table `lifetime` of a healthy LifeTime that manages these environments."""
    managed = {name: item for name, item in environments.items() if item.get("purpose") != Purpose.LIFETIME}
    return {
        **_HEALTHY,
        "environments": {
            name: _environment(name, order, item, hosts) for order, (name, item) in enumerate(managed.items())
        },
    }


def _environment(name: str, order: int, item: Mapping[str, Any], hosts: Mapping[str, Any]) -> dict[str, Any]:
    own = [host for host in hosts.values() if host.get("environment") == name]
    return {
        "key": f"key-of-{name}",
        "name": name,
        "version": "11.43.0.51000",
        "order": order,
        "host_name": item.get("address", f"{name.casefold()}.example.com"),
        "uses_https": True,
        "kind": _KINDS.get(Purpose(item["purpose"]), "Test"),
        "front_ends": sum(Role.FRONT_END in host.get("roles", ()) for host in own),
        "stack": ".NET",
        "database": "SQLServer",
        "in_cloud": item.get("hosting") == Hosting.CLOUD,
        "offline": False,
    }


def facts_of(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts that a merged table spells."""
    listed = {name: item for name, item in table["environments"].items() if not item.get("missing")}
    facts = {
        "lifetime.environments": [_without(item, "missing") for item in listed.values()],
        "lifetime.zones": [
            {"environment": item["key"], "key": f"{name}/{zone}", "name": zone, "is_default": zone == "Global"}
            for name, item in listed.items()
            for zone in ("Global", *table.get("zones", {}).get(name, ()))
        ],
        "lifetime.roles": [_role(name, role, listed) for name, role in table["roles"].items()],
        "lifetime.users": [_user(name, user) for name, user in table["users"].items()],
        "lifetime.teams": [
            {"key": f"key-of-{name}", "name": name, "applications": list(applications)}
            for name, applications in table["teams"].items()
        ],
        "lifetime.applications": [_application(name, item, listed) for name, item in table["applications"].items()],
    }
    return {**facts, **table.get("facts", {})}


def _role(name: str, role: Mapping[str, Any], listed: Mapping[str, Any]) -> dict[str, Any]:
    permissions = [
        {
            "environment": item["key"],
            "label": role.get("levels", {}).get(environment, role.get("otherwise", "Access")),
            "creates_applications": environment in role.get("creates", ()),
            "adds_dependencies": environment in role.get("adds", ()),
        }
        for environment, item in listed.items()
    ]
    return {
        "key": f"key-of-{name}",
        "name": name,
        "manages_infrastructure": False,
        "manages_teams": False,
        "permissions": permissions,
        **_without(role, "levels", "otherwise", "creates", "adds"),
    }


def _user(name: str, user: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "key": f"key-of-{name}",
        "name": name,
        "is_active": True,
        "role": f"key-of-{user['role']}",
        "role_name": user["role"],
        "teams": [
            {"team": f"key-of-{team}", "team_name": team, "role": f"key-of-{role}", "role_name": role}
            for team, role in user.get("teams", {}).items()
        ],
        "grants": [
            {"application": application, "role": f"key-of-{role}", "role_name": role}
            for application, role in user.get("applications", {}).items()
        ],
        **_without(user, "role", "teams", "applications"),
    }


def _application(name: str, item: Mapping[str, Any], listed: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "key": name,
        "name": name,
        "is_system": False,
        "states": [
            {
                "environment": registered["key"],
                "is_modified": environment in item.get("modified", ()),
                "zone": f"{environment}/{item.get('zones', {}).get(environment, 'Global')}",
            }
            for environment, registered in listed.items()
        ],
        **_without(item, "modified", "zones"),
    }


def _without(table: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in table.items() if name not in names}
