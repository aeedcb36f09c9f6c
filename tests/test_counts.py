"""What a scan costs, in counts that do not depend on the computer: calls, statements, rows, bytes.

Times mean nothing while other tests run. Instructions as callgrind counts them would see the time spent inside
libraries too, but they are others for each build of Python and each release of a library; calls of our own functions
are not. Who changes a number here on purpose writes the new one beside it.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from auditor import bundled
from auditor.model.inventory import Inventory
from auditor.model.observation import Visit
from auditor.model.scan import Judgement
from auditor.reporting.html import html_report
from auditor.reporting.view import build_view
from auditor.scanning import arrived
from auditor.settings.reference import load_reference
from auditor.simulation.infrastructure import load_infrastructure
from auditor.store import open_store
from benchmarks.evaluation import write_infrastructure
from tests.end_to_end.offline import declared, judged, readings, visits
from tests.end_to_end.simulated import clock, rules

SMALL, LARGE = 5, 15
# One host more: calls of functions of osaudit and its checks.
CALLS_TO_ARRIVE = 3293
CALLS_TO_READ = 12293
CALLS_TO_JUDGE = 5578
# One host more in a scan, with what is read again of it to judge and to report.
STATEMENTS = 23.0
ROWS = 7.4
REPORT_BYTES = 39252
OWN = tuple(str(folder) for folder in (Path(bundled.__file__).parent, bundled.checks_folder()))


@dataclass(frozen=True)
class Fleet:
    """Hosts, what they answered, and what was concluded from it."""

    inventory: Inventory
    visits: dict[str, Visit]
    judgement: Judgement


def fleet(hosts: int, folder: Path) -> Fleet:
    folder.mkdir()
    write_infrastructure(folder, hosts)
    infrastructure = load_infrastructure(folder)
    inventory, answered = declared(infrastructure), visits(infrastructure)
    return Fleet(inventory, answered, judged(inventory, answered))


@pytest.fixture(scope="module")
def fleets(tmp_path_factory: pytest.TempPathFactory) -> tuple[Fleet, Fleet]:
    folder = tmp_path_factory.mktemp("counts")
    return fleet(SMALL, folder / "small"), fleet(LARGE, folder / "large")


def calls(work: Callable[[], object]) -> int:
    """Return how often functions with a name of our own were called or gone on with.

    Comprehensions are left out, which are functions in some releases of Python and not in others.
    """
    counted = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal counted
        code = frame.f_code
        counted += event == "call" and code.co_filename.startswith(OWN) and not code.co_name.startswith("<")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return counted


def per_host(fleets: tuple[Fleet, Fleet], number: Callable[[Fleet], int]) -> float:
    """Return what one host more adds: what is done once falls out."""
    small, large = fleets
    # Once before, so that whatever is kept between calls is there.
    number(small)
    return (number(large) - number(small)) / (LARGE - SMALL)


def about(number: float) -> object:
    return pytest.approx(number, rel=0.05)


def test_what_arrives_from_a_host_is_looked_through_with_so_many_calls(fleets: tuple[Fleet, Fleet]) -> None:
    def number(fleet: Fleet) -> int:
        return calls(lambda: [arrived(visit.answers, b"key") for visit in fleet.visits.values()])

    assert per_host(fleets, number) == about(CALLS_TO_ARRIVE)


def test_a_host_is_read_with_so_many_calls(fleets: tuple[Fleet, Fleet]) -> None:
    assert per_host(fleets, lambda one: calls(lambda: readings(one.inventory, one.visits))) == about(CALLS_TO_READ)


def test_a_host_is_judged_with_so_many_calls(fleets: tuple[Fleet, Fleet]) -> None:
    def number(fleet: Fleet) -> int:
        read = readings(fleet.inventory, fleet.visits)
        return calls(lambda: judged(fleet.inventory, fleet.visits, read))

    assert per_host(fleets, number) == about(CALLS_TO_JUDGE)


@contextmanager
def statements() -> Iterator[list[str]]:
    """Note what is said to any database."""
    said: list[str] = []

    def note(connection: object, cursor: object, statement: str, *others: object) -> None:
        said.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def stored(fleet: Fleet, file: Path) -> None:
    """Store and read a scan as `scanning.scan` does."""
    with open_store(str(file), create=True) as store:
        number = store.begin(fleet.inventory, load_reference(None), clock())
        for visit in fleet.visits.values():
            store.record(number, visit)
        store.scan(number)
        store.earlier_scan(number)
        store.seal(number, fleet.judgement, clock())
        store.scan(number)


def test_a_host_costs_so_many_statements_and_rows(fleets: tuple[Fleet, Fleet], tmp_path: Path) -> None:
    def number_of_statements(fleet: Fleet) -> int:
        with statements() as said, tempfile.TemporaryDirectory(dir=tmp_path) as folder:
            stored(fleet, Path(folder) / "osaudit.db")
        return len(said)

    def number_of_rows(fleet: Fleet) -> int:
        with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
            stored(fleet, file := Path(folder) / "osaudit.db")
            with closing(sqlite3.connect(file)) as connection:
                tables = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
                counted = [connection.execute(f'select count(*) from "{name}"').fetchone()[0] for name in tables]
        return sum(counted)

    assert per_host(fleets, number_of_statements) == about(STATEMENTS)
    assert per_host(fleets, number_of_rows) == about(ROWS)


def test_a_host_adds_so_many_bytes_to_the_report(fleets: tuple[Fleet, Fleet], tmp_path: Path) -> None:
    def number(fleet: Fleet) -> int:
        file = tmp_path / f"report-{len(fleet.visits)}.db"
        if not file.exists():
            stored(fleet, file)
        with open_store(str(file)) as store:
            record = store.scan(1)
        return len(html_report(build_view(record, rules().texts), bundled.templates_folder()).encode())

    assert per_host(fleets, number) == about(REPORT_BYTES)
