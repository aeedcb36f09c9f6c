"""What it costs to store a scan, beside raw sqlite3: one scan of so many servers, in this process.

The reference writes one row for each answer, each fact and each verdict with `executemany`, in one transaction, their
values as JSON. That keeps what osaudit keeps, but neither once per content nor compressed, nor a host at a time.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic_core import to_jsonable_python

from auditor.model.fact import Known
from auditor.model.inventory import Inventory
from auditor.model.observation import Visit
from auditor.model.scan import Judgement
from auditor.settings.reference import load_reference
from auditor.simulation.infrastructure import load_infrastructure
from auditor.store import open_store
from benchmarks.evaluation import write_infrastructure
from benchmarks.measuring import Run
from tests.end_to_end.offline import declared, judged, visits

TABLES = """
create table observation (scan integer, host text, question text, outcome text, detail text, value text);
create table fact (scan integer, host text, name text, value text);
create table verdict (scan integer, rule text, kind text, subject text, severity text, body text);
"""
MOMENT = datetime(2026, 1, 1, 2, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Material:
    """What a scan has found."""

    inventory: Inventory
    visits: dict[str, Visit]
    judgement: Judgement

    def rows(self) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
        """Yield each statement with its rows, their values as JSON."""
        yield (
            "insert into observation values (?, ?, ?, ?, ?, ?)",
            [
                (1, visit.host, answer.question, answer.outcome.value, answer.detail, _text(answer.value))
                for visit in self.visits.values()
                for answer in visit.answers.values()
            ],
        )
        yield (
            "insert into fact values (?, ?, ?, ?)",
            [
                (1, host, name, _text(fact.value if isinstance(fact, Known) else fact.reason))
                for host, facts in self.judgement.facts.items()
                for name, fact in facts
            ],
        )
        yield (
            "insert into verdict values (?, ?, ?, ?, ?, ?)",
            [
                (1, one.check, one.subject.kind.value, one.subject.name, one.severity.value, _text(one.verdict))
                for one in self.judgement.findings
            ],
        )


def made(hosts: int) -> Material:
    """Read and judge so many modelled hosts."""
    with tempfile.TemporaryDirectory() as name:
        write_infrastructure(Path(name), hosts)
        infrastructure = load_infrastructure(Path(name))
        inventory, answered = declared(infrastructure), visits(infrastructure)
    return Material(inventory, answered, judged(inventory, answered))


def contest(hosts: int, rounds: int) -> tuple[dict[str, list[Run]], dict[str, int]]:
    """Return the runs by way of storing, and the size of the file that each leaves."""
    material = made(hosts)
    ready = list(material.rows())
    ways: dict[str, Callable[[Path], None]] = {
        "raw sqlite3": lambda file: _raw(file, material.rows()),
        "raw sqlite3, values as JSON before": lambda file: _raw(file, iter(ready)),
        "osaudit: record and seal": lambda file: write(file, material),
    }
    runs: dict[str, list[Run]] = {name: [] for name in ways}
    sizes: dict[str, int] = {}
    for number in range(rounds):
        for name in ways if number % 2 == 0 else reversed(ways):
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "osaudit.db"
                begun, used = time.monotonic(), time.process_time()
                ways[name](file)
                runs[name].append(Run(time.monotonic() - begun, time.process_time() - used, 0))
                sizes[name] = file.stat().st_size
    return runs, sizes


def _raw(file: Path, statements: Iterator[tuple[str, list[tuple[Any, ...]]]]) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(TABLES)
        with connection:
            for statement, rows in statements:
                connection.executemany(statement, rows)


def write(file: Path, material: Material) -> None:
    """Write a scan as osaudit does."""
    with open_store(str(file), create=True) as store:
        scan = store.begin(material.inventory, load_reference(None), MOMENT)
        for visit in material.visits.values():
            store.record(scan, visit)
        store.seal(scan, material.judgement, MOMENT)


def _text(value: Any) -> str:
    return json.dumps(to_jsonable_python(value, fallback=str), separators=(",", ":"))
