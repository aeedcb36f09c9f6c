"""Laying waivers beside findings: the verdict stays what it is."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from auditor.engine.declaration import Check
from auditor.model.finding import Finding, Status, Subject, SubjectKind
from auditor.model.inventory import Inventory
from auditor.model.waiver import NEVER_WAIVED, Waiver

# A scan keeps those waivers that were laid beside a finding; this check judges all that were declared on its day.
JUDGES_WAIVERS = frozenset({"TOPO-011"})

# What a waiver names: the check, and the narrowest of host, environment and purpose, or None for all subjects.
_Key = tuple[str, str | None, str | None]


def check_names(checks: Iterable[Check]) -> dict[str, str]:
    """Return the id of a check for each name that people may use for it: id, slug, and what it was called before."""
    return {name: check.id for check in checks for name in (check.id, check.slug, *check.formerly)}


def match_waivers(
    waivers: Iterable[Waiver], findings: Iterable[Finding], purposes: Mapping[str, str], names: Mapping[str, str]
) -> list[tuple[Waiver, list[Finding]]]:
    """Give for each waiver the findings that it covers: those of the check and of the subjects that it names.

    `purposes` gives the purpose of each environment, `names` the id of a check for each of its names.
    """
    waivers = tuple(waivers)
    if not waivers:
        return []
    offered: dict[_Key, list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.check not in NEVER_WAIVED:
            for key in _keys(finding, purposes):
                offered[key].append(finding)
    return [
        (waiver, [item for item in offered.get(key, ()) if _is_in_scope(waiver, item.subject, purposes)])
        for waiver in waivers
        for key in [_key(waiver, names.get(waiver.check, waiver.check))]
    ]


def _key(waiver: Waiver, check: str) -> _Key:
    for scope in ("host", "environment", "purpose"):
        if (name := getattr(waiver, scope)) is not None:
            return check, scope, name
    return check, None, None


def _keys(finding: Finding, purposes: Mapping[str, str]) -> Iterator[_Key]:
    check, subject = finding.check, finding.subject
    yield check, None, None
    if subject.kind is SubjectKind.HOST:
        yield check, "host", subject.name
    if subject.environment:
        yield check, "environment", subject.environment
        yield check, "purpose", purposes.get(subject.environment)


def _is_in_scope(waiver: Waiver, subject: Subject, purposes: Mapping[str, str]) -> bool:
    if waiver.host is not None and (subject.kind is not SubjectKind.HOST or subject.name != waiver.host):
        return False
    if waiver.environment is not None and subject.environment != waiver.environment:
        return False
    return waiver.purpose is None or purposes.get(subject.environment) == waiver.purpose


def find_lapsed(matches: Iterable[tuple[Waiver, list[Finding]]], today: date, *statuses: Status) -> list[list[Finding]]:
    """Give for each waiver the findings that it matches and that look otherwise than what was accepted.

    Only failures, or those of the `statuses` named, are looked at. A waiver that is not in force has none, and none is
    given that another one in force accepts. `matches` are those of `match_waivers`.
    """
    matches = list(matches)
    looked_at = [
        [item for item in matching if item.verdict.status in (statuses or (Status.FAIL,))]
        if waiver.is_in_force(today)
        else []
        for waiver, matching in matches
    ]
    accepted = {
        (item.check, item.subject)
        for (waiver, _), items in zip(matches, looked_at, strict=True)
        for item in items
        if waiver.accepts(item.evidence_fingerprint)
    }
    return [[item for item in items if (item.check, item.subject) not in accepted] for items in looked_at]


def lay_waivers(
    findings: Iterable[Finding],
    waivers: Iterable[Waiver],
    inventory: Inventory,
    today: date,
    names: Mapping[str, str],
) -> tuple[Finding, ...]:
    """Return the findings, each with the first waiver in force that covers it; only failures and unknowns take one.

    A waiver whose accepted evidence is not what was found covers nothing, and is named as lapsed with a failure that
    no other covers. `names` are those of `check_names`.
    """
    purposes = {environment.name: environment.purpose.value for environment in inventory.environments}
    in_force = [waiver for waiver in waivers if waiver.is_in_force(today)]
    findings = tuple(findings)
    needing = [item for item in findings if item.verdict.status in (Status.FAIL, Status.UNKNOWN)]
    laid: dict[tuple[str, Subject], Waiver] = {}
    lapsed: dict[tuple[str, Subject], Waiver] = {}
    for waiver, matching in match_waivers(in_force, needing, purposes, names):
        for finding in matching:
            beside = laid if waiver.accepts(finding.evidence_fingerprint) else lapsed
            beside.setdefault((finding.check, finding.subject), waiver)
    return tuple(_with_waiver(finding, laid, lapsed) for finding in findings)


def _with_waiver(
    finding: Finding, laid: Mapping[tuple[str, Subject], Waiver], lapsed: Mapping[tuple[str, Subject], Waiver]
) -> Finding:
    key = finding.check, finding.subject
    if key in laid:
        return dataclasses.replace(finding, waiver=laid[key])
    # What could not be looked at did not change.
    if key in lapsed and finding.verdict.status is Status.FAIL:
        return dataclasses.replace(finding, lapsed=lapsed[key])
    return finding
