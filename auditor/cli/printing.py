"""Printing finished texts: coloured tables on a terminal, the same words as plain lines otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from auditor.cli.columns import HEADER, laid_out, wrapped
from auditor.reporting.plain import on_one_line
from auditor.reporting.terminal import Row, Table, TerminalText, terminal_diff, terminal_summary

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
    HEADER: "dim",
}
# Wide enough for a sentence where there is no terminal to measure.
_LINE = 200


def print_summary(view: ReportView) -> None:
    """Print the result of a scan on stdout."""
    _print(terminal_summary(view))


def print_difference(difference: Difference) -> None:
    """Print what changed on stdout."""
    _print(terminal_diff(difference))


def print_rows(headers: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Print a list on stdout."""
    console = _console()
    harmless = [Row("", tuple(on_one_line(cell) for cell in row)) for row in rows]
    _print_lines(console, Table("", headers, tuple(harmless)))


def print_indented(text: str, indent: int) -> None:
    """Print a text on stdout, broken between words, every line indented by so many spaces."""
    console = _console()
    for line in wrapped(on_one_line(text), console.width - indent):
        console.print(Text(" " * indent + line), soft_wrap=True)


def _print(text: TerminalText) -> None:
    console = _console()
    console.print(Text(text.headline, style=_STYLES.get(text.tone, "bold")))
    for sentence in text.sentences:
        console.print(Text(sentence))
    for table in text.tables:
        console.print()
        console.print(Text(table.title, style="bold"))
        _print_lines(console, table)
        if table.more:
            console.print(Text(table.more))


def _console() -> Console:
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = _LINE
    return console


def _print_lines(console: Console, table: Table) -> None:
    for tone, line in laid_out(table, console.width):
        console.print(Text(line, style=_STYLES.get(tone, tone)), soft_wrap=True)
