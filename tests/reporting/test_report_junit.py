"""JUnit XML."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from auditor.reporting.junit import junit_report
from auditor.reporting.page_shapes import ReportView
from auditor.reporting.shapes import Section
from tests.reporting.formats import drifted_view, hidden, hostile_view, junit_schema

EXPECTED = {
    Section.OPEN: "failure",
    Section.UNDECIDED: "skipped",
    Section.WAIVED: "skipped",
    Section.NOT_APPLICABLE: "skipped",
    Section.PASSED: None,
}


def cases(view: ReportView) -> dict[str, ET.Element]:
    found = {}
    for case in ET.fromstring(junit_report(view)).iter("testcase"):
        lines = dict(line.split(": ", 1) for line in (case.findtext("system-out") or "").splitlines() if ": " in line)
        found[lines["fingerprint"]] = case
    return found


@pytest.mark.parametrize("view", [drifted_view(), hostile_view()], ids=["drifted", "hostile"])
def test_the_document_is_valid_against_the_schema_of_jenkins(view: ReportView) -> None:
    junit_schema().validate(junit_report(view))


def test_the_schema_would_notice() -> None:
    assert not junit_schema().is_valid(junit_report(drifted_view()).replace("<skipped", "<passed over=''", 1))


@pytest.mark.parametrize("view", [drifted_view(), hostile_view()], ids=["drifted", "hostile"])
def test_every_finding_is_a_case_with_the_result_of_its_section(view: ReportView) -> None:
    found = cases(view)

    assert len(found) == len(view.findings)
    for finding in view.findings:
        kinds = [child.tag for child in found[finding.fingerprint] if child.tag != "system-out"]
        expected = EXPECTED[finding.section]
        assert kinds == ([expected] if expected else []), finding.check


def test_the_counts_are_those_of_the_cases() -> None:
    root = ET.fromstring(junit_report(drifted_view()))

    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("62", "5", "0")
    for suite in root:
        assert suite.get("tests") == str(len(suite.findall("testcase")))
        assert suite.get("failures") == str(len(suite.findall("testcase/failure")))
        assert suite.get("skipped") == str(len(suite.findall("testcase/skipped")))


def test_what_is_skipped_says_why() -> None:
    told = {}
    for finding in drifted_view().findings:
        skipped = cases(drifted_view())[finding.fingerprint].find("skipped")
        if skipped is not None:
            told[finding.section] = (skipped.get("type"), skipped.get("message") or "")

    assert told[Section.UNDECIDED][0] == "unreachable"
    assert told[Section.UNDECIDED][1].startswith("Not evaluated: qa-1 did not answer")
    assert told[Section.NOT_APPLICABLE][1].startswith("Not applicable: ")
    assert told[Section.WAIVED][0] == "waived"
    assert told[Section.WAIVED][1].startswith("Waived until ")


def test_a_failure_tells_what_was_expected_and_how_to_fix_it() -> None:
    (finding,) = [item for item in drifted_view().findings if item.check == "TOPO-006" and item.section is Section.OPEN]
    case = cases(drifted_view())[finding.fingerprint]
    failure = case.find("failure")

    assert failure is not None
    assert (case.get("classname"), failure.get("type")) == ("Development.TOPO-006", "critical")
    assert failure.get("message") == finding.sentence
    assert "How to fix:\n1. Install LifeTime in an environment of its own." in (failure.text or "")


def test_hostile_texts_stay_texts() -> None:
    text = junit_report(hostile_view())
    root = ET.fromstring(text)

    tags = {element.tag for element in root.iter()}
    assert tags == {"testsuites", "testsuite", "testcase", "failure", "skipped", "system-out"}
    assert hidden(text) == set()
    assert any("<script>" in value for element in root.iter() for value in element.attrib.values())
    assert len(text) < 1_000_000
