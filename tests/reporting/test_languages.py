"""Reports in another language: all that osaudit says is translated, and nothing else differs."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from auditor.diffing import compare
from auditor.model.language import Language
from auditor.model.scan import ScanRecord
from auditor.reporting.diff_view import build_diff_view
from auditor.reporting.html import html_diff, html_report, html_site
from auditor.reporting.language import at_time, in_digits, on_day, speaking, spoken
from auditor.reporting.markdown import markdown_summary
from auditor.reporting.notice import notice, trial
from auditor.reporting.page_shapes import ReportView
from auditor.reporting.shapes import Moment
from auditor.reporting.site_view import build_site_view, diff_line, report_line, site_infrastructure, site_row
from auditor.reporting.view import build_view
from benchmarks.report import modelled
from tests.end_to_end.simulated import rules
from tests.peers.browser import opened
from tests.reporting.documents import Element, parsed
from tests.reporting.formats import hidden
from tests.reporting.hostile import hostile_record, hostile_texts, with_hostile_changes
from tests.reporting.messages import ROOT, TRANSLATED, gathered, messages, stored
from tests.reporting.northwind import drifted_record, healthy_record, history_of, repaired_since
from tests.reporting.pages import check_texts
from tests.reporting.records import judged, with_findings

# What a message names, and its mark-up.
NAMED = re.compile(r"%\(\w+\)s|%%|\{\w+\}|<[^>]+>|[\"&<>]")
TOLD_IN = ("aria-label", "data-label", "data-copy", "data-copied", "data-press", "data-shown")
PORTUGUESE = Language.PORTUGUESE
# Names of environments, which are the operator's.
DECLARED = {"Development", "Quality", "Production", "LifeTime"}
PAGES = ("report", "diff", "site", "every check")


def texts_of(message: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (message,) if isinstance(message, str) else tuple(message or ())


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_has_exactly_the_messages_that_reports_consist_of(language: Language) -> None:
    there, wanted = ({message.id for message in each if message.id} for each in (stored(language), gathered()))

    assert there == wanted, "run `make messages`, and translate what is new"
    titles = {text.title for text in rules().texts.values()}
    assert len(titles) == 105
    assert titles <= there


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_is_translated_and_none_by_guess(language: Language) -> None:
    catalogue = stored(language)
    untranslated = [
        message.id
        for message in catalogue
        if message.id
        and (message.fuzzy or [bool(text) for text in texts_of(message.string)] != [True] * len(texts_of(message.id)))
    ]

    assert untranslated == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_names_what_its_message_names(language: Language) -> None:
    differing = [
        (original, translated)
        for message in stored(language)
        if message.id
        for original, translated in zip(texts_of(message.id), texts_of(message.string), strict=True)
        if sorted(NAMED.findall(original)) != sorted(NAMED.findall(translated))
    ]

    assert differing == []


def test_no_word_is_a_message_with_and_without_a_plural() -> None:
    # gettext would not find the one without.
    found = {message for message, _ in messages()}

    assert not {message for message in found if isinstance(message, str)} & {
        message[0] for message in found if isinstance(message, tuple)
    }


def test_only_texts_of_templates_themselves_become_mark_up() -> None:
    templates = list((ROOT / "reports" / "templates").rglob("*.j2"))
    said = [call for file in templates for call in re.findall(r"\b(?:_|ngettext)\(.", file.read_text(encoding="utf-8"))]

    assert len(said) > 200
    assert {call[-1] for call in said} == {'"'}


def test_english_reports_are_made_without_babel() -> None:
    program = """
