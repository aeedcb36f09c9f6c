"""The lock of a store in PostgreSQL: an advisory lock, held by a session of its own that ends with its process.

A plain scan holds the store alone, and so does pruning. The collector of a zone holds the store together with others,
and its zone alone. The name of the session says who holds it, because PostgreSQL shows that to everybody who uses the
same role.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, text

from auditor.errors import StoreError
from auditor.store.opening import engine_at

# The two numbers of an advisory lock: what is locked, and which. They belong to a database, so a store is one number.
_STORE, _ZONE = 0x6F73_6101, 0x6F73_6102
# A server notices within about two minutes that the computer of a collector is gone without a word.
_WATCHFUL = "set tcp_keepalives_idle = 60; set tcp_keepalives_interval = 10; set tcp_keepalives_count = 6"
_HOLDERS = text(
    "select activity.application_name, host(activity.client_addr) "
    "from pg_locks join pg_stat_activity activity on activity.pid = pg_locks.pid "
    "where pg_locks.locktype = 'advisory' and pg_locks.granted "
    "and pg_locks.database = (select oid from pg_database where datname = current_database()) "
    "and pg_locks.classid = :kind and pg_locks.objid = :number order by activity.backend_start, activity.pid"
)


@contextmanager
def holding(location: str, holder: str, zone: str | None) -> Iterator[None]:
    """Hold the store, alone or for a zone; StoreError when another run is in the way."""
    with _session(location) as connection:
        connection.execute(text("select set_config('application_name', :holder, false)"), {"holder": holder})
        connection.execute(text(_WATCHFUL))
        if zone is None:
            free = _locked(connection, "pg_try_advisory_lock", _STORE, 0)
            kind, number = _STORE, 0
        else:
            kind, number = _ZONE, zlib.crc32(zone.encode()) & 0x7FFF_FFFF
            free = _locked(connection, "pg_try_advisory_lock_shared", _STORE, 0)
            if not free:
                kind, number = _STORE, 0
            else:
                free = _locked(connection, "pg_try_advisory_lock", kind, number)
        if not free:
            said = _said(connection, kind, number) or "it ended just now"
            raise StoreError(f"Another run writes into the store {location} ({said}); wait for its end, or stop it.")
        try:
            yield
        finally:
            # The server takes a moment to notice that a session ended. What was scanned does not hang on the lock.
            with suppress(StoreError):
                connection.execute(text("select pg_advisory_unlock_all()"))


def holders(location: str) -> str | None:
    """Return what those say of themselves who hold the store, or None when nobody does."""
    with _session(location) as connection:
        return _said(connection, _STORE, 0)


@contextmanager
def _session(location: str) -> Iterator[Connection]:
    engine = engine_at(location)
    try:
        # Without transactions: an open one would keep the server from cleaning up as long as the scan lasts.
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield connection
    finally:
        # A pool would keep the session, and the session its locks.
        engine.dispose()


def _locked(connection: Connection, function: str, kind: int, number: int) -> bool:
    statement = text(f"select {function}(:kind, :number)")
    return bool(connection.execute(statement, {"kind": kind, "number": number}).scalar())


def _said(connection: Connection, kind: int, number: int) -> str | None:
    rows = connection.execute(_HOLDERS, {"kind": kind, "number": number})
    return "; ".join(name + (f", from {address}" if address else "") for name, address in rows) or None
