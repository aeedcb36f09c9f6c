"""Figures as data: the tables below `tables/` of a folder of checks, all read by this one reader.

A table is a TOML file named like the table:

    title = ".NET Framework that Platform Server needs"
    of = "platform-server"            # the product whose versions the rows are about
    shape = "contiguous"              # contiguous, separate or overlapping
    lowest = "11.0.0"                 # the versions that the table speaks of, both included
    highest = "11.43.0"
    confidence = "high"               # a row may have its own
    sources = {PSREL = 2026-08-17, SYSREQ = "d05e241"}    # date of the source; stored version where it bears no date
    columns = {floor = "number", note = "text?"}          # text, number, flag, date, version, texts; ? for optional
    row = [
      {from = "11.0.0", before = "11.35.0", floor = 461808},
      {from = "11.35.0", floor = 461808},
    ]

`from` belongs to the row, `before` does not; a row without `before` has no end. Contiguous: exactly one row for each
version; separate: at most one; overlapping: any number. Rows are sorted by `from`. A version outside of the bounds is
in no table: an old set of rules must not bless a new release. The table `<product>_releases` is the horizon of all
tables of that product: none may claim to know a newer version.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from auditor.engine.sight import Unknowable
from auditor.engine.table_rows import COLUMN, CONFIDENCES, Row, is_below, read_row, read_version
from auditor.errors import DocumentError, Location
from auditor.model.fact import NotKnown, Reason
from auditor.model.version import Version

FOLDER = "tables"
SHAPES = ("contiguous", "separate", "overlapping")
PRODUCTS = {
    "platform-server": "Platform Server",
    "lifetime": "LifeTime",
    "windows": "Windows",
    "dotnet": ".NET",
    "sql-server": "SQL Server",
    "outsystems": "OutSystems",
}
_KEYS = ("title", "of", "shape", "lowest", "highest", "confidence", "sources", "columns", "row")
_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_ROW = re.compile(r"\s*(?:\{|\[\[\s*row\s*\]\]|row\s*=\s*\[\s*\{)")

Problems = list[tuple[Location, str]]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of figures. `sources` gives for each key the date of the source, or its stored version."""

    name: str
    title: str
    of: str
    shape: str
    lowest: Version
    highest: Version
    confidence: str
    sources: Mapping[str, date | str]
    rows: tuple[Row, ...]

    @property
    def date(self) -> date | None:
        """The date of the newest source that bears one."""
        return max((value for value in self.sources.values() if isinstance(value, date)), default=None)

    def at(self, version: Version) -> Row:
        """Return the one row that speaks of a version; raises `Unknowable` outside of the bounds.

        Only for contiguous tables: TypeError for any other.
        """
        if self.shape != "contiguous":
            raise TypeError(f"the table {self.name} is {self.shape}: not every version has a row")
        return self.all_at(version)[0]

    def find(self, version: Version) -> Row | None:
        """Return the row that speaks of a version, None for one in a gap; raises `Unknowable` outside of the bounds.

        TypeError for an overlapping table.
        """
        if self.shape == "overlapping":
            raise TypeError(f"the table {self.name} is {self.shape}: a version may have several rows")
        return next(iter(self.all_at(version)), None)

    def all_at(self, version: Version) -> tuple[Row, ...]:
        """Return all rows that speak of a version; raises `Unknowable` (version-not-in-table) outside of the bounds."""
        self.demand(version)
        return tuple(row for row in self.rows if row.holds(version))

    def demand(self, version: Version) -> None:
        """Raise `Unknowable` (version-not-in-table) for a version that the table does not speak of."""
        what = f"{PRODUCTS[self.of]} {version}"
        if is_below(version, self.lowest):
            bound = f"older than {self.lowest}, the oldest"
        elif self._is_newer(version):
            bound = f"newer than {self.highest}, the newest"
        else:
            return
        sentence = f"{what} is {bound} that the table {self.name} knows, so the figures for it are not known."
        raise Unknowable(NotKnown(Reason.VERSION_NOT_IN_TABLE, sentence))

    def _is_newer(self, version: Version) -> bool:
        """Compare as far as `highest` is written: 11.43.0 stands for all its builds."""
        return is_below(self.highest, Version(version.parts[: len(self.highest.parts)]))


