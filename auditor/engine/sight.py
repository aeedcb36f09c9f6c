"""What can be seen and what cannot: a negative statement is proved only by complete sight of its scope."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from auditor.model.fact import NotKnown


class Unknowable(Exception):  # noqa: N818 - it is not an error but an answer
    """Something a check asked for is not known; carries why. The engine makes an unknown verdict of it."""

    def __init__(self, not_known: NotKnown) -> None:
        self.not_known = not_known
        super().__init__(not_known.sentence)


class Inapplicable(Exception):  # noqa: N818 - it is not an error but an answer
    """The subject is proved to be outside the scope; the engine makes a not-applicable verdict of it.

    `because_of` is the check whose finding says it, if there is one, so that one cause gives one finding.
    """

    def __init__(self, sentence: str, because_of: str | None = None) -> None:
        self.sentence = sentence
        self.because_of = because_of
        super().__init__(sentence)


class Named(Protocol):
    """Something that a sentence can name."""

    @property
    def name(self) -> str:
        """The name."""
        ...


S = TypeVar("S", bound=Named | str)


def _name(item: Named | str) -> str:
    return str(item) if isinstance(item, str) else item.name


@dataclass(frozen=True, slots=True)
class Sighting(Generic[S]):
    """The result of a search: what was found, and what could not be looked at."""

    found: tuple[S, ...]
    unseen: tuple[tuple[S, NotKnown], ...]

    @property
    def names(self) -> str:
        """The names of what was found, for a sentence."""
        return ", ".join(_name(item) for item in self.found)

    @property
    def unseen_note(self) -> str:
        """A closing sentence that names what was not seen, with a leading space; empty when all was seen."""
        if not self.unseen:
            return ""
        return f" Not seen: {', '.join(_name(item) for item, _ in self.unseen)}."

    def demand_complete_sight(self) -> None:
        """Raise `Unknowable` unless everything was looked at: a negative is proved only by complete sight."""
        if self.unseen:
            first = self.unseen[0][1]
            names = ", ".join(_name(item) for item, _ in self.unseen)
            raise Unknowable(NotKnown(first.reason, f"Not all could be looked at ({names}): {first.sentence}"))


def search(items: Iterable[S], predicate: Callable[[S], bool]) -> Sighting[S]:
    """Ask every item (host, pair of hosts, or name), whatever happens at the others; return those that answer yes."""
    found: list[S] = []
    unseen: list[tuple[S, NotKnown]] = []
    for item in items:
        try:
            if predicate(item):
                found.append(item)
        except Unknowable as unknowable:
            unseen.append((item, unknowable.not_known))
    return Sighting(tuple(found), tuple(unseen))
