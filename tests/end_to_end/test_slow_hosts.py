"""Slow, hanging and refusing hosts: the others are read, and each cause is told."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from auditor.engine.completeness import completeness
from auditor.errors import FailureKind
from auditor.model.fact import Reason
from auditor.model.finding import Status
from auditor.simulation.infrastructure import ModelledEnvironment, ModelledInfrastructure, Reach
from auditor.simulation.options import Step, WSManOptions, hang
from auditor.transports.base import Limits
from tests.end_to_end.simulated import modelled, scan_once, serving

HOSTS = 60
LATENCY = 1.0
# Per host: five answers of a second each, signing in before them, and as much again for two slow cores.
LIMITS = Limits(connect=5.0, sign_in=10.0, question=10.0, visit=25.0)


def many() -> ModelledInfrastructure:
    base = modelled("reference")
    front_end = next(host for host in base.hosts if host.name == "prd-fe1")
    environment = base.environments[2]
    reach = {"host-10": Reach.REFUSED, "host-20": Reach.REFUSED}
    hosts = tuple(
        replace(front_end, name=f"host-{number}", reach=reach.get(f"host-{number}", Reach.OK))
        for number in range(HOSTS)
    )
    return replace(
        base,
        environments=(ModelledEnvironment(environment.name, environment.purpose, environment.hosting, hosts),),
    )


def test_sixty_hosts_of_which_three_hang_and_two_refuse(tmp_path: Path) -> None:
    slow = WSManOptions(latency=LATENCY)
    hanging = {
        "host-30": replace(slow, troubles={Step.CONNECTION: hang()}),
        "host-40": replace(slow, troubles={Step.CREATE: hang()}),
        "host-50": replace(slow, troubles={Step.RECEIVE: hang()}),
    }
    with serving(many(), tmp_path, options=hanging, otherwise=slow) as (_, inventory):
        began = time.monotonic()
        record = scan_once(inventory, tmp_path, limits=LIMITS)
        took = time.monotonic() - began

    failures = {name: visit.failure.kind for name, visit in record.visits.items() if visit.failure}
    assert set(failures) == {"host-10", "host-20", "host-30", "host-40", "host-50"}
    assert failures["host-10"] == failures["host-20"] == FailureKind.REFUSED
    assert failures["host-30"] is FailureKind.SILENT
    assert {failures["host-40"], failures["host-50"]} <= {FailureKind.HUNG, FailureKind.TIMED_OUT}
    sentences = {visit.failure.sentence for visit in record.visits.values() if visit.failure}
    assert len(sentences) == len(failures)  # each names its own address and what happened there
    assert len(record.visits) == HOSTS
    # The deadline of one host bounds the whole: everybody is visited at the same time.
    assert took < LIMITS.visit + 15

    assert record.judgement is not None
    unread = {item.subject.name: item for item in record.judgement.findings if item.check == "DATA-001"}
    assert {name for name, item in unread.items() if item.verdict.status is Status.FAIL} == set(failures)
    judged = [item for item in record.judgement.findings if item.check == "COMP-001"]
    unknown = {item.subject.name: item.verdict.reason for item in judged if item.verdict.status is Status.UNKNOWN}
    assert unknown == dict.fromkeys(failures, Reason.UNREACHABLE)
    assert completeness(record).hosts == tuple(sorted(failures))
