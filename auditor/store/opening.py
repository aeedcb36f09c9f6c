"""Opening a store: created with narrow rights, brought to the newest schema, refused when it is newer than we are."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, InternalError, OperationalError, ProgrammingError, SQLAlchemyError

from auditor.errors import StoreError
from auditor.model.store_location import REFUSAL, holds_password
from auditor.store import postgresql
from auditor.store.repository import Store
from auditor.store.schema import REVISION

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK_SECONDS = 30


def open_store(location: str, *, create: bool = False) -> Store:
    """Open the store at a path or database URL; StoreError in one sentence when that cannot be done.

    With `create` a missing SQLite file is made, readable by its owner alone.
    """
    url = _url(location)
    if url.drivername == "sqlite":
        _prepare_file(Path(url.database or ""), create=create)
    try:
        engine = engine_at(location)
        _bring_up_to_date(engine, location, create=create)
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).splitlines()[0]
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
    elif isinstance(context.sqlalchemy_exception, OperationalError):
        cause = str(context.original_exception).splitlines()[0]
        what_to_do = "wait for the program that uses it" if "locked" in cause else "look at its disk and its rights"
        raise StoreError(f"The store {place} cannot be used: {cause}; {what_to_do}.") from None


def _bring_up_to_date(engine: Engine, location: str, *, create: bool) -> None:
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            postgresql.demand_new_enough(connection, location)
        tables = set(inspect(connection).get_table_names())
        if "alembic_version" in tables:
            revision = connection.execute(text("select version_num from alembic_version")).scalar()
        elif tables:
            raise StoreError(f"{location} is a database of something else; name another store with --store.")
        elif engine.dialect.name == "postgresql" and not create:
            raise StoreError(f"There is no store at {location} yet; run a scan first or name another with --store.")
        else:
            revision = None
    if revision == REVISION:
        return
    if revision is not None and revision > REVISION:
        raise StoreError(
            f"The store {location} was written by a newer osaudit (schema {revision}, this one knows {REVISION}); "
            "update osaudit."
        )
    _migrate(engine)


def _migrate(engine: Engine) -> None:
    # Alembic is slow to import and needed only when the schema changes.
    from alembic import command
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(_MIGRATIONS))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            postgresql.migrate_alone(connection)
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")
