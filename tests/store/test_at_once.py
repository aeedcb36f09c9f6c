"""Several collectors write into one store at the same moment: nothing is doubled, nothing is lost, nobody fails."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import event

from auditor.model.fact import Facts, Known
from auditor.model.history import History
from auditor.model.reference import Reference
from auditor.model.scan import Judgement, RuleSet, ScanRecord
from auditor.store import SharedScan, Store, open_store
from auditor.store.opening import engine_at
from auditor.store.schema import REVISION
from tests.peers.postgresql import PostgreSQL
from tests.store.test_store import (
    MIGRATIONS,
    NOW,
    count,
    execute,
    has_the_tables_of_the_mappings,
    inventory,
    judgement,
    visit,
)

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


def judged_by(rules: str, moving: int) -> Judgement:
    """Return a judgement of which nearly all is as in the others, and too much to be stored whole each time."""
    chance = random.Random(1)
    facts = {"made.up": Known([moving, *(chance.random() for _ in range(200))], ())}
    return replace(judgement(), facts={"dev-1": Facts("dev-1", facts)}, rules=RuleSet(rules, "0.1.0"))


def test_a_scan_that_is_judged_again_loses_nothing_to_pruning_meanwhile(store: Store, location: str) -> None:
    early, late = (store.begin(inventory(), Reference(), NOW) for _ in range(2))
    for scan in (early, late):
        store.record(scan, visit())
        store.seal(scan, judgement(), NOW)
    # What is judged next is like this one, and this one goes.
    store.judge_again(early, judged_by("first", 1))
    pruning: list[threading.Thread] = []

    def prune() -> None:
        with open_store(location) as other:
            other.remove([early])

    def meanwhile(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not pruning and statement.lower().startswith("select") and "document.body" in statement:
            pruning.append(threading.Thread(target=prune))
            pruning[0].start()
            pruning[0].join(0.5)

    event.listen(store._engine, "after_cursor_execute", meanwhile)
    store.judge_again(late, judged_by("second", 2))
    pruning[0].join(30)

    assert [scan.id for scan in store.scans()] == [late]
    assert store.check() == ()
    found = store.scan(late).judgement
    assert found is not None
    assert dict(found.facts["dev-1"]) == dict(judged_by("second", 2).facts["dev-1"])


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


@pytest.fixture
def database(postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PGPASSWORD", postgresql.password)
    return postgresql.new_database()


def test_an_empty_database_is_made_ready_by_all_who_open_it_first(database: str) -> None:
    def opened(number: int) -> int:
        with open_store(database, create=True) as store:
            return store.begin(inventory(), Reference(), NOW)

    assert sorted(at_once(opened)) == list(range(1, COLLECTORS + 1))


def test_a_database_of_an_earlier_schema_is_brought_up_to_date_once_and_without_loss(database: str) -> None:
    migrate(database, "0002")
    execute(database, "insert into document values (1, '1', '1')")
    told: list[str] = []

    def opened(number: int) -> int:
        with open_store(database, tell=told.append) as store:
            return len(store.scans())

    assert at_once(opened) == [0] * COLLECTORS
    assert told == [f"The store {database} is brought from schema 0002 to {REVISION}."]
    assert count(database, "document") == 1
    assert has_the_tables_of_the_mappings(database)


def migrate(location: str, revision: str) -> None:
    """Make the tables of an earlier schema."""
    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS))
    engine = engine_at(location)
    with engine.begin() as connection:
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, revision)
    engine.dispose()
