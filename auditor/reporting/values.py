"""Stored answers and facts in words, bounded: an excerpt for evidence, a line or a table for a fact."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import Enum
from typing import Any

from auditor.model.fact import Known, NotKnown
from auditor.model.known_facts import KEYS
from auditor.model.question import Answer, Outcome
from auditor.model.version import Version
from auditor.reporting.host_shapes import FactRow, FactTable
from auditor.reporting.language import _, in_digits, ngettext
from auditor.reporting.plain import bounded, cut_line, on_one_line
from auditor.reporting.words import and_more, moment

EXCERPT = 320
SENTENCE = 2000
NAME = 200
_PARTS = 12
_LEAF = 120
_FACT_TEXT = 600
_FACT_ROWS = 60
_BYTES = frozenset({"hardware.memory", "size", "free"})


def excerpt(answer: Answer) -> str:
    """Return what an answer said: its first values as `path = value`, or why there is none."""
    if answer.outcome is not Outcome.OK:
        return cut_line(answer.detail, EXCERPT)
    parts: list[str] = []
    left_out = False
    for path, leaf in _leaves(answer.value, ""):
        if len(parts) == _PARTS:
            left_out = True
            break
        parts.append(f"{path} = {leaf}" if path else leaf)
    text = bounded("; ".join(parts), EXCERPT)
    if left_out or not answer.complete:
        text += " …"
    return text or _("nothing")


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key in sorted(value, key=str):
            name = on_one_line(str(key)[:_LEAF]) or "(Default)"
            yield from _leaves(value[key], f"{path}.{name}" if path else name)
    elif isinstance(value, list | tuple) and len(value) > 1 and all(isinstance(item, Mapping) for item in value):
        yield from _columns(value, path)
    elif isinstance(value, list | tuple) and any(isinstance(item, Mapping | list | tuple) for item in value):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}[{index}]")
    elif isinstance(value, list | tuple):
        yield path, _leaf(", ".join(_exact(item)[:_LEAF] for item in value[:_PARTS]) or "[]")
    else:
        yield path, _leaf(_exact(value))


def _columns(rows: list[Mapping[str, Any]] | tuple[Mapping[str, Any], ...], path: str) -> Iterator[tuple[str, str]]:
    """Yield records by column, which says more in the same space: `entries[].name = docs, share`."""
    shown = rows[:_PARTS]
    for key in sorted({key for row in shown for key in row}, key=str):
        texts = [_exact(row[key])[:_LEAF] for row in shown if key in row]
        yield f"{path}[].{on_one_line(str(key)[:_LEAF])}", _leaf(", ".join(texts))


def _leaf(text: str) -> str:
    return cut_line(text, _LEAF)


def _exact(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _in_words(value: Any) -> str:
    if value is None:
        return _("none")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, float):
        return in_digits(value)
    return str(value)


def meaning_of(fact: str) -> str:
    """Return what a fact says, empty for one that the vocabulary does not have."""
    return _(KEYS[fact].meaning) if fact in KEYS else ""


def fact_row(name: str, fact: Known[Any] | NotKnown) -> FactRow:
    """Return a fact in words."""
    row = FactRow(name, meaning_of(name), "", None, "", "")
    if isinstance(fact, NotKnown):
        sentence = cut_line(fact.sentence, SENTENCE)
        return dataclasses.replace(row, not_known=f"{sentence} ({fact.reason.value})")
    value = fact.value
    if isinstance(value, tuple) and value and dataclasses.is_dataclass(value[0]):
        shown = value[:_FACT_ROWS]
        left_out = _left_out(len(value) - len(shown)) if len(value) > len(shown) else ""
        return dataclasses.replace(row, table=_table(shown), left_out=left_out)
    return dataclasses.replace(row, text=fact_value(name, value))


def _left_out(rows: int) -> str:
    return ngettext("%(num)s more row kept in the stored scan", "%(num)s more rows kept in the stored scan", rows)


def fact_value(name: str, value: Any) -> str:
    """Return a value of a fact, or of a field of this name, in words and bounded."""
    return bounded(_fact_text(name, value), _FACT_TEXT)


def _table(values: tuple[Any, ...]) -> FactTable:
    names = [field.name for field in dataclasses.fields(values[0])]
    rows = tuple(tuple(_field(name, getattr(value, name)) for name in names) for value in values)
    return FactTable(tuple(name.replace("_", " ") for name in names), rows)


def _field(name: str, value: Any) -> str:
    return _leaf(_fact_text(name, value))


def _fact_text(name: str, value: Any) -> str:
    if name in _BYTES and isinstance(value, int):
        size = f"{in_digits(value / 2**30, 1)} GiB"
        return f"{size} ({value} bytes)" if name == "hardware.memory" else size
    if isinstance(value, tuple):
        texts = [_fact_text("", item)[:_LEAF] for item in value[:_FACT_ROWS]]
        listed = ", ".join(texts) or _("none")
        return and_more(listed, len(value) - _FACT_ROWS) if len(value) > _FACT_ROWS else listed
    if dataclasses.is_dataclass(value) and not isinstance(value, Version):
        fields = [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)]
        return "; ".join(f"{key.replace('_', ' ')}: {_fact_text(key, item)}" for key, item in fields)
    return on_one_line(_in_words(value)[: _FACT_TEXT * 2])
