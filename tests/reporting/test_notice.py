"""What is told after a scan: bounded, plain text of everything that is not ours, and only what is news."""

from __future__ import annotations

from dataclasses import replace

from auditor.diffing import compare
from auditor.model.finding import Finding
from auditor.model.scan import ScanRecord
from auditor.reporting.notice import has_news, notice, trial
from auditor.reporting.view import build_view
from tests.reporting.formats import hidden
from tests.reporting.hostile import TRIGGERS, saying
from tests.reporting.northwind import drifted_record, healthy_record
from tests.reporting.pages import check_texts
from tests.reporting.records import judged
from tests.reporting.test_report_markdown import OURS, tokens


def told(before: ScanRecord | None, after: ScanRecord) -> tuple[bool, str]:
    difference = None if before is None else compare(before, after)
    view = build_view(after, check_texts(), difference)
    return has_news(view, difference), notice(view, difference).body


def with_other_values(record: ScanRecord) -> ScanRecord:
    """Return the record with another measured value in each verdict."""

    def moved(item: Finding) -> Finding:
        return replace(item, verdict=replace(item.verdict, found=f"{item.verdict.found} (moved)"))

    judgement = judged(record)
    return replace(record, judgement=replace(judgement, findings=tuple(moved(item) for item in judgement.findings)))


def test_what_is_new_what_was_lost_sight_of_and_what_was_resolved_is_told() -> None:
    news, text = told(healthy_record(41), drifted_record(42))
    assert news
    assert "**critical** TOPO-006 dev-1" in text.partition("### New")[2].partition("###")[0]
    assert "qa-1" in text.partition("### No longer seen")[2].partition("###")[0]

    news, text = told(drifted_record(42), healthy_record(43))
    assert news
    assert "**critical** TOPO-006 dev-1" in text.partition("### Resolved")[2].partition("###")[0]
    assert "### New" not in text


def test_a_scan_like_the_one_before_is_no_news_not_even_where_a_host_is_still_unseen() -> None:
    assert not told(healthy_record(41), healthy_record(42))[0]
    assert not told(drifted_record(42), drifted_record(43))[0]
    assert not told(healthy_record(41), with_other_values(healthy_record(42)))[0]


def test_the_first_scan_is_news_and_lists_what_is_open() -> None:
    news, text = told(None, drifted_record(42))
    assert news
    assert "is the first complete one of Northwind Insurance." in text
    assert "TOPO-006" in text.partition("### Open")[2]


def test_texts_of_others_are_plain_and_nothing_in_them_acts() -> None:
    _, text = told(None, saying(tuple(TRIGGERS)))
    assert {token.type for token in tokens(text)} <= OURS
    assert "<" not in text
    assert not hidden(text)
    assert "@" not in text.replace("[@]", "")


def test_a_notice_is_bounded_and_its_title_is_one_line() -> None:
    record = saying(tuple(f"{number} {'x' * 5000}" for number in range(50)))
    message = notice(build_view(record, check_texts()), None, "https://reports.example.com/")
    assert len(message.title) <= 200
    assert "\n" not in message.title
    assert len(message.body) < 20_000
    assert "and 40 more" in message.body or message.body.count("\n- ") <= 40
    assert trial().body.endswith("\n")
