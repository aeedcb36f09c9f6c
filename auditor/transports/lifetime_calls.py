"""The calls that may be made of LifeTime's API: a closed list, each a GET of a fixed path.

What is requested is made of a template and of keys in the form of a GUID, never of a text or an address that an
inventory, a question or an answer holds. LifeTime has GET calls that change its state (`/deployments/{key}/`), make
downloads or hold secrets; none of them is here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import urlencode

BASE = "/lifetimeapi/rest/v2"
_KEY = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_NOTHING: Mapping[str, str] = MappingProxyType({})


class ForbiddenCall(ValueError):  # noqa: N818 - named for what it is
    """A request that is not on the list; nothing was sent."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `each` is the call whose rows give the keys that are put into the path, one request for each."""

    path: str
    query: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    each: str | None = None


CALLS: Mapping[str, Call] = MappingProxyType(
    {
        "environments": Call("/environments/"),
        "deployment_zones": Call("/environments/{key}/deploymentzones/", each="environments"),
        "roles": Call("/roles/", {"IncludeEnvPermissions": "true"}),
        "users": Call(
            "/users/", {"IncludeInactive": "false", "IncludeTeams": "true", "IncludeApplicationRoles": "true"}
        ),
        "teams": Call("/teams/", {"IncludeUsers": "false", "IncludeApplications": "true"}),
        "applications": Call("/applications/", {"IncludeModules": "false", "IncludeEnvStatus": "true"}),
    }
)


def call_named(name: object) -> Call:
    """Return the call of this name; raises `ForbiddenCall` for any other."""
    call = CALLS.get(name) if isinstance(name, str) else None
    if call is None:
        raise ForbiddenCall("This is not one of the calls that may be made of LifeTime.")
    return call


def is_key(text: object) -> bool:
    """Whether this is a key of LifeTime, which alone may be put into a path."""
    return isinstance(text, str) and _KEY.fullmatch(text) is not None


def target_of(name: object, key: object = None) -> str:
    """Return path and query of a call; raises `ForbiddenCall` for a call that is not listed, or a key that is none."""
    call = call_named(name)
    if (call.each is None) != (key is None) or (key is not None and not is_key(key)):
        raise ForbiddenCall("The path of this call of LifeTime cannot be made of what was given.")
    path = BASE + call.path.replace("{key}", str(key))
    return f"{path}?{urlencode(call.query)}" if call.query else path


def request_in_words(name: object) -> str:
    """Return what is sent for a call, as a security team reads it."""
    call = call_named(name)
    query = f"?{urlencode(call.query)}" if call.query else ""
    each = "" if call.each is None else f", once for each key that {call.each} told"
    return f"GET {BASE}{call.path}{query}{each}; no body, no other method"
