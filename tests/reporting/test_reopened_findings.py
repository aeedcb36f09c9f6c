"""A finding that is open in spite of a waiver, because its evidence is not what was accepted: told in every form."""

from __future__ import annotations

import dataclasses
import json
from functools import cache
from pathlib import Path

import jsonschema
import pytest

from auditor import bundled
from auditor.diffing import compare
from auditor.model.difference import FindingLabel
from auditor.model.scan import ScanRecord
from auditor.reporting.csv import csv_findings
from auditor.reporting.html import html_report
from auditor.reporting.json import json_report
from auditor.reporting.junit import junit_report
from auditor.reporting.markdown import markdown_summary
from auditor.reporting.notice import has_news, notice
from auditor.reporting.ocsf import ocsf_report
from auditor.reporting.page_shapes import ReportView
from auditor.reporting.sarif import sarif_report
from auditor.reporting.terminal import terminal_summary
from auditor.reporting.view import build_view
from tests.reporting.northwind import drifted_record, lifetime_waiver
from tests.reporting.pages import check_texts
from tests.reporting.records import judged, with_findings

SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "report.schema.json"
SENTENCE = (
    "The waiver of Platform team until 2026-03-21 (waivers.yaml:4) does not cover this: its evidence is not what was "
    "accepted."
)


def reopened(record: ScanRecord) -> ScanRecord:
    """Return the record in which the finding that was waived looks otherwise than what was accepted."""
    (waived,) = [item for item in judged(record).findings if item.is_waived]
    verdict = dataclasses.replace(waived.verdict, found="something else")
    changed = dataclasses.replace(waived, verdict=verdict, waiver=None, lapsed=lifetime_waiver())
    return with_findings(record, changed)


@cache
def view() -> ReportView:
    after = reopened(drifted_record(42))
    return build_view(after, check_texts(), compare(drifted_record(41), after))


def test_the_finding_says_which_waiver_does_not_cover_it_and_why() -> None:
    (finding,) = [item for item in view().findings if item.reopened]

    assert finding.reopened == SENTENCE
    assert finding.newly_open
    assert finding.waiver is None
    assert finding.change == FindingLabel.WAIVER_ENDED


def test_the_verdict_of_the_scan_names_it_so_that_screen_message_and_summary_do() -> None:
    (finding,) = [item for item in view().findings if item.reopened]
    sentence = f"{finding.check} {finding.where} is open in spite of a waiver: the evidence is not what was accepted."

    assert sentence in view().verdict.sentences
    assert sentence in terminal_summary(view()).sentences
    assert "in spite of a waiver" in markdown_summary(view())
    assert "in spite of a waiver" in notice(view(), None).body


def test_that_it_reopened_is_news() -> None:
    after = reopened(drifted_record(42))
    difference = compare(drifted_record(41), after)
    assert [change.label for change in difference.findings] == [FindingLabel.WAIVER_ENDED]
    assert has_news(view(), difference)


@pytest.mark.parametrize("render", [csv_findings, junit_report, sarif_report, ocsf_report, json_report])
def test_every_form_that_lists_findings_has_the_sentence(render: object) -> None:
    assert callable(render)
    assert SENTENCE in render(view())


def test_the_page_shows_it_with_the_finding() -> None:
    assert SENTENCE in html_report(view(), bundled.templates_folder())


def test_the_document_has_the_fingerprint_of_what_needs_a_waiver() -> None:
    document = json.loads(json_report(view()))
    jsonschema.validate(document, json.loads(SCHEMA.read_text(encoding="utf-8")))

    for finding in document["findings"]:
        needs_one = finding["status"] in ("fail", "unknown", "error")
        assert (finding["evidence_fingerprint"] is not None) == needs_one, finding["check"]
    assert [item["check"] for item in document["findings"] if item["reopened"]] == ["TOPO-008"]
