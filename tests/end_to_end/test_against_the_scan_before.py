"""What only a second scan can tell: it is compared with the last complete one of the same infrastructure."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from auditor.model.finding import Finding, Status
from auditor.model.scan import ScanRecord
from tests.end_to_end.simulated import modelled, scan_once, serving


def scanned(name: str, folder: Path) -> ScanRecord:
    """Scan a modelled infrastructure into the store of the folder, under one name for all."""
    with serving(modelled(name), folder) as (_, inventory):
        return scan_once(dataclasses.replace(inventory, infrastructure="Example"), folder)


def finding(record: ScanRecord, check: str, host: str) -> Finding:
    assert record.judgement is not None
    return next(item for item in record.judgement.findings if (item.check, item.subject.name) == (check, host))


def test_nothing_changed(tmp_path: Path) -> None:
    first, second = scanned("reference", tmp_path), scanned("reference", tmp_path)

    assert finding(first, "HW-011", "dev-1").verdict.status is Status.NOT_APPLICABLE
    assert finding(second, "HW-011", "dev-1").verdict.status is Status.PASS
    assert finding(first, "DATA-008", "dev-1").verdict.status is Status.PASS
    assert "as in the scan before" in finding(second, "DATA-008", "dev-1").verdict.sentence


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
