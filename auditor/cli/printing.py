"""Printing finished texts: coloured tables on a terminal, the same words as plain lines otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from auditor.reporting.terminal import Table, TerminalText, terminal_diff, terminal_summary

if TYPE_CHECKING:
    from auditor.model.difference import Difference
    from auditor.reporting.page_shapes import ReportView

_STYLES = {
    "critical": "bold red",
    "high": "red",
    "medium": "yellow",
    "low": "cyan",
    "bad": "bold red",
    "doubtful": "bold yellow",
    "nothing": "bold yellow",
    "good": "bold green",
    "unread": "yellow",
    "regressed": "red",
    "lost-sight": "yellow",
    "repaired": "green",
}
# Wide enough for a sentence where there is no terminal to measure.
_LINE = 200


def print_summary(view: ReportView) -> None:
    """Print the result of a scan on stdout."""
    _print(terminal_summary(view))


def print_difference(difference: Difference) -> None:
    """Print what changed on stdout."""
    _print(terminal_diff(difference))


def _print(text: TerminalText) -> None:
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = _LINE
    console.print(Text(text.headline, style=_STYLES.get(text.tone, "bold")))
    for sentence in text.sentences:
        console.print(Text(sentence))
    for table in text.tables:
        console.print()
        console.print(Text(table.title, style="bold"))
        console.print(_rich(table))
        if table.more:
            console.print(Text(table.more))


def _rich(table: Table) -> RichTable:
    rows = RichTable(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for number, header in enumerate(table.headers):
        last = number == len(table.headers) - 1
        rows.add_column(Text(header), overflow="fold", no_wrap=not last and len(table.headers) > 4)
    for row in table.rows:
        rows.add_row(*(Text(cell) for cell in row.cells), style=_STYLES.get(row.tone, ""))
    return rows
