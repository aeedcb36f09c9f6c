"""Report and diff for a terminal."""

from __future__ import annotations

import unicodedata

from auditor.diffing import compare
from auditor.reporting.terminal import TerminalText, terminal_diff, terminal_summary
from auditor.reporting.view import build_view
from tests.reporting.hostile import hostile_record, hostile_texts
from tests.reporting.northwind import drifted_record, healthy_record
from tests.reporting.pages import check_texts


def texts(terminal: TerminalText) -> list[str]:
    cells = [cell for table in terminal.tables for row in table.rows for cell in row.cells]
    return [terminal.headline, *terminal.sentences, *cells]


def test_the_summary_answers_what_is_where_what_is_open_and_what_was_not_seen() -> None:
    summary = terminal_summary(build_view(drifted_record(), check_texts()))
    tables = {table.title: table for table in summary.tables}

    assert list(tables) == ["What is installed where", "Open findings", "Could not be evaluated"]
    matrix = tables["What is installed where"]
    lifetime = matrix.headers.index("LifeTime")
    rows = {row.cells[1]: row.cells for row in matrix.rows}
    assert rows["dev-1"][lifetime] == "● 11.28.0.1200"
    assert rows["prd-ctl"][lifetime] == "absent"
    assert rows["qa-1"][lifetime] == "not known"


def test_every_row_has_a_cell_for_every_column() -> None:
    before, after = healthy_record(), drifted_record()
    for terminal in (terminal_summary(build_view(after, check_texts())), terminal_diff(compare(before, after))):
        for table in terminal.tables:
            assert {len(row.cells) for row in table.rows} == {len(table.headers)}


def test_the_comparison_lists_hosts_components_roles_and_findings() -> None:
    terminal = terminal_diff(compare(healthy_record(), drifted_record()))

    assert [table.title for table in terminal.tables] == ["Hosts", "Components", "Roles", "Findings"]
    assert terminal.tone == "bad"
    assert terminal.tables[0].rows[0].cells[:2] == ("qa-1", "lost sight")


def test_a_host_that_went_silent_takes_one_row_of_components_and_few_of_findings() -> None:
    tables = {table.title: table for table in terminal_diff(compare(healthy_record(), drifted_record())).tables}
    components = [row.cells for row in tables["Components"].rows if row.cells[0] == "qa-1"]
    lost = [row.cells for row in tables["Findings"].rows if row.cells[0] == "lost sight"]

    assert components == [("qa-1", "9 components", "lost sight", "3 there, 6 not", "not known")]
    assert [cells[1:4] for cells in lost] == [
        ("critical", "4 checks", "4 verdicts"),
        ("high", "2 checks", "2 verdicts"),
        ("medium", "2 checks", "2 verdicts"),
    ]
    assert "TOPO-006" in lost[0][4]


def test_a_comparison_of_equal_scans_says_that_nothing_changed() -> None:
    terminal = terminal_diff(compare(healthy_record(41), healthy_record(42)))

    assert terminal.headline == "Nothing changed: both scans saw the same."
    assert terminal.tables == ()


def test_no_text_can_move_the_cursor_or_fill_the_screen() -> None:
    record = hostile_record()
    for terminal in (
        terminal_summary(build_view(record, hostile_texts())),
        terminal_diff(compare(record, record)),
        terminal_diff(compare(healthy_record(41), drifted_record(42))),
    ):
        for text in texts(terminal):
            assert len(text) <= 500
            assert not [character for character in text if unicodedata.category(character)[0] == "C"]
