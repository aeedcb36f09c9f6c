"""What tests of several rooms share: a server of PostgreSQL, and a store on each engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.postgresql import PostgreSQL, running_postgresql


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """One server for all tests of this process, started by the first that needs it."""
    with running_postgresql("Planted-Database-5528") as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def location(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The place of a store that is not there yet, on each engine in turn; its password is in the environment."""
    if request.param == "sqlite":
        return str(tmp_path / "osaudit.db")
    server: PostgreSQL = request.getfixturevalue("postgresql")
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return server.new_database()
