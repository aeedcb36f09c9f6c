"""prune, store backup and store check, as a person calls them and as a scan does it afterwards."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from auditor.store import scanning_alone
from auditor.store.schema import REVISION
from tests.cli.program import Ended, osaudit, refused
from tests.peers.postgresql import PostgreSQL
from tests.store.test_pruning import filled

DATABASES = Path(__file__).parents[2] / "fixtures" / "databases"


def listed(folder: Path, *arguments: str) -> list[str]:
    return [line.split()[0] for line in osaudit(folder, "scans", *arguments).out.splitlines()[1:]]


def test_prune_says_what_it_would_remove_and_then_removes_it(scanned_twice: Path) -> None:
    before = (scanned_twice / "osaudit.db").read_bytes()

    dry = osaudit(scanned_twice, "prune", "--keep-scans", "1", "--dry-run")
    assert (dry.code, dry.err) == (0, "1 of 2 scans would be removed.\n")
    assert [line.split()[0] for line in dry.out.splitlines()] == ["Scan", "1"]
    assert (scanned_twice / "osaudit.db").read_bytes() == before

    done = osaudit(scanned_twice, "prune", "--keep-scans", "1")
    assert (done.code, done.out) == (0, "")
    sentence = (
        r"1 of 2 scans removed, with \d+ documents that nothing else needs; osaudit\.db went from (.*) to (.*)\.\n"
    )
    assert re.fullmatch(sentence, done.err), done.err
    # What the second scan is like stays, so the file need not shrink here.
    assert (scanned_twice / "osaudit.db").stat().st_size <= len(before)
    assert listed(scanned_twice) == ["2"]
    assert osaudit(scanned_twice, "report", "--format", "text").code == 0

    again = osaudit(scanned_twice, "prune", "--keep-days", "1", "--keep-scans", "1")
    assert (again.code, again.err) == (0, "Nothing was removed: all 1 scans are kept.\n")


def test_prune_keeps_what_is_named(scanned_twice: Path) -> None:
    kept = osaudit(scanned_twice, "prune", "--keep-scans", "1", "--keep", "1")

    assert (kept.code, kept.err) == (0, "Nothing was removed: all 2 scans are kept.\n")
    refused(
        osaudit(scanned_twice, "prune", "--keep-scans", "1", "--keep", "17"),
        "The store holds no scan 17 to keep; `osaudit scans` lists those it holds.",
    )


def test_prune_keeps_what_scans_are_compared_with(scanned_twice: Path) -> None:
    assert "Nothing was removed" in osaudit(scanned_twice, "prune", "--keep-scans", "1", "--baseline", "1").err
    (scanned_twice / "osaudit.yaml").write_text("retention: {keep_scans: 1}\nscan: {baseline: 1}\n", encoding="utf-8")

    assert "Nothing was removed" in osaudit(scanned_twice, "prune").err
    # No server runs any more, so the exit code is that of a scan which saw nothing.
    scanned = osaudit(scanned_twice, "scan")
    assert (scanned.code, "removed" in scanned.err) == (4, True)
    assert listed(scanned_twice) == ["1", "2", "3"]


def test_prune_needs_to_be_told_how_long(scanned_twice: Path) -> None:
    refused(
        osaudit(scanned_twice, "prune", "--keep", "1"),
        "Say how long scans are kept: --keep-days, --keep-scans, or retention in osaudit.yaml.",
    )
    assert osaudit(scanned_twice, "prune", "--keep-days", "0").code == 2
    assert listed(scanned_twice) == ["1", "2"]


def test_prune_never_runs_beside_a_scan(scanned_twice: Path) -> None:
    with scanning_alone(str(scanned_twice / "osaudit.db"), "process 17, since yesterday"):
        refused(
            osaudit(scanned_twice, "prune", "--keep-scans", "1"),
            "Another run writes into the store osaudit.db (process 17, since yesterday); wait for its end, or stop it.",
        )
        assert osaudit(scanned_twice, "prune", "--keep-scans", "1", "--dry-run").code == 0
    assert listed(scanned_twice) == ["1", "2"]


def test_retention_comes_from_the_file_and_gives_way_to_variable_and_option(scanned_twice: Path) -> None:
    (scanned_twice / "osaudit.yaml").write_text("retention: {keep_scans: 1, keep: [1]}\n", encoding="utf-8")

    shown = osaudit(scanned_twice, "config", "show", OSAUDIT_KEEP_DAYS="40").out
    assert re.search(r"^retention\.keep_scans +1 +osaudit\.yaml:1$", shown, re.MULTILINE)
    assert re.search(r"^retention\.keep +1 +osaudit\.yaml:1$", shown, re.MULTILINE)
    assert re.search(r"^retention\.keep_days +40 +OSAUDIT_KEEP_DAYS$", shown, re.MULTILINE)

    assert "Nothing was removed" in osaudit(scanned_twice, "prune", "--keep", "2", OSAUDIT_KEEP_SCANS="2").err
    assert "1 of 2 scans removed" in osaudit(scanned_twice, "prune", "--keep", "2").err


def test_a_scan_prunes_afterwards_where_that_is_configured(scanned_twice: Path) -> None:
    without = osaudit(scanned_twice, "scan")
    assert (without.code, "removed" in without.err) == (4, False)
    (scanned_twice / "osaudit.yaml").write_text("retention: {keep_scans: 1}\n", encoding="utf-8")

    scanned = osaudit(scanned_twice, "scan")

    # The exit code is that of the scan; no server runs any more.
    assert scanned.code == 4
    assert "2 of 4 scans removed, with " in scanned.err
    assert listed(scanned_twice) == ["2", "4"], "2 was made during a change"


def test_a_scan_that_cannot_prune_says_so_and_ends_as_it_would(scanned_twice: Path) -> None:
    (scanned_twice / "osaudit.yaml").write_text("retention: {keep_scans: 1, keep: [17]}\n", encoding="utf-8")

    scanned = osaudit(scanned_twice, "scan")

    assert scanned.code == 4
    assert "Old scans could not be removed: The store holds no scan 17 to keep;" in scanned.err
    assert listed(scanned_twice) == ["1", "2", "3"]


def test_a_backup_is_a_store_that_can_take_the_place_of_the_first(scanned_twice: Path) -> None:
    made = osaudit(scanned_twice, "store", "backup", "kept/osaudit-backup.db")
    assert (made.code, made.out, made.err) == (0, "kept/osaudit-backup.db\n", "Backed up 2 complete scans.\n")

    shown = [
        osaudit(scanned_twice, "report", "--format", "json", "-s", store) for store in ("osaudit.db", made.out[:-1])
    ]
    assert shown[0].code == 0
    assert shown[0] == shown[1]
    refused(
        osaudit(scanned_twice, "store", "backup", "kept/osaudit-backup.db"),
        "osaudit-backup.db exists already and is left as it is; name another file.",
    )


def test_check_says_that_a_store_is_whole_and_else_what_is_damaged_and_what_to_do(scanned_twice: Path) -> None:
    whole = osaudit(scanned_twice, "store", "check")
    assert (whole.code, whole.out, whole.err) == (0, "osaudit.db is whole: 2 scans can be read.\n", "")

    with closing(sqlite3.connect(scanned_twice / "osaudit.db")) as database:
        (scan, document) = database.execute(
            "select scan, document from visit_section join visit on visit.id = visit order by document desc limit 1"
        ).fetchone()
        database.execute("update document set body = zeroblob(40) where id = ?", (document,))
        database.commit()
    refused(
        osaudit(scanned_twice, "store", "check"),
        f"Document {document} (answers of scan {scan}) cannot be read (error).",
        "osaudit.db is damaged; keep it aside, with the files -wal and -shm beside it, and put the last good backup in "
        "its place.",
    )
    refused(
        osaudit(scanned_twice, "report", str(scan)),
        "The store holds something that cannot be read (error); `osaudit store check` says what, and what to do.",
    )


def test_a_store_in_postgresql_is_pruned_and_checked_and_backed_up_by_other_means(
    tmp_path: Path, postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", postgresql.password)
    location = postgresql.new_database()
    filled(location, range(3))

    def told(*arguments: str) -> Ended:
        return osaudit(tmp_path, *arguments, "--store", location)

    assert told("store", "check") == Ended(0, f"{location} is whole: 3 scans can be read.\n")
    refused(told("store", "backup", "copy.db"), "no file but a database of PostgreSQL; back it up with `pg_dump`.")
    with scanning_alone(location, "process 17", "dmz"):
        refused(
            told("prune", "--keep-scans", "1"),
            f"Another run writes into the store {location} (process 17, from 127.0.0.1); wait for its end, or stop it.",
        )
    pruned = "2 of 3 scans removed, with 2 documents that nothing else needs.\n"
    assert told("prune", "--keep-scans", "1") == Ended(0, "", pruned)

    postgresql.run("update document set body = '' where id = 1", location.rpartition("/")[2])
    refused(
        told("store", "check"),
        "Document 1 (inventory of scan 3) cannot be read (error).",
        f"{location} is damaged; keep a copy of the database, and restore its last good backup.",
    )
    assert list(tmp_path.iterdir()) == []


def test_a_store_of_an_earlier_schema_is_backed_up_and_upgraded_with_one_sentence(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "osaudit.db")) as database:
        database.executescript((DATABASES / "0001.sql").read_text(encoding="utf-8"))

    first, second = osaudit(tmp_path, "scans"), osaudit(tmp_path, "scans")

    upgraded = f"The store osaudit.db is brought from schema 0001 to {REVISION}; "
    assert first.err.splitlines()[0] == f"{upgraded}as it was it is kept in osaudit.schema-0001.db."
    assert "schema" not in second.err
