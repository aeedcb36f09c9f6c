"""The benchmarks do what they measure: no times here, which mean nothing while other tests run."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from auditor.model.fact import Known
from auditor.model.known_facts import VOLUMES
from auditor.simulation.infrastructure import load_infrastructure
from auditor.store import open_store
from benchmarks import compare, evaluation, ssh_fleet, store_rows, winrm_fleet, year
from benchmarks.measuring import Contender, Run, contest, ratio, run


def test_the_evaluation_benchmark_judges_healthy_hosts() -> None:
    verdicts, reading, judging = evaluation.measure(hosts=10, rounds=1)

    assert verdicts > 100
    assert reading > 0
    assert judging > 0


def test_the_year_is_one_of_sealed_scans_of_which_each_differs_from_the_one_before(tmp_path: Path) -> None:
    store = tmp_path / "osaudit.db"

    year.fill(store, hosts=5, number=3)

    with open_store(str(store)) as opened:
        nights = [opened.complete_scan(scan.id) for scan in opened.scans()]
        assert opened.check() == ()
    assert [len(night.visits) for night in nights] == [5, 5, 5]
    free = []
    for night in nights:
        assert night.judgement is not None
        fact = night.judgement.facts["e0-controller"].get(VOLUMES)
        assert isinstance(fact, Known)
        free.append(fact.value)
    assert free[0] != free[1] != free[2]
    assert year.sizes(store)["document"] > 0


def python(code: str) -> Contender:
    return Contender("a program", [sys.executable, "-c", code])


def test_a_run_counts_the_processor_time_of_children_too() -> None:
    busy = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    alone = run(python(busy))
    through_a_child = run(python(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}])"))
    assert 0.3 <= alone.cpu < through_a_child.cpu
    assert alone.wall >= 0.3
    assert 1_000_000 < alone.memory < 100_000_000


def test_a_program_that_fails_or_never_ends_spoils_the_contest_and_says_why() -> None:
    with pytest.raises(RuntimeError, match="no such host"):
        run(python("raise SystemExit('no such host')"))
    with pytest.raises(subprocess.TimeoutExpired):
        run(Contender("asleep", [sys.executable, "-c", "import time; time.sleep(60)"], seconds=0.5))


def test_ratios_are_those_of_the_same_round() -> None:
    ours, reference = ([Run(wall, 1.0, 0) for wall in walls] for walls in ((2.0, 30.0, 4.0), (1.0, 10.0, 4.0)))
    assert str(ratio(ours, reference, compare.wall)) == "2.00 (1.00 to 3.00)"
    assert str(ratio(reference, reference, compare.wall)) == "1.00"


def test_tables_are_written_between_the_marks_of_their_section(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "performance.md"
    page.write_text("before\n<!-- begin ssh -->\nold\n<!-- end ssh -->\n<!-- begin store -->\n<!-- end store -->\n")
    monkeypatch.setattr(compare, "PAGE", page)
    compare.write("ssh", "new")
    compare.write("ssh", "newer")
    assert page.read_text() == (
        "before\n<!-- begin ssh -->\n\nnewer\n<!-- end ssh -->\n<!-- begin store -->\n<!-- end store -->\n"
    )
    with pytest.raises(ValueError, match="no place for start-up"):
        compare.write("start-up", "new")


@pytest.mark.parametrize("part", compare.PARTS)
def test_the_page_has_a_place_for_every_part(part: str) -> None:
    assert f"<!-- begin {part} -->\n" in compare.PAGE.read_text(encoding="utf-8")


def test_every_client_reads_every_sshd_once() -> None:
    linux = compare.linux_hosts(3)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # The account of the servers reads its answers there.
        folder.chmod(0o755)
        with ssh_fleet.serving(folder, 3, {"linux": (linux, 0.0)}) as fleet:
            contenders = [
                Contender("paramiko", compare.client("paramiko_pool", fleet.described("linux"), 2)),
                Contender("osaudit", compare.client("osaudit_collection", fleet.inventory("linux", linux))),
            ]
            runs = contest(contenders, 1, fleet)
    assert {name: own[0].requests for name, own in runs.items()} == {"paramiko": 3, "osaudit": 3}
    assert all(own[0].peer_cpu > 0 for own in runs.values())


@pytest.mark.parametrize("https", [False, True])
def test_requests_are_counted_at_the_simulated_servers(tmp_path: Path, https: bool) -> None:
    evaluation.write_infrastructure(tmp_path, 5)
    with winrm_fleet.serving(tmp_path / "fleet", tmp_path, https=https) as fleet:
        bare, inventory = fleet.described(), fleet.inventory(load_infrastructure(tmp_path))
        password = {winrm_fleet.PASSWORD_VARIABLE: winrm_fleet.PASSWORD}
        contenders = [
            Contender("pywinrm", compare.client("pywinrm_pool", bare, 2)),
            Contender("pypsrp", compare.client("pypsrp_pool", bare, 2)),
            Contender("osaudit", compare.client("osaudit_collection", inventory), password),
        ]
        runs = contest(contenders, 1, fleet)
    assert {name: own[0].requests / 5 for name, own in runs.items()} == {"pywinrm": 6, "pypsrp": 5, "osaudit": 5}


def test_a_scan_is_stored_in_three_ways() -> None:
    runs, sizes = store_rows.contest(hosts=5, rounds=1)
    assert runs.keys() == sizes.keys() and len(runs) == 3
    assert all(own[0].cpu > 0 for own in runs.values())
