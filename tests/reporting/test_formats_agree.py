"""One scan, read over real protocols and stored, says the same in its database and in every format.

Compared are the fingerprint of every finding and its status, passes included, for the database and each format that
lists findings. HTML shows above 1,000 verdicts no sentence of a pass, but each stands in it with id and status. JUnit
has four results, so its own are compared by the section of the report as well. Markdown is a bounded summary: its
counts, and the checks that it lists, are compared.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import openpyxl
import pytest

from auditor.diffing import compare
from auditor.model.finding import Finding
from auditor.model.waiver import Waiver
from auditor.reporting.csv import csv_facts, csv_findings
from auditor.reporting.findings import section_of
from auditor.reporting.html import html_report
from auditor.reporting.json import json_report
from auditor.reporting.junit import junit_report
from auditor.reporting.markdown import markdown_summary
from auditor.reporting.ocsf import ocsf_report
from auditor.reporting.page_shapes import ReportView
from auditor.reporting.sarif import KINDS, sarif_report
from auditor.reporting.shapes import Section
from auditor.reporting.view import build_view
from auditor.reporting.xlsx import xlsx_report
from auditor.store import open_store
from tests.end_to_end.simulated import PASSWORD, modelled, rules, scan_once, serving
from tests.reporting.documents import parsed
from tests.reporting.formats import junit_schema, ocsf_schema, sarif_schema

# The infrastructure of the first scan and what it became for the second one, which is compared.
SCANS = [
    ("reference", "p05-lifetime-in-development"),
    ("demo", "demo-drifted"),
    ("hostile", "hostile"),
    ("reference", "all-unreachable"),
    ("linux-ordinary-account", "linux-ordinary-account"),
]
WAIVER = Waiver("TOPO-006", "Moves in spring.", "operations", "architecture", date(2026, 1, 1), date(9999, 1, 1))

Verdicts = dict[str, str]


@dataclass(frozen=True)
class Scanned:
    findings: tuple[Finding, ...]
    view: ReportView
    secrets: frozenset[str]

    @property
    def verdicts(self) -> Verdicts:
        """Fingerprints and statuses as the database has them."""
        return {finding.fingerprint: finding.verdict.status.value for finding in self.findings}


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Scanned]:
    """All scans by the name of what was scanned."""
    return {second: scan_twice(first, second, tmp_path_factory.mktemp("scanned")) for first, second in SCANS}


@pytest.fixture(params=[second for _, second in SCANS])
def scanned(request: pytest.FixtureRequest, scans: dict[str, Scanned]) -> Scanned:
    return scans[request.param]


def scan_twice(first: str, second: str, folder: Path) -> Scanned:
    """Scan an infrastructure and what became of it, and return the second scan as it is stored, with its comparison."""
    with serving(modelled(first), folder) as (served, inventory):
        scan_once(inventory, folder)
        served.become(modelled(second))
        number = scan_once(inventory, folder, waivers=(WAIVER,)).id
    with open_store(str(folder / "osaudit.db")) as store:
        record, before = store.complete_scan(number), store.scan_before(number)
    assert record.judgement is not None and before is not None
    planted = {secret for host in modelled(second).hosts for secret in (*host.machine.secrets, *host.machine.masked)}
    view = build_view(record, rules().texts, compare(before, record))
    return Scanned(record.judgement.findings, view, frozenset(planted | {PASSWORD}))


def test_html_has_every_finding_with_its_status(scanned: Scanned) -> None:
    elements = [
        element
        for element in parsed(html_report(scanned.view)).walk()
        if element.attributes.get("id", "").startswith("finding-")
    ]
    found = {item.attributes["id"].removeprefix("finding-"): item.attributes["data-status"] for item in elements}

    assert len(elements) == len(found)
    assert found == scanned.verdicts


def test_json_has_every_finding_with_its_status(scanned: Scanned) -> None:
    findings = json.loads(json_report(scanned.view))["findings"]

    assert [(item["fingerprint"], item["status"]) for item in findings] == list(scanned.verdicts.items())


def test_csv_has_every_finding_with_its_status(scanned: Scanned) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_findings(scanned.view).removeprefix("\ufeff"), newline="")))

    assert [(row["fingerprint"], row["status"]) for row in rows] == list(scanned.verdicts.items())


def test_xlsx_has_every_finding_with_its_status_and_the_same_facts_as_csv(scanned: Scanned) -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsx_report(scanned.view)), read_only=True)
    headers, *rows = book["findings"].iter_rows(values_only=True)
    found = [(row[headers.index("fingerprint")], row[headers.index("status")]) for row in rows]
    facts = list(csv.reader(io.StringIO(csv_facts(scanned.view).removeprefix("\ufeff"), newline="")))

    assert found == list(scanned.verdicts.items())
    assert len(list(book["facts"].iter_rows())) == len(facts)


def test_junit_has_every_finding_with_its_status_and_a_result_that_fits(scanned: Scanned) -> None:
    text = junit_report(scanned.view)
    junit_schema().validate(text)
    cases = list(ET.fromstring(text).iter("testcase"))
    told = [re.findall(r"^(fingerprint|status): (.*)$", case.findtext("system-out") or "", re.M)[:2] for case in cases]
    results = {
        dict(lines)["fingerprint"]: next((child.tag for child in case if child.tag != "system-out"), "")
        for case, lines in zip(cases, told, strict=True)
    }
    words = {Section.OPEN: "failure", Section.PASSED: ""}

    assert len(told) == len(scanned.findings)
    assert {dict(lines)["fingerprint"]: dict(lines)["status"] for lines in told} == scanned.verdicts
    for finding in scanned.findings:
        expected = "error" if finding.verdict.status == "error" else words.get(section_of(finding), "skipped")
        assert results[finding.fingerprint] == expected, finding.check


def test_sarif_has_every_finding_with_its_status(scanned: Scanned) -> None:
    document = json.loads(sarif_report(scanned.view))
    assert [error.message for error in sarif_schema().iter_errors(document)] == []
    results = [item for item in document["runs"][0]["results"] if item.get("baselineState") != "absent"]

    found = {item["partialFingerprints"]["osaudit/v1"]: item for item in results}
    assert len(found) == len(results)
    assert {name: item["properties"]["status"] for name, item in found.items()} == scanned.verdicts
    for finding in scanned.findings:
        assert found[finding.fingerprint]["kind"] == KINDS[finding.verdict.status]
        assert bool(found[finding.fingerprint]["suppressions"]) == finding.is_waived


def test_ocsf_has_every_finding_with_its_status(scanned: Scanned) -> None:
    events = [json.loads(line) for line in ocsf_report(scanned.view).splitlines()]
    for event in events:
        assert [error.message for error in ocsf_schema().iter_errors(event)] == []
    current = [event for event in events if event["activity_name"] != "Close"]

    assert [(event["finding_info"]["uid"], event["status_code"]) for event in current] == list(scanned.verdicts.items())


def test_markdown_has_the_counts_and_lists_only_checks_that_are_open_or_not_evaluated(scanned: Scanned) -> None:
    text = markdown_summary(scanned.view)
    sections = Counter(section_of(finding) for finding in scanned.findings)
    severities = Counter(finding.severity.value for finding in scanned.findings if finding.is_open)
    line = next(line for line in text.splitlines() if line.count(" · ") > 5)
    counted = {word: int(number) for number, _, word in (item.partition(" ") for item in line.split(" · "))}
    since = {word: counted.pop(word) for word in ("new", "expiring", "resolved")}

    assert since["new"] == sum(finding.newly_open for finding in scanned.view.findings) <= sum(severities.values())
    assert since["resolved"] == sum(finding.resolved for finding in scanned.view.findings) <= sections[Section.PASSED]
    assert since["expiring"] <= sections[Section.WAIVED]
    assert counted == {
        **{word: severities[word] for word in ("critical", "high", "medium", "low")},
        "not evaluated": sections[Section.UNDECIDED],
        "waived": sections[Section.WAIVED],
        "passed": sections[Section.PASSED],
        "not applicable": sections[Section.NOT_APPLICABLE],
    }
    by_check = {finding.check: section_of(finding) for finding in scanned.findings if finding.is_open}
    assert set(re.findall(r"^- \*\*\w+\*\* ([A-Z]+-\d+) ", text, re.M)) <= set(by_check)
    assert ("### New" in text or "### Open" in text) == bool(by_check)


def test_no_format_holds_a_secret_of_the_servers(scanned: Scanned) -> None:
    with zipfile.ZipFile(io.BytesIO(xlsx_report(scanned.view))) as parts:
        written = [parts.read(name).decode() for name in parts.namelist()]
    texts = (csv_findings, csv_facts, junit_report, sarif_report, ocsf_report, markdown_summary)
    written += [render(scanned.view) for render in texts]

    assert len(scanned.secrets) > 5
    assert {secret for secret in scanned.secrets for text in written if secret in text} == set()


def test_the_scans_have_findings_of_every_section_and_are_compared(scans: dict[str, Scanned]) -> None:
    sections = {section_of(finding) for item in scans.values() for finding in item.findings}
    changes = {finding.change for item in scans.values() for finding in item.view.findings}

    assert sections == set(Section)
    assert {"", "regressed", "lost-sight"} <= changes