import sys
from auditor.reporting.html import html_report
from auditor.reporting.view import build_view
from tests.reporting.northwind import healthy_record
html_report(build_view(healthy_record(), {}))
print("babel" in sys.modules)
"""
    made = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )

    assert made.stdout == "False\n"


def before_and_after() -> tuple[ScanRecord, ScanRecord]:
    return with_findings(healthy_record(41), repaired_since()), drifted_record(42)


@cache
def view_in(language: Language) -> ReportView:
    before, after = before_and_after()
    with speaking(language):
        return build_view(after, check_texts(), compare(before, after), history=history_of(after), figures="1 table")


@cache
def written(page: str, language: Language) -> str:
    """Return one of the pages."""
    before, after = before_and_after()
    difference = compare(before, after)
    with speaking(language):
        if page == "report":
            return html_report(view_in(language), links=(("index.html", "osaudit"),))
        view = build_diff_view(difference, before, after, check_texts())
        if page == "diff":
            return html_diff(view)
        if page == "site":
            line = report_line(view_in(language), after)
            ended = Moment("", at_time(after.started_at))
            row = site_row(42, "scan-42.html", line, ended, "", ("diff-41-42.html", diff_line(view, difference)))
            return html_site(build_site_view([site_infrastructure("Northwind", (row, row))], "0.1.0"))
        return html_report(build_view(_every_check(), rules().texts))


@cache
def _every_check() -> ScanRecord:
    return modelled(6, 105)


def told(element: Element) -> Iterator[str]:
    """Yield what a page says in its own language: text by text, and what it says to those who listen."""
    if element.attributes.get("lang") == "en" or element.tag in ("script", "style", "code", "pre"):
        return
    if element.tag == "table" and element.classes == {"small"}:
        # What servers answered: values are no words of ours.
        return
    yield from (element.attributes[name] for name in TOLD_IN if name in element.attributes)
    for child in element.children:
        if isinstance(child, str):
            yield " ".join(child.split()).strip(" .:,;·–()")
        else:
            yield from told(child)


def english_in(page: str) -> set[str]:
    """Return the English of the catalogue that stands in a page: words as whole texts, more than one word anywhere."""
    root = parsed(page).all("html")[0]
    # That of an English page is looked for too.
    root.attributes["lang"] = ""
    texts = set(told(root)) - DECLARED
    everything = "\n".join(texts)
    return {
        part
        for message in stored(PORTUGUESE)
        if message.id
        for original, translated in zip(texts_of(message.id), texts_of(message.string), strict=True)
        if original != translated
        for part in (piece.strip(" .:,;·–()") for piece in NAMED.split(original))
        if (re.search(rf"(?<!\w){re.escape(part)}(?!\w)", everything) if " " in part else part in texts)
    } - {""}


@pytest.mark.parametrize("page", PAGES)
def test_a_portuguese_page_has_no_english_of_ours(page: str) -> None:
    portuguese = written(page, PORTUGUESE)

    assert parsed(portuguese).all("html")[0].attributes["lang"] == "pt"
    assert english_in(portuguese) == set()
    assert len(english_in(written(page, Language.ENGLISH))) > 15


def test_the_pages_together_have_most_of_the_catalogue_but_what_facts_mean() -> None:
    assert len(set().union(*(english_in(written(page, Language.ENGLISH)) for page in PAGES))) > 400


@pytest.mark.parametrize("page", PAGES)
def test_what_checks_and_servers_said_stays_english_and_says_so(page: str) -> None:
    record = _every_check() if page == "every check" else before_and_after()[1]
    verdicts = [finding.verdict for finding in judged(record).findings]
    said = {text for verdict in verdicts for text in (verdict.sentence, verdict.expected) if text.count(" ") > 3}
    said |= {visit.failure.sentence for visit in record.visits.values() if visit.failure}
    root = parsed(written(page, PORTUGUESE)).all("html")[0]
    texts = "\n".join(told(root))

    assert len(said) > 5
    assert [text for text in said if text.rstrip(".") in texts] == []


def test_the_report_says_what_of_it_is_english() -> None:
    assert "está em inglês" in parsed(written("report", PORTUGUESE)).by_id("about").text
    assert "told in English" not in written("report", Language.ENGLISH)


def test_both_languages_have_the_same_findings_with_the_same_ids_and_statuses() -> None:
    def found(page: str) -> list[tuple[str, str]]:
        return [
            (element.attributes["id"], element.attributes["data-status"])
            for element in parsed(page).walk()
            if "data-status" in element.attributes
        ]

    for page in ("report", "diff", "every check"):
        assert found(written(page, PORTUGUESE)) == found(written(page, Language.ENGLISH)) != []


def test_summary_and_message_are_portuguese_but_for_what_checks_said() -> None:
    before, after = before_and_after()
    with speaking(PORTUGUESE):
        summary = markdown_summary(view_in(PORTUGUESE))
        message = notice(view_in(PORTUGUESE), compare(before, after), "https://reports.example.com/")
        test = trial()

    assert (
        "**Há constatações abertas em 4 servidores e em ambientes inteiros: 1 crítica, 2 altas e 2 médias.**" in summary
    )
    assert "### Novas" in summary
    assert "Pior: dev-1 \\(Development\\) also runs" in summary or "Pior: dev-1 (Development) also runs" in summary
    assert message.title.startswith("osaudit: Northwind Insurance: Há constatações abertas")
    assert "1 constatação foi reparada desde a análise 41" in message.body
    assert message.body.count("Pior: ") == 1
    assert "teste" in test.title


def test_dates_and_numbers_are_written_as_the_language_does() -> None:
    moment = datetime(2026, 3, 31, 18, 0, 5, tzinfo=UTC)

    assert (at_time(moment), on_day(date(2026, 3, 1)), in_digits(1234.5)) == (
        "2026-03-31 18:00:05 UTC", "2026-03-01", "1234.5",
    )  # fmt: skip
    with speaking(PORTUGUESE):
        assert at_time(moment) == "31/03/2026, 18:00:05 UTC"
        assert on_day(date(2026, 3, 1)) == "01/03/2026"
        assert (in_digits(15.96, 1), in_digits(7), in_digits(1234.5)) == ("16,0", "7", "1\u00a0234,5")
    assert "Aceite até 21/03/2026" in written("report", PORTUGUESE)
    times = {element.attributes["datetime"] for element in parsed(written("report", PORTUGUESE)).all("time")}
    assert times == {
        element.attributes["datetime"] for element in parsed(written("report", Language.ENGLISH)).all("time")
    }


def test_a_language_is_spoken_inside_only_and_also_after_a_mistake() -> None:
    with pytest.raises(ZeroDivisionError), speaking(PORTUGUESE):
        assert spoken() is PORTUGUESE
        raise ZeroDivisionError

    assert spoken() is Language.ENGLISH


def test_hostile_values_are_as_harmless_in_portuguese() -> None:
    record = hostile_record()
    before = dataclasses.replace(with_hostile_changes(record), id=41)
    difference = compare(before, record)
    with speaking(PORTUGUESE):
        pages = (
            html_report(build_view(record, hostile_texts(), difference, history=history_of(record))),
            html_diff(build_diff_view(difference, before, record, hostile_texts())),
        )

    for page in pages:
        document = parsed(page)
        assert len(document.all("script")) == len(document.all("style")) == 1
        assert not {element.tag for element in document.walk()} & {"img", "iframe"}
        assert not [name for element in document.walk() for name in element.attributes if name.startswith("on")]
        assert hidden(page) == set()
        assert "⟨U+202E⟩" in page
        assert "mais " in page
        assert len(page) < 3_000_000


@pytest.mark.parametrize("page", ["report", "diff"])
def test_axe_finds_no_violation_in_a_portuguese_page(browser: Browser, tmp_path: Path, page: str) -> None:
    file = tmp_path / f"{page}.html"
    file.write_text(written(page, PORTUGUESE), encoding="utf-8", newline="\n")
    with opened(browser, file, width=360) as shown:
        shown.page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true;")

        assert shown.axe_findings() == []
        assert shown.overflow() <= 0
        assert shown.complaints == []


def test_cards_filter_and_buttons_work_in_portuguese(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(written("report", PORTUGUESE), encoding="utf-8", newline="\n")
    with opened(browser, file) as shown:
        shown.page.click(".card.key-undecided a")

        assert shown.page.input_value("#filter-status") == "not evaluated"
        assert shown.page.inner_text("#filter-status option:checked") == "por avaliar"
        assert re.fullmatch(r"8 de \d+ linhas mostradas", shown.page.inner_text("#filter-state"))
        assert "status=not+evaluated" in shown.page.url
        assert shown.page.text_content(".accept button") == "Copiar"
