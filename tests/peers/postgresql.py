"""A PostgreSQL server of its own on 127.0.0.1, with a database for each test that asks for one."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.peers.openssh import free_port

# Debian keeps the programs of the server apart, by version.
_PROGRAMS = Path("/usr/lib/postgresql")
# It refuses to run as root, and its package brings this account.
_ACCOUNT = "postgres"
_START_SECONDS = 60.0
# Nothing of a test has to outlive the computer. The order of letters is not that of bytes, as on most servers.
_QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60", "logging_collector=off")
_CLUSTER = ("--encoding=UTF8", "--locale-provider=icu", "--icu-locale=en", "--locale=C.UTF-8", "--no-sync")


@dataclass(frozen=True)
class PostgreSQL:
    """A running server; everybody signs in with the password. `owner` may do everything, `guest` own databases only."""

    port: int
    password: str
    owner: str = "owner"
    guest: str = "collector"
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables with which libpq has the password."""
        return {"PGPASSWORD": self.password}

    def new_database(self) -> str:
        """Make an empty database that belongs to the guest, and return its URL without the password."""
        name = f"store_{next(self._numbers)}"
        self.run(f'create database {name} owner "{self.guest}"')
        return self.url(name)

    def url(self, database: str, user: str = "") -> str:
        """Return the URL of a database."""
        return f"postgresql://{user or self.guest}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """Connect as the owner."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=self.owner,
            password=self.password,
            dbname=database,
            autocommit=True,
        )

    def run(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run a statement as the owner and return its rows."""
        with self.connect(database) as connection:
            done = connection.execute(statement.encode())
            return done.fetchall() if done.description else []


@contextmanager
def running_postgresql(password: str) -> Iterator[PostgreSQL]:
    """Make a cluster in a folder of its own, start its server on a free port, and end both."""
    folder = Path(tempfile.mkdtemp(prefix="osaudit-postgresql-"))
    try:
        password_file = folder / "password"
        password_file.write_text(password)
        if os.geteuid() == 0:
            shutil.chown(folder, _ACCOUNT)
            shutil.chown(password_file, _ACCOUNT)
        server = PostgreSQL(free_port(), password)
        data = folder / "data"
        _run("initdb", "--pgdata", data, "--username", server.owner, "--auth=scram-sha-256", "--pwfile", password_file,
             *_CLUSTER, folder=folder)  # fmt: skip
        settings = [word for setting in (*_QUICK, f"unix_socket_directories={folder}") for word in ("-c", setting)]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [_program("postgres"), "-D", data, "-h", "127.0.0.1", "-p", str(server.port), *settings],
                cwd=folder, stdout=log, stderr=log, user=_account(), group=_account(), extra_groups=_groups(),
            )  # fmt: skip
        try:
            _wait_for(server, process, folder / "log")
            server.run(f"create role {server.guest} login password '{password}'")
            yield server
        finally:
            # Ends without regard to who is connected.
            process.send_signal(signal.SIGINT)
            process.wait(30)
    finally:
        shutil.rmtree(folder)


def _program(name: str) -> str:
    found = sorted(_PROGRAMS.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    assert found, "the Debian package postgresql is needed"
    return str(found[-1])


def _account() -> str | None:
    return _ACCOUNT if os.geteuid() == 0 else None


def _groups() -> list[str] | None:
    return [] if os.geteuid() == 0 else None


def _run(program: str, *arguments: object, folder: Path) -> None:
    done = subprocess.run(
        [_program(program), *(str(argument) for argument in arguments)],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
        user=_account(), group=_account(), extra_groups=_groups(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def _wait_for(server: PostgreSQL, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while True:
        try:
            server.connect().close()
            return
        except psycopg.OperationalError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)
