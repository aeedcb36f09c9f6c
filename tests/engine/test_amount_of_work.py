"""Judging twice as many hosts is twice the work, counted in calls: a time limit would depend on who else is at work."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from auditor.bundled import checks_folder
from auditor.engine.discovery import load_checks
from auditor.engine.runner import run_checks
from auditor.engine.subjects import Material
from auditor.engine.waiving import check_names, lay_waivers
from auditor.model.waiver import Waiver
from tests.engine.example_checks import material

CHECKS = load_checks([checks_folder()])
NAMES = check_names(CHECKS)
PURPOSES = ("development", "quality", "production", "lifetime")


def farms(number: int, size: int, **changes: Any) -> Material:
    """Return environments of one controller and front-ends, all cloned from one template."""
    environments = {f"E{index}": {"purpose": PURPOSES[index % 4]} for index in range(number)}
    hosts: dict[str, Any] = {}
    for environment in environments:
        for index in range(size):
            roles = ["front-end"] if index else ["deployment-controller", "front-end"]
            name = f"{environment}-{index}".lower()
            names = [f"web-{index}", f"web-{index}.{environment}.example"]
            hosts[name] = {"environment": environment, "roles": roles,
                           "facts": {"machine.guid": "template", "host.names": names}}  # fmt: skip
            for key, value in changes.items():
                hosts[name]["facts"][key.replace("__", ".")] = value
    return material({"environments": environments, "hosts": hosts})


def calls(stuff: Material, waivers: tuple[Waiver, ...] = ()) -> int:
    """Return how many functions are called to judge."""
    counted = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        findings = run_checks(CHECKS, stuff)
        lay_waivers(findings, waivers, stuff.inventory, stuff.judged_at.date(), NAMES)
    finally:
        sys.setprofile(before)
    return counted


UNREAD = {"unknown": "denied"}
SHAPES: dict[str, dict[str, Any]] = {
    "all well": {},
    "no mark read": {"machine__uuid": UNREAD, "machine__guid": UNREAD, "machine__macs": UNREAD},
    "one mark read, the same for all": {"machine__uuid": UNREAD, "machine__macs": UNREAD},
    "no network cards": {"machine__macs": []},
    "names not read": {"host__names": UNREAD},
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("grows", ["hosts", "environments"])
def test_twice_as_many_hosts_are_twice_the_work(shape: str, grows: str) -> None:
    small, large = ((8, 5), (8, 10)) if grows == "hosts" else ((8, 5), (16, 5))

    once, twice = calls(farms(*small, **SHAPES[shape])), calls(farms(*large, **SHAPES[shape]))

    assert once > 5000
    assert twice < 2.15 * once


def test_twice_as_many_hosts_and_waivers_are_twice_the_work() -> None:
    def judged(number: int) -> int:
        stuff = farms(number, 5)
        day = stuff.judged_at.date()
        waivers = tuple(
            Waiver("COMP-001", "because", "owner", "approver", day, day, host=host.name)
            for host in stuff.inventory.hosts
        )
        return calls(stuff, waivers)

    assert judged(16) < 2.15 * judged(8)
