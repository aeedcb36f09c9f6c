"""A store on each engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from auditor.store import Store, open_store
from tests.peers.postgresql import PostgreSQL


@pytest.fixture
def store(location: str) -> Iterator[Store]:
    with open_store(location, create=True) as opened:
        yield opened


@pytest.fixture
def postgresql_store(postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store for what SQLite leaves to its lock: there one scan is at work at a time."""
    monkeypatch.setenv("PGPASSWORD", postgresql.password)
    with open_store(postgresql.new_database(), create=True) as opened:
        yield opened
