"""How the waivers of today stand beside the findings of a scan. A function of its input."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from auditor.engine.sight import name_few
from auditor.engine.waiving import find_lapsed, match_waivers
from auditor.model.finding import Finding, Status
from auditor.model.inventory import Inventory
from auditor.model.waiver import NEVER_WAIVED, Standing, Waiver, WaiverState

SOON = timedelta(days=30)


def standings(
    waivers: Iterable[Waiver], findings: Iterable[Finding], inventory: Inventory, today: date, names: Mapping[str, str]
) -> tuple[Standing, ...]:
    """Return the state of each waiver, in the order of the file; findings and inventory are those of one scan.

    Where several states hold, it is the one that has to be looked at first. `names` are those of `check_names`.
    """
    purposes = {environment.name: environment.purpose.value for environment in inventory.environments}
    matches = match_waivers(waivers, findings, purposes, names)
    lapsed = find_lapsed(matches, today)
    return tuple(
        _standing(waiver, matching, outgrown, today, names)
        for (waiver, matching), outgrown in zip(matches, lapsed, strict=True)
    )


def needing(findings: Iterable[Finding]) -> list[Finding]:
    """Return those findings that a waiver is for: failures, and verdicts that could not be given."""
    return [item for item in findings if item.verdict.status in (Status.FAIL, Status.UNKNOWN)]


def _standing(
    waiver: Waiver, matching: list[Finding], outgrown: list[Finding], today: date, names: Mapping[str, str]
) -> Standing:
    check = names.get(waiver.check, waiver.check)
    accepted = [item for item in needing(matching) if waiver.accepts(item.evidence_fingerprint)]
    covers = tuple(dict.fromkeys(item.subject.name for item in accepted))
    by_date = _by_date(waiver, today)
    if by_date is not None and by_date[0] is not WaiverState.EXPIRING:
        return Standing(waiver, check, *by_date, covers=covers)
    if outgrown:
        changed = name_few(item.subject.name for item in outgrown)
        note = f"Does not cover {changed}: the evidence is not what was accepted."
        return Standing(waiver, check, WaiverState.EVIDENCE_CHANGED, note, covers)
    if why := _why_dead(waiver, check, matching, covers, names):
        return Standing(waiver, check, WaiverState.DEAD, why, covers)
    state, note = by_date or (WaiverState.IN_FORCE, "")
    if not covers:
        note = f"{note} What it accepts could not be seen.".strip()
    return Standing(waiver, check, state, note, covers)


def _by_date(waiver: Waiver, today: date) -> tuple[WaiverState, str] | None:
    if waiver.until < today:
        return WaiverState.EXPIRED, f"Ended on {waiver.until}."
    if waiver.granted > today:
        return WaiverState.STARTS_LATER, f"Starts on {waiver.granted}."
    if waiver.until - today <= SOON:
        days = (waiver.until - today).days
        return WaiverState.EXPIRING, f"Ends in {days} {'day' if days == 1 else 'days'}." if days else "Ends today."
    return None


def _why_dead(
    waiver: Waiver, check: str, matching: list[Finding], covers: tuple[str, ...], names: Mapping[str, str]
) -> str:
    """Say why a waiver covers nothing; empty where it does, or where what it accepts could not be looked at."""
    if check in NEVER_WAIVED:
        return "This check cannot be waived."
    if waiver.check not in names:
        return "There is no such check."
    if not matching:
        return "Nothing was judged in its scope."
    statuses = {item.verdict.status for item in matching}
    if not statuses & {Status.FAIL, Status.UNKNOWN, Status.ERROR}:
        return "The verdicts in its scope need none."
    if not covers and Status.FAIL in statuses:
        return "Other waivers cover what is in its scope."
    return ""
