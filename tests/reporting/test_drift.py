"""Drift of facts in every form of a diff: the same changes, bounded, and harmless whatever the values hold."""

from __future__ import annotations

import dataclasses
import json
import unicodedata
from collections.abc import Mapping
from typing import Any

import pytest

from auditor.diffing import compare
from auditor.model.difference import Difference, ScanWindow
from auditor.model.fact import Facts, Known, NotKnown, Reason
from auditor.model.known_facts import (
    CLEAR_TEXT_SECRETS,
    MEMORY,
    PLATFORM_VERSION,
    SERVER_CONFIGURATION,
    SERVICES,
    VOLUMES,
    Service,
    Volume,
)
from auditor.model.scan import ScanRecord
from auditor.reporting.diff_verdict import diff_verdict
from auditor.reporting.diff_view import build_diff_view
from auditor.reporting.drift import drift_of
from auditor.reporting.html import html_diff
from auditor.reporting.json import json_diff
from auditor.reporting.terminal import terminal_diff
from tests.reporting.documents import Element, parsed
from tests.reporting.hostile import LONG, MARKUP, NASTY, hostile_record, hostile_texts
from tests.reporting.northwind import drifted_record, healthy_record
from tests.reporting.pages import check_texts
from tests.reporting.records import judged
from tests.reporting.test_report_json import mistakes

DENIED = NotKnown(Reason.DENIED, "The account may not look.")


def knowing(record: ScanRecord, values: Mapping[str, Any], host: str = "dev-1") -> ScanRecord:
    """Return the record with these facts of one host; a value may be why it is not known."""
    judgement = judged(record)
    own = dict(judgement.facts[host])
    own |= {name: value if isinstance(value, NotKnown) else Known(value) for name, value in values.items()}
    facts = {**judgement.facts, host: Facts(host, own)}
    return dataclasses.replace(record, judgement=dataclasses.replace(judgement, facts=facts))


def service(name: str, state: str = "running", **fields: Any) -> Service:
    return dataclasses.replace(Service(name, name, state, "auto", False, "LocalSystem", "C:\\x.exe", 4), **fields)


@pytest.fixture(scope="module")
def records() -> tuple[ScanRecord, ScanRecord]:
    """A service stopped, memory added, a setting gone, and a list that may no longer be read."""
    before, after = healthy_record(41), healthy_record(42)
    names = {SERVICES.name: (service("W3SVC"), service("WAS")), MEMORY.name: 8 * 2**30, PLATFORM_VERSION.name: None}
    changed = {
        SERVICES.name: (service("W3SVC", "stopped"), service("WAS")),
        MEMORY.name: 16 * 2**30,
        PLATFORM_VERSION.name: "11.38.0",
        CLEAR_TEXT_SECRETS.name: DENIED,
    }
    return knowing(before, {**names, CLEAR_TEXT_SECRETS.name: ()}), knowing(after, changed)


@pytest.fixture(scope="module")
def difference(records: tuple[ScanRecord, ScanRecord]) -> Difference:
    return compare(*records, windows=(ScanWindow(42, ("CHG1234",)),))


EXPECTED = [
    ("hardware.memory", "", "", "8.0 GiB (8589934592 bytes)", "16.0 GiB (17179869184 bytes)"),
    ("platform_server.version", "", "", "none", "11.38.0"),
    ("services", "W3SVC", "state", "running", "stopped"),
]


def test_the_page_the_text_and_json_tell_the_same_drift(
    difference: Difference, records: tuple[ScanRecord, ScanRecord]
) -> None:
    page = parsed(html_diff(build_diff_view(difference, *records, check_texts()))).by_id("facts")
    document = json.loads(json_diff(difference))
    tables = {table.title: table for table in terminal_diff(difference).tables}
    (told,) = document["facts"]

    assert [
        (row["fact"], row["item"], row["field"], row["before"], row["after"]) for row in told["changes"]
    ] == EXPECTED
    assert _rows(page) == EXPECTED
    assert [row.cells[1:5:3] for row in tables["Facts"].rows[:3]] == [
        (fact, f"{before} → {after}") for fact, _, _, before, after in EXPECTED
    ]
    lost = "Not known now: server_configuration.clear_text_secrets. The account may not look."
    assert told["lost_sight"] == lost
    assert lost in page.text
    assert lost in tables["Facts"].rows[3].cells
    assert mistakes("diff", document) == []


def _rows(page: Element) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for row in page.all("tbody")[0].all("tr"):
        which, _, before, after = row.all("td")
        field = "".join(item.text for item in which.all("span", "quiet"))
        found.append((row.all("code")[0].text, which.text.removesuffix(field).strip(), field, before.text, after.text))
    return found


