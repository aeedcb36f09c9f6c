"""Facts of many hosts: what most of them share is told once, and of each host only what differs."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from auditor.reporting.host_shapes import FactRow, HostFacts
from auditor.reporting.language import N_, _
from auditor.reporting.plain import shortened
from auditor.reporting.words import count

_TEXT = 80
# The table of how each host was read has these too.
_ELSEWHERE = frozenset({N_("Began"), N_("Read over"), N_("Answers")})


@dataclass(frozen=True, slots=True)
class CommonFact:
    """A fact with the value that most hosts have; `words` says how many."""

    fact: FactRow
    words: str


def common_facts(hosts: tuple[HostFacts, ...]) -> tuple[tuple[CommonFact, ...], tuple[HostFacts, ...]]:
    """Return what is common, and the hosts with the facts that differ, cut to a line each."""
    values: dict[str, Counter[FactRow]] = {}
    for host in hosts:
        for row in host.facts:
            values.setdefault(row.name, Counter())[row] += 1
    common: dict[str, CommonFact] = {}
    for name, found in sorted(values.items()):
        # The first of those that are equally frequent is that of the first host, so the choice is always the same.
        row, number = found.most_common(1)[0]
        if number > 1:
            common[name] = CommonFact(
                row, _("%(number)s of %(all)s", number=number, all=count(len(hosts), "host", "hosts"))
            )
    kept = {name: item.fact for name, item in common.items()}
    return tuple(common.values()), tuple(_different(host, kept) for host in hosts)


def _different(host: HostFacts, common: dict[str, FactRow]) -> HostFacts:
    own = [row for row in host.facts if common.get(row.name) != row]
    rows = (*(_line(row) for row in own if row.table is None), *_lists(own))
    elsewhere = {_(word) for word in _ELSEWHERE}
    visit = tuple((word, value) for word, value in host.visit if word not in elsewhere)
    return dataclasses.replace(
        host, facts=rows, components=(), visit=visit, roles=host.roles if host.contradictions else ""
    )


def _line(row: FactRow) -> FactRow:
    return dataclasses.replace(
        row, meaning="", text=shortened(row.text, _TEXT), not_known=shortened(row.not_known, _TEXT)
    )


def _lists(rows: list[FactRow]) -> Iterator[FactRow]:
    """Yield one line for all facts that are lists of records, of which a line can say no more than their length."""
    lists = [f"{row.name} ({len(row.table.rows)})" for row in rows if row.table is not None]
    if lists:
        yield FactRow(_("lists of its own"), "", ", ".join(lists), None, "", "")
