"""Whether anything is lost when osaudit is killed while it writes: python -m benchmarks.kills.

Scans, prunings, backups and upgrades of a store run in processes of their own. Each is killed (SIGKILL) after a part of
the time that it takes; chance chooses it, from a fixed seed. After each the store is opened again: every sealed scan is
to be there as it was, all is to be readable, and what was interrupted is to come to its end when it is run again.
Prints a Markdown table; ends with 1 and what was lost if anything was.
"""

from __future__ import annotations

import argparse
import os
import random
import select
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

# Loaded before the processes are forked, so that chance falls on the work and not on this.
import alembic.command  # noqa: F401

from auditor import bundled
from auditor.evaluating import Rules
from auditor.model.inventory import Host, Inventory
from auditor.model.observation import Visit
from auditor.model.scan import ScanState
from auditor.model.unattended import Retention
from auditor.scanning import Bounds, ScanPlan, scan
from auditor.settings.reference import load_reference
from auditor.simulation.infrastructure import load_infrastructure
from auditor.store import open_store, scanning_alone
from auditor.transports.base import Reply, Request, Secrets, Transport
from tests.end_to_end.offline import declared, visits

ROOT = Path(__file__).parents[1]
SEED = 20261126
# Few servers, so that most of the time goes into writing.
INFRASTRUCTURE = "production-without-front-ends"
SCANS = 6
OLD_SCHEMA = "0001"
KEPT = 2
NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Recorded:
    """Transports that answer at once what a host has answered before."""

    seen: dict[str, Visit]

    @contextmanager
    def open(self, host: Host, secrets: Secrets) -> Iterator[Transport]:
        """Return the transport of one host."""
        yield _Answers(self.seen[host.name])


class _Answers:
    def __init__(self, visit: Visit) -> None:
        assert visit.platform is not None
        self.platform = visit.platform
        self._visit = visit

    def ask(self, request: Request) -> Reply:
        """Answer every question."""
        assert self._visit.channel is not None
        return Reply(self._visit.channel, self.platform, self._visit.answers, requests=1)


class _Silent:
    def began(self, hosts: int, already_done: int) -> None:
        """Say nothing."""

    def visited(self, visit: Visit) -> None:
        """Say nothing."""


class Bench:
    """What the runs have in common: what is scanned, and the stores from which each begins."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        infrastructure = load_infrastructure(bundled.infrastructures_folder() / INFRASTRUCTURE)
        self.inventory: Inventory = declared(infrastructure)
        self.rules = Rules.load((bundled.checks_folder(),))
        self._seen = visits(infrastructure)
        self.full, self.old = folder / "full.db", folder / "old.db"
        for number in range(SCANS):
            self.scan(self.full, number)
        with closing(sqlite3.connect(self.old)) as database:
            dump = ROOT / "fixtures" / "databases" / f"{OLD_SCHEMA}.sql"
            database.executescript(dump.read_text(encoding="utf-8"))

    def scan(self, store: Path, night: int, *, resume: bool = False) -> None:
        """Scan as the command does."""
        at = NOW + timedelta(days=night)
        seen = {host: replace(visit, started_at=at, observed_at=at) for host, visit in self._seen.items()}
        plan = ScanPlan(
            self.inventory, load_reference(None), self.rules, bounds=Bounds(scan_seconds=60.0, concurrency=1)
        )
        with open_store(str(store), create=True) as opened, scanning_alone(str(store), "a scan"):
            scan(
                plan, opened, Recorded(seen), lambda host: Secrets(), clock=lambda: at,
                digest_key=night.to_bytes(32, "big"), progress=_Silent(), resume=resume,
            )  # fmt: skip


Held = dict[int, object]
ALL_OF_A_SCAN = (
    "select infrastructure, started_at, finished_at, i.digest, r.digest from scan s "
    "join document i on i.id = inventory join document r on r.id = reference where s.id = ?",
    "select host, started_at, observed_at, channel, requests, milliseconds, digest from visit v "
    "join visit_section on visit = v.id join document d on d.id = document where scan = ? order by host, digest",
    "select j.id, kind, name, o.digest, f.digest, p.digest from judgement j join subject on judgement = j.id "
    "join document o on o.id = findings left join document f on f.id = facts left join document p on p.id = portrait "
    "where scan = ? order by j.id, kind, name",
)


def held(path: Path) -> Held:
    """Return what the file holds of each complete scan: its rows, and the digests of its documents."""
    with closing(sqlite3.connect(path)) as database:
        scans = [number for (number,) in database.execute("select id from scan where state = 'complete' order by id")]
        return {scan: [database.execute(query, (scan,)).fetchall() for query in ALL_OF_A_SCAN] for scan in scans}


def look_at(path: Path) -> Held:
    """Return what the file holds, after osaudit has opened it, resolved what was left open, and read all of it."""
    with open_store(str(path)) as opened:
        assert opened.check() == ()
    return held(path)


class Work:
    """One kind of work on a store: where it begins, what it does, and what must hold after it was killed."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    def begin(self, folder: Path) -> Path:
        """Put the store into an empty folder."""
        store = folder / "osaudit.db"
        shutil.copyfile(self.bench.full, store)
        return store

    def do(self, store: Path) -> None:
        """Do the work; may be killed at any moment."""
        raise NotImplementedError

    def look(self, store: Path, before: Held) -> None:
        """Assert what must hold after the kill, and that the work can be done now."""
        raise NotImplementedError


