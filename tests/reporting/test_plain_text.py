"""Harmless, bounded texts, and the small format of check pages."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from auditor.model.question import Answer, Outcome
from auditor.reporting.plain import bounded, on_one_line, shortened, visible
from auditor.reporting.prose import blocks, link, runs
from auditor.reporting.values import EXCERPT, excerpt

_ANY = st.text(alphabet=st.characters(codec=None))
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _ANY,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(_ANY, inner, max_size=5),
    max_leaves=20,
)


@given(_ANY)
def test_whatever_comes_no_hidden_character_is_left_and_the_text_can_be_encoded(text: str) -> None:
    result = visible(text)

    result.encode("utf-8")
    assert all(character in "\n\t" or unicodedata.category(character)[0] != "C" for character in result)


def test_readable_text_stays_as_it_is() -> None:
    for text in ("dev-1", "Qualität – “Prüfung”", "日本語", "", "two\nlines\tand a tab"):
        assert visible(text) == text


def test_a_hidden_character_is_named() -> None:
    assert visible("a\u202eb") == "a⟨U+202E⟩b"


@given(_ANY, st.integers(min_value=1, max_value=50))
def test_a_shortened_text_is_one_line_of_at_most_its_limit(text: str, limit: int) -> None:
    result = shortened(text, limit)

    assert len(result) <= limit
    assert "\n" not in result


def test_a_bounded_text_says_how_much_was_left_out() -> None:
    assert bounded("abcdef", 4) == "abcd… [2 more characters]"
    assert bounded("abcd", 4) == "abcd"
    assert on_one_line(" a\n\t b ") == "a b"


@given(_JSON)
def test_an_excerpt_of_any_answer_is_bounded_and_visible(value: object) -> None:
    text = excerpt(Answer("q", Outcome.OK, value))

    assert text
    assert len(visible(text)) <= EXCERPT + 40
    assert "\n" not in text


def test_an_excerpt_shows_values_as_they_were_answered() -> None:
    answer = Answer("q", Outcome.OK, {"values": {"Server": "11.38.0.47000", "": "C:\\", "Count": 3, "On": True}})

    assert excerpt(answer) == (
        "values.(Default) = C:\\; values.Count = 3; values.On = true; values.Server = 11.38.0.47000"
    )


def test_an_excerpt_of_records_reads_by_column() -> None:
    answer = Answer("q", Outcome.OK, {"entries": [{"name": "docs", "folder": True}, {"name": "share", "folder": True}]})

    assert excerpt(answer) == "entries[].folder = true, true; entries[].name = docs, share"


def test_an_excerpt_of_a_cut_list_says_that_it_was_cut() -> None:
    assert excerpt(Answer("q", Outcome.OK, ["a"], complete=False)) == "a …"


def test_an_excerpt_of_a_refused_question_is_the_words_of_the_server() -> None:
    assert excerpt(Answer("q", Outcome.DENIED, None, "Access is denied.")) == "Access is denied."


def test_paragraphs_lists_steps_and_literal_blocks_are_told_apart() -> None:
    text = "One\nline.\n\n- first\n  goes on\n- second\n\n1. do\n2. done\n\n    osaudit scan\n    osaudit report"

    assert [(block.kind, ["".join(run.text for run in item) for item in block.items]) for block in blocks(text)] == [
        ("paragraph", ["One line."]),
        ("list", ["first goes on", "second"]),
        ("steps", ["do", "done"]),
        ("literal", ["osaudit scan\nosaudit report"]),
    ]


def test_backticks_make_code_and_an_odd_one_is_a_character() -> None:
    assert [(run.text, run.code) for run in runs("a `b` c")] == [("a ", False), ("b", True), (" c", False)]
    assert [(run.text, run.code) for run in runs("a `b")] == [("a `b", False)]
    assert [(run.text, run.code) for run in runs("`a` and `b")] == [("a", True), (" and `b", False)]


@given(_ANY)
def test_no_letter_of_a_page_is_lost(text: str) -> None:
    shown = "".join(run.text for block in blocks(text) for item in block.items for run in item)
    kept = [character for character in text if character.isalpha() or character == "<"]

    assert [character for character in shown if character.isalpha() or character == "<"] == kept


def test_only_web_addresses_can_be_followed() -> None:
    assert link("a", "https://x.example/a").address == "https://x.example/a"
    for address in (
        "javascript:alert(1)",
        "data:text/html,x",
        "docs/architecture.md",
        "https://x y",
        "file:///etc",
        "",
    ):
        assert link("a", address).address == ""