@dataclass(frozen=True, slots=True)
class Dates:
    """The ages of tables: each is as old as the newest of its sources that bears a date."""

    oldest: date
    newest: date


@dataclass(frozen=True, slots=True)
class Tables:
    """All tables by name."""

    by_name: Mapping[str, Table] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Table:
        return self.by_name[name]

    def __iter__(self) -> Iterator[Table]:
        return iter(self.by_name.values())

    @property
    def date(self) -> Dates | None:
        """The dates of the oldest and the newest table; None without any."""
        dates = [table.date for table in self if table.date is not None]
        return Dates(min(dates), max(dates)) if dates else None

    @property
    def age_line(self) -> str:
        """The age of the figures in one line for people."""
        if not self.by_name:
            return "no tables of figures"
        told = f"{len(self.by_name)} table{'' if len(self.by_name) == 1 else 's'} of figures"
        if self.date is None:
            return f"{told}, from sources without a date"
        return f"{told}, from sources of {self.date.oldest} to {self.date.newest}"


def load_tables(folders: Iterable[Path]) -> Tables:
    """Load every `tables/*.toml` of the folders, sorted by name; `DocumentError` locates all that is wrong."""
    folders = list(folders)
    known = {key for folder in folders for key in _source_keys(folder)}
    problems: Problems = []
    tables: dict[str, Table] = {}
    files: dict[str, Path] = {}
    for file in sorted((file for folder in folders for file in folder.glob(f"{FOLDER}/*.toml")), key=lambda f: f.stem):
        if file.stem in files:
            problems.append((Location(str(file)), f"{files[file.stem]} has a table of this name already."))
            continue
        files[file.stem] = file
        table, wrong = _read_table(file, known)
        problems.extend(wrong)
        if table is not None:
            tables[table.name] = table
    for table in tables.values():
        problems.extend(_beyond_horizon(table, tables, files[table.name]))
    if problems:
        raise DocumentError(problems)
    return Tables(tables)


def _source_keys(folder: Path) -> Iterable[str]:
    file = folder / "sources.toml"
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else ()


def _read_table(file: Path, known_sources: set[str]) -> tuple[Table | None, Problems]:
    text = file.read_text(encoding="utf-8")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return None, [(Location(str(file)), f"this is not TOML: {error}.")]
    found = _head_problems(file.stem, document, known_sources)
    if found:
        return None, [(Location(str(file), _line_of(text, key), key), sentence) for key, sentence in found]
    lines = [number for number, line in enumerate(text.splitlines(), 1) if _ROW.match(line)]
    rows: list[Row] = []
    problems: Problems = []
    for index, item in enumerate(document["row"]):
        row, wrong = read_row(item, document["columns"], document["confidence"])
        line = lines[index] if index < len(lines) else None
        problems.extend((Location(str(file), line, f"row {index + 1} {key}".strip()), text) for key, text in wrong)
        rows.extend([] if row is None else [row])
    if problems:
        return None, problems
    table = Table(
        file.stem, document["title"], document["of"], document["shape"], Version.parse(document["lowest"]),
        Version.parse(document["highest"]), document["confidence"], document["sources"], tuple(rows),
    )  # fmt: skip
    for index, sentence in _order_problems(table):
        line = lines[index] if index < len(lines) else None
        problems.append((Location(str(file), line, f"row {index + 1}"), sentence))
    return (None if problems else table), problems


def _line_of(text: str, key: str) -> int | None:
    wanted = re.compile(rf"\[?{re.escape(key)}\b")
    return next((number for number, line in enumerate(text.splitlines(), 1) if wanted.match(line)), None)


