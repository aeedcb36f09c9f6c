"""Report and diff in a real browser: no network, no complaints, accessible, usable without script."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from auditor.reporting.html import html_report
from auditor.reporting.view import build_view
from tests.peers.browser import Scheme, opened
from tests.reporting.hostile import hostile_record, hostile_texts

OPEN_ALL = "for (const fold of document.querySelectorAll('details')) fold.open = true"
FINDING = ".finding > details > summary"


@pytest.fixture(params=["report", "diff"])
def page_file(request: pytest.FixtureRequest) -> Path:
    file: Path = request.getfixturevalue(f"{request.param}_file")
    return file


@pytest.fixture(scope="module")
def hostile_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("hostile") / "report.html"
    file.write_text(html_report(build_view(hostile_record(), hostile_texts())), encoding="utf-8", newline="\n")
    return file


def test_the_page_asks_for_nothing_but_itself_and_breaks_no_policy(browser: Browser, page_file: Path) -> None:
    with opened(browser, page_file) as page:
        page.page.evaluate(OPEN_ALL)
        page.page.wait_for_load_state("load")

        assert page.requests == [page_file.as_uri()]
        assert page.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_either_theme(browser: Browser, page_file: Path, scheme: Scheme) -> None:
    with opened(browser, page_file, scheme=scheme) as page:
        page.page.evaluate(OPEN_ALL)

        assert page.serious_axe_findings() == []


def test_the_two_themes_differ(browser: Browser, report_file: Path) -> None:
    grounds = set()
    for scheme in ("light", "dark"):
        with opened(browser, report_file, scheme=scheme) as page:
            grounds.add(page.page.evaluate("getComputedStyle(document.body).backgroundColor"))

    assert len(grounds) == 2


@pytest.mark.parametrize("width", [390, 320, 1280])
def test_the_page_never_scrolls_sideways(browser: Browser, page_file: Path, width: int) -> None:
    with opened(browser, page_file, width=width) as page:
        page.page.evaluate(OPEN_ALL)

        assert page.overflow() <= 0


def test_without_javascript_everything_is_there_and_can_be_opened(browser: Browser, report_file: Path) -> None:
    with opened(browser, report_file, script=False) as page:
        text = page.page.inner_text("main")

        assert "1 critical, 2 high and 2 medium findings are open" in text
        assert "also runs LifeTime 11.28.0.1200" in text
        assert not page.page.is_visible(".filter")
        folded = page.page.locator(".finding", has_text="DATA-005").first
        assert not folded.locator(".body").is_visible()
        folded.locator("summary").first.click()
        assert folded.locator(".body").is_visible()


def test_the_filter_shows_what_was_asked_for_and_says_how_much(browser: Browser, report_file: Path) -> None:
    with opened(browser, report_file) as page:
        page.page.select_option("#filter-severity", "medium")

        assert page.page.locator("#findings .finding:visible").count() == 1
        assert page.page.inner_text("#filter-state") == "1 of 4 shown"
        page.page.click("#filter-clear")
        page.page.select_option("#filter-environment", "Development")
        assert page.page.locator("#findings .finding:visible").count() == 1
        page.page.click("#filter-clear")
        page.page.fill("#filter-text", "no scheduler")
        assert page.page.locator("#findings .finding:visible").count() == 1
        page.page.press("#filter-text", "Escape")
        assert page.page.locator("#findings .finding:visible").count() == 4


def test_a_link_to_a_filtered_and_folded_finding_brings_it_to_light(browser: Browser, report_file: Path) -> None:
    with opened(browser, report_file) as page:
        subject = page.page.locator("#findings .finding .ids li", has_text="DATA-005").first
        anchor = subject.get_attribute("id")
        page.page.select_option("#filter-severity", "critical")
        assert not subject.is_visible()

        page.page.evaluate(f"location.hash = '{anchor}'")
        subject.wait_for(state="visible")

        assert page.page.locator("#findings .finding:visible").count() == 4


def test_the_findings_can_be_reached_opened_and_walked_with_the_keyboard(browser: Browser, report_file: Path) -> None:
    with opened(browser, report_file) as page:
        tags = []
        for _ in range(120):
            page.page.keyboard.press("Tab")
            tags.append(page.page.evaluate("document.activeElement.className || document.activeElement.tagName"))
            if page.page.evaluate(f"document.activeElement.matches('{FINDING}')"):
                break
        assert tags[0] == "skip"
        assert page.page.evaluate(f"document.activeElement.matches('{FINDING}')")
        first_open = page.page.evaluate("document.activeElement.parentElement.open")
        page.page.keyboard.press("Enter")
        assert page.page.evaluate("document.activeElement.parentElement.open") is not first_open

        page.page.keyboard.press("ArrowDown")
        assert "DATA-001" in page.page.evaluate("document.activeElement.textContent")
        page.page.keyboard.press("ArrowUp")
        assert "TOPO-006" in page.page.evaluate("document.activeElement.textContent")


def test_the_focus_can_be_seen(browser: Browser, report_file: Path) -> None:
    with opened(browser, report_file) as page:
        page.page.keyboard.press("Tab")
        page.page.keyboard.press("Tab")

        outline = page.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"


def test_a_table_can_be_sorted_by_its_headers(browser: Browser, report_file: Path) -> None:
    with opened(browser, report_file) as page:
        table = page.page.locator("#about table.sortable").first
        header = table.locator("thead th", has_text="Passed")
        header.locator("button").click()

        column = [int(text) for text in table.locator("tbody td:nth-child(7)").all_inner_texts()]
        assert column == sorted(column)
        assert header.get_attribute("aria-sort") == "ascending"
        header.locator("button").click()
        assert header.get_attribute("aria-sort") == "descending"


def test_a_deviating_host_in_the_picture_leads_to_its_finding(browser: Browser, report_file: Path) -> None:
    with opened(browser, report_file) as page:
        page.page.locator(".lane svg .bar-link").first.click()

        target = page.page.locator(":target")
        assert "TOPO-006" in target.inner_text()
        assert target.is_visible()


def test_paper_shows_the_findings_unfolded_and_no_controls(browser: Browser, report_file: Path) -> None:
    with opened(browser, report_file, script=False) as page:
        page.page.emulate_media(media="print")

        assert not page.page.is_visible(".toc")
        body = page.page.locator(".finding", has_text="DATA-005").first.locator(".body")
        box = body.bounding_box()
        assert box is not None
        assert box["height"] > 100
        assert page.page.pdf().startswith(b"%PDF")


def test_reduced_motion_is_respected(browser: Browser, report_file: Path) -> None:
    with opened(browser, report_file) as page:
        page.page.emulate_media(reduced_motion="reduce")

        assert page.page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


def test_hostile_values_run_nothing_load_nothing_and_do_not_widen_the_page(
    browser: Browser, hostile_file: Path
) -> None:
    with opened(browser, hostile_file, width=390) as page:
        page.page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
        page.page.evaluate(OPEN_ALL)

        assert page.requests == [hostile_file.as_uri()]
        assert page.complaints == []
        assert page.overflow() <= 0
