"""The benchmarks do what they measure: no times here, which mean nothing while other tests run."""

from __future__ import annotations

from benchmarks import evaluation


def test_the_evaluation_benchmark_judges_healthy_hosts() -> None:
    verdicts, reading, judging = evaluation.measure(hosts=10, rounds=1)

    assert verdicts > 100
    assert reading > 0
    assert judging > 0
