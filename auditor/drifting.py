"""Which facts of a host drifted between two scans, row by row and field by field. A function of its input.

What changes by itself is no drift; the vocabulary of facts says what that is (`model.fact.Drift`).
"""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator
from typing import Any

from auditor.model.difference import FactChange, FactLabel
from auditor.model.fact import Drift, Facts, Known, NotKnown
from auditor.model.known_facts import KEYS
from auditor.model.version import Version

_Change = tuple[FactLabel, str, str, Any, Any]


def drift(before: Facts, after: Facts) -> Iterator[FactChange]:
    """Yield what drifted on one host, sorted by fact; a fact that only one of the two scans asked for is left out."""
    earlier = dict(before)
    for name, now in after:
        if name not in earlier:
            continue
        how = KEYS[name].drift if name in KEYS else Drift()
        for label, item, field, old, new in _of_fact(earlier[name], now, how):
            yield FactChange(label, after.host, name, item, field, old, new)


def _of_fact(was: Known[Any] | NotKnown, now: Known[Any] | NotKnown, how: Drift) -> Iterator[_Change]:
    if isinstance(now, NotKnown):
        if isinstance(was, Known):
            yield FactLabel.LOST_SIGHT, "", "", was.value, now
    elif isinstance(was, NotKnown):
        yield FactLabel.NOW_SEEN, "", "", was, now.value
    elif how.told:
        yield from _of_value(_as_compared(was.value, how), _as_compared(now.value, how), how, "", "")


def _as_compared(value: Any, how: Drift) -> Any:
    return value if how.as_compared is None or value is None else how.as_compared(value)


def _of_value(was: Any, now: Any, how: Drift, item: str, field: str) -> Iterator[_Change]:
    if was == now:
        return
    if isinstance(was, tuple) and isinstance(now, tuple):
        yield from _of_rows(was, now, how, item, field)
    elif _is_record(was) and type(was) is type(now):
        for name in (each.name for each in dataclasses.fields(was)):
            if name not in how.noise:
                inner = f"{field}.{name}" if field else name
                yield from _of_value(getattr(was, name), getattr(now, name), how, item, inner)
    else:
        yield FactLabel.CHANGED, item, field, was, now


def _is_record(value: Any) -> bool:
    return dataclasses.is_dataclass(value) and not isinstance(value, Version | type)


def _of_rows(was: tuple[Any, ...], now: tuple[Any, ...], how: Drift, item: str, field: str) -> Iterator[_Change]:
    """Compare rows of the same name field by field; rows without one, or of which there are several, as a whole."""
    if not all(isinstance(row, Hashable) for row in (*was, *now)):
        # A fact of another release, of which only the raw value is known.
        yield FactLabel.CHANGED, item, field, was, now
        return
    old, new = _by_name(was, how), _by_name(now, how)
    changed = False
    for name in sorted(old.keys() | new.keys()):
        path = f"{item} {name}".strip()
        rows, others = old.get(name, []), new.get(name, [])
        if name and len(rows) == len(others) == 1:
            found = list(_of_value(rows[0], others[0], how, path, field))
        else:
            found = list(_came_and_gone(rows, others, path, field))
        changed = changed or bool(found)
        yield from found
    if how.ordered and not changed:
        yield FactLabel.CHANGED, item, "order", was, now


def _by_name(rows: tuple[Any, ...], how: Drift) -> dict[str, list[Any]]:
    named: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        is_named = how.by and all(hasattr(row, part) for part in how.by)
        named[" ".join(str(getattr(row, part)) for part in how.by) if is_named else ""].append(row)
    return named


def _came_and_gone(was: list[Any], now: list[Any], item: str, field: str) -> Iterator[_Change]:
    for label, rows in (
        (FactLabel.GONE, Counter(was) - Counter(now)),
        (FactLabel.CAME, Counter(now) - Counter(was)),
    ):
        for row in sorted(rows.elements(), key=str):
            yield (label, item, field, row, None) if label is FactLabel.GONE else (label, item, field, None, row)
