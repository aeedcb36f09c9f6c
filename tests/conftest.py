"""What tests of several rooms share: a server of PostgreSQL, and a store on each engine."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.peers.postgresql import PostgreSQL, running_postgresql

# How long an example takes depends on what else the computer does; no test is about that.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """One server for all tests of this process, started by the first that needs it."""
    with running_postgresql("Planted-Database-5528") as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def new_location(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """What gives the places of stores that are not there yet, on each engine in turn; their password is known."""
    if request.param == "sqlite":
        names = (f"osaudit{number or ''}.db" for number in itertools.count())
        return lambda: str(tmp_path / next(names))
    server: PostgreSQL = request.getfixturevalue("postgresql")
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return server.new_database


@pytest.fixture
def location(new_location: Callable[[], str]) -> str:
    """The place of a store that is not there yet, on each engine in turn."""
    return new_location()
