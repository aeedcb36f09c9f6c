"""Drift of facts in words: for each host what came, went and changed, bounded, and the same in every form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from auditor.model.difference import Difference, FactChange, FactLabel
from auditor.model.fact import NotKnown
from auditor.reporting.diff_shapes import FactChangeView, HostDrift
from auditor.reporting.findings import short
from auditor.reporting.language import English, _, ngettext
from auditor.reporting.plain import cut_line
from auditor.reporting.values import fact_value, meaning_of
from auditor.reporting.words import CHANGE_TONES, FACT_LABELS, count

# An upgrade changes hundreds of rows; a person reads the first ones and then looks at the report.
_ROWS = 200
_TEXT = 300
_NAMES = 600
_OF_SIGHT = frozenset({FactLabel.LOST_SIGHT, FactLabel.NOW_SEEN})


def drift_of(difference: Difference) -> tuple[HostDrift, ...]:
    """Return what drifted, by host; facts of which sight changed are named together."""
    hosts: dict[str, list[FactChange]] = {}
    for change in difference.facts:
        hosts.setdefault(change.host, []).append(change)
    return tuple(_host(host, changes) for host, changes in hosts.items())


def _host(host: str, changes: list[FactChange]) -> HostDrift:
    told = [change for change in changes if change.label not in _OF_SIGHT]
    lost = [change for change in changes if change.label is FactLabel.LOST_SIGHT]
    seen = [change for change in changes if change.label is FactLabel.NOW_SEEN]
    left_out = len(told) - _ROWS
    return HostDrift(
        host=short(host),
        rows=tuple(_row(change) for change in told[:_ROWS]),
        left_out=_left_out(left_out) if left_out > 0 else "",
        amount=count(len(told), "change", "changes"),
        unseen=_("Not known now: %(facts)s.", facts=_names(lost)) if lost else "",
        why=_why(lost),
        seen=_("Now known, and not before: %(facts)s.", facts=_names(seen)) if seen else "",
    )


def _row(change: FactChange) -> FactChangeView:
    came, gone = change.label is FactLabel.CAME, change.label is FactLabel.GONE
    return FactChangeView(
        label=change.label.value,
        word=FACT_LABELS[change.label],
        tone=CHANGE_TONES[change.label.value],
        fact=short(change.fact),
        meaning=meaning_of(change.fact),
        item=short(change.item),
        field=short(change.field.replace("_", " ").replace(".", " ")),
        before=None if came else _text(change.fact, change.field, change.before),
        after=None if gone else _text(change.fact, change.field, change.after),
    )


def _text(fact: str, field: str, value: Any) -> str:
    name = field.rpartition(".")[2] or fact
    return cut_line(fact_value(name, value), _TEXT) or _("(empty)")


def _left_out(number: int) -> str:
    return ngettext(
        "%(num)s more change; the stored scans hold all.", "%(num)s more changes; the stored scans hold all.", number
    )


def _why(lost: list[FactChange]) -> str:
    """Return the first reason: most often it is one for all."""
    reasons = [change.after.sentence for change in lost if isinstance(change.after, NotKnown)]
    return English(cut_line(reasons[0], _TEXT) if reasons else "")


def _names(changes: Iterable[FactChange]) -> str:
    return cut_line(", ".join(sorted({short(change.fact) for change in changes})), _NAMES)
