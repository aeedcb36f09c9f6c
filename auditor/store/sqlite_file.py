"""What concerns a store as a file of SQLite: changing much at once, shrinking, copying, and looking for damage."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from auditor.errors import StoreError


def is_sqlite(engine: Engine) -> bool:
    """Whether the store is a file of SQLite."""
    return engine.dialect.name == "sqlite"


def file_of_engine(engine: Engine) -> Path:
    """Return the file of a store that is one."""
    return Path(engine.url.database or "")


@contextmanager
def in_bulk(engine: Engine) -> Iterator[Session]:
    """Open a transaction in which foreign keys are looked at once, at its end.

    With each row that goes, SQLite would read all rows that could refer to it: hours for the documents of a year.
    """
    with engine.connect() as connection:
        # What is set here must not be found by whoever takes the connection from the pool next.
        connection.detach()
        if is_sqlite(engine):
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.commit()  # else the session would take part in what this statement has begun
        with Session(connection) as session, session.begin():
            yield session
            session.flush()
            if is_sqlite(engine) and _dangling(connection):
                raise StoreError("The store refers to something that is not in it; `osaudit store check` says to what.")


def _dangling(connection: Connection) -> list[tuple[str, str]]:
    rows = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(1000)
    return [(str(row[0]), str(row[2])) for row in rows]


def shrink(engine: Engine) -> None:
    """Give room that nothing takes any more back to the disk; StoreError when there is no room to do so."""
    if not is_sqlite(engine):
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.exec_driver_sql("PRAGMA freelist_count").scalar():
            connection.exec_driver_sql("VACUUM")
        # Until then the new content lies in the file beside the store.
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def back_up(engine: Engine, target: Path) -> int:
    """Copy the store as it is at one moment into a new file, and return how many complete scans the copy holds.

    Others may write meanwhile. The copy is one file, readable by its owner alone, and appears whole or not at all.
    Raises `StoreError` where the file exists already, cannot be written, or does not hold what it should.
    """
    if target.exists():
        raise StoreError(f"{target} exists already and is left as it is; name another file.")
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        complete = _copy(engine, aside)
        _keep_on_disk(aside)
        aside.replace(target)
    except OSError as error:
        raise StoreError(f"{target} cannot be written: {error.strerror}; name another file.") from error
    except sqlite3.Error as error:
        raise StoreError(
            f"The store cannot be copied to {target}: {error}; look at the disk, and at `osaudit store check`."
        ) from error
    finally:
        for left in (aside, aside.with_name(f"{aside.name}-journal")):
            with suppress(OSError):
                left.unlink()
    return complete


def _copy(engine: Engine, aside: Path) -> int:
    with engine.connect() as source, closing(sqlite3.connect(aside)) as copy:
        connection = source.connection.driver_connection
        assert isinstance(connection, sqlite3.Connection)
        connection.backup(copy)
        # Else the copy would ask for two more files beside it.
        copy.execute("PRAGMA journal_mode=DELETE")
    with closing(sqlite3.connect(aside)) as copy:
        ((verdict,), *_) = copy.execute("PRAGMA integrity_check(1)").fetchall()
        if verdict != "ok":
            raise StoreError(f"The store is damaged, and so is its copy ({verdict}); `osaudit store check` says more.")
        complete: int = copy.execute("select count(*) from scan where state = 'complete'").fetchone()[0]
    return complete


def _keep_on_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def damage(connection: Connection) -> Iterator[str]:
    """Yield what SQLite itself finds to be wrong with its file, one sentence each."""
    for (found,) in connection.exec_driver_sql("PRAGMA integrity_check(20)"):
        if found != "ok":
            yield f"SQLite finds damage: {' '.join(str(found).split())}."
    for table, parent in sorted(set(_dangling(connection))):
        yield f"The table {table} refers to rows of {parent} that are not there."


def is_damage(error: BaseException | None) -> bool:
    """Whether an error of the database says that its file is no whole database."""
    code = getattr(error, "sqlite_errorcode", None)
    # The lower byte is the kind, what is above says more of it.
    return code is not None and code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