def test_the_verdict_counts_drift_and_an_announced_change_is_told_everywhere(difference: Difference) -> None:
    sentence = "What differs is expected: scan 42 was made during CHG1234."

    assert "3 facts drifted on 1 host." in diff_verdict(difference).sentences
    assert sentence in terminal_diff(difference).sentences
    assert json.loads(json_diff(difference))["expectation"] == "expected"


def test_drift_alone_is_not_nothing_and_sight_alone_is_no_drift() -> None:
    known, unknown = ({VOLUMES.name: value} for value in ((Volume("C:", 100, 50),), DENIED))
    lost = compare(knowing(healthy_record(41), known), knowing(healthy_record(42), unknown))

    assert not lost.is_empty
    assert not [sentence for sentence in diff_verdict(lost).sentences if "drifted" in sentence]


def test_hundreds_of_changes_are_bounded_and_counted_in_every_form() -> None:
    before = knowing(healthy_record(41), {SERVICES.name: tuple(service(f"S{n:03}") for n in range(500))})
    after = knowing(healthy_record(42), {SERVICES.name: tuple(service(f"S{n:03}", "stopped") for n in range(500))})
    difference = compare(before, after)
    (host,) = drift_of(difference)
    document = json.loads(json_diff(difference))
    table = next(item for item in terminal_diff(difference).tables if item.title == "Facts")

    assert (len(host.rows), host.amount) == (200, "500 changes")
    assert host.left_out == "300 more changes; the stored scans hold all."
    assert len(document["facts"][0]["changes"]) == 200
    assert document["facts"][0]["left_out"] == host.left_out
    assert mistakes("diff", document) == []
    assert (len(table.rows), table.rows[-1].cells[3]) == (13, "and 500 changes in all")


def test_hostile_facts_and_changes_are_shown_bounded_and_never_obeyed() -> None:
    record = hostile_record()
    (name, *_) = sorted(judged(record).facts)
    values = {
        SERVICES.name: (service(NASTY, LONG, account=MARKUP),),
        f"fact{NASTY}": {NASTY: [LONG]},
        f"other{NASTY}": (NASTY, LONG),
        SERVER_CONFIGURATION.name: None,
        f"lost{NASTY}": NotKnown(Reason.DENIED, NASTY + LONG),
    }
    earlier = {**values, f"fact{NASTY}": NASTY, f"other{NASTY}": (LONG,), f"lost{NASTY}": LONG, SERVICES.name: ()}
    before = knowing(record, earlier, name)
    after = dataclasses.replace(knowing(record, values, name), changes=(NASTY, LONG, MARKUP))
    difference = compare(before, after, windows=(ScanWindow(after.id, after.changes),))
    text = html_diff(build_diff_view(difference, before, after, hostile_texts()))
    terminal = terminal_diff(difference)
    cells = [cell for table in terminal.tables for row in table.rows for cell in row.cells]

    assert difference.facts
    parsed(text)
    assert "<script>alert" not in text
    assert len(text) < 2_000_000
    assert not [letter for letter in text if unicodedata.category(letter) in ("Cc", "Cf", "Cs") and letter != "\n"]
    for part in (terminal.headline, *terminal.sentences, *cells):
        assert len(part) <= 500
        assert not [letter for letter in part if unicodedata.category(letter)[0] == "C"]
    document = json.loads(json_diff(difference))
    assert mistakes("diff", document) == []
    assert all(len(row["after"] or "") < 400 for host in document["facts"] for row in host["changes"])


def test_the_order_of_facts_and_rows_does_not_matter(records: tuple[ScanRecord, ScanRecord]) -> None:
    before, after = records
    judgement = judged(after)
    turned = {
        host: Facts(host, {name: _turned(fact) for name, fact in reversed(list(facts))}, facts.otherwise)
        for host, facts in reversed(list(judgement.facts.items()))
    }
    other = dataclasses.replace(after, judgement=dataclasses.replace(judgement, facts=turned))

    assert json_diff(compare(before, other)) == json_diff(compare(before, after))


def _turned(fact: Known[Any] | NotKnown) -> Known[Any] | NotKnown:
    is_list = isinstance(fact, Known) and isinstance(fact.value, tuple)
    return Known(tuple(reversed(fact.value)), fact.questions) if is_list and isinstance(fact, Known) else fact


def test_the_drifted_scan_of_the_example_tells_no_drift_of_a_host_that_was_not_read() -> None:
    assert "qa-1" not in {change.host for change in compare(healthy_record(41), drifted_record(42)).facts}
