"""Several collectors write into one store at the same moment: nothing is doubled, nothing is lost, nobody fails."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

import pytest
from sqlalchemy import event

from auditor.model.history import History
from auditor.model.reference import Reference
from auditor.model.scan import ScanRecord
from auditor.store import SharedScan, Store, open_store
from tests.peers.postgresql import PostgreSQL
from tests.store.test_store import NOW, count, inventory, judgement, visit

COLLECTORS = 8
T = TypeVar("T")


def at_once(work: Callable[[int], T]) -> list[T]:
    """Let as many collectors do this at the same moment, and return what each got."""
    barrier = threading.Barrier(COLLECTORS)

    def alone(number: int) -> T:
        barrier.wait(30)
        return work(number)

    with ThreadPoolExecutor(COLLECTORS) as threads:
        return list(threads.map(alone, range(COLLECTORS)))


def test_the_same_answers_of_many_hosts_are_stored_once(store: Store, location: str) -> None:
    scan = store.begin(inventory(), Reference(), NOW)
    before = count(location, "document")

    assert all(at_once(lambda number: store.record(scan, visit(f"h-{number}"))))
    assert store.scan(scan).visits == {f"h-{number}": visit(f"h-{number}") for number in range(COLLECTORS)}
    assert count(location, "document") == before + 1


def test_of_two_visits_to_one_host_one_counts(store: Store, location: str) -> None:
    scan = store.begin(inventory(), Reference(), NOW)

    recorded = at_once(lambda number: store.record(scan, visit(boot=str(number))))

    assert sorted(recorded) == [False] * (COLLECTORS - 1) + [True]
    assert store.scan(scan).visits == {"dev-1": visit(boot=str(recorded.index(True)))}
    assert count(location, "visit_section") == 1


def test_a_scan_is_sealed_by_one(store: Store, location: str) -> None:
    scan = store.begin(inventory(), Reference(), NOW)
    store.record(scan, visit())

    sealed = at_once(lambda number: store.seal(scan, judgement(), NOW + timedelta(minutes=number)))

    assert sorted(sealed) == [False] * (COLLECTORS - 1) + [True]
    assert store.scan(scan).finished_at == NOW + timedelta(minutes=sealed.index(True))
    assert (count(location, "judgement"), count(location, "subject")) == (1, 1)


def test_scans_of_several_infrastructures_are_sealed_without_standing_in_each_others_way(
    store: Store, location: str
) -> None:
    scans = [store.begin(inventory(), Reference(), NOW) for _ in range(COLLECTORS)]

    assert all(at_once(lambda number: store.seal(scans[number], judgement(), NOW)))
    assert count(location, "document") == 2 + 3


@pytest.mark.parametrize("read", [Store.history, Store.scan])
def test_what_is_sealed_while_somebody_reads_is_there_whole_or_not_at_all(
    store: Store, location: str, read: Callable[[Store, int], History | ScanRecord]
) -> None:
    early, late = (store.begin(inventory(), Reference(), NOW) for _ in range(2))
    store.record(early, visit())
    store.seal(late, judgement(), NOW)
    wanted = read(store, late), read(store, early)
    sealed: list[bool] = []

    def meanwhile(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not sealed and statement.lower().startswith("select"):
            sealed.append(True)
            with open_store(location) as other:
                other.record(early, visit("dev-2"))
                other.seal(early, judgement(), NOW)

    event.listen(store._engine, "after_cursor_execute", meanwhile)
    number = late if read is Store.history else early
    assert read(store, number) == wanted[number == early]
    assert sealed == [True]
    assert read(store, number) != wanted[number == early]


def test_changes_that_several_name_are_all_kept(postgresql_store: Store) -> None:
    scan = postgresql_store.begin(inventory(), Reference(), NOW)

    at_once(lambda number: postgresql_store.name_changes(scan, (f"CHG{number}",)))

    assert sorted(postgresql_store.scan(scan).changes) == [f"CHG{number}" for number in range(COLLECTORS)]


def test_all_join_one_scan(postgresql_store: Store) -> None:
    def join(number: int) -> SharedScan:
        key = bytes([number]) * 32
        return postgresql_store.join(inventory(), Reference(), NOW, identity="x", ends_at=NOW, digest_key=key)

    (shared,) = set(at_once(join))
    assert postgresql_store.shared_scans("example") == (shared,)
    assert len(postgresql_store.scans()) == 1


def test_an_empty_database_is_made_ready_by_all_who_open_it_first(
    postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", postgresql.password)
    location = postgresql.new_database()

    def opened(number: int) -> int:
        with open_store(location, create=True) as store:
            return store.begin(inventory(), Reference(), NOW)

    assert sorted(at_once(opened)) == list(range(1, COLLECTORS + 1))
