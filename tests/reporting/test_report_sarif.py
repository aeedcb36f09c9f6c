"""SARIF."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from auditor.diffing import compare
from auditor.model.finding import Severity, Status, Verdict
from auditor.reporting.page_shapes import ReportView
from auditor.reporting.sarif import KINDS, LEVELS, sarif_report
from auditor.reporting.view import build_view
from tests.reporting.formats import drifted_view, hidden, hostile_view, sarif_schema, texts_of
from tests.reporting.hostile import TRIGGERS, saying
from tests.reporting.northwind import drifted_record, healthy_record
from tests.reporting.pages import check_texts
from tests.reporting.records import judged, without_check


def run_of(view: ReportView) -> dict[str, Any]:
    document = json.loads(sarif_report(view))
    assert [error.message for error in sarif_schema().iter_errors(document)] == []
    (run,) = document["runs"]
    return dict(run)


def results(view: ReportView) -> dict[str, dict[str, Any]]:
    return {result["partialFingerprints"]["osaudit/v1"]: result for result in run_of(view)["results"]}


@pytest.mark.parametrize("view", [drifted_view(), hostile_view()], ids=["drifted", "hostile"])
def test_the_log_is_valid_and_has_a_result_for_each_finding(view: ReportView) -> None:
    found = results(view)

    assert set(found) == {finding.fingerprint for finding in view.findings}
    for finding in view.findings:
        result = found[finding.fingerprint]
        failed = finding.status == Status.FAIL
        assert result["kind"] == KINDS[Status(finding.status)]
        assert result["level"] == (LEVELS[Severity(finding.severity)] if failed else "none")
        assert result["properties"]["status"] == finding.status
        assert bool(result["suppressions"]) == (finding.waiver is not None)


def test_the_schema_would_notice() -> None:
    document = json.loads(sarif_report(drifted_view()))
    document["runs"][0]["results"][0]["kind"] = "fine"

    assert not sarif_schema().is_valid(document)


def test_each_result_leads_to_its_rule_and_each_rule_has_its_page() -> None:
    run = run_of(drifted_view())
    rules = run["tool"]["driver"]["rules"]

    assert [rule["id"] for rule in rules] == sorted({finding.check for finding in drifted_view().findings})
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    lifetime = next(rule for rule in rules if rule["id"] == "TOPO-006")
    assert lifetime["defaultConfiguration"]["level"] == "error"
    assert lifetime["help"]["text"].startswith("1. Install LifeTime in an environment of its own.\n2. ")
    assert lifetime["helpUri"] == "https://success.outsystems.com/documentation/11/"


def test_a_subject_has_a_logical_location_and_no_invented_path() -> None:
    for result in results(drifted_view()).values():
        (location,) = result["locations"]
        assert set(location) == {"logicalLocations"}
    names = {
        (item["kind"], item["fullyQualifiedName"])
        for result in results(drifted_view()).values()
        for item in result["locations"][0]["logicalLocations"]
    }
    assert {
        ("infrastructure", "Northwind Insurance"),
        ("environment", "Northwind Insurance/Production"),
        ("host", "Northwind Insurance/Production/prd-fe1"),
        ("host", "Northwind Insurance/mq-1"),
    } <= names


def test_the_scan_before_is_the_baseline() -> None:
    before, after = without_check(healthy_record(41), "TOPO-006"), without_check(drifted_record(42), "COMP-003")
    found = results(build_view(after, check_texts(), compare(before, after)))
    states = {
        (result["ruleId"], result["baselineState"], result["properties"].get("change")) for result in found.values()
    }

    assert ("TOPO-006", "new", "new-subject") in states
    assert ("COMP-003", "absent", "gone-subject") in states
    assert ("TOPO-004", "updated", "regressed") in states
    assert ("TOPO-016", "unchanged", None) in states
    assert not [
        item
        for result in results(build_view(healthy_record(41), check_texts())).values()
        for item in result
        if item == "baselineState"
    ]


def test_a_waiver_is_a_suppression_with_its_reason() -> None:
    ((suppression,),) = [item["suppressions"] for item in results(drifted_view()).values() if item["suppressions"]]

    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    assert suppression["justification"]
    assert set(suppression["properties"]) == {"owner", "approver", "granted", "until"}


def test_a_scan_that_saw_everything_was_successful_and_one_that_did_not_says_what_it_missed() -> None:
    (seen,) = run_of(build_view(healthy_record(), check_texts()))["invocations"]
    (missed,) = run_of(drifted_view())["invocations"]

    assert (seen["executionSuccessful"], seen["toolExecutionNotifications"]) == (True, [])
    assert missed["executionSuccessful"] is False
    assert [item["message"]["text"][:20] for item in missed["toolExecutionNotifications"]] == ["qa-1 was not read. q"]


def test_a_check_that_broke_is_told_as_a_fault_of_the_tool() -> None:
    record = healthy_record()
    first, *rest = judged(record).findings
    broken = dataclasses.replace(first, verdict=Verdict(Status.ERROR, "The check broke: KeyError."))
    record = dataclasses.replace(record, judgement=dataclasses.replace(judged(record), findings=(broken, *rest)))
    run = run_of(build_view(record, check_texts()))
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]

    assert notification["associatedRule"]["id"] == first.check
    assert run["invocations"][0]["executionSuccessful"] is False
    assert [item["kind"] for item in run["results"] if item["properties"]["status"] == "error"] == ["review"]


def test_no_text_hides_anything_and_no_message_holds_a_link_or_a_placeholder() -> None:
    for view in (hostile_view(), build_view(saying((*TRIGGERS, "{0} of {1}")), check_texts())):
        text = sarif_report(view)
        assert text.isascii()
        assert len(text) < 1_000_000
        assert {character for item in texts_of(json.loads(text)) for character in hidden(item)} == set()
        for result in results(view).values():
            message = result["message"]["text"]
            assert "](" not in message
            assert "{" not in message.replace("{{", "") and "}" not in message.replace("}}", "")
