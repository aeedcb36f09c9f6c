"""Copies of the store are whole stores, and what is damaged is named."""

from __future__ import annotations

import sqlite3
import stat
import threading
import zlib
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from auditor.errors import StoreError
from auditor.model.reference import Reference
from auditor.store import Store, open_store
from tests.store.test_pruning import filled, held
from tests.store.test_store import NOW, execute, inventory, judgement, visit


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "osaudit.db"


@pytest.fixture
def store(path: Path) -> Store:
    return filled(path, range(3))


@pytest.fixture
def checked(location: str) -> Store:
    """A store on each engine; only a file can be backed up, but all can be checked."""
    return filled(location, range(3))


def test_a_backup_is_a_store_with_the_same_scans_in_one_file_for_its_owner(store: Store, tmp_path: Path) -> None:
    copy = tmp_path / "kept" / "copy.db"

    assert store.back_up(copy) == 3

    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert [file.name for file in copy.parent.iterdir()] == ["copy.db"]
    with open_store(str(copy)) as opened:
        assert held(opened, (1, 2, 3)) == held(store, (1, 2, 3))
        assert opened.check() == ()


def test_a_backup_overwrites_nothing(store: Store, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.write_text("mine", encoding="utf-8")

    with pytest.raises(StoreError, match=r"copy\.db exists already and is left as it is; name another file\."):
        store.back_up(copy)
    assert copy.read_text(encoding="utf-8") == "mine"


def test_a_backup_that_cannot_be_written_leaves_nothing_behind(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    before = sorted(tmp_path.iterdir())

    with pytest.raises(StoreError, match=r"cannot be written: .*; name another file\."):
        store.back_up(tmp_path / "file" / "copy.db")
    assert sorted(tmp_path.iterdir()) == before


def test_a_backup_holds_what_was_sealed_while_another_scan_writes(store: Store, path: Path, tmp_path: Path) -> None:
    ended = threading.Event()

    def scanning() -> None:
        with open_store(str(path)) as other:
            for number in range(3, 12):
                at = NOW + timedelta(days=number)
                scan = other.begin(inventory(), Reference(), at)
                other.record(scan, visit(boot=str(number), at=at))
                other.seal(scan, judgement(), at)
        ended.set()

    writer = threading.Thread(target=scanning)
    writer.start()
    copies: list[Path] = []
    while not ended.is_set() or not copies:
        copies.append(tmp_path / f"copy-{len(copies)}.db")
        store.back_up(copies[-1])
    writer.join()

    for copy in copies:
        with open_store(str(copy)) as opened:
            assert opened.check() == ()
            assert len(opened.scans()) >= 3


def test_the_copy_of_a_damaged_store_is_not_kept(store: Store, path: Path, tmp_path: Path) -> None:
    # The index of the table no longer says what the table does.
    with closing(sqlite3.connect(path)) as database:
        database.execute("pragma writable_schema = on")
        database.execute("delete from sqlite_schema where name = 'ix_scan_infrastructure'")
        database.execute(
            "update sqlite_schema set rootpage = (select rootpage from sqlite_schema where name = 'ix_judgement_scan') "
            "where name = 'sqlite_autoindex_visit_1'"
        )
        database.commit()

    with pytest.raises(StoreError, match=r"damaged"):
        store.back_up(tmp_path / "copy.db")
    assert not [file for file in tmp_path.iterdir() if "copy" in file.name]


def test_what_is_no_file_is_backed_up_by_other_means_which_are_named(postgresql_store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no file but a database of PostgreSQL; back it up with `pg_dump`\."):
        postgresql_store.back_up(tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == []


def test_a_store_of_which_nothing_is_damaged_has_no_problem(checked: Store) -> None:
    running = checked.begin(inventory(), Reference(), NOW)
    checked.record(running, visit())

    assert checked.check() == ()


def test_a_document_that_is_not_what_was_stored_is_named_with_its_scans(checked: Store, location: str) -> None:
    statement = "update document set body = :body where id = (select max(findings) from subject)"
    assert execute(location, statement, body=zlib.compress(b"[]", 9))

    (problem,) = checked.check()

    assert "(findings of 3 scans, 1 to 3) is not what was stored: its digest differs." in problem


def test_a_document_that_cannot_be_decoded_is_named_and_reading_it_ends_in_a_sentence(
    checked: Store, location: str
) -> None:
    statement = "update document set body = :body where id = (select max(document) from visit_section)"
    assert execute(location, statement, body=b"\x00\xff")

    (problem,) = checked.check()

    assert "(answers of scan 3) cannot be read (error)." in problem
    with pytest.raises(StoreError, match=r"cannot be read \(error\); `osaudit store check` says what, and what to do"):
        checked.scan(3)
    assert checked.scan(2).visits


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("update visit set milliseconds = 'x' where scan = 2", "Scan 2 cannot be read (JSONDecodeError)."),
        ("update visit set channel = 'x' where scan = 2", "Scan 2 cannot be read (ValueError)."),
        ("update scan set changes = '[' where id = 2", "Scan 2 cannot be read (JSONDecodeError)."),
    ],
)
def test_a_row_that_cannot_be_read_is_named(statement: str, words: str, checked: Store, location: str) -> None:
    assert execute(location, statement)

    assert checked.check() == (words,)


def test_a_moment_that_is_none_is_named(store: Store, path: Path) -> None:
    assert execute(path, "update scan set started_at = 'x' where id = 2")

    assert store.check() == ("Scan 2 cannot be read (ValueError).",)


def test_a_complete_scan_without_judgement_is_named(checked: Store, location: str) -> None:
    assert execute(location, "delete from subject where judgement = 2")
    assert execute(location, "delete from judgement where id = 2")

    assert checked.check() == ("Scan 2 is complete and has no judgement.",)


def test_a_reference_that_leads_nowhere_is_named(store: Store, path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("delete from judgement where scan = 2")
        database.commit()

    assert "The table subject refers to rows of judgement that are not there." in store.check()
