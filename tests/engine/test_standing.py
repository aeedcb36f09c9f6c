"""The state of a waiver: by its dates, and by what the last complete scan found in its scope."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta

import pytest

from auditor.engine.standing import standings
from auditor.model.finding import Finding, Status
from auditor.model.waiver import Standing, Waiver, WaiverState
from tests.engine.test_waiving import INVENTORY, NAMES, TODAY, finding, measured, waiver

LATER = TODAY + timedelta(days=200)
ACCEPTED = measured().evidence_fingerprint


def standing(*waivers: Waiver, findings: tuple[Finding, ...] = (measured(),)) -> Standing:
    """Return how the first of the waivers stands."""
    return standings(waivers, findings, INVENTORY, TODAY, NAMES)[0]


@pytest.mark.parametrize(
    ("granted", "until", "state", "note"),
    [
        (-10, 31, WaiverState.IN_FORCE, ""),
        (0, 31, WaiverState.IN_FORCE, ""),
        (-10, 30, WaiverState.EXPIRING, "Ends in 30 days."),
        (-10, 1, WaiverState.EXPIRING, "Ends in 1 day."),
        (-10, 0, WaiverState.EXPIRING, "Ends today."),
        (-10, -1, WaiverState.EXPIRED, "Ended on 2026-03-01."),
        (1, 100, WaiverState.STARTS_LATER, "Starts on 2026-03-03."),
    ],
)
def test_the_state_follows_from_the_dates(granted: int, until: int, state: WaiverState, note: str) -> None:
    found = standing(waiver(granted=TODAY + timedelta(days=granted), until=TODAY + timedelta(days=until)))
    assert (found.state, found.note, found.covers) == (state, note, ("web-1",))


@pytest.mark.parametrize(
    ("laid", "note"),
    [
        (waiver("NO-001"), "There is no such check."),
        (waiver(host="web-9"), "Nothing was judged in its scope."),
        (waiver("DATA-001"), "This check cannot be waived."),
    ],
)
def test_a_waiver_that_covers_nothing_is_dead(laid: Waiver, note: str) -> None:
    found = standing(laid)
    assert (found.state, found.note, found.covers) == (WaiverState.DEAD, note, ())


def test_a_waiver_for_what_is_repaired_is_dead() -> None:
    found = standing(waiver(), findings=(finding(status=Status.PASS),))
    assert (found.state, found.note) == (WaiverState.DEAD, "The verdicts in its scope need none.")


def test_a_finding_that_looks_otherwise_comes_before_the_end_that_is_near() -> None:
    soon = dataclasses.replace(waiver(evidence=(ACCEPTED,)), until=TODAY)
    findings = (measured("11.26", host="web-2"), measured(host="web-3"))

    found = standing(soon, findings=findings)
    assert found.state is WaiverState.EVIDENCE_CHANGED
    assert found.note == "Does not cover web-2: the evidence is not what was accepted."
    assert found.covers == ("web-3",)


def test_what_another_waiver_covers_has_not_outgrown_this_one_which_is_dead() -> None:
    outgrown, renewed = waiver(evidence=(ACCEPTED,)), waiver(host="web-1")
    found = standing(outgrown, renewed, findings=(measured("11.26"),))
    assert (found.state, found.note) == (WaiverState.DEAD, "Other waivers cover what is in its scope.")


def test_a_waiver_whose_finding_cannot_be_seen_is_not_dead() -> None:
    found = standing(waiver(until=LATER, evidence=(ACCEPTED,)), findings=(finding(status=Status.UNKNOWN),))
    assert (found.state, found.note) == (WaiverState.IN_FORCE, "What it accepts could not be seen.")
    assert standing(waiver(until=LATER), findings=(finding(status=Status.UNKNOWN),)).covers == ("web-1",)


def test_every_waiver_has_its_state_in_the_order_of_the_file_and_the_id_of_its_check() -> None:
    listed = standings([waiver("an_old_name"), waiver("NO-001")], [measured()], INVENTORY, TODAY, NAMES)
    assert [(item.check, item.state) for item in listed] == [
        ("COMP-001", WaiverState.IN_FORCE),
        ("NO-001", WaiverState.DEAD),
    ]
    assert date(2026, 12, 31) == listed[0].waiver.until
