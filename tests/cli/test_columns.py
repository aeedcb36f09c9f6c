"""Tables in lines of a given width: nothing is lost, and nothing is wider than the terminal."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from auditor.cli.columns import HEADER, laid_out
from auditor.reporting.terminal import Row, Table

MATRIX = Table(
    "What is installed where",
    ("Environment", "Host", "Platform Server", "Service Center", "LifeTime", "RabbitMQ"),
    tuple(
        Row("read", ("Production", host, "● 11.38.0.47000", "● 11.38.0.47000", "absent", "● 4.1.2"))
        for host in ("prd-fe1", "prd-fe2")
    ),
)
SENTENCE = "The account may not look, so this server was not judged at all."
FINDINGS = Table(
    "Open findings",
    ("Severity", "Check", "Where", "What was seen"),
    (Row("high", ("high", "DATA-001", "qa-1 (Quality)", SENTENCE)),),
)


def lines(table: Table, width: int) -> list[str]:
    return [line for _, line in laid_out(table, width)]


def test_what_fits_stands_in_columns_below_its_headers_without_spaces_at_the_end() -> None:
    header, first, second = lines(MATRIX, 100)
    for name, value in (("Platform Server", "● 11.38"), ("RabbitMQ", "● 4.1.2")):
        assert header.index(name) == (first.rindex if name == "RabbitMQ" else first.index)(value)
    assert second.split()[1] == "prd-fe2"
    assert not any(line.endswith(" ") for line in (header, first, second))


def test_a_matrix_that_is_too_wide_repeats_the_names_of_its_rows_in_each_block() -> None:
    told = lines(MATRIX, 60)
    blocks = "\n".join(told).split("\n\n")
    assert len(blocks) == 2
    assert all(block.count("prd-fe1") == block.count("Environment") == 1 for block in blocks)
    assert sum("RabbitMQ" in block for block in blocks) == 1


def test_a_sentence_is_wrapped_in_its_column_while_that_reads_well() -> None:
    header, first, second = lines(FINDINGS, 84)
    assert first.index("The account") == second.index("judged") == header.index("What was seen")


def test_a_sentence_stands_below_its_row_on_a_narrow_terminal() -> None:
    assert lines(FINDINGS, 60) == [
        "high  DATA-001  qa-1 (Quality)",
        "    The account may not look, so this server was not judged",
        "    at all.",
    ]


def test_a_short_last_cell_below_its_row_says_what_it_is() -> None:
    table = Table(
        "", ("Host", "Component", "Before", "Now"), (Row("", ("dev-1", "Platform Server", "absent", "11.2")),)
    )
    assert lines(table, 20) == ["dev-1  Platform", "    Server  absent", "    Now: 11.2"]


def test_tones_stay_with_their_rows() -> None:
    assert [tone for tone, _ in laid_out(MATRIX, 100)] == [HEADER, "read", "read"]


words = st.text(st.sampled_from("abc日"), min_size=1, max_size=8)
cells = st.lists(words, min_size=1, max_size=6).map(" ".join)


@settings(max_examples=300, deadline=None)
@given(
    rows=st.lists(st.lists(cells, min_size=7, max_size=7), min_size=1, max_size=3),
    columns=st.integers(1, 7),
    width=st.integers(110, 200),
)
def test_no_word_is_lost_at_any_width(rows: list[list[str]], columns: int, width: int) -> None:
    headers = tuple(f"h{number}" for number in range(columns))
    table = Table("", headers, tuple(Row("", tuple(row[:columns])) for row in rows))
    told = lines(table, width)
    assert all(cell_len(line) <= width for line in told)
    shown = Counter(" ".join(told).split())
    wanted = Counter(word for row in table.rows for cell in row.cells for word in cell.split())
    assert not wanted - shown


@pytest.mark.parametrize("width", [1, 5, 20])
def test_a_terminal_that_is_far_too_narrow_still_gets_an_answer(width: int) -> None:
    assert lines(MATRIX, width)
    assert lines(FINDINGS, width)
