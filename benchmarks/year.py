"""How large a year of nightly scans gets, and what diff and status cost then: python -m benchmarks.year.

Fifty servers in ten environments of one controller and four front-ends, scanned on 365 nights. Nothing goes over a
network, but every night is read, judged and stored as a scan does it. What changes:

- every night, on every server: the time, the free space, the digest of the private key, how long each answer took;
- now and then one server is not reached, or a service stands still for some nights;
- every week an environment gets a deployment, and every month all servers are patched and started again.

Prints a Markdown table; times are CPU seconds of the whole program, the median of some rounds.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from auditor.errors import FailureKind
from auditor.model.inventory import Inventory
from auditor.model.observation import Failure, Visit
from auditor.model.question import Answer
from auditor.settings.reference import load_reference
from auditor.simulation.infrastructure import load_infrastructure
from auditor.store import open_store
from benchmarks.evaluation import ENVIRONMENT_SIZE, write_infrastructure
from tests.end_to_end.offline import declared, judged, readings, visits

FIRST_NIGHT = datetime(2026, 1, 1, 2, 0, tzinfo=UTC)
SEED = 20260101
PATCHED_EVERY = 30
DEPLOYED_EVERY = 7
ROUNDS = 7


def nights(folder: Path, hosts: int, number: int) -> Iterator[tuple[Inventory, datetime, dict[str, Visit]]]:
    """Yield inventory, beginning and visits of every night."""
    chance = random.Random(SEED)  # noqa: S311 - a year that is the same each time
    write_infrastructure(folder, hosts)
    infrastructure = load_infrastructure(folder)
    inventory, base = declared(infrastructure), visits(infrastructure)
    stopped: dict[str, int] = {}
    for night in range(number):
        at = FIRST_NIGHT + timedelta(days=night)
        key = f"{chance.getrandbits(32):08x}"
        environment = night // DEPLOYED_EVERY % (hosts // ENVIRONMENT_SIZE)
        if night and night % PATCHED_EVERY == 0:
            base = {name: _patched(visit, at) for name, visit in base.items()}
        if night and night % DEPLOYED_EVERY == 0:
            prefix = f"e{environment}-"
            base = {name: _deployed(visit, night) if name.startswith(prefix) else visit for name, visit in base.items()}
        if chance.random() < 0.1:
            stopped[chance.choice(sorted(base))] = night + chance.randint(1, 4)
        stopped = {name: until for name, until in stopped.items() if until > night}
        lost = chance.choice(sorted(base)) if chance.random() < 0.1 else ""
        yield (
            inventory,
            at,
            {
                name: _refused(name, at)
                if name == lost
                else _on(visit, at, key, chance, standing_still=name in stopped)
                for name, visit in base.items()
            },
        )


def _refused(host: str, at: datetime) -> Visit:
    sentence = f"Nothing listens on {host}:5986; enable WinRM there (winrm quickconfig) or correct the port."
    return Visit(host, at, at + timedelta(seconds=2), failure=Failure(FailureKind.REFUSED, sentence))


def _on(visit: Visit, at: datetime, key: str, chance: random.Random, *, standing_still: bool) -> Visit:
    """Return a visit as it is on one night."""
    took = timedelta(milliseconds=chance.randint(5000, 20000))
    observed = at + took
    answers = {
        question: replace(answer, milliseconds=_milliseconds(chance)) for question, answer in visit.answers.items()
    }
    utc = observed - timedelta(milliseconds=chance.randint(50, 400))
    text = f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"
    _change(answers, "clock.time", utc=text)
    # Servers of one environment have one key, and its digest is another one in each scan.
    digest = hashlib.sha256(f"{key}/{visit.host.partition('-')[0]}".encode()).hexdigest()
    _change(answers, "install_folder.private_key_digest", digest=digest, key=key)
    disks = answers["hardware.disks"].value["rows"]
    # A disk fills for a month and is tidied then.
    used = (at - FIRST_NIGHT).days % PATCHED_EVERY * 200_000_000 + chance.randint(0, 50_000_000)
    free = [{**disk, "FreeSpace": disk["FreeSpace"] - used} for disk in disks]
    _change(answers, "hardware.disks", rows=free)
    if standing_still:
        services = [dict(row) for row in answers["services.states"].value["rows"]]
        services[0]["State"] = "Stopped"
        _change(answers, "services.states", rows=services)
    return replace(visit, started_at=at, observed_at=observed, answers=answers)


def _milliseconds(chance: random.Random) -> int:
    return int(chance.lognormvariate(3.0, 1.0))


def _patched(visit: Visit, at: datetime) -> Visit:
    """Return a visit after a patch: another start, other processes, another build of .NET's hosting."""
    answers = dict(visit.answers)
    system = [
        {**row, "LastBootUpTime": f"{at - timedelta(hours=4):%Y-%m-%dT%H:%M:%SZ}"}
        for row in answers["operating_system.system"].value["rows"]
    ]
    _change(answers, "operating_system.system", rows=system)
    month = (at - FIRST_NIGHT).days // PATCHED_EVERY
    listeners = [
        {**row, "pid": row["pid"] if row["pid"] == 4 else 4000 + (row["pid"] * 7 + month * 13) % 3000}
        for row in answers["listeners.ports"].value["listeners"]
    ]
    _change(answers, "listeners.ports", listeners=listeners)
    bundle = {f"Microsoft .NET 8.0.{11 + month} - Windows Server Hosting": {"PackageVersion": f"8.0.{11 + month}.1"}}
    _change(answers, "dotnet.hosting_bundles", subkeys=bundle)
    return replace(visit, answers=answers)


