"""Typed facts: known, or not known with the reason why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Reason(StrEnum):
    """Why something is not known: the reason codes of an unknown verdict, each with somebody who can act."""

    UNREACHABLE = "unreachable"
    DENIED = "denied"
    SOURCE_NOT_CONFIGURED = "source-not-configured"
    PARSE_ERROR = "parse-error"
    STALE = "stale"
    CONTRADICTORY = "contradictory"
    VERSION_NOT_IN_TABLE = "version-not-in-table"
    NOT_DECLARED = "not-declared"
    NEEDS_ATTESTATION = "needs-attestation"
    NOT_ASKED = "not-asked"


@dataclass(frozen=True, slots=True)
class Drift:
    """How the values of a fact in two scans are compared, so that what changes by itself is not taken for a change.

    A fact with `told` False changes between any two scans and is not compared. Of records, the fields in `noise` are
    left out; `by` are the fields that tell which row is which. `as_compared` returns what is compared instead of the
    value. The order of rows counts only where it is `ordered`.
    """

    told: bool = True
    by: tuple[str, ...] = ()
    noise: frozenset[str] = frozenset()
    as_compared: Callable[[Any], Any] | None = None
    ordered: bool = False


# No slots: a frozen generic class with slots cannot be called by its parametrised name.
@dataclass(frozen=True)
class FactKey(Generic[T]):
    """The name of a fact together with the type of its value.

    A value of None, where the type allows it, says that the thing is proved to be absent.
    """

    name: str
    type: Any
    meaning: str
    drift: Drift = Drift()


@dataclass(frozen=True, slots=True)
class Known(Generic[T_co]):
    """A fact: a value and the questions whose answers it rests on."""

    value: T_co
    questions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotKnown:
    """The reason why a fact is not known, in a code and in one sentence."""

    reason: Reason
    sentence: str
    questions: tuple[str, ...] = ()


class Facts:
    """The facts of one host. A fact that no reader gave is not known: because of `otherwise`, or nobody asked."""

    __slots__ = ("_facts", "host", "otherwise")

    def __init__(
        self, host: str, facts: Mapping[str, Known[Any] | NotKnown], otherwise: NotKnown | None = None
    ) -> None:
        self.host = host
        self.otherwise = otherwise
        self._facts = dict(sorted(facts.items()))

    def get(self, key: FactKey[T]) -> Known[T] | NotKnown:
        """Return the fact of this name, or why it is not known."""
        fact = self._facts.get(key.name, self.otherwise)
        return fact or NotKnown(Reason.NOT_ASKED, f"{key.meaning} was not asked of {self.host}.")

    def value(self, key: FactKey[T], default: T) -> T:
        """Return the value if it is known, else `default`: for detection, which keeps the reason as evidence."""
        fact = self.get(key)
        return fact.value if isinstance(fact, Known) else default

    def __iter__(self) -> Iterator[tuple[str, Known[Any] | NotKnown]]:
        return iter(self._facts.items())
