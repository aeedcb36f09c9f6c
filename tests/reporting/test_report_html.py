"""The HTML of report and diff: structure, completeness, policy, sameness, hostile values."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
import shutil
import unicodedata
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from auditor.bundled import templates_folder
from auditor.diffing import compare
from auditor.model.scan import ScanRecord
from auditor.reporting.diff_view import build_diff_view
from auditor.reporting.html import html_diff, html_report
from auditor.reporting.json import json_report
from auditor.reporting.view import build_view
from tests.reporting.documents import Element, parsed
from tests.reporting.formats import hostile_view
from tests.reporting.hostile import hostile_record, hostile_texts
from tests.reporting.northwind import drifted_record, healthy_record
from tests.reporting.pages import check_texts
from tests.reporting.records import judged


@pytest.fixture(scope="module")
def report(report_file: Path) -> Element:
    return parsed(report_file.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def diff(diff_file: Path) -> Element:
    return parsed(diff_file.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def hostile_report() -> str:
    return html_report(hostile_view())


def test_every_finding_of_the_scan_stands_once_in_html_and_in_json(report: Element) -> None:
    record = drifted_record()
    in_html = {
        element.attributes["id"]: element.attributes["data-status"]
        for element in report.walk()
        if element.attributes.get("id", "").startswith("finding-")
    }
    document = json.loads(json_report(build_view(record, check_texts())))
    in_json = {f"finding-{item['fingerprint']}": item["status"] for item in document["findings"]}

    assert in_html == in_json
    assert set(in_json) == {f"finding-{item.fingerprint}" for item in judged(record).findings}


@pytest.mark.parametrize("page", ["report", "diff"])
def test_every_id_is_unique_and_every_inner_link_leads_somewhere(page: str, request: pytest.FixtureRequest) -> None:
    document: Element = request.getfixturevalue(page)
    ids = [element.attributes["id"] for element in document.walk() if "id" in element.attributes]
    links = [element.attributes["href"] for element in document.all("a") if element.attributes["href"].startswith("#")]

    assert len(ids) == len(set(ids))
    assert links
    assert {link[1:] for link in links} <= set(ids)


def test_the_parts_stand_in_the_order_in_which_they_are_read(report: Element) -> None:
    main = report.by_id("main")
    sections = [element.attributes.get("id") for element in main.children if isinstance(element, Element)]

    named = [name for name in sections if name]
    assert named == [
        "matrix", "topology", "groups", "filter", "open", "changes", "undecided", "passed", "history", "facts",
        "waived", "about",
    ]  # fmt: skip
    first = next(element for element in main.children if isinstance(element, Element))
    assert "verdict" in first.classes


def test_the_header_names_scan_times_versions_and_channels(report: Element) -> None:
    text = report.all("header")[0].text

    for part in ("Northwind Insurance", "42", "2026-03-03 02:00:00 UTC", "0.1.0", "9f3ab82c41d6", "6 of 7",
                 "4 × PowerShell over WinRM", "1 × sh over SSH", "scan 41"):  # fmt: skip
        assert part in text


def test_the_matrix_tells_where_lifetime_is(report: Element) -> None:
    table = report.by_id("matrix").all("table")[0]
    columns = [header.text for header in table.all("thead")[0].all("th")]
    position = columns.index("LifeTime") - columns.index("Host") - 1
    cells = {
        row.all("th", "host")[0].all("a")[0].text: row.all("td", "cell")
        for body in table.all("tbody")
        for row in body.all("tr")
    }

    states = {host: found[position].text for host, found in cells.items() if len(found) > 1}
    assert {host for host, words in states.items() if "present" in words} == {"dev-1", "lt-1"}
    assert "11.28.0.1200" in states["dev-1"]
    assert "not known" in cells["qa-1"][0].text


def test_a_finding_has_its_parts_in_the_fixed_order(report: Element) -> None:
    finding = next(item for item in report.all("article", "finding") if "TOPO-006" in item.text)
    headings = [element.text for element in finding.all("h4")]

    assert headings == ["Expected and found", "Evidence", "Why it matters", "How to fix", "Sources", "Servers and life"]
    badges = [badge.text for badge in finding.all("span", "badges")[0].all("span", "badge")]
    assert badges == ["◆ critical", "failed", "regressed"]


def test_every_table_has_real_headers(report: Element, diff: Element) -> None:
    for table in (*report.all("table"), *diff.all("table")):
        headers = table.all("th")
        assert headers
        assert all(header.attributes.get("scope") for header in headers)


@pytest.mark.parametrize("page", ["report", "diff"])
def test_nothing_is_loaded_and_no_style_or_handler_stands_in_the_markup(
    page: str, request: pytest.FixtureRequest
) -> None:
    document: Element = request.getfixturevalue(page)
    for element in document.walk():
        assert element.tag not in {"img", "iframe", "object", "embed", "link", "base", "form", "audio", "video"}
        for name, value in element.attributes.items():
            assert not name.startswith("on") and name not in {"style", "src", "srcset", "action"}
            if name == "href":
                assert re.match(r"(#|https?://)", value)
    assert len(document.all("style")) == len(document.all("script")) == 1


@pytest.mark.parametrize("page", ["report", "diff"])
def test_the_policy_admits_exactly_the_style_and_the_script_of_the_page(
    page: str, request: pytest.FixtureRequest
) -> None:
    document: Element = request.getfixturevalue(page)
    policy = next(
        meta.attributes["content"]
        for meta in document.all("meta")
        if "Security" in meta.attributes.get("http-equiv", "")
    )
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))

    assert directives == {
        "default-src": "'none'",
        "style-src": _hash(document.all("style")[0]),
        "script-src": _hash(document.all("script")[0]),
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def _hash(element: Element) -> str:
    (text,) = element.children
    assert isinstance(text, str)
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def turned(record: ScanRecord) -> ScanRecord:
    """Return the same record with every mapping and list in another order."""
    judgement = judged(record)
    return dataclasses.replace(
        record,
        visits=dict(reversed(list(record.visits.items()))),
        judgement=dataclasses.replace(
            judgement,
            facts=dict(reversed(list(judgement.facts.items()))),
            portraits=dict(reversed(list(judgement.portraits.items()))),
            findings=tuple(reversed(judgement.findings)),
        ),
    )


def test_the_same_answers_give_the_same_bytes() -> None:
    before, record = healthy_record(), drifted_record()
    reports = {html_report(build_view(item, check_texts())) for item in (record, drifted_record(), turned(record))}
    difference = compare(before, record)
    views = [build_diff_view(difference, before, item, check_texts()) for item in (record, turned(record))]

    assert len(reports) == 1
    assert len({html_diff(view) for view in views}) == 1


def test_hostile_values_add_no_element_and_no_attribute(hostile_report: str) -> None:
    document = parsed(hostile_report)
    tags = {element.tag for element in document.walk()}

    assert len(document.all("script")) == len(document.all("style")) == 1
    assert not tags & {"img", "iframe"}
    for element in document.walk():
        assert not [name for name in element.attributes if name.startswith("on")]


def test_hostile_addresses_do_not_become_links(hostile_report: str) -> None:
    addresses = {element.attributes["href"] for element in parsed(hostile_report).all("a")}

    assert not [address for address in addresses if re.match(r"(?i)\s*(javascript|data|vbscript):", address)]
    assert 'https://x.example/"onclick=alert(4)' in addresses


def test_control_and_direction_characters_are_written_out(hostile_report: str) -> None:
    hidden = {
        character
        for character in hostile_report
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} and character not in "\n\t"
    }

    assert hidden == set()
    assert "⟨U+202E⟩" in hostile_report
    assert "⟨U+001B⟩" in hostile_report
    hostile_report.encode("utf-8")


def test_values_of_a_megabyte_do_not_make_a_report_of_megabytes(hostile_report: str) -> None:
    assert "more characters]" in hostile_report
    assert len(hostile_report) < 2_000_000


def test_a_hostile_comparison_is_harmless_too() -> None:
    before = hostile_record()
    page = html_diff(build_diff_view(compare(before, before), before, before, hostile_texts()))

    assert len(parsed(page).all("script")) == 1


def test_a_template_that_names_something_missing_fails_instead_of_printing_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    shutil.copytree(templates_folder(), folder)
    (folder / "report.html.j2").write_text("{{ view.no_such_member }}", encoding="utf-8")

    with pytest.raises(UndefinedError):
        html_report(build_view(healthy_record(), check_texts()), folder)


def test_our_own_assets_stay_small() -> None:
    assets = templates_folder() / "assets"

    assert sum(file.stat().st_size for file in assets.iterdir()) < 150_000


def test_the_comparison_shows_each_label_with_its_meaning(diff: Element) -> None:
    section = diff.by_id("findings")

    assert [fold.attributes["id"] for fold in section.all("details", "label")] == ["regressed", "lost-sight"]
    assert "neither repaired nor regressed" in section.by_id("lost-sight").text


def test_the_comparison_says_that_sight_of_components_was_lost_and_not_that_they_went(diff: Element) -> None:
    text = diff.by_id("components").text

    assert "It is not known whether these are still there: Platform Server 11.38.0.47000" in text
    assert "removed" not in text


def test_every_changed_finding_stands_once_in_the_comparison(diff: Element) -> None:
    difference = compare(healthy_record(), drifted_record())
    ids = [name for item in diff.walk() if (name := item.attributes.get("id", "")).startswith("finding-")]

    assert sorted(ids) == sorted(f"finding-{change.fingerprint}" for change in difference.findings)


def test_hostile_values_stand_in_every_new_part_and_do_no_harm(hostile_report: str) -> None:
    document = parsed(hostile_report)

    for part in ("groups", "changes", "history", "open"):
        section = document.by_id(part)
        assert section.text
    assert "alert(1)" in document.by_id("groups").text
    assert "alert(1)" in document.by_id("changes").text
    snippets = [pre.text for item in document.all("details", "accept") for pre in item.all("pre")]
    assert snippets
    assert not [text for text in snippets if "\u202e" in text]


def test_a_failure_of_several_hosts_says_what_is_expected_of_all_and_who_gave_which_answer(report: Element) -> None:
    several = next(item for item in report.all("article", "finding") if "DATA-005" in item.text)
    evidence = several.all("table", "evidence")[0]

    assert [row.all("th")[0].text for row in evidence.all("tbody")[0].all("tr")] == ["services"]
    assert "prd-fe1, prd-fe2" in evidence.text
    assert "prd-fe2 over PowerShell over SSH at 2026-03-03" in several.text


def test_the_worst_of_each_group_stands_with_its_word_and_leads_to_its_finding(report: Element) -> None:
    matrix = report.by_id("groups").all("table")[0]
    columns = [header.text for header in matrix.all("thead")[0].all("th")]
    rows = {row.attributes["data-host"]: row for row in matrix.all("tr") if "data-host" in row.attributes}
    cells = [item for item in rows["dev-1"].children if isinstance(item, Element)]

    topology = cells[columns.index("Topology")]
    assert topology.text == "critical"
    assert "TOPO-006" in next(
        item.text for item in report.all("article") if topology.all("a")[0].attributes["href"][1:] in
        {row.attributes.get("id") for row in item.all("tr")}
    )  # fmt: skip
    assert cells[columns.index("Installed")].text == "passed"
    unread = [item.text for item in rows["qa-1"].children if isinstance(item, Element)]
    assert "unknown" in unread[columns.index("Installed")]
    assert "passed" not in unread