def _head_problems(name: str, document: Mapping[str, Any], known_sources: set[str]) -> list[tuple[str, str]]:
    """Return what is wrong outside of the rows as (key, sentence)."""
    found: list[tuple[str, str]] = []
    if not _NAME.fullmatch(name):
        found.append(("", "the file must have a name in lower case, words joined by underscores."))
    found += [(key, f"there is no such key; there are {', '.join(_KEYS)}.") for key in document if key not in _KEYS]
    found += [(key, "this key is missing.") for key in _KEYS if key not in document]
    if found:
        return found
    choices = {"of": tuple(PRODUCTS), "shape": SHAPES, "confidence": CONFIDENCES}
    found += [
        (key, f"expected one of {', '.join(some)}.") for key, some in choices.items() if document[key] not in some
    ]
    if type(document["title"]) is not str or not document["title"]:
        found.append(("title", "expected a text."))
    bounds = [read_version(document[key]) for key in ("lowest", "highest")]
    found += [(key, "expected a version in quotation marks.")
              for key, bound in zip(("lowest", "highest"), bounds, strict=True) if bound is None]  # fmt: skip
    if bounds[0] and bounds[1] and is_below(bounds[1], bounds[0]):
        found.append(("highest", f"{bounds[1]} is below the lowest version {bounds[0]}."))
    found += _source_problems(document["sources"], known_sources)
    columns = document["columns"]
    if not isinstance(columns, dict) or not all(COLUMN.fullmatch(str(kind)) for kind in columns.values()):
        found.append(("columns", "expected a kind for each column: text, number, flag, date, version or texts."))
    if not isinstance(document["row"], list) or not document["row"]:
        found.append(("row", "expected at least one row."))
    return found


def _source_problems(sources: Any, known: set[str]) -> list[tuple[str, str]]:
    if not isinstance(sources, dict) or not sources:
        return [("sources", "expected at least one source with its date or stored version.")]
    unknown = [key for key in sources if key not in known]
    found = [("sources", f"{key} does not stand in sources.toml.") for key in unknown]
    wrong = [key for key, value in sources.items() if type(value) is not date and (type(value) is not str or not value)]
    return found + [("sources", f"{key} needs a date, or the stored version in quotation marks.") for key in wrong]


def _order_problems(table: Table) -> Iterator[tuple[int, str]]:
    """Return what is wrong with the order of the rows as (index of the row, sentence)."""
    rows = table.rows
    for index, row in enumerate(rows):
        if is_below(row.start, table.lowest):
            yield index, f"it begins at {row.start}, below the lowest version {table.lowest}."
        if table._is_newer(row.start):
            yield index, f"it begins at {row.start}, above the highest version {table.highest}."
    for index, (earlier, later) in enumerate(pairwise(rows), 1):
        if is_below(later.start, earlier.start):
            yield index, f"it begins at {later.start}, below the row before it: sort the rows."
        elif table.shape != "overlapping" and (earlier.before is None or is_below(later.start, earlier.before)):
            yield index, f"it begins at {later.start}, but the row before it ends at {earlier.before or 'no version'}."
        elif table.shape == "contiguous" and earlier.before != later.start:
            yield index, f"there is a gap between {earlier.before} and {later.start}."
    if table.shape == "contiguous":
        if rows[0].start != table.lowest:
            yield 0, f"there is a gap between the lowest version {table.lowest} and {rows[0].start}."
        if rows[-1].before is not None:
            yield len(rows) - 1, "the last row must not end: `highest` says how far the table goes."


def _beyond_horizon(table: Table, tables: Mapping[str, Table], file: Path) -> Problems:
    releases = tables.get(f"{table.of.replace('-', '_')}_releases")
    if releases is None:
        return []
    place = Location(str(file), _line_of(file.read_text(encoding="utf-8"), "highest"), "highest")
    if table is releases and table.rows[-1].start != table.highest:
        return [(place, f"the newest release is {table.rows[-1].start}.")]
    if is_below(releases.highest, table.highest):
        return [(place, f"{releases.name} knows no release above {releases.highest}.")]
    return []
