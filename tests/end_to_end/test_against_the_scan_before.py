"""What only a second scan can tell: it is compared with the last complete one of the same infrastructure."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from auditor.evaluating import Rules, judge
from auditor.model.finding import Finding, Status
from auditor.model.reference import Reference
from auditor.model.scan import RuleSet, ScanRecord
from auditor.settings.reference import load_reference
from auditor.simulation.infrastructure import ModelledInfrastructure, Reach
from auditor.store import open_store
from tests.end_to_end.simulated import modelled, rules, scan_once, serving


def scanned(name: str, folder: Path, reference: Reference | None = None, refusing: str = "") -> ScanRecord:
    """Scan a modelled infrastructure into the store of the folder, under one name for all; one host may refuse."""
    with serving(with_refusal(modelled(name), refusing), folder) as (_, inventory):
        return scan_once(dataclasses.replace(inventory, infrastructure="Example"), folder, reference=reference)


def with_refusal(infrastructure: ModelledInfrastructure, refusing: str) -> ModelledInfrastructure:
    environments = [
        dataclasses.replace(
            environment,
            hosts=tuple(
                dataclasses.replace(host, reach=Reach.REFUSED) if host.name == refusing else host
                for host in environment.hosts
            ),
        )
        for environment in infrastructure.environments
    ]
    return dataclasses.replace(infrastructure, environments=tuple(environments))


def evaluated(folder: Path, scan: int, rules: Rules) -> Finding:
    """Judge a stored scan again, as `osaudit evaluate` does, and return what is said of the comparison."""
    with open_store(str(folder / "osaudit.db")) as store:
        record = store.scan(scan)
        judgement = judge(
            record.inventory,
            record.reference,
            record.visits,
            rules,
            judged_at=record.finished_at or record.started_at,
            previous=store.earlier_scan(scan),
        )
        store.judge_again(scan, judgement)
    return comparison(store.scan(scan))


def comparison(record: ScanRecord) -> Finding:
    return finding(record, "DATA-014", record.inventory.infrastructure)


def finding(record: ScanRecord, check: str, host: str) -> Finding:
    assert record.judgement is not None
    return next(item for item in record.judgement.findings if (item.check, item.subject.name) == (check, host))


def test_nothing_changed(tmp_path: Path) -> None:
    first, second = scanned("reference", tmp_path), scanned("reference", tmp_path)

    assert finding(first, "HW-011", "dev-1").verdict.status is Status.NOT_APPLICABLE
    assert finding(second, "HW-011", "dev-1").verdict.status is Status.PASS
    assert finding(first, "DATA-008", "dev-1").verdict.status is Status.PASS
    assert "as when it was last read" in finding(second, "DATA-008", "dev-1").verdict.sentence
    assert comparison(first).verdict.status is Status.NOT_APPLICABLE
    assert comparison(second).verdict.status is Status.PASS


def test_another_reference_is_told(tmp_path: Path) -> None:
    scanned("reference", tmp_path)
    with_another = scanned("reference", tmp_path, dataclasses.replace(load_reference(None), digest="another"))

    assert comparison(with_another).verdict.status is Status.FAIL
    assert comparison(with_another).verdict.sentence.startswith("The reference changed since the scan before")


def test_other_rules_are_told_until_the_scan_before_was_judged_by_them_too(tmp_path: Path) -> None:
    first, second = scanned("reference", tmp_path), scanned("reference", tmp_path)
    newer = dataclasses.replace(rules(), rule_set=RuleSet("newer", "9.9"))

    told = evaluated(tmp_path, second.id, newer)
    assert told.verdict.status is Status.FAIL
    assert told.verdict.sentence.startswith("The rules changed since the scan before")

    assert evaluated(tmp_path, first.id, newer).verdict.status is Status.NOT_APPLICABLE
    assert evaluated(tmp_path, second.id, newer).verdict.status is Status.PASS


@pytest.mark.parametrize(
    ("name", "failing"), [("network-card-changed", {"HW-011"}), ("machine-replaced", {"HW-011", "DATA-008"})]
)
def test_a_change_is_found_at_the_host_that_changed_and_nowhere_else(
    name: str, failing: set[str], tmp_path: Path
) -> None:
    first, second = scanned("reference", tmp_path), scanned(name, tmp_path)

    for record, expected in ((first, set()), (second, failing)):
        assert record.judgement is not None
        failed = {(item.check, item.subject.name) for item in record.judgement.findings if item.is_open}
        assert failed == {(check, "dev-1") for check in expected}


def test_a_machine_that_was_replaced_while_it_was_out_of_sight_is_found(tmp_path: Path) -> None:
    scans = [
        scanned("reference", tmp_path),
        scanned("reference", tmp_path, refusing="dev-1"),
        scanned("machine-replaced", tmp_path),
        scanned("machine-replaced", tmp_path),
    ]

    said = {
        check: [finding(record, check, "dev-1").verdict.status for record in scans] for check in ("HW-011", "DATA-008")
    }
    assert said == {
        "HW-011": [Status.NOT_APPLICABLE, Status.UNKNOWN, Status.FAIL, Status.PASS],
        "DATA-008": [Status.PASS, Status.UNKNOWN, Status.FAIL, Status.PASS],
    }
