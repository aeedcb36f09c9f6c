"""Gathering the evidence for one component, piece by piece, and deciding from it."""

from __future__ import annotations

from typing import Any, TypeVar

from auditor.model.component import Bearing, Component, ComponentKind, Evidence, State
from auditor.model.fact import FactKey, Facts, Known, NotKnown, Reason

T = TypeVar("T")

# Weights of pieces that speak for a component; a hint explains something and decides nothing.
LIVING_APPLICATION = 3
SERVICE = 3
REGISTRY = 2
PACKAGE = 2
LISTENER = 1
FOLDER = 1
PROGRAM_ENTRY = 1
TRACE = 1
HINT = 0

ENOUGH = 4


class Weighing:
    """The evidence for one component of one host.

    `look` notes by itself what could not be read. Absence may be said only where everything was read.
    """

    def __init__(self, facts: Facts, kind: ComponentKind) -> None:
        self.facts = facts
        self.kind = kind
        self._rows: list[Evidence] = []
        self._causes: list[NotKnown] = []

    def look(self, probe: str, key: FactKey[T]) -> Known[T] | None:
        """Return the fact if it is known; note it as unreadable otherwise."""
        fact = self.facts.get(key)
        if isinstance(fact, Known):
            return fact
        self.unreadable(probe, fact)
        return None

    def unreadable(self, probe: str, cause: NotKnown) -> None:
        """Note that a probe could not run."""
        self._causes.append(cause)
        self._add(Evidence(probe, Bearing.UNREADABLE, cause.sentence, 0, cause.questions))

    def supports(self, probe: str, statement: str, weight: int, *facts: Known[Any]) -> None:
        """Note a piece that speaks for the component."""
        self._add(Evidence(probe, Bearing.SUPPORTS, statement, weight, _questions(facts)))

    def denies(self, probe: str, statement: str, *facts: Known[Any]) -> None:
        """Note that a probe ran and found nothing."""
        self._add(Evidence(probe, Bearing.DENIES, statement, 0, _questions(facts)))

    def contradicts(self, probe: str, statement: str, *facts: Known[Any]) -> None:
        """Note a piece that does not fit the others."""
        self._add(Evidence(probe, Bearing.CONTRADICTS, statement, 0, _questions(facts)))

    def _add(self, row: Evidence) -> None:
        if row not in self._rows:
            self._rows.append(row)

    @property
    def rows(self) -> tuple[Evidence, ...]:
        """What was noted so far."""
        return tuple(self._rows)

    @property
    def score(self) -> int:
        """The weight of all that speaks for the component."""
        return sum(row.weight for row in self._rows)

    @property
    def is_convincing(self) -> bool:
        """Whether enough weight comes from at least two kinds of probes."""
        kinds = {row.probe for row in self._rows if row.weight > 0}
        return self.score >= ENOUGH and len(kinds) >= 2

    @property
    def is_contradicted(self) -> bool:
        """Whether a piece does not fit the others."""
        return any(row.bearing is Bearing.CONTRADICTS for row in self._rows)

    @property
    def all_was_read(self) -> bool:
        """Whether every probe ran."""
        return not self._causes

    def conclude(self, state: State, version: str | None = None) -> Component:
        """Return the component in a state that the evidence decides."""
        return Component(self.facts.host, self.kind, state, version, self.rows)

    def conclude_not_found(self) -> Component:
        """Return the component as absent if every probe ran, else as unknown with the first cause."""
        if self.all_was_read:
            return self.conclude(State.ABSENT)
        return self.conclude_unknown(self._causes[0])

    def conclude_unknown(self, cause: NotKnown | None = None) -> Component:
        """Return the component as unknown, because of this cause or the first probe that could not run."""
        undecided = NotKnown(Reason.CONTRADICTORY, f"The evidence on {self.facts.host} does not decide.")
        why = cause or next(iter(self._causes), undecided)
        return Component(self.facts.host, self.kind, State.UNKNOWN, None, self.rows, why)


def _questions(facts: tuple[Known[Any], ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(question for fact in facts for question in fact.questions))
