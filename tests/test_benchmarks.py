"""The benchmarks do what they measure: no times here, which mean nothing while other tests run."""

from __future__ import annotations

from pathlib import Path

from auditor.model.fact import Known
from auditor.model.known_facts import VOLUMES
from auditor.store import open_store
from benchmarks import evaluation, year


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
