"""The report of a large infrastructure: small enough for a browser, and it says no less."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from auditor.model.scan import ScanRecord
from auditor.reporting.html import html_report
from auditor.reporting.json import json_report
from auditor.reporting.page_shapes import ReportView
from auditor.reporting.shapes import Section
from auditor.reporting.view import build_view
from benchmarks.report import modelled
from tests.end_to_end.simulated import rules
from tests.peers.browser import opened
from tests.reporting.documents import Element, parsed
from tests.reporting.records import judged

HOSTS = 60


@pytest.fixture(scope="module")
def record() -> ScanRecord:
    return modelled(HOSTS, 105)


@pytest.fixture(scope="module")
def view(record: ScanRecord) -> ReportView:
    return build_view(record, rules().texts)


@pytest.fixture(scope="module")
def page(view: ReportView) -> str:
    return html_report(view)


@pytest.fixture(scope="module")
def report(page: str) -> Element:
    return parsed(page)


def test_it_stays_within_its_budget(view: ReportView, page: str) -> None:
    assert view.is_compact
    # 1.5 MB for 200 hosts; what every report has, most of it the advice of the checks that failed, is 0.4 MB of that.
    assert len(page.encode()) < 400_000 + HOSTS * 5_500


def test_every_inner_link_leads_somewhere_and_every_id_is_unique(report: Element) -> None:
    ids = [element.attributes["id"] for element in report.walk() if "id" in element.attributes]
    links = {element.attributes["href"][1:] for element in report.all("a") if element.attributes["href"][0] == "#"}

    assert len(ids) == len(set(ids))
    assert links <= set(ids)


def test_every_open_finding_has_a_line_of_its_own(view: ReportView, report: Element) -> None:
    lines = {element.attributes["id"] for element in report.walk() if "data-status" in element.attributes}

    assert lines == {item.anchor for item in view.findings if item.section in (Section.OPEN, Section.WAIVED)}
    assert len(lines) > 50


def test_what_passed_is_said_of_exactly_those_who_passed(record: ScanRecord, view: ReportView) -> None:
    everybody = {host.name for host in record.inventory.hosts}
    found: dict[str, set[str]] = {}
    for line in view.passed_lines:
        kind = re.search(r"(host|environment|infrastructure)", line.words)
        assert kind is not None
        if kind[0] == "host":
            found[line.check] = _meant(line.words, everybody)
    expected: dict[str, set[str]] = {}
    for item in judged(record).findings:
        if item.verdict.status == "pass" and item.subject.kind == "host":
            expected.setdefault(item.check, set()).add(item.subject.name)

    assert found == expected


def _meant(words: str, everybody: set[str]) -> set[str]:
    if words.startswith("all "):
        return everybody
    if ", all but " in words:
        return everybody - set(words.partition(", all but ")[2].split(", "))
    return set(words.partition(": ")[2].split(", "))


def test_what_could_not_be_evaluated_is_named_with_its_check(view: ReportView, report: Element) -> None:
    text = report.by_id("undecided").text
    waiting = [item for item in view.findings if item.section is Section.UNDECIDED]

    assert len(waiting) > 20
    for item in waiting:
        assert item.check in text
        assert item.where in text


def test_a_fact_stands_with_what_is_common_or_with_its_host(record: ScanRecord, view: ReportView) -> None:
    common = {item.fact.name: item.fact for item in view.common}
    for full, lean in zip(view.facts, view.lean_facts, strict=True):
        own = {row.name for row in lean.facts}
        lists = next((row.text for row in lean.facts if row.name == "lists of its own"), "")
        own |= {words.partition(" (")[0] for words in lists.split(", ")}
        assert all(row.name in own or common[row.name] == row for row in full.facts)
    assert len(view.lean_facts) == len(record.inventory.hosts)
    assert sum(len(host.facts) for host in view.lean_facts) < sum(len(host.facts) for host in view.facts) / 3


def test_the_picture_shows_the_worst_and_the_table_all(view: ReportView) -> None:
    drawn = [box for lane in view.lanes for drawing in lane.drawings for box in drawing.boxes]

    assert 0 < len(drawn) <= HOSTS
    told_of = [name for row in view.topology for name in row.host.split(", ")]
    assert sorted(told_of) == sorted(host.host for host in view.facts)
    hidden = HOSTS - len(drawn)
    told = sum(int(number) for lane in view.lanes for number in re.findall(r"^(\d+) .*not drawn", lane.note))
    assert told == hidden


def test_the_json_report_has_every_finding_all_the_same(record: ScanRecord, view: ReportView) -> None:
    document = json.loads(json_report(view))

    assert {item["fingerprint"] for item in document["findings"]} == {
        item.fingerprint for item in judged(record).findings
    }


def test_it_opens_without_complaint_and_can_be_filtered(browser: Browser, page: str, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(page, encoding="utf-8", newline="\n")
    with opened(browser, file) as shown:
        assert shown.requests == [file.as_uri()]
        shown.page.select_option("#filter-server", "e1-front-end-1")
        hosts = shown.page.locator("#findings tr[data-host]:not([hidden])").evaluate_all(
            "rows => [...new Set(rows.filter(row => !row.closest('[hidden]')).map(row => row.dataset.host))]"
        )
        assert hosts == ["e1-front-end-1"]
        shown.page.click("#filter-clear")
        assert shown.overflow() <= 0
        assert shown.complaints == []


def test_everything_is_built_that_a_browser_without_script_shows(browser: Browser, page: str, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(page, encoding="utf-8", newline="\n")
    ids = "Array.from(document.querySelectorAll('main [id]'), element => element.id)"
    with opened(browser, file, script=False) as plain:
        there = {element.get_attribute("id") for element in plain.page.query_selector_all("main [id]")}
    with opened(browser, file) as shown:
        expect(shown.page.locator("noscript")).to_have_count(0)
        assert there <= set(shown.page.evaluate(ids))
    assert len(there) > HOSTS


def test_who_does_not_wait_gets_the_whole_page_at_once(browser: Browser, page: str, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(page, encoding="utf-8", newline="\n")
    with opened(browser, file) as shown:
        # Time stands still, so that nothing is built by itself.
        shown.page.add_init_script("window.setTimeout = () => 0")
        shown.page.reload()
        assert shown.page.locator("#matrix tr[data-host]").count() == HOSTS
        assert shown.page.locator("noscript").count() > 3
        shown.page.click(".card a[data-filter] >> nth=0")
        assert shown.page.locator("noscript").count() == 0
        assert shown.page.locator("#filter-state").text_content()


def test_a_link_to_a_finding_finds_it(browser: Browser, view: ReportView, page: str, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(page, encoding="utf-8", newline="\n")
    finding = next(item for item in view.findings if item.section is Section.OPEN)
    with opened(browser, file) as shown:
        shown.page.goto("about:blank")
        shown.page.goto(f"{file.as_uri()}#{finding.anchor}")
        assert shown.page.locator(f"#{finding.anchor}").is_visible()
