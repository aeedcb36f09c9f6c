"""Laying waivers beside findings: the verdict stays what it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import date

from auditor.model.finding import Finding, Status, SubjectKind
from auditor.model.inventory import Inventory
from auditor.model.waiver import Waiver

NEVER_WAIVED = frozenset({"DATA-001", "DATA-008", "DATA-013"})


def covers(waiver: Waiver, finding: Finding, purposes: dict[str, str]) -> bool:
    """Whether the waiver names this check and this subject."""
    if finding.check in NEVER_WAIVED or waiver.check not in (finding.check, finding.slug):
        return False
    subject = finding.subject
    if waiver.host is not None and (subject.kind is not SubjectKind.HOST or subject.name != waiver.host):
        return False
    if waiver.environment is not None and subject.environment != waiver.environment:
        return False
    return waiver.purpose is None or purposes.get(subject.environment) == waiver.purpose


def lay_waivers(
    findings: Iterable[Finding], waivers: Iterable[Waiver], inventory: Inventory, today: date
) -> tuple[Finding, ...]:
    """Return the findings, each with the waiver in force that covers it; only failures and unknowns take one."""
    purposes = {environment.name: environment.purpose.value for environment in inventory.environments}
    in_force = [waiver for waiver in waivers if waiver.granted <= today <= waiver.until]
    result = []
    for finding in findings:
        waiver = next((item for item in in_force if covers(item, finding, purposes)), None)
        takes_one = finding.verdict.status in (Status.FAIL, Status.UNKNOWN)
        result.append(dataclasses.replace(finding, waiver=waiver) if waiver and takes_one else finding)
    return tuple(result)
