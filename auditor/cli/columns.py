"""Laying out a table in lines of a given width, so that it can be read on a narrow terminal too.

Where everything fits, or the last column can be wrapped to lines that still read well, the table has columns. Else a
matrix is cut into blocks of columns that repeat the names of the rows, and any other table has the last cell of each
row below it.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len, chop_cells, set_cell_size

from auditor.reporting.terminal import Row, Table

HEADER = "header"
_GAP = 2
_INDENT = 4
# A cell that is longer is a sentence, and may be wrapped; a column of sentences narrower than this is hard to read.
_SENTENCE = 40
_MANY_COLUMNS = 5

Line = tuple[str, str]


def laid_out(table: Table, width: int) -> Iterator[Line]:
    """Yield the lines of a table, each with its tone; none is wider than `width` unless a single word is."""
    widths = [_widest(table, number) for number in range(len(table.headers))]
    before_last = sum(widths[:-1]) + _GAP * (len(widths) - 1)
    has_sentences = widths[-1] > _SENTENCE
    if before_last + (_SENTENCE if has_sentences else widths[-1]) <= width:
        yield from _columns(table, widths, width - before_last)
    elif len(widths) > _MANY_COLUMNS and sum(widths[:2]) + max(widths[2:]) + 2 * _GAP <= width:
        yield from _blocks(table, widths, width)
    else:
        yield from _stacked(table, width, "" if has_sentences else f"{table.headers[-1]}: ")


def _widest(table: Table, number: int) -> int:
    return max(cell_len(table.headers[number]), *(cell_len(row.cells[number]) for row in table.rows), 1)


def _columns(table: Table, widths: list[int], last: int) -> Iterator[Line]:
    for row in (Row(HEADER, table.headers), *table.rows):
        for number, part in enumerate(wrapped(row.cells[-1], last) or [""]):
            cells = row.cells[:-1] if number == 0 else ("",) * (len(widths) - 1)
            padded = (set_cell_size(cell, size + _GAP) for cell, size in zip(cells, widths, strict=False))
            yield row.tone, f"{''.join(padded)}{part}".rstrip()


def _stacked(table: Table, width: int, label: str) -> Iterator[Line]:
    for row in table.rows:
        heading = (" " * _GAP).join(cell for cell in row.cells[:-1] if cell)
        for number, part in enumerate(wrapped(heading, width - _INDENT)):
            yield row.tone, " " * _INDENT * (number > 0) + part
        if row.cells[-1]:
            yield from (("", " " * _INDENT + part) for part in wrapped(label + row.cells[-1], width - _INDENT))


def _blocks(table: Table, widths: list[int], width: int) -> Iterator[Line]:
    """Two columns name the row; the others follow in as many blocks as they need."""
    names = widths[:2]
    rest = list(range(2, len(widths)))
    while rest:
        room = width - sum(names) - _GAP * len(names)
        taken: list[int] = []
        while rest and (not taken or sum(widths[number] + _GAP for number in (*taken, rest[0])) - _GAP <= room):
            taken.append(rest.pop(0))
        shown = (0, 1, *taken)
        rows = tuple(Row(row.tone, tuple(row.cells[number] for number in shown)) for row in table.rows)
        block = Table("", tuple(table.headers[number] for number in shown), rows)
        chosen = [widths[number] for number in shown]
        yield from _columns(block, chosen, max(chosen[-1], 1))
        if rest:
            yield "", ""


def wrapped(text: str, width: int) -> list[str]:
    """Return the lines of a text, broken between words; a word that is longer than a line is cut."""
    width = max(width, 1)
    lines: list[str] = []
    for word in text.split(" "):
        if lines and cell_len(lines[-1]) + 1 + cell_len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.extend(chop_cells(word, width) or [""])
    return lines
