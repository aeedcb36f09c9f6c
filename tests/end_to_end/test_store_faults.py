"""Kills, a full disk, a read-only folder, a damaged file: nothing sealed is lost, and each has its sentence."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from auditor.errors import StoreError
from auditor.store import open_store
from tests.cli.program import ROOT, command, variables
from tests.store.test_pruning import filled

INVENTORY = """infrastructure: example
environments:
  - name: Development
    purpose: development
    hosts: [{name: dev-1, address: 127.0.0.1, port: 9, sign_in: ntlm, user: u, password: {environment: NOT_SET}}]
"""


def test_nothing_is_lost_when_scans_prunings_backups_and_upgrades_are_killed_at_any_moment() -> None:
    killing = [sys.executable, "-m", "benchmarks.kills", "--runs", "40"]
    done = subprocess.run(killing, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.split("|")[1:5] for line in done.stdout.splitlines() if line.startswith("| ")][1:]
    assert [row[0].strip() for row in rows] == ["scan", "prune", "backup", "upgrade"]
    assert all(int(killed) > 0 for _, _, killed, _ in rows), "none was killed before its end"


@dataclass(frozen=True)
class Kept:
    """A folder with an inventory and a store, and what the store holds of each sealed scan."""

    folder: Path
    sealed: dict[int, object]

    @property
    def store(self) -> Path:
        return self.folder / "osaudit.db"


def sealed(store: Path) -> dict[int, object]:
    with open_store(str(store)) as opened:
        assert opened.check() == ()
        return {scan.id: opened.scan(scan.id).visits for scan in opened.scans()}


def run(folder: Path, *arguments: str, around: tuple[str, ...] = ()) -> tuple[int, str]:
    """Run osaudit, inside of what makes trouble; return exit code and the lines that it says last."""
    inside = [*around, *command(*arguments)]
    done = subprocess.run(inside, cwd=folder, env=variables(), capture_output=True, text=True, timeout=60, check=False)
    lines = [line for line in done.stderr.splitlines() if line.startswith("osaudit: ")]
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, " ".join(lines)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    folder = tmp_path / "kept"
    folder.mkdir()
    (folder / "inventory.yaml").write_text(INVENTORY, encoding="utf-8")
    with filled(folder / "osaudit.db", range(4)):
        pass
    return Kept(folder, sealed(folder / "osaudit.db"))


def full_disk(folder: Path, room: int) -> tuple[str, ...]:
    """Return what runs a command in this folder on a disk of its own, with so many bytes left beside its files."""
    files = f"size=$(du -sk . | cut -f1); mount -t tmpfs -o size=$((size + {room // 1024}))k none {folder}.disk"
    script = f'mkdir -p {folder}.disk && {files} && cp -a . {folder}.disk && cd {folder}.disk && "$@"; code=$?; '
    back = f"rm -rf {folder}.after && cp -a {folder}.disk {folder}.after; exit $code"
    return ("unshare", "--mount", "sh", "-c", script + back, "sh")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("scan",), "The store osaudit.db cannot be used: database or disk is full; look at its disk and its rights."),
        (("store", "backup", "copy.db"), "The store cannot be copied to copy.db: database or disk is full;"),
        (("prune", "--keep-scans", "1"), "The store osaudit.db cannot be used: database or disk is full;"),
    ],
)
def test_a_full_disk_ends_in_a_sentence_and_loses_nothing(arguments: tuple[str, ...], words: str, kept: Kept) -> None:
    ended, said = run(kept.folder, *arguments, around=full_disk(kept.folder, 40 * 1024))

    assert (ended, words in said) == (2, True), said
    after = kept.folder.with_name("kept.after")
    assert {number: sealed(after / "osaudit.db")[number] for number in kept.sealed} == kept.sealed
    assert [path.name for path in after.iterdir() if "copy" in path.name] == []


def test_an_upgrade_on_a_full_disk_is_not_begun(tmp_path: Path) -> None:
    folder = tmp_path / "old"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "osaudit.db")) as database:
        dump = ROOT / "fixtures" / "databases" / "0001.sql"
        database.executescript(dump.read_text(encoding="utf-8"))

    ended, said = run(folder, "scans", around=full_disk(folder, 48 * 1024))

    assert ended == 2
    assert "The store cannot be copied to osaudit.schema-0001.db: database or disk is full;" in said
    with closing(sqlite3.connect(folder.with_name("old.after") / "osaudit.db")) as database:
        assert database.execute("select version_num from alembic_version").fetchall() == [("0001",)]
        assert database.execute("select count(*) from scan").fetchall() == [(3,)]


READ_ONLY = (
    "unshare",
    "--mount",
    "sh",
    "-c",
    'mount --bind . . && mount -o remount,ro,bind . && cd "$PWD" && "$@"',
    "sh",
)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("scan",),
            "The store osaudit.db cannot be used: unable to open database file; look at its disk and its rights.",
        ),
        (("scan", "-s", "new.db"), "The store new.db cannot be made: Read-only file system; choose another place"),
        (
            ("scans",),
            "The store osaudit.db cannot be used: unable to open database file; look at its disk and its rights.",
        ),
    ],
)
def test_a_folder_that_cannot_be_written_is_told(arguments: tuple[str, ...], words: str, kept: Kept) -> None:
    ended, said = run(kept.folder, *arguments, around=READ_ONLY)

    assert (ended, words in said) == (2, True), said
    assert sealed(kept.store) == kept.sealed


def flipped(content: bytes, chance: random.Random) -> bytes:
    """Return a file with some bytes of one page changed."""
    changed = bytearray(content)
    page = chance.randrange(len(content) // 4096)
    for _ in range(chance.choice((1, 16, 400))):
        changed[page * 4096 + chance.randrange(4096)] ^= chance.randrange(1, 256)
    return bytes(changed)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda content: b"SQLite formax 3" + content[15:], "is damaged, or no store at all (file is not a database)"),
        (lambda content: content[:5000], "is damaged, or no store at all (database disk image is malformed)"),
        (lambda content: content[: len(content) // 2], "is damaged"),
        (lambda content: b"", "is empty: no scan was ever begun in it, or its content was lost; put a backup"),
        (lambda content: content[:4096] + b"\xff" * 8192 + content[12288:], "is damaged"),
    ],
    ids=["header", "cut in a page", "cut in half", "emptied", "pages overwritten"],
)
def test_a_damaged_file_is_told_with_what_to_do_and_a_backup_takes_its_place(
    damage: Callable[[bytes], bytes], words: str, kept: Kept
) -> None:
    with open_store(str(kept.store)) as opened:
        opened.back_up(kept.folder / "copy.db")
    kept.store.write_bytes(damage(kept.store.read_bytes()))

    ended, said = run(kept.folder, "report", "--format", "text")

    assert (ended, words in said) == (2, True), said
    shutil.copyfile(kept.folder / "copy.db", kept.store)
    assert sealed(kept.store) == kept.sealed


def test_whatever_bytes_are_changed_reading_ends_with_what_was_stored_or_a_sentence(kept: Kept, tmp_path: Path) -> None:
    content, chance = kept.store.read_bytes(), random.Random(20261126)
    damaged = tmp_path / "damaged.db"
    found = 0
    for _ in range(60):
        for left in tmp_path.glob("damaged.db*"):
            left.unlink()
        damaged.write_bytes(flipped(content, chance))
        try:
            with open_store(str(damaged)) as opened:
                problems = opened.check()
                for scan in opened.scans():
                    opened.scan(scan.id)
                    opened.scan_before(scan.id)
                    opened.history(scan.id)
        except StoreError as error:
            assert str(error).endswith((".", "?")), error
            found += 1
        else:
            found += bool(problems)
    # The others hit what nothing uses, or a letter that any other letter could be.
    assert found > 15
