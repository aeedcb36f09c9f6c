"""The rows of tables of figures: typed values, and the versions that a row speaks of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar, cast

from auditor.model.version import Version

T = TypeVar("T", str, int, bool, date, Version)

CONFIDENCES = ("high", "medium", "low", "unconfirmed")
_OWN_KEYS = ("from", "before", "confidence")
_KINDS: Mapping[str, tuple[type, str]] = {
    "text": (str, "a text"),
    "number": (int, "a whole number"),
    "flag": (bool, "true or false"),
    "date": (date, "a date"),
    "version": (Version, "a version in quotation marks"),
    "texts": (tuple, "a list of texts"),
}
COLUMN = re.compile(rf"(?P<kind>{'|'.join(_KINDS)})(?P<optional>\?)?")

# What a row may hold: texts is a tuple.
Value = str | int | bool | date | Version | tuple[str, ...]
Problem = tuple[str, str]


def is_below(version: Version, other: Version) -> bool:
    """Whether a version comes before another one; 11.35 and 11.35.0 are the same."""
    mine, theirs = version.parts, other.parts
    # The shorter one is filled up with zeros; the longer one stays as it is.
    return mine + (0,) * (len(theirs) - len(mine)) < theirs + (0,) * (len(mine) - len(theirs))


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: it speaks of the versions from `start` on, and before `before` if that is not None."""

    start: Version
    before: Version | None
    confidence: str
    values: Mapping[str, Value]

    def holds(self, version: Version) -> bool:
        """Whether the row speaks of this version."""
        return not is_below(version, self.start) and (self.before is None or is_below(version, self.before))

    def value(self, column: str, kind: type[T]) -> T:
        """Return the value of a column; KeyError where the row has none, TypeError where it is of another kind."""
        value = self.values[column]
        if type(value) is not kind:
            raise TypeError(f"the column {column} is {type(value).__name__}, not {kind.__name__}")
        return value

    def find(self, column: str, kind: type[T]) -> T | None:
        """Return the value of an optional column, None where the row has none."""
        return self.value(column, kind) if column in self.values else None

    def texts(self, column: str) -> tuple[str, ...]:
        """Return the texts of a column, none where the row has none."""
        value = self.values.get(column, ())
        if not isinstance(value, tuple):
            raise TypeError(f"the column {column} is {type(value).__name__}, not a list of texts")
        return value


def read_row(document: Any, columns: Mapping[str, str], confidence: str) -> tuple[Row | None, list[Problem]]:
    """Return the row that a document spells, or None, and what is wrong with it as (key, sentence)."""
    if not isinstance(document, dict):
        return None, [("", "a row must be a table.")]
    problems = [
        (key, f"there is no column {key}; there are {', '.join(columns)}.")
        for key in document
        if key not in columns and key not in _OWN_KEYS
    ]
    start = read_version(document.get("from"))
    before = read_version(document.get("before"))
    if start is None:
        problems.append(("from", "a row needs the first version that it speaks of, in quotation marks."))
    if "before" in document and before is None:
        problems.append(("before", "this must be the version at which the row ends, in quotation marks."))
    if start is not None and before is not None and not is_below(start, before):
        problems.append(("before", f"the row ends at {before}, but begins only at {start}."))
    if (confidence := document.get("confidence", confidence)) not in CONFIDENCES:
        problems.append(("confidence", f"{confidence!r} is none of {', '.join(CONFIDENCES)}."))
    values: dict[str, Value] = {}
    for name, declared in columns.items():
        problems.extend(_read_cell(name, declared, document, values))
    return (None if problems or start is None else Row(start, before, confidence, values)), problems


def _read_cell(name: str, declared: str, document: Mapping[str, Any], values: dict[str, Value]) -> list[Problem]:
    kind, wanted = _KINDS[declared.removesuffix("?")]
    if name not in document:
        return [] if declared.endswith("?") else [(name, f"the row needs {wanted} here.")]
    value: Any = document[name]
    if kind is Version:
        value = read_version(value)
    elif kind is tuple and type(value) is list and all(type(item) is str and item for item in value):
        value = tuple(value)
    if type(value) is not kind or value == "":
        return [(name, f"this must be {wanted}.")]
    values[name] = cast(Value, value)
    return []


def read_version(value: Any) -> Version | None:
    """Return the version that a text spells, None for anything else."""
    try:
        return Version.parse(value) if type(value) is str else None
    except ValueError:
        return None
