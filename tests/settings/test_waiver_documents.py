"""Waivers: each with reason, people, an end and a scope."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.errors import DocumentError
from auditor.model.waiver import NEVER_WAIVED, Waiver
from auditor.settings.waivers import load_waivers

Write = Callable[..., Path]

REQUIRED = "check: TOPO-006, reason: r, owner: o, approver: a"


def one(scope: str = "host: a", *, date: str = "2026-01-31", until: str = "2026-06-30", said: str = REQUIRED) -> str:
    return f"waivers:\n  - {{{said}, date: {date}, until: {until}, {scope}}}\n"


def mistakes(path: Path) -> list[tuple[int | None, str, str]]:
    with pytest.raises(DocumentError) as caught:
        load_waivers(path)
    return [(location.line, location.key, sentence) for location, sentence in caught.value.problems]


def test_a_waiver_becomes_a_value_with_its_place(write: Write) -> None:
    (waiver,) = load_waivers(write(one("environment: Development, purpose: development"), "waivers.yaml"))
    assert waiver == Waiver(
        check="TOPO-006",
        reason="r",
        owner="o",
        approver="a",
        granted=datetime.date(2026, 1, 31),
        until=datetime.date(2026, 6, 30),
        environment="Development",
        purpose="development",
        place="waivers.yaml:2",
    )


@pytest.mark.parametrize("text", ["", "waivers: []\n"])
def test_a_file_may_hold_none(write: Write, text: str) -> None:
    assert load_waivers(write(text)) == ()
    assert load_waivers(None) == ()


def test_a_waiver_may_hold_everywhere_when_that_is_said(write: Write) -> None:
    (waiver,) = load_waivers(write(one("infrastructure: true")))
    assert (waiver.host, waiver.environment, waiver.purpose) == (None, None, None)


def test_a_check_may_be_named_by_its_name_in_words(write: Write) -> None:
    said = REQUIRED.replace("TOPO-006", "lifetime_not_in_existing_environment")
    assert load_waivers(write(one(said=said)))[0].check == "lifetime_not_in_existing_environment"


def test_an_expired_waiver_is_loaded(write: Write) -> None:
    (waiver,) = load_waivers(write(one(date="2001-01-01", until="2001-02-01")))
    assert waiver.until.year == 2001


@pytest.mark.parametrize(
    ("date", "until", "is_taken"),
    [
        ("2026-01-31", "2027-01-31", True), ("2026-01-31", "2027-02-01", False), ("2024-02-29", "2025-02-28", True),
        ("2024-02-29", "2025-03-01", False), ("2023-02-28", "2024-02-28", True), ("2026-01-31", "2026-01-31", True),
        ("2026-01-31", "2026-01-30", False), ("9999-12-31", "9999-12-31", True),
    ],
)  # fmt: skip
def test_a_waiver_holds_twelve_months_at_most(write: Write, date: str, until: str, is_taken: bool) -> None:
    path = write(one(date=date, until=until))
    if is_taken:
        assert load_waivers(path)
    else:
        ((_, key, sentence),) = mistakes(path)
        assert key == "waivers[0].until"
        assert until in sentence


@pytest.mark.parametrize("check", sorted(NEVER_WAIVED))
def test_what_says_that_the_audit_can_be_trusted_is_never_waived(write: Write, check: str) -> None:
    ((_, key, sentence),) = mistakes(write(one(said=REQUIRED.replace("TOPO-006", check))))
    assert key == "waivers[0].check"
    assert "never waived" in sentence


def test_every_waiver_is_judged_though_another_is_not_well_formed(write: Write) -> None:
    path = write(
        "waivers:\n"
        "  - {check: topo-006, reason: r, owner: o, approver: a, date: 2026-01-31, until: soon, host: a}\n"
        "  - {check: DATA-001, reason: r, ownr: o, approver: a, date: 2026-01-31, until: 2026-02-30, host: a}\n"
        "  - {check: DATA-001, reason: r, owner: o, approver: a, date: 2026-01-31, until: 2028-01-31}\n"
        "  - {check: 'a b', reason: r, owner: o, approver: a, date: 2026-01-31, until: 2026-03-31, host: a,\n"
        "     purpose: test, infrastructure: true}\n"
        "  - {check: X-1, reason: r, owner: o, approver: a, date: 2026-01-31, until: 2026-03-31, host: a}\n"
        "  - {check: TOPO-006, reason: r, owner: o, approver: a, date: 2026-01-31, until: 2026-03-31, host: a,\n"
        "     infrastructure: true}\n"
    )
    assert [(line, key) for line, key, _ in mistakes(path)] == [
        (2, "waivers[0].check"), (2, "waivers[0].until"),
        (3, "waivers[1].owner"), (3, "waivers[1].until"), (3, "waivers[1].ownr"),
        (4, "waivers[2].check"), (4, "waivers[2]"), (4, "waivers[2].until"),
        (5, "waivers[3].check"), (6, "waivers[3].purpose"), (7, "waivers[4].check"), (9, "waivers[5].infrastructure"),
    ]  # fmt: skip


def test_a_list_without_its_key_is_told_what_is_expected(write: Write) -> None:
    ((_, _, sentence),) = mistakes(write("- {check: TOPO-006}\n"))
    assert sentence == "found a list; expected a group of settings: lines of `key: value` below it."


def test_a_waiver_may_name_the_evidence_that_was_accepted(write: Write) -> None:
    (waiver,) = load_waivers(write(one('host: a, evidence: ["3f9a01c27b5e", 0123456789ab]')))
    assert waiver.evidence == ("3f9a01c27b5e", "0123456789ab")
    assert load_waivers(write(one()))[0].evidence == ()


@pytest.mark.parametrize("evidence", ["[]", "3f9a01c27b5e", "[3F9A01C27B5E]", "[123456789012]", '["3f9a"]', "[true]"])
def test_what_is_no_list_of_fingerprints_is_refused(write: Write, evidence: str) -> None:
    ((line, key, _),) = mistakes(write(one(f"host: a, evidence: {evidence}")))
    assert line == 2
    assert key.startswith("waivers[0].evidence")
