"""What a waiver accepts stays the same in a night in which nobody touched anything, and no longer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from auditor.bundled import checks_folder
from auditor.engine.case_material import make_material, merge
from auditor.engine.cases import checks_for, load_cases
from auditor.engine.discovery import load_checks
from auditor.engine.runner import run_checks
from auditor.engine.waiving import check_names
from auditor.model.finding import Status

CASES_FOLDER = Path(__file__).parents[2] / "fixtures" / "checks"
CHECKS = load_checks([checks_folder()])

Document = Mapping[str, Any]


def failing(slug: str, name: str, changed: Document) -> dict[str, str]:
    """Return the fingerprints of the evidence of the failures of a case, by subject; the case is changed before."""
    (case,) = [case for case in load_cases(CASES_FOLDER / f"{slug}.toml") if case.name == name]
    material = make_material(merge(case.document, changed), check_names(CHECKS))
    return {
        finding.subject.name: finding.evidence_fingerprint
        for finding in run_checks(checks_for(slug, CHECKS), material)
        if finding.slug == slug and finding.verdict.status is Status.FAIL
    }


def facts(host: str, name: str, value: Any) -> Document:
    return {"hosts": {host: {"facts": {name: value}}}}


def volume(free: int) -> Document:
    return facts("prd-1", "hardware.volumes", [{"name": "C:", "size": 322122547200, "free": free}])


def keys(*digests: str) -> Document:
    changed: Document = {}
    for host, digest in zip(("prd-ctl", "prd-fe1", "prd-fe2"), digests, strict=True):
        changed = merge(changed, facts(host, "private_key.digest", digest))
    return changed


def applications(*names: str) -> Document:
    rows = [{"site": "Default Web Site", "path": f"/{name}", "pool": "p", "physical_path": r"C:\x"} for name in names]
    return facts("lt-1", "iis.applications", rows)


FULL, SHORT = "A byte less than 10 % is free", "A byte less than 20 % is free"
KEYS = "A front-end has a key of its own"
BUSY = "An order portal runs beside LifeTime"
APART = "One clock is five minutes ahead"


@pytest.mark.parametrize(
    ("slug", "case", "change"),
    [
        ("volumes_have_enough_free_space", FULL, volume(31_000_000_000)),
        ("volumes_have_enough_free_space", SHORT, volume(60_000_000_000)),
        ("clocks_are_in_step", APART, facts("prd-fe1", "clock.offset", 312.0)),
        ("collector_clock_is_sane", "One host is five minutes late", facts("dev-2", "clock.offset", -280.0)),
        ("observations_are_fresh", "A day and a second ago", {"judged_at": datetime(2026, 3, 2, 9, tzinfo=UTC)}),
        ("one_private_key_per_environment", KEYS, keys("e5f6:77aa", "e5f6:77aa", "e5f6:99bb")),
        ("lifetime_environment_carries_no_business_application", BUSY, applications("OrderPortal")),
    ],
)
def test_what_is_another_every_night_does_not_reopen_a_finding(slug: str, case: str, change: Document) -> None:
    before, after = failing(slug, case, {}), failing(slug, case, change)
    assert before
    assert after == before


@pytest.mark.parametrize(
    ("slug", "case", "change"),
    [
        ("volumes_have_enough_free_space", SHORT, volume(31_000_000_000)),
        ("clocks_are_in_step", APART, facts("prd-fe2", "clock.offset", 900.0)),
        ("clocks_are_in_step", APART, facts("prd-fe2", "clock.time_source", "NoSync")),
        ("collector_clock_is_sane", "One host is five minutes late", facts("dev-1", "clock.offset", -280.0)),
        ("one_private_key_per_environment", KEYS, keys("e5f6:77aa", "e5f6:99bb", "e5f6:99bb")),
        ("lifetime_environment_carries_no_business_application", BUSY, applications("Shop")),
        (
            "cache_broker_designated",
            "A server names no cache invalidation host",
            facts("prd-ctl", "server_configuration", {"cache_host": {"absent": True}}),
        ),
        (
            "lifetime_not_in_existing_environment",
            "Only the payload of the combined installer is there",
            {"hosts": {"dev-1": {"components": {"lifetime": "present"}}}},
        ),
    ],
)
def test_what_somebody_did_reopens_a_finding(slug: str, case: str, change: Document) -> None:
    before, after = failing(slug, case, {}), failing(slug, case, change)
    assert before.keys() == after.keys() != set()
    assert before != after