def _deployed(visit: Visit, night: int) -> Visit:
    """Return a visit after a deployment: modules run from other folders."""
    answers = dict(visit.answers)
    running = answers["install_folder.running"].value["entries"]
    moved = [
        {**entry, "name": f"{entry['name'].partition('.')[0]}.{night:04x}{index:02x}"}
        for index, entry in enumerate(running)
        if index % 3 == 0
    ]
    kept = [entry for index, entry in enumerate(running) if index % 3]
    entries = sorted([*moved, *kept], key=lambda entry: str(entry["name"]))
    _change(answers, "install_folder.running", entries=entries)
    return replace(visit, answers=answers)


def _change(answers: dict[str, Answer], question: str, **values: Any) -> None:
    answer = answers[question]
    assert isinstance(answer.value, Mapping)
    answers[question] = replace(answer, value={**answer.value, **values})


def fill(store: Path, hosts: int, number: int) -> None:
    """Make the store of a year."""
    reference = load_reference(None)
    with tempfile.TemporaryDirectory() as name, open_store(str(store), create=True) as opened:
        for inventory, at, seen in nights(Path(name), hosts, number):
            scan = opened.begin(inventory, reference, at)
            for visit in seen.values():
                opened.record(scan, visit)
            read = readings(inventory, seen)
            judgement = judged(inventory, seen, read, opened.earlier_scan(scan))
            opened.seal(scan, judgement, at + timedelta(minutes=1))


def cpu_seconds(store: Path, *arguments: str) -> float:
    """Return the CPU time, user and system, of one run of osaudit on the store."""
    command = [sys.executable, "-m", "auditor", *arguments, "--store", str(store)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.stderr is not None
    with process.stderr as complaints:
        said = complaints.read()
    assert process.returncode in (0, 3, 5), said
    return used.ru_utime + used.ru_stime


def sizes(store: Path) -> dict[str, int]:
    """Return how many bytes each table and index takes, as far as this SQLite can tell."""
    with closing(sqlite3.connect(store)) as database:
        try:
            found = database.execute("select name, sum(pgsize) from dbstat group by name order by 2 desc").fetchall()
        except sqlite3.OperationalError:
            return {}
    return {str(name): int(size) for name, size in found}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=50)
    parser.add_argument("--nights", type=int, default=365)
    parser.add_argument("--store", type=Path, help="Keep the store here; one that is there is measured as it is.")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        store = chosen.store or Path(name, "osaudit.db")
        if not store.exists():
            fill(store, chosen.hosts, chosen.nights)
        size = store.stat().st_size / 1_000_000
        seconds = {
            command: statistics.median(cpu_seconds(store, command) for _ in range(ROUNDS))
            for command in ("diff", "status")
        }
        print("| servers | nights | store, MB | diff, s CPU | status, s CPU |\n|---|---|---|---|---|")
        print(
            f"| {chosen.hosts} | {chosen.nights} | {size:.1f} | {seconds['diff']:.2f} | {seconds['status']:.2f} |",
            flush=True,
        )
        print()
        for part, taken in sizes(store).items():
            print(f"{part}: {taken / 1_000_000:.2f} MB")


if __name__ == "__main__":
    main()