class Scanning(Work):
    """One more scan of a store."""

    def do(self, store: Path) -> None:
        """Scan."""
        self.bench.scan(store, SCANS)

    def look(self, store: Path, before: Held) -> None:
        """Every earlier scan is there; the one that was killed is complete, or is completed, or was never begun."""
        after = look_at(store)
        assert {number: after[number] for number in before} == before
        with open_store(str(store)) as opened:
            unfinished = [item for item in opened.scans() if item.state is ScanState.RUNNING]
        if unfinished or len(after) == SCANS:
            self.bench.scan(store, SCANS, resume=bool(unfinished))
        after = look_at(store)
        assert {number: after[number] for number in before} == before
        assert len(after) == SCANS + 1
        with open_store(str(store)) as opened:
            assert len(opened.complete_scan().visits) == len(self.bench.inventory.hosts)


class Pruning(Work):
    """All but the last two scans go."""

    def do(self, store: Path) -> None:
        """Prune."""
        with open_store(str(store)) as opened, scanning_alone(str(store), "a pruning"):
            old = opened.expendable(Retention(keep_scans=KEPT), NOW)
            if old:
                opened.remove(scan.id for scan in old)
            opened.shrink()

    def look(self, store: Path, before: Held) -> None:
        """All scans are there, or exactly those that stay; and again they can be pruned."""
        stay = dict(list(before.items())[-KEPT:])
        assert look_at(store) in (before, stay)
        self.do(store)
        assert look_at(store) == stay


class BackingUp(Work):
    """A copy beside the store."""

    def do(self, store: Path) -> None:
        """Back up."""
        with open_store(str(store)) as opened:
            opened.back_up(store.with_name("copy.db"))

    def look(self, store: Path, before: Held) -> None:
        """The store is as it was; the copy is whole or not there, and can be made then."""
        copy = store.with_name("copy.db")
        assert look_at(store) == before
        if not copy.exists():
            self.do(store)
        assert look_at(copy) == before


class Upgrading(Work):
    """A store of the first schema is opened."""

    def begin(self, folder: Path) -> Path:
        """Put the old store into an empty folder."""
        store = folder / "osaudit.db"
        shutil.copyfile(self.bench.old, store)
        return store

    def do(self, store: Path) -> None:
        """Open."""
        open_store(str(store))

    def look(self, store: Path, before: Held) -> None:
        """Opened again it is upgraded and as it was; each backup is whole and of the old schema."""
        assert look_at(store) == before
        copies = list(store.parent.glob("osaudit.schema-*.db"))
        assert copies
        for copy in copies:
            with closing(sqlite3.connect(copy)) as database:
                assert database.execute("pragma integrity_check").fetchall() == [("ok",)]
                assert database.execute("select version_num from alembic_version").fetchall() == [(OLD_SCHEMA,)]


def kill_after(work: Callable[[], None], seconds: float) -> bool:
    """Run work in a process of its own and kill it after some time; return whether it had not ended by then."""
    ready, go = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(ready, 1)
        work()
        os._exit(0)
    ended = os.pidfd_open(child)
    os.write(go, b"!")
    select.select([ended], [], [], seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    for descriptor in (ready, go, ended):
        os.close(descriptor)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "it failed by itself"
    return os.WIFSIGNALED(status)


KINDS: dict[str, type[Work]] = {"scan": Scanning, "prune": Pruning, "backup": BackingUp, "upgrade": Upgrading}


def run(work: Work, runs: int, chance: random.Random) -> tuple[int, list[str]]:
    """Kill a kind of work so many times; return how often it was killed before its end, and what went wrong."""
    with _prepared(work) as (store, before):
        lasts = _seconds(work, store)
    killed, wrong = 0, []
    for number in range(runs):
        after = chance.uniform(0, lasts)
        with _prepared(work) as (store, before):
            killed += kill_after(lambda at=store: work.do(at), after)  # type: ignore[misc]
            try:
                work.look(store, before)
            except Exception as error:  # noqa: BLE001 - whatever is wrong is told with the run
                wrong.append(f"run {number}, killed after {after * 1000:.0f} ms: {type(error).__name__}: {error}")
    return killed, wrong


def _seconds(work: Work, store: Path) -> float:
    begun = time.monotonic()
    kill_after(lambda: work.do(store), 60)
    return time.monotonic() - begun


@contextmanager
def _prepared(work: Work) -> Iterator[tuple[Path, Held]]:
    with tempfile.TemporaryDirectory(dir=work.bench.folder) as name:
        store = work.begin(Path(name))
        yield store, held(store)


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill, look and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200, help="in total")
    parser.add_argument("--seed", type=int, default=SEED)
    chosen = parser.parse_args(arguments)
    chance = random.Random(chosen.seed)  # noqa: S311 - the same moments each time
    lost: list[str] = []
    print("| what was killed | runs | before its end | something lost |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(Path(name))
        for kind, work in KINDS.items():
            runs = chosen.runs // len(KINDS)
            killed, wrong = run(work(bench), runs, chance)
            lost += [f"{kind}: {sentence}" for sentence in wrong]
            print(f"| {kind} | {runs} | {killed} | {len(wrong)} |", flush=True)
    print("".join(f"\n{sentence}" for sentence in lost), end="")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
