"""Report and diff as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

import auditor
from auditor.diffing import compare
from auditor.model.scan import ScanRecord
from auditor.reporting.json import json_diff, json_report
from auditor.reporting.view import build_view
from tests.reporting.hostile import hostile_record, hostile_texts
from tests.reporting.northwind import drifted_record, healthy_record, reference_inventory, without_sight_of
from tests.reporting.pages import check_texts

SCHEMAS = Path(auditor.__file__).parent.parent / "docs" / "schemas"


def mistakes(name: str, document: Any) -> list[str]:
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return [
        error.message for error in Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(document)
    ]


@pytest.mark.parametrize("record", [healthy_record(), drifted_record(), hostile_record()])
def test_a_report_is_valid_against_its_schema(record: ScanRecord) -> None:
    document = json.loads(json_report(build_view(record, hostile_texts())))

    assert mistakes("report", document) == []
    assert document["osaudit_report"] == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (healthy_record(41), drifted_record(42)),
        (drifted_record(41), healthy_record(42)),
        (hostile_record(), hostile_record()),
        (healthy_record(41), hostile_record()),
    ],
)
def test_a_comparison_is_valid_against_its_schema(before: ScanRecord, after: ScanRecord) -> None:
    if before.inventory.infrastructure != after.inventory.infrastructure:
        after = without_sight_of(healthy_record(42), reference_inventory().hosts[0])
    document = json.loads(json_diff(compare(before, after)))

    assert mistakes("diff", document) == []
    assert document["osaudit_diff"] == 1


def test_a_document_with_an_unknown_member_is_not_valid() -> None:
    document = json.loads(json_report(build_view(healthy_record(), check_texts())))
    document["findings"][0]["surprise"] = 1

    assert mistakes("report", document)


def test_the_text_is_ascii_without_control_characters() -> None:
    before = hostile_record()
    for text in (json_report(build_view(before, hostile_texts())), json_diff(compare(before, before))):
        assert all(character == "\n" or " " <= character <= "~" for character in text)


def test_components_have_state_version_and_evidence() -> None:
    document = json.loads(json_report(build_view(drifted_record(), check_texts())))
    dev = next(host for host in document["hosts"] if host["name"] == "dev-1")
    lifetime = next(item for item in dev["components"] if item["kind"] == "lifetime")

    assert (lifetime["state"], lifetime["version"]) == ("present", "11.28.0.1200")
    assert [item["bearing"] for item in lifetime["evidence"]] == ["speaks for it", "speaks for it"]


def test_a_lost_component_is_lost_sight_with_an_unknown_state() -> None:
    document = json.loads(json_diff(compare(healthy_record(), drifted_record())))
    lost = [item for item in document["components"] if item["host"] == "qa-1"]

    assert {(item["label"], item["after"]["state"]) for item in lost} == {("lost-sight", "unknown")}


def test_the_age_of_the_figures_is_told_or_said_not_to_be_known() -> None:
    line = "2 tables of figures, from sources of 2025-08-25 to 2026-08-17"
    told = build_view(healthy_record(), check_texts(), figures=line)
    silent = build_view(healthy_record(), check_texts())

    assert json.loads(json_report(told))["judged_by"]["figures"] == line
    assert json.loads(json_report(silent))["judged_by"]["figures"] is None
    assert ("Age of the rules' figures", line) in told.about[-1].rows
    (unsaid,) = [row[1] for row in silent.about[-1].rows if row[0] == "Age of the rules' figures"]
    assert unsaid.startswith("not known")
