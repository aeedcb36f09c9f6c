"""The summary in Markdown, read back by a parser that knows tables, links of bare addresses and mark-up of GitHub."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from auditor.reporting.markdown import markdown_summary
from auditor.reporting.view import build_view
from tests.reporting.formats import drifted_view, hidden, hostile_view
from tests.reporting.hostile import TRIGGERS, saying
from tests.reporting.northwind import healthy_record
from tests.reporting.pages import check_texts

OURS = {
    "heading_open", "heading_close", "inline", "paragraph_open", "paragraph_close", "bullet_list_open",
    "bullet_list_close", "list_item_open", "list_item_close", "text", "strong_open", "strong_close",
}  # fmt: skip


def tokens(text: str) -> list[Token]:
    parsed = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    return [inner for token in parsed for inner in (token, *(token.children or ()))]


def shown(text: str) -> str:
    return "\n".join(token.content for token in tokens(text) if token.type == "text")


def test_the_summary_says_the_verdict_the_counts_what_is_new_and_what_was_not_seen() -> None:
    view = drifted_view()
    text = markdown_summary(view)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)

    assert headings == [
        "osaudit: Northwind Insurance, scan 42",
        "New",
        "Critical, and could not be evaluated",
        "Could not be evaluated",
    ]
    assert f"**{view.verdict.headline}**" in text
    counts = (
        "5 new · 1 critical · 2 high · 2 medium · 0 low · 8 not evaluated · 1 waived · 1 expiring · 0 resolved · "
        "40 passed · 8 not applicable"
    )
    assert counts in text
    assert "Since scan 41: 6 × regressed, 8 × lost sight." in text
    assert "- **critical** TOPO-006 dev-1 (Development): dev-1 (Development) also runs LifeTime 11.28.0.1200" in text
    assert "- The host could not be read: 8 verdicts of 8 checks" in text


def test_what_was_open_before_stands_apart_from_what_is_new() -> None:
    first = markdown_summary(build_view(saying(("x",)), check_texts()))

    assert "### Open\n" in first
    assert "### New" not in first


def test_a_scan_without_findings_is_a_few_lines() -> None:
    text = markdown_summary(build_view(healthy_record(), check_texts()))

    assert len(text.splitlines()) < 12
    assert "###" not in text


def test_the_summary_is_bounded() -> None:
    many = build_view(saying(tuple(f"{number} {'x' * 5000}" for number in range(500))), check_texts())

    for view in (many, hostile_view()):
        assert len(markdown_summary(view)) < 20_000


@pytest.mark.parametrize("text", TRIGGERS)
def test_a_text_of_others_stays_a_text(text: str) -> None:
    summary = markdown_summary(build_view(saying((text,)), check_texts()))
    found = shown(summary)

    assert {token.type for token in tokens(summary)} <= OURS
    for trigger in (r"@\w", r"#\w", r"://", r"www\.", r"mailto:"):
        assert not re.search(trigger, found)
        assert not re.search(trigger, summary)
    for hidden_by_brackets in ("[@]", "[#]", "[:]", "[.]"):
        found = found.replace(hidden_by_brackets, hidden_by_brackets[1])
    assert text in found


def test_hostile_values_are_text_and_hide_nothing() -> None:
    summary = markdown_summary(hostile_view())

    assert {token.type for token in tokens(summary)} <= OURS
    assert "<" not in summary
    assert hidden(summary) == set()
