"""What a collector is: the questions of one subject, and the pure reader of their answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from auditor.model.fact import Known, NotKnown
from auditor.model.observation import Observation
from auditor.model.question import Platform, Question

Observations = Mapping[str, Observation]
FactMap = dict[str, Known[Any] | NotKnown]


@dataclass(frozen=True, slots=True)
class Collector:
    """One subject. `read` gets the observations of exactly its questions, by question id, and gives facts by name.

    `also_reads` are questions of other collectors whose answers say how much the own ones prove.
    A reader is a function of its input: no clock, network, setting or randomness. It never raises: an answer in an
    unexpected form makes its facts not known (parse-error).
    """

    name: str
    platform: Platform
    questions: tuple[Question, ...]
    read: Callable[[Observations], FactMap]
    also_reads: tuple[Question, ...] = ()
