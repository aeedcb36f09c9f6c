"""Which scans may go, and that nothing else goes with them."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auditor.errors import StoreError
from auditor.model.reference import Reference
from auditor.model.scan import ScanState
from auditor.model.unattended import Retention
from auditor.store import ScanSummary, Store, open_store
from auditor.store.pruning import Pruned, expendable
from tests.store.test_store import NOW, count, inventory, judgement, visit

TABLES = ("scan", "shared_scan", "visit", "visit_section", "judgement", "subject", "document")


def night(number: int, *, state: ScanState = ScanState.COMPLETE, changes: tuple[str, ...] = ()) -> ScanSummary:
    """Return the scan of one night of 2026; the first of January is number 1."""
    began = datetime(2025, 12, 31, 2, 0, tzinfo=UTC) + timedelta(days=number)
    return ScanSummary(number, "example", began, began if state is ScanState.COMPLETE else None, state, 1, changes)


def kept(scans: list[ScanSummary], retention: Retention, now: int) -> set[int]:
    gone = {scan.id for scan in expendable(scans, retention, night(now).started_at + timedelta(hours=1))}
    return {scan.id for scan in scans} - gone


def test_of_a_year_what_is_young_stays_and_one_scan_of_each_month() -> None:
    months = {31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334}

    assert kept([night(number) for number in range(1, 366)], Retention(keep_days=30), 365) == {
        *months, *range(336, 366)
    }  # fmt: skip


def test_the_last_so_many_stay_however_old_they_are() -> None:
    scans = [night(number) for number in range(1, 20)]

    assert kept(scans, Retention(keep_scans=3), 300) == {17, 18, 19}


@pytest.mark.parametrize(
    ("retention", "expected"),
    [
        (Retention(keep_days=5, keep_scans=2), {15, 16, 17, 18, 19}),
        (Retention(keep_days=1, keep_scans=4), {16, 17, 18, 19}),
        (Retention(keep_days=1, keep_scans=1, keep=(3, 4)), {3, 4, 19}),
    ],
)
def test_a_scan_stays_if_anything_keeps_it(retention: Retention, expected: set[int]) -> None:
    assert kept([night(number) for number in range(1, 20)], retention, 19) == expected


def test_a_scan_that_was_made_during_a_change_stays() -> None:
    scans = [night(1), night(2, changes=("CHG1",)), night(3)]

    assert kept(scans, Retention(keep_scans=1), 300) == {2, 3}


def test_the_last_complete_scan_and_the_newest_unfinished_one_stay() -> None:
    running = ScanState.RUNNING
    scans = [night(1), night(2, state=running), night(3), night(4, state=running), night(5, state=running)]

    assert kept(scans, Retention(keep_days=1), 300) == {3, 5}


def test_an_abandoned_scan_goes_with_those_of_its_time() -> None:
    scans = [night(1), night(2, state=ScanState.RUNNING), night(3), night(4)]

    assert kept(scans, Retention(keep_scans=2), 300) == {3, 4}
    assert kept(scans, Retention(keep_scans=3), 300) == {1, 2, 3, 4}


def test_each_infrastructure_keeps_its_own_last_scan_and_months() -> None:
    others = [dataclasses.replace(night(number), infrastructure="other") for number in (5, 6)]
    scans = [*(night(number) for number in (1, 2)), *others, night(40)]

    assert kept(scans, Retention(keep_days=1), 41) == {2, 6, 40}


def test_without_a_limit_nothing_goes() -> None:
    assert not Retention(keep=(1,)).is_limited


def filled(location: str | Path, nights: Iterable[int]) -> Store:
    """Return a store of scans of which each has an answer of its own, and the others in common with all."""
    store = open_store(str(location), create=True)
    for number in nights:
        at = NOW + timedelta(days=number)
        scan = store.begin(inventory(), Reference(), at)
        store.record(scan, visit(boot=str(number), at=at))
        store.seal(scan, judgement(), at)
    return store


def held(store: Store, scans: Iterable[int]) -> dict[int, tuple[object, ...]]:
    """Return what a store holds of scans, in values that compare."""
    found: dict[int, tuple[object, ...]] = {}
    for scan in scans:
        record = store.scan(scan)
        assert record.judgement is not None
        facts = {host: dict(facts) for host, facts in record.judgement.facts.items()}
        found[scan] = (record.visits, facts, record.judgement.portraits, record.judgement.findings, record.reference)
    return found


def joined(store: Store, ends_at: datetime) -> int:
    """Begin a scan that waits for zones, with a visit to one host."""
    shared = store.join(inventory(), Reference(), NOW, identity="i", ends_at=ends_at, digest_key=b"k" * 32)
    store.record(shared.id, visit())
    return shared.id


def test_what_is_left_is_what_a_store_would_hold_that_never_saw_the_rest(new_location: Callable[[], str]) -> None:
    here, there = new_location(), new_location()
    pruned, never = filled(here, range(6)), filled(there, (4, 5))
    abandoned = joined(pruned, NOW)
    before = held(pruned, (5, 6))

    removed = pruned.remove([1, 2, 3, 4, abandoned])

    assert removed == Pruned(scans=5, documents=5)
    assert {table: count(here, table) for table in TABLES} == {table: count(there, table) for table in TABLES}
    assert held(pruned, (5, 6)) == before
    assert (pruned.check(), never.check()) == ((), ())


def test_a_scan_that_waits_for_zones_stays_until_its_deadline(location: str) -> None:
    store = open_store(location, create=True)
    waiting = joined(store, NOW + timedelta(days=40))
    filled(location, range(3))

    one = Retention(keep_scans=1)
    assert [scan.id for scan in store.expendable(one, NOW + timedelta(days=39))] == [2, 3]
    assert [scan.id for scan in store.expendable(one, NOW + timedelta(days=41))] == [waiting, 2, 3]


def test_a_removal_that_would_leave_something_without_what_it_refers_to_does_not_happen(tmp_path: Path) -> None:
    store = filled(tmp_path / "osaudit.db", range(3))
    with closing(sqlite3.connect(tmp_path / "osaudit.db")) as database:
        database.execute("insert into visit_section values (3, 999)")
        database.commit()

    with pytest.raises(StoreError, match="refers to something that is not in it"):
        store.remove([1])
    assert [scan.id for scan in store.scans()] == [1, 2, 3]


def test_after_a_removal_the_store_demands_again_that_references_hold(tmp_path: Path) -> None:
    store = filled(tmp_path / "osaudit.db", range(3))
    store.remove([1])

    with store._engine.connect() as connection:
        assert connection.exec_driver_sql("pragma foreign_keys").scalar() == 1


def test_the_file_shrinks_by_what_was_removed(tmp_path: Path) -> None:
    path = tmp_path / "osaudit.db"
    store = filled(path, range(60))
    store.shrink()
    before = path.stat().st_size

    store.remove(range(1, 60))
    store.shrink()

    assert path.stat().st_size < before * 0.8
    assert not path.with_name("osaudit.db-wal").stat().st_size
    assert store.scan(60).visits["dev-1"].answers["clock.now"].value == {"utc": "59"}


def test_a_number_to_keep_that_no_scan_has_is_told(location: str) -> None:
    store = filled(location, range(2))

    with pytest.raises(StoreError, match="no scan 7 to keep"):
        store.expendable(Retention(keep_scans=1, keep=(1, 7)), NOW)
