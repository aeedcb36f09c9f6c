"""What is particular to a store in PostgreSQL: how it is connected to, and its troubles in words."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import URL

from auditor.errors import StoreError

DRIVER = "postgresql+psycopg"
# The oldest release that its makers still care for, and the one that the tests run with.
OLDEST = 15
_CONNECT_SECONDS = 10
# Two commands that find an old schema bring it up to date one after the other.
_MIGRATING = 0x6F73_6D69

_SIGN_IN = "keep the right password in the password file of PostgreSQL or in PGPASSWORD"
_DATABASE = "make role and database as the user guide says, or correct the URL"
_RIGHTS = "make the role the owner of the database, as the user guide says"
_SERVER = "see that the server runs well and lets this computer in"
# What its sentences hold, whatever stands around it, and what to do then.
_REMEDIES = (
    ("password authentication failed", _SIGN_IN),
    ("no password supplied", _SIGN_IN),
    ("does not exist", _DATABASE),
    ("permission denied", _RIGHTS),
    ("must be owner", _RIGHTS),
    ("read-only", _RIGHTS),
)


def connection_settings(url: URL) -> dict[str, Any]:
    """Return how the driver connects, as far as the URL does not say it."""
    settings = {"connect_timeout": _CONNECT_SECONDS, "application_name": "osaudit"}
    return {name: value for name, value in settings.items() if name not in url.query}


def in_words(place: str, error: BaseException) -> str:
    """Return what went wrong, in one sentence; the driver's first line says it, and holds no password."""
    cause = str(error).splitlines()[0].removeprefix("connection failed: ").replace("FATAL:  ", "").rstrip(". ")
    remedy = next((remedy for part, remedy in _REMEDIES if part in cause), _SERVER)
    return f"The store {place} cannot be used: {cause}; {remedy}."


def demand_new_enough(connection: Connection, place: str) -> None:
    """Raise StoreError for a server that is older than those that osaudit is tested with."""
    version = int((connection.dialect.server_version_info or (0,))[0])
    if version < OLDEST:
        raise StoreError(
            f"The store {place} is on PostgreSQL {version}, and osaudit needs {OLDEST} or newer; "
            "update the server, or name another store with --store."
        )


def migrate_alone(connection: Connection) -> None:
    """Wait until nobody else brings this store up to date, and keep others waiting to the end of the transaction."""
    connection.exec_driver_sql("select pg_advisory_xact_lock(%(key)s)", {"key": _MIGRATING})
