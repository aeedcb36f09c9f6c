"""Judging again after some answers changed, without judging what looked at nothing that changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar, cast
from unittest import mock

from auditor.collectors import COLLECTORS, redaction
from auditor.collectors.base import Collector, FactMap, Observations
from auditor.engine.declaration import Check
from auditor.evaluating import HostReading, judge_readings, read_host
from auditor.model.component import Component, ComponentKind, Portrait
from auditor.model.fact import FactKey, Facts, Known, NotKnown
from auditor.model.finding import Verdict
from auditor.model.inventory import Inventory
from auditor.model.observation import Visit
from auditor.model.question import Answer
from auditor.model.scan import EarlierScan, Judgement
from auditor.settings.reference import load_reference
from tests.end_to_end.offline import readings
from tests.end_to_end.simulated import rules

T = TypeVar("T")

# A host, and what of it can be looked at: a fact, a component, or an attribute of the portrait or the visit.
Aspect = tuple[str, str, str]
Note = Callable[[Aspect], None]


class _WatchedFacts(Facts):
    """Facts that tell which of them are asked for."""

    __slots__ = ("_note",)

    def __init__(self, facts: Facts, note: Note) -> None:
        super().__init__(facts.host, dict(facts), facts.otherwise)
        self._note = note

    def get(self, key: FactKey[T]) -> Known[T] | NotKnown:
        self._note((self.host, "fact", key.name))
        return super().get(key)

    def __iter__(self) -> Iterator[tuple[str, Known[Any] | NotKnown]]:
        raise AssertionError("Which facts are looked at cannot be told of whoever looks at all of them.")


class _Watched:
    """Anything of a host that tells which of its attributes are asked for; a portrait tells it of each component."""

    def __init__(self, what: Portrait | Visit, note: Note) -> None:
        self._what, self._note = what, note

    def __getattr__(self, name: str) -> Any:
        self._note((self._what.host, type(self._what).__name__, name))
        return getattr(self._what, name)

    def component(self, kind: ComponentKind) -> Component:
        assert isinstance(self._what, Portrait)
        self._note((self._what.host, "component", kind))
        return self._what.component(kind)


class JudgingAgain:
    """A judgement, and those that differ from it by some visits.

    A check is a function of what it looks at, so a verdict stands unless its check looked, for whichever subject, at
    something that is not as it was. The verdicts are those that judging everything would give; only the evidence of
    the ones that stand is not noted again.
    """

    def __init__(self, inventory: Inventory, visits: Mapping[str, Visit], previous: EarlierScan | None = None) -> None:
        self._inventory, self._visits, self._previous = inventory, dict(visits), previous
        self._hosts = {host.name: host for host in inventory.asked}
        self._read = readings(inventory, self._visits)
        self._looked_at: dict[str, set[Aspect]] = {check.id: set() for check in rules().checks}
        self._told: dict[tuple[str, str], Verdict | Exception] = {}
        self._judging: str | None = None
        self._changed: set[Aspect] = set()
        self._only_changed = False
        self._rules = dataclasses.replace(rules(), checks=tuple(self._standing(check) for check in rules().checks))
        watched = {
            host: HostReading(
                _WatchedFacts(reading.facts, self._note),
                None if reading.portrait is None else cast(Portrait, _Watched(reading.portrait, self._note)),
                reading.secrets_found,
            )
            for host, reading in self._read.items()
        }
        seen = {host: cast(Visit, _Watched(visit, self._note)) for host, visit in self._visits.items()}
        self._is_noting = True
        self.before = self._judge(seen, watched)
        self._is_noting = False

    def after(self, changed: Mapping[str, Visit]) -> Judgement:
        """Return the judgement where some hosts were seen otherwise."""
        read = {host: read_host(self._hosts[host], visit) for host, visit in changed.items()}
        # These are not watched: where they change, everything is judged again.
        self._only_changed = all(
            (reading.secrets_found, reading.facts.otherwise)
            == (self._read[host].secrets_found, self._read[host].facts.otherwise)
            for host, reading in read.items()
        )
        self._changed = set()
        for host, reading in read.items():
            before = self._read[host]
            self._changed |= _changed_facts(before.facts, reading.facts)
            if before.portrait is not None and reading.portrait is not None:
                self._changed |= _changed_components(before.portrait, reading.portrait)
                self._changed |= _changed_attributes(before.portrait, reading.portrait)
            self._changed |= _changed_attributes(self._visits[host], changed[host])
        return self._judge({**self._visits, **changed}, {**self._read, **read})

    def _judge(self, visits: Mapping[str, Visit], read: Mapping[str, HostReading]) -> Judgement:
        judged_at = max(visit.observed_at for visit in self._visits.values())
        return judge_readings(
            self._inventory,
            load_reference(None),
            visits,
            read,
            self._rules,
            judged_at=judged_at,
            previous=self._previous,
        )

    def _note(self, aspect: Aspect) -> None:
        if self._judging is not None:
            self._looked_at[self._judging].add(aspect)

    def _standing(self, check: Check) -> Check:
        """Return the check with a memory. One that sees the findings of all others depends on more than on hosts."""
        return check if check.after_all else dataclasses.replace(check, judge=lambda view: self._verdict(check, view))

    def _verdict(self, check: Check, view: Any) -> Verdict:
        key = check.id, view.name
        if self._is_noting:
            self._judging = check.id
            try:
                self._told[key] = check.judge(view)
            except Exception as error:  # noqa: BLE001 - how a check says that it cannot tell is remembered too
                self._told[key] = error.with_traceback(None)
            self._judging = None
        elif not (self._only_changed and key in self._told and self._looked_at[check.id].isdisjoint(self._changed)):
            return check.judge(view)
        told = self._told[key]
        if isinstance(told, Exception):
            raise told.with_traceback(None)
        return told


def _changed_facts(before: Facts, after: Facts) -> set[Aspect]:
    one, other = dict(before), dict(after)
    return {
        (before.host, "fact", name) for name in one.keys() | other.keys() if _differ(one.get(name), other.get(name))
    }


def _changed_components(before: Portrait, after: Portrait) -> set[Aspect]:
    return {
        (before.host, "component", kind)
        for kind in ComponentKind
        if _differ(before.component(kind), after.component(kind))
    }


def _changed_attributes(before: Portrait | Visit, after: Portrait | Visit) -> set[Aspect]:
    names = [field.name for field in dataclasses.fields(before)]
    return {
        (before.host, type(before).__name__, name)
        for name in names
        if _differ(getattr(before, name), getattr(after, name))
    }


def _differ(one: object, other: object) -> bool:
    return one is not other and one != other


@contextmanager
def every_answer_read_once() -> Iterator[None]:
    """Read the same answers only once: readers and the search for secrets are functions of what they are given."""
    redacted: dict[int, tuple[Answer, Answer]] = {}

    def redact(answer: Answer, plain: Callable[[Answer], Answer] = redaction.redact) -> Answer:
        # The answer itself is kept, so that no other one can come to its identity.
        if id(answer) not in redacted:
            redacted[id(answer)] = answer, plain(answer)
        return redacted[id(answer)][1]

    with (
        mock.patch.object(redaction, "redact", redact),
        mock.patch("auditor.collectors.COLLECTORS", tuple(_reading_once(collector) for collector in COLLECTORS)),
    ):
        yield


def _reading_once(collector: Collector) -> Collector:
    known: dict[tuple[object, ...], tuple[Observations, FactMap]] = {}

    def read(observations: Observations) -> FactMap:
        key = tuple((item.host, item.observed_at, item.channel, id(item.answer)) for item in observations.values())
        if key not in known:
            known[key] = observations, collector.read(observations)
        return known[key][1]

    return dataclasses.replace(collector, read=read)
