"""How the waivers of a file stand, as rows for people and as versioned JSON; docs/schemas holds its schema."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date

from auditor.model.waiver import Standing, Waiver, WaiverState
from auditor.reporting.words import enumeration

WAIVERS_VERSION = 1
WAIVER_STATES = {
    WaiverState.IN_FORCE: "in force",
    WaiverState.STARTS_LATER: "starts later",
    WaiverState.EXPIRING: "expiring",
    WaiverState.EXPIRED: "expired",
    WaiverState.DEAD: "dead",
    WaiverState.EVIDENCE_CHANGED: "evidence changed",
}
HEADERS = ("State", "Check", "For", "Until", "Owner", "Covers", "Note", "Where")
_NAMED = 5


def waiver_rows(standings: Iterable[Standing]) -> list[tuple[str, ...]]:
    """Return one row for each waiver, under the `HEADERS`."""
    return [
        (
            WAIVER_STATES[item.state],
            item.check,
            _scope(item.waiver),
            item.waiver.until.isoformat(),
            item.waiver.owner,
            _few(item.covers),
            item.note,
            item.waiver.place,
        )
        for item in standings
    ]


def waivers_json(standings: Iterable[Standing], today: date, infrastructure: str, scan: int) -> str:
    """Return the waivers as JSON: as of today, and beside the findings of a scan."""
    content = {
        "osaudit_waivers": WAIVERS_VERSION,
        "today": today.isoformat(),
        "infrastructure": infrastructure,
        "scan": scan,
        "waivers": [_waiver(item, today) for item in standings],
    }
    return json.dumps(content, indent=1) + "\n"


def _waiver(item: Standing, today: date) -> dict[str, object]:
    waiver = item.waiver
    return {
        "check": item.check,
        "state": item.state.value,
        "note": item.note or None,
        "host": waiver.host,
        "environment": waiver.environment,
        "purpose": waiver.purpose,
        "reason": waiver.reason,
        "owner": waiver.owner,
        "approver": waiver.approver,
        "date": waiver.granted.isoformat(),
        "until": waiver.until.isoformat(),
        "days_left": (waiver.until - today).days,
        "evidence": list(waiver.evidence),
        "covers": list(item.covers),
        "place": waiver.place,
    }


def _scope(waiver: Waiver) -> str:
    names = [name for name in (waiver.host, waiver.environment, waiver.purpose) if name is not None]
    return enumeration(names) or "everything"


def _few(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more or "nothing"
