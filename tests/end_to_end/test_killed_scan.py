"""A scan that is killed at any moment loses no host that was finished, and is completed later."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from auditor.model.fact import Known
from auditor.model.finding import Status
from auditor.model.known_facts import PRIVATE_KEY_DIGEST
from auditor.model.question import Platform
from auditor.model.scan import Judgement, ScanRecord
from auditor.simulation.options import WSManOptions
from auditor.simulation.serving import ServedInfrastructure
from auditor.store import open_store
from tests.cli.program import Begun, osaudit, refused
from tests.end_to_end.conclusions import compared
from tests.end_to_end.simulated import modelled, serving

# The hosts end one after the other, the last about this long after the first was asked.
LAST_ENDS = 1.4


@dataclass(frozen=True)
class Site:
    folder: Path
    served: ServedInfrastructure
    undisturbed: ScanRecord

    @property
    def hosts(self) -> list[str]:
        return [host.name for host in self.undisturbed.inventory.hosts]

    def sign_ins(self) -> dict[str, int]:
        return {name: len(server.users) for name, server in self.served.servers.items()}


def stored(store: Path) -> ScanRecord:
    with open_store(str(store)) as opened:
        return opened.scan(1)


def visited(store: Path) -> set[str]:
    """Return the hosts whose visits are in the store, read as the database has them after the kill."""
    with closing(sqlite3.connect(store)) as database:
        return {name for (name,) in database.execute("select host from visit")}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    infrastructure = modelled("demo")
    pace = LAST_ENDS / len(infrastructure.hosts)
    options = {
        host.name: WSManOptions(command_seconds=pace * number) for number, host in enumerate(infrastructure.hosts, 1)
    }
    with serving(infrastructure, folder, options) as (served, _):
        undisturbed = osaudit(folder, "scan", "-s", "undisturbed.db")
        assert undisturbed.code == 0, undisturbed.err
        yield Site(folder, served, stored(folder / "undisturbed.db"))


@pytest.mark.parametrize("slice_", range(3))
def test_no_finished_host_is_lost_when_a_scan_is_killed(slice_: int, site: Site) -> None:
    after = LAST_ENDS * random.uniform(slice_, slice_ + 1) / 3
    store = site.folder / f"killed-{slice_}.db"
    before = site.sign_ins()

    begun = Begun(site.folder, "scan", "-s", store.name, "--change", "CHG1")
    begun.wait_for("Reading 7 hosts.")
    time.sleep(after)
    begun.process.kill()
    killed = begun.end()
    finished = visited(store)
    told = {line.split()[1].rstrip(":") for line in killed.err.splitlines() if "/7 " in line}
    assert told <= finished, f"killed {after} s after the beginning"
    assert finished < set(site.hosts), f"it was to be killed before its end, not {after} s after the beginning"

    between = site.sign_ins()
    resumed = osaudit(site.folder, "scan", "--resume", "-s", store.name, "--change", "CHG2", "--change", "CHG1")
    assert resumed.code == 0, resumed.err
    if finished:
        assert f"Reading {7 - len(finished)} of 7 hosts; {len(finished)} are read already." in resumed.err
    again = {name for name, number in site.sign_ins().items() if number > between[name]}
    assert again == set(site.hosts) - finished, "only what was not finished is visited"
    assert all(between[name] - before[name] == 1 for name in finished)

    record = stored(store)
    assert record.changes == ("CHG1", "CHG2")
    now, otherwise = compared(record), compared(site.undisturbed)
    other = {key: value for key, value in now.items() if otherwise.get(key) != value}
    # Digests were made with two keys, one before and one after: those of one environment may not compare.
    assert {check for check, _ in other} <= {"CONF-006"}
    assert {value[0] for value in other.values()} <= {Status.UNKNOWN}
    assert now.keys() == otherwise.keys()
    assert now.keys() == otherwise.keys()
    digests_compare_only_within_one_process(record, finished)


def digests(judgement: Judgement | None, hosts: set[str]) -> set[str]:
    assert judgement is not None
    found = {host: judgement.facts[host].get(PRIVATE_KEY_DIGEST) for host in hosts}
    assert all(isinstance(fact, Known) for fact in found.values()), found
    return {str(fact.value) for fact in found.values() if isinstance(fact, Known)}


def digests_compare_only_within_one_process(record: ScanRecord, finished: set[str]) -> None:
    """Digests of two keys are never equal and say that they do not compare; those of one key do."""
    windows = {name for name, visit in record.visits.items() if visit.platform is Platform.WINDOWS}
    first, second = digests(record.judgement, windows & finished), digests(record.judgement, windows - finished)
    keys = [{digest.partition(":")[0] for digest in half} for half in (first, second) if half]
    assert [len(names) for names in keys] == [1] * len(keys)
    assert len(keys) == 1 or keys[0] != keys[1]


def test_a_killed_scan_is_shown_as_incomplete_and_is_resumed_only_with_the_inventory_it_began_with(site: Site) -> None:
    begun = Begun(site.folder, "scan", "-s", "other.db")
    begun.wait_for("1/7")
    begun.process.kill()
    begun.end()
    assert "incomplete" in osaudit(site.folder, "scans", "-s", "other.db").out
    refused(
        osaudit(site.folder, "report", "1", "-s", "other.db"),
        "Scan 1 is incomplete; `osaudit scan --resume` completes it.",
    )
    text = (site.folder / "inventory.yaml").read_text(encoding="utf-8")
    (site.folder / "changed.yaml").write_text(text.replace("Quality", "Acceptance"), encoding="utf-8")

    other = osaudit(site.folder, "scan", "--resume", "-s", "other.db", "-i", "changed.yaml")
    anew = Begun(site.folder, "scan", "-s", "other.db")
    anew.wait_for("Scan 1 was not finished and stays incomplete: this is a new one.")
    anew.process.kill()
    anew.end()

    refused(other, "Scan 1 was begun with another inventory or reference and cannot be resumed; scan without --resume.")
