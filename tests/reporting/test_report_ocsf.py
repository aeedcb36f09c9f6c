"""OCSF Compliance Findings."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ocsf_json_schema import get_ocsf_schema

from auditor.diffing import compare
from auditor.model.finding import Status
from auditor.reporting.ocsf import COMPLIANCE, STATES, VERSION, ocsf_report
from auditor.reporting.page_shapes import ReportView
from auditor.reporting.shapes import Section
from auditor.reporting.view import build_view
from tests.reporting.formats import drifted_view, hidden, hostile_view, ocsf_schema, texts_of
from tests.reporting.northwind import drifted_record, healthy_record
from tests.reporting.pages import check_texts
from tests.reporting.records import without_check


def events(view: ReportView) -> dict[str, dict[str, Any]]:
    lines = ocsf_report(view).splitlines()
    found = {event["finding_info"]["uid"]: event for event in map(json.loads, lines)}
    assert len(found) == len(lines)
    return found


@pytest.mark.parametrize("view", [drifted_view(), hostile_view()], ids=["drifted", "hostile"])
def test_every_line_is_a_valid_compliance_finding(view: ReportView) -> None:
    for event in events(view).values():
        assert [error.message for error in ocsf_schema().iter_errors(event)] == []
        assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]


def test_the_schema_would_notice() -> None:
    event = next(iter(events(drifted_view()).values()))

    assert not ocsf_schema().is_valid(event | {"surprise": 1})
    assert not ocsf_schema().is_valid(event | {"severity_id": 7})
    assert not ocsf_schema().is_valid({name: value for name, value in event.items() if name != "compliance"})


@pytest.mark.parametrize("view", [drifted_view(), hostile_view()], ids=["drifted", "hostile"])
def test_every_finding_is_an_event_with_its_verdict_and_what_is_left_to_do(view: ReportView) -> None:
    found = events(view)

    assert set(found) == {finding.fingerprint for finding in view.findings}
    for finding in view.findings:
        event = found[finding.fingerprint]
        verdict = event["compliance"]
        assert (verdict["status_id"], verdict["status"]) == COMPLIANCE[Status(finding.status)]
        assert (event["status_id"], event["status"]) == STATES[finding.section]
        assert event["status_code"] == verdict["status_code"] == finding.status


def test_the_numbers_stand_for_the_words_of_the_published_dictionary() -> None:
    words = {
        name: {int(number): word for number, word in _captions(name).items()}
        for name in ("activity", "severity", "status")
    }
    for event in events(drifted_view()).values():
        assert event["activity_name"] == words["activity"][event["activity_id"]]
        assert event["severity"] == words["severity"][event["severity_id"]]
        assert event["status"] == words["status"][event["status_id"]]


def _captions(name: str) -> dict[str, str]:
    attributes = get_ocsf_schema(version=VERSION)["classes"]["compliance_finding"]["attributes"]
    return {number: item["caption"] for number, item in attributes[f"{name}_id"]["enum"].items()}


def test_only_what_somebody_has_to_look_at_is_severe() -> None:
    found = events(drifted_view())
    severities = {
        section: {found[item.fingerprint]["severity"] for item in drifted_view().findings if item.section is section}
        for section in Section
    }

    assert severities[Section.PASSED] == severities[Section.NOT_APPLICABLE] == {"Informational"}
    assert severities[Section.OPEN] == {"Critical", "High", "Medium"}
    assert "Critical" in severities[Section.UNDECIDED]
    assert all(event["compliance"]["checks"][0]["severity"] != "Unknown" for event in found.values())


def test_a_finding_is_created_once_updated_afterwards_and_closed_when_its_subject_goes() -> None:
    first = events(build_view(healthy_record(41), check_texts()))
    before, after = without_check(healthy_record(41), "TOPO-006"), without_check(drifted_record(42), "COMP-003")
    second = events(build_view(after, check_texts(), compare(before, after)))
    activities = {(event["compliance"]["control"], event["activity_name"]) for event in second.values()}
    closed = [event for event in second.values() if event["activity_name"] == "Close"]

    assert {event["activity_name"] for event in first.values()} == {"Create"}
    assert {("TOPO-006", "Create"), ("TOPO-004", "Update"), ("COMP-003", "Close")} <= activities
    assert {event["status"] for event in closed} == {"Archived"}
    assert [list(ocsf_schema().iter_errors(event)) for event in closed] == [[] for _ in closed]


def test_no_line_hides_anything_or_is_of_megabytes() -> None:
    text = ocsf_report(hostile_view())

    assert text.isascii() and len(text) < 1_000_000
    for line in text.splitlines():
        assert {character for item in texts_of(json.loads(line)) for character in hidden(item)} == set()
