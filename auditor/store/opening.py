"""Opening a store: created with narrow rights, brought to the newest schema, refused when it is newer than we are."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    InternalError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)

from auditor.errors import StoreError
from auditor.model.store_location import REFUSAL, holds_password
from auditor.store import postgresql, sqlite_file
from auditor.store.repository import Store
from auditor.store.schema import REVISION

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK_SECONDS = 30


def _unheard(_sentence: str) -> None:
    """Nobody listens."""


def open_store(location: str, *, create: bool = False, tell: Callable[[str], None] = _unheard) -> Store:
    """Open the store at a path or database URL; StoreError in one sentence when that cannot be done.

    With `create` a missing SQLite file is made, readable by its owner alone. A store of an earlier schema is brought up
    to date, a file after it was backed up beside itself; `tell` takes a sentence about that.
    """
    url = _url(location)
    if url.drivername == "sqlite":
        _prepare_file(Path(url.database or ""), create=create)
    try:
        engine = engine_at(location)
        _bring_up_to_date(engine, location, tell, create=create)
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).splitlines()[0]
        if sqlite_file.is_damage(getattr(error, "orig", None)):
            raise StoreError(_damaged(location, cause)) from error
        sentence = f"The store {location} cannot be opened: {cause}; check that it is an osaudit store."
        raise StoreError(sentence) from error
    return Store(engine)


def engine_at(location: str) -> Engine:
    """Return the engine of the store at a path or database URL, whose troubles end in sentences; nothing is opened."""
    url = _url(location)
    if url.drivername == "sqlite":
        # `?timeout=` in the URL of a SQLite file bounds the waiting for a lock.
        waiting = {} if "timeout" in url.query else {"timeout": _LOCK_SECONDS}
        engine = create_engine(url, connect_args=waiting)
        event.listen(engine, "connect", _configure_sqlite)
    else:
        try:
            engine = create_engine(url, connect_args=postgresql.connection_settings(url))
        except ImportError as error:
            raise StoreError(
                f"The store {location} needs a package that is not installed; "
                "run `pip install outsystems-auditor[postgresql]`."
            ) from error
    event.listen(engine, "handle_error", partial(_tell_in_words, location))
    return engine


def file_of(location: str) -> Path | None:
    """Return the file in which the store at a path or database URL is kept, None where it is no file of ours."""
    url = _url(location)
    return Path(url.database) if url.drivername == "sqlite" and url.database else None


def _url(location: str) -> URL:
    if "://" not in location:
        return URL.create("sqlite", database=str(Path(location)))
    if holds_password(location):
        raise StoreError(REFUSAL)
    try:
        url = make_url(location)
    except (ArgumentError, ValueError) as error:
        raise StoreError(
            "The store's database URL cannot be read; write it like postgresql://host/database."
        ) from error
    if url.drivername in ("postgresql", postgresql.DRIVER):
        return url.set(drivername=postgresql.DRIVER)
    if url.drivername == "sqlite":
        return url
    raise StoreError(
        f"A store is a file or a database of PostgreSQL, as postgresql://host/database; {location} is none."
    )


def _prepare_file(path: Path, *, create: bool) -> None:
    if path.exists():
        if not create and path.is_file() and path.stat().st_size == 0:
            raise StoreError(
                f"The store {path} is empty: no scan was ever begun in it, or its content was lost; put a backup in "
                "its place, or run a scan."
            )
        return
    if not create:
        raise StoreError(f"There is no store at {path}; run a scan first or name another with --store.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Made before SQLite opens it, so that it is never readable by others, not even for a moment. The files that
        # SQLite puts beside it take over its mode.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise StoreError(
            f"The store {path} cannot be made: {error.strerror}; choose another place with --store."
        ) from error


def _configure_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _tell_in_words(place: str, context: ExceptionContext) -> None:
    """Let trouble of the database itself, at whatever moment, end in a sentence."""
    if context.dialect.name == "postgresql":
        if isinstance(context.sqlalchemy_exception, OperationalError | ProgrammingError | InternalError):
            raise StoreError(postgresql.in_words(place, context.original_exception)) from None
        return
    cause = (str(context.original_exception).splitlines() or [""])[0]
    if isinstance(context.sqlalchemy_exception, DatabaseError) and sqlite_file.is_damage(context.original_exception):
        raise StoreError(_damaged(place, cause)) from None
    if isinstance(context.sqlalchemy_exception, OperationalError):
        what_to_do = "wait for the program that uses it" if "locked" in cause else "look at its disk and its rights"
        raise StoreError(f"The store {place} cannot be used: {cause}; {what_to_do}.") from None


def _damaged(place: str, cause: str) -> str:
    return (
        f"The store {place} is damaged, or no store at all ({cause}); put a backup in its place, without the files "
        "-wal and -shm beside it, or name another store with --store."
    )


def _bring_up_to_date(engine: Engine, location: str, tell: Callable[[str], None], *, create: bool) -> None:
    is_file = sqlite_file.is_sqlite(engine)
    with engine.connect() as connection:
        if not is_file:
            postgresql.demand_new_enough(connection, location)
        revision = _revision(connection, location)
        if revision == REVISION:
            return
        if revision is None and not is_file and not create:
            raise StoreError(f"There is no store at {location} yet; run a scan first or name another with --store.")
    with engine.begin() as connection:
        # All of it or nothing, and one who does it.
        if is_file:
            # SQLite alone would end a transaction with each change of a table.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            postgresql.migrate_alone(connection)
        revision = _revision(connection, location)
        if revision == REVISION:
            # Somebody else was faster.
            return
        if revision is not None:
            kept = ""
            if is_file:
                copy = _place_for_backup(sqlite_file.file_of_engine(engine), revision)
                sqlite_file.back_up(engine, copy)
                kept = f"; as it was it is kept in {copy}"
            tell(f"The store {location} is brought from schema {revision} to {REVISION}{kept}.")
        _migrate(connection)


def _revision(connection: Connection, location: str) -> str | None:
    """Return the schema of a store, None for one that is still empty; StoreError for one that is none of ours."""
    tables = set(inspect(connection).get_table_names())
    if "alembic_version" not in tables:
        if tables:
            raise StoreError(f"{location} is a database of something else; name another store with --store.")
        return None
    revision: str | None = connection.execute(text("select version_num from alembic_version")).scalar()
    if revision is not None and revision > REVISION:
        raise StoreError(
            f"The store {location} was written by a newer osaudit (schema {revision}, this one knows {REVISION}); "
            "update osaudit."
        )
    return revision


def _place_for_backup(file: Path, revision: str) -> Path:
    """Return the first free name beside a store: an earlier backup may hold what the store no longer does."""
    number = 1
    while True:
        ending = f"schema-{revision}" if number == 1 else f"schema-{revision}-{number}"
        place = file.with_name(f"{file.stem}.{ending}{file.suffix}")
        if not place.exists():
            return place
        number += 1


def _migrate(connection: Connection) -> None:
    # Alembic is slow to import and needed only when the schema changes.
    from alembic import command
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(_MIGRATIONS))
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, "head")
