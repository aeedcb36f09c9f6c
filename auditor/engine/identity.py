"""One machine behind several entries of the inventory, told by marks, in a time that grows with the hosts.

Two entries are one machine if two of hardware UUID, system GUID and network cards agree; one alone proves nothing,
because clones of a template share the GUID. They are two machines if two differ, or if the only one that both have
differs and none was unreadable. Otherwise it is not known. Nobody is compared with everybody: hosts that agree in
two marks meet in an index, and of all others only the kinds of marks that each has decide whether they can be told
apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

from auditor.engine.sight import FEW, Sighting, Unknowable, name_few
from auditor.model.fact import FactKey, NotKnown, Reason
from auditor.model.known_facts import MACHINE_GUID, MACHINE_MACS, MACHINE_UUID

if TYPE_CHECKING:
    from auditor.engine.subjects import Host

_MARKS: tuple[FactKey[Any], ...] = (MACHINE_UUID, MACHINE_GUID, MACHINE_MACS)
_KINDS = range(len(_MARKS))


@dataclass(frozen=True, slots=True)
class SameMachine:
    """Entries of the inventory that are one machine."""

    hosts: tuple[Host, ...]

    @property
    def name(self) -> str:
        """Their names, for a sentence."""
        names = [host.name for host in self.hosts]
        return name_few(names) if len(names) > FEW else f"{', '.join(names[:-1])} and {names[-1]}"


def find_same_machines(
    sides: Iterable[Iterable[Host]], is_declared: Callable[[Host, Host], bool] = lambda one, other: False
) -> Sighting[SameMachine | Host]:
    """Compare the hosts of each side with those of all other sides.

    Found are the machines that stand on two sides, but for two entries that are declared as one machine; unseen are
    the hosts that could not be told from a host of another side.
    """
    comparison = _Comparison(list(_entries(sides)), is_declared)
    return Sighting(tuple(comparison.same()), tuple(comparison.undecided()))


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    """A host with its marks by kind: empty where it has none, None where they could not be read; `cause` says why."""

    host: Host
    side: int
    marks: tuple[frozenset[str] | None, ...]
    cause: Unknowable | None

    @property
    def pattern(self) -> tuple[bool | None, ...]:
        """By kind: whether there are marks; None where they could not be read."""
        return tuple(None if marks is None else bool(marks) for marks in self.marks)

    def agreements(self, other: _Entry) -> int:
        """In how many kinds of marks both agree."""
        pairs = zip(self.marks, other.marks, strict=True)
        return sum(bool(mine and theirs and mine & theirs) for mine, theirs in pairs)


_Pattern = tuple[bool | None, ...]
_FULL: _Pattern = (True, True, True)
# Entries by side, so that those of the own side are passed over at once.
_Sides = dict[int, list[_Entry]]


def _entries(sides: Iterable[Iterable[Host]]) -> Iterator[_Entry]:
    for side, hosts in enumerate(sides):
        for host in hosts:
            marks: list[frozenset[str] | None] = []
            causes: list[Unknowable] = []
            for key in _MARKS:
                try:
                    marks.append(_marks(host.fact(key)))
                except Unknowable as unknowable:
                    marks.append(None)
                    causes.append(unknowable)
            yield _Entry(host, side, tuple(marks), causes[0] if causes else None)


def _marks(value: str | tuple[str, ...] | None) -> frozenset[str]:
    values = (value,) if isinstance(value, str) else value or ()
    return frozenset(item.casefold() for item in values if item)


def _cannot_be_told_apart(one: _Pattern, other: _Pattern) -> bool:
    """Whether two hosts with these kinds of marks remain undecided, whatever the marks are."""
    comparable = sum(mine is True and theirs is True for mine, theirs in zip(one, other, strict=True))
    return comparable == 0 or (comparable == 1 and None in (*one, *other))


class _Comparison:
    """The entries, by what they have in common."""

    def __init__(self, entries: list[_Entry], is_declared: Callable[[Host, Host], bool]) -> None:
        self._entries = entries
        self._is_declared = is_declared
        self._by_pattern: dict[_Pattern, _Sides] = defaultdict(lambda: defaultdict(list))
        self._by_mark: dict[tuple[int, str], _Sides] = defaultdict(lambda: defaultdict(list))
        for entry in entries:
            self._by_pattern[entry.pattern][entry.side].append(entry)
            for kind in _KINDS:
                for mark in entry.marks[kind] or ():
                    self._by_mark[kind, mark][entry.side].append(entry)

    def _opposite(self, entry: _Entry, sides: _Sides) -> Iterator[_Entry]:
        """Give those entries that this one is to be compared with."""
        for side, others in sides.items():
            if side != entry.side:
                yield from (other for other in others if not self._is_declared(entry.host, other.host))

    def same(self) -> Iterator[SameMachine]:
        """Give the machines that stand on two sides, each once, largest first."""
        shown: dict[int, list[set[int]]] = defaultdict(list)
        for group in sorted(self._agreeing(), key=lambda group: (-len(group), group)):
            if any(known.issuperset(group) for known in shown[group[0]]):
                continue
            for number in group:
                shown[number].append(set(group))
            sides: _Sides = defaultdict(list)
            for number in group:
                sides[self._entries[number].side].append(self._entries[number])
            involved = [entry for entry in map(self._entries.__getitem__, group) if any(self._opposite(entry, sides))]
            if involved:
                yield SameMachine(tuple(entry.host for entry in involved))

    def _agreeing(self) -> set[tuple[int, ...]]:
        """Return the groups of entries, by number, that have the same two marks of different kinds."""
        groups: dict[tuple[int, str, int, str], list[int]] = defaultdict(list)
        for number, entry in enumerate(self._entries):
            for one, other in combinations(_KINDS, 2):
                for pair in product(entry.marks[one] or (), entry.marks[other] or ()):
                    groups[one, pair[0], other, pair[1]].append(number)
        return {tuple(group) for group in groups.values() if len(group) > 1}

    def undecided(self) -> Iterator[tuple[Host, Unknowable]]:
        """Give each host that could not be told from one of another side, with why."""
        for entry in self._entries:
            partner = self._indistinct(entry)
            if partner is not None:
                yield entry.host, entry.cause or _contradictory(entry.host, partner.host)

    def _indistinct(self, entry: _Entry) -> _Entry | None:
        """Return an entry that this one, by its own fault, cannot be told from."""
        weak = _cannot_be_told_apart(entry.pattern, _FULL)
        for pattern, sides in self._by_pattern.items():
            # Of two, the one that could not even be told from a host with all marks is named; else both.
            to_blame = weak or not _cannot_be_told_apart(pattern, _FULL)
            if to_blame and _cannot_be_told_apart(entry.pattern, pattern):
                partner = next(self._opposite(entry, sides), None)
                if partner is not None:
                    return partner
        return None if entry.pattern == _FULL else self._alike(entry)

    def _alike(self, entry: _Entry) -> _Entry | None:
        """Return an entry that agrees in one mark, while one of the others is missing: two against one are needed."""
        for kind in _KINDS:
            for mark in sorted(entry.marks[kind] or ()):
                for other in self._opposite(entry, self._by_mark[kind, mark]):
                    if entry.agreements(other) < 2:
                        return other
        return None


def _contradictory(one: Host, other: Host) -> Unknowable:
    sentence = (
        f"Hardware UUID, system GUID and network cards do not tell whether {one.name} and {other.name} are one machine."
    )
    return Unknowable(NotKnown(Reason.CONTRADICTORY, sentence))
