"""Report and diff in a real browser: no network, no complaints, accessible, usable without script."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from auditor.reporting.html import html_report
from tests.peers.browser import Scheme, opened
from tests.reporting.formats import hostile_view

OPEN_ALL = "for (const fold of document.querySelectorAll('details')) fold.open = true"
FINDING = ".finding > details > summary"


@pytest.fixture(params=["report", "diff"])
def page_file(request: pytest.FixtureRequest) -> Path:
    file: Path = request.getfixturevalue(f"{request.param}_file")
    return file


@pytest.fixture(scope="module")
def hostile_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("hostile") / "report.html"
    file.write_text(html_report(hostile_view()), encoding="utf-8", newline="\n")
    return file


def test_the_page_asks_for_nothing_but_itself_and_breaks_no_policy(browser: Browser, page_file: Path) -> None:
    with opened(browser, page_file) as page:
        page.page.evaluate(OPEN_ALL)
        page.page.wait_for_load_state("load")

        assert page.requests == [page_file.as_uri()]
        assert page.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_in_either_theme(browser: Browser, page_file: Path, scheme: Scheme) -> None:
    with opened(browser, page_file, scheme=scheme) as page:
        page.page.evaluate(OPEN_ALL)

        assert page.axe_findings() == []


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


def test_the_first_screen_of_a_desk_says_what_is_worst_new_unseen_and_installed_where(
    browser: Browser, report_file: Path
) -> None:
    with opened(browser, report_file, width=1366) as page:
        page.page.set_viewport_size({"width": 1366, "height": 768})
        for part in (".verdict", ".since", ".cards", "#matrix tr:last-child >> nth=-1"):
            box = page.page.locator(part).bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= 768, part


def test_without_javascript_everything_is_there_and_can_be_opened(browser: Browser, report_file: Path) -> None:
    with opened(browser, report_file, script=False) as page:
        text = page.page.inner_text("main")

        assert "1 critical, 2 high and 2 medium findings are open" in text
        assert "also runs LifeTime 11.28.0.1200" in text
        assert not page.page.is_visible("#filter")
        assert not page.page.locator("button:visible").count()
        for part in ("matrix", "topology", "groups", "changes", "history", "undecided", "waived"):
            assert page.page.is_visible(f"#{part}")
        page.page.locator(".card.key-waived a").click()
        assert page.page.url.endswith("#waived")
        folded = page.page.locator(".finding", has_text="DATA-005").first
        assert not folded.locator(".body").is_visible()
        folded.locator("summary").first.click()
        assert folded.locator(".body").is_visible()


@pytest.mark.parametrize(
    ("card", "number", "part"),
    [
        ("new", 5, "open"),
        ("critical", 1, "open"),
        ("high", 2, "open"),
        ("medium", 2, "open"),
        ("low", 0, ""),
        ("undecided", 8, "undecided"),
        ("waived", 1, "waived"),
        ("expiring", 1, "waived"),
        ("resolved", 1, "changes"),
        ("passed", 40, "passed"),
    ],
)
def test_a_card_shows_exactly_what_it_counts_and_again_everything(
    browser: Browser, report_file: Path, card: str, number: int, part: str
) -> None:
    with opened(browser, report_file) as page:
        link = page.page.locator(f".card.key-{card} a")
        assert int(link.locator(".figure").inner_text().split()[-1]) == number
        everything = shown(page.page)

        link.click()

        lines = shown(page.page)
        assert len(lines) == number
        assert {line["part"] for line in lines} == ({part} if part else set())
        assert page.page.inner_text("#filter-state") == f"{number} of {len(everything)} lines shown"
        assert link.get_attribute("aria-current") == "true"
        assert "#status=" in page.page.url
        link.click()
        assert shown(page.page) == everything
        assert link.get_attribute("aria-current") is None
        assert "#" not in page.page.url


SHOWN = """() => {
    const environmentOf = (host) => {
        const row = document.querySelector(`#matrix tr[data-host="${host}"]`);
        return (row && row.parentElement.dataset.environment) || '';
    };
    return [...document.querySelectorAll('[data-is] [data-status], [data-is] .resolved')]
        .filter((line) => !line.closest('[hidden]'))
        .map((line) => ({
            id: line.id,
            host: line.dataset.host || '',
            environment: line.dataset.environment || environmentOf(line.dataset.host),
            check: line.closest('[data-check]').dataset.check,
            severity: line.closest('[data-severity]').dataset.severity,
            part: line.closest('main > section').id,
        }));
}"""


def shown(page: Page) -> list[dict[str, str]]:
    """Return the lines that the filter leaves, folded or not, with what they are filtered by."""
    lines: list[dict[str, str]] = page.evaluate(SHOWN)
    return lines


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("severity", "medium", lambda line: line["severity"] == "medium"),
        ("environment", "Production", lambda line: line["environment"] == "Production"),
        ("purpose", "Quality", lambda line: line["environment"] == "Quality"),
        ("server", "dev-1", lambda line: line["host"] == "dev-1"),
        ("component", "LifeTime", lambda line: line["environment"] in ("Development", "LifeTime")),
        ("group", "TOPO", lambda line: line["check"].startswith("TOPO-")),
        ("status", "not evaluated", lambda line: line["part"] == "undecided"),
    ],
)
def test_each_filter_shows_what_was_asked_for_and_nothing_else(
    browser: Browser, report_file: Path, name: str, value: str, expected: Callable[[dict[str, str]], bool]
) -> None:
    with opened(browser, report_file) as page:
        everything = shown(page.page)
        page.page.select_option(f"#filter-{name}", value)

        lines = shown(page.page)
        assert 0 < len(lines) < len(everything)
        assert lines == [line for line in everything if expected(line)]


def test_the_text_is_looked_for_in_what_is_said_of_each_host(browser: Browser, report_file: Path) -> None:
    with opened(browser, report_file) as page:
        page.page.fill("#filter-text", "no  Scheduler")
        assert [line["host"] for line in shown(page.page)] == ["prd-fe2"]
        page.page.click("#expand-all")
        assert page.page.locator("#findings .subjects tbody tr:visible").count() == 1

        page.page.press("#filter-text", "Escape")
        assert page.page.input_value("#filter-text") == ""
        assert len(shown(page.page)) > 50


def test_filters_narrow_each_other_and_what_is_empty_is_hidden(browser: Browser, report_file: Path) -> None:
    with opened(browser, report_file) as page:
        page.page.select_option("#filter-environment", "Production")
        page.page.select_option("#filter-status", "open")

        assert {line["host"] for line in shown(page.page)} == {"prd-fe1", "prd-fe2"}
        assert not page.page.is_visible("#undecided")
        assert not page.page.is_visible("#passed")
        assert not page.page.is_visible("#facts")
        assert page.page.is_visible("#about")
        page.page.select_option("#filter-severity", "critical")
        assert page.page.inner_text("#filter-state").startswith("0 of ")


def test_the_state_stands_in_the_address_and_comes_back_with_it(browser: Browser, report_file: Path) -> None:
    with opened(browser, report_file) as page:
        page.page.select_option("#filter-environment", "Production")
        page.page.fill("#filter-text", "a & b=c #1 ü")
        page.page.fill("#filter-text", "front-end")
        page.page.locator("#about table.sortable thead th button", has_text="Passed").click()
        address, lines = page.page.url, shown(page.page)
        assert lines

        with opened(browser, report_file) as other:
            other.page.goto(address)
            assert shown(other.page) == lines
            assert other.page.input_value("#filter-text") == "front-end"
            header = other.page.locator("#about table.sortable thead th", has_text="Passed")
            assert header.get_attribute("aria-sort") == "ascending"
            assert other.complaints == []


def test_an_address_with_values_that_are_not_there_is_harmless(browser: Browser, report_file: Path) -> None:
    with opened(browser, report_file) as page:
        everything = shown(page.page)
        page.page.goto(f"{report_file.as_uri()}#server=<img src=x>&status=nonsense&sort=nowhere.x.y&sort=about.99.up")

        assert shown(page.page) == everything
        assert page.complaints == []


def test_a_link_to_a_filtered_and_folded_finding_brings_it_to_light(browser: Browser, report_file: Path) -> None:
    with opened(browser, report_file) as page:
        subject = page.page.locator("#findings [data-check=DATA-005] .lives tbody tr").first
        anchor = subject.get_attribute("id")
        page.page.select_option("#filter-severity", "critical")
        assert not subject.is_visible()

        page.page.evaluate(f"location.hash = '{anchor}'")
        subject.wait_for(state="visible")

        assert page.page.locator("#findings .finding:visible").count() == 4
        with opened(browser, report_file) as other:
            other.page.goto(f"{report_file.as_uri()}#{anchor}")
            assert other.page.is_visible(f"#{anchor}")


def test_a_cell_of_the_groups_narrows_the_findings_to_host_and_group(browser: Browser, report_file: Path) -> None:
    with opened(browser, report_file) as page:
        page.page.locator("#groups tr[data-host=dev-1] td[data-label=Topology] a").click()

        lines = shown(page.page)
        assert {(line["host"], line["check"]) for line in lines} == {("dev-1", "TOPO-006")}
        assert page.page.locator("#filter-title").evaluate("title => title === document.activeElement")


def test_findings_can_be_ordered_otherwise(browser: Browser, report_file: Path) -> None:
    with opened(browser, report_file) as page:
        first = page.page.locator("#findings .finding").evaluate_all(CHECKS_OF)
        page.page.select_option("#filter-order", "check")
        by_check = page.page.locator("#findings .finding").evaluate_all(CHECKS_OF)
        page.page.select_option("#filter-order", "servers")
        most = page.page.locator("#findings .finding").first.get_attribute("data-check")
        page.page.click("#filter-clear")

        assert by_check == sorted(first)
        assert most == "DATA-005"
        assert page.page.locator("#findings .finding").evaluate_all(CHECKS_OF) == first


CHECKS_OF = "findings => findings.map(finding => finding.dataset.check)"


def test_a_waiver_can_be_copied(browser: Browser, report_file: Path) -> None:
    with opened(browser, report_file) as page:
        finding = page.page.locator("#findings [data-check=TOPO-006]")
        finding.locator(".accept > summary").click()
        finding.locator(".accept button").click()

        selected = page.page.evaluate("getSelection().toString()")
        assert selected.strip() == finding.locator(".accept pre").inner_text().strip()
        assert "- check: TOPO-006" in selected


def test_the_keyboard_alone_narrows_opens_and_clears(browser: Browser, report_file: Path) -> None:
    with opened(browser, report_file) as page:
        tab_to(page.page, ".card.key-critical a")
        page.page.keyboard.press("Enter")
        assert [line["check"] for line in shown(page.page)] == ["TOPO-006"]

        tab_to(page.page, "#filter-severity")
        page.page.keyboard.type("high")
        assert {line["severity"] for line in shown(page.page)} == {"high"}

        tab_to(page.page, "#filter-clear")
        page.page.keyboard.press("Space")
        assert len(shown(page.page)) > 50
        tab_to(page.page, FINDING)


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus."""
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate(f"document.activeElement.matches({selector!r})"):
            return
    pytest.fail(f"{selector} cannot be reached with Tab")


def test_the_findings_can_be_reached_opened_and_walked_with_the_keyboard(browser: Browser, report_file: Path) -> None:
    with opened(browser, report_file) as page:
        page.page.keyboard.press("Tab")
        assert page.page.evaluate("document.activeElement.className") == "skip"
        tab_to(page.page, FINDING)
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
        assert target.is_visible()
        assert "TOPO-006" in target.locator("xpath=ancestor::article").inner_text()


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
