"""What can be seen and what cannot: a negative statement is proved only by complete sight of its scope."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from auditor.model.fact import NotKnown, Reason

TELLS_WHY_UNREAD = "DATA-001"
FEW = 5


class Unknowable(Exception):  # noqa: N818 - it is not an error but an answer
    """Something a check asked for is not known; carries why. The engine makes an unknown verdict of it.

    `unread` names the hosts if nothing else is the cause than that the visits to them failed.
    """

    def __init__(self, not_known: NotKnown, unread: tuple[str, ...] = ()) -> None:
        self.not_known = not_known
        self.unread = unread
        super().__init__(not_known.sentence)


def unread_hosts(reason: Reason, hosts: Iterable[str]) -> Unknowable:
    """Say that the visits to these hosts failed. Why they failed stands in one finding, not in every verdict."""
    names = tuple(dict.fromkeys(hosts))
    return Unknowable(NotKnown(reason, _unread_sentence(names)), names)


def _unread_sentence(names: Iterable[str]) -> str:
    return f"{name_few(names)} could not be read (see {TELLS_WHY_UNREAD})."


def name_few(names: Iterable[str]) -> str:
    """Return the first names, and how many more there are, so that a sentence stays one."""
    listed = list(dict.fromkeys(names))
    more = len(listed) - FEW
    return f"{', '.join(listed[:FEW])} and {more} more" if more > 0 else ", ".join(listed)


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
    """The result of a search: what was found, and what could not be looked at, each with why."""

    found: tuple[S, ...]
    unseen: tuple[tuple[S, Unknowable], ...]

    @property
    def names(self) -> str:
        """The names of what was found, for a sentence."""
        return ", ".join(_name(item) for item in self.found)

    @property
    def unseen_note(self) -> str:
        """A closing sentence that names what was not seen, with a leading space; empty when all was seen."""
        if not self.unseen:
            return ""
        cause = f" (see {TELLS_WHY_UNREAD})" if all(why.unread for _, why in self.unseen) else ""
        return f" Not seen: {name_few(_name(item) for item, _ in self.unseen)}{cause}."

    @property
    def gap(self) -> Unknowable | None:
        """Why not everything was seen, in one or two sentences; None when everything was."""
        if not self.unseen:
            return None
        reason = self.unseen[0][1].not_known.reason
        unread = [host for _, why in self.unseen for host in why.unread]
        others = [(item, why.not_known) for item, why in self.unseen if not why.unread]
        if not others:
            return unread_hosts(reason, unread)
        also = f" {_unread_sentence(unread)}" if unread else ""
        return Unknowable(NotKnown(reason, f"{_told(others)}{also}"))

    def demand_complete_sight(self) -> None:
        """Raise `Unknowable` unless everything was looked at: a negative is proved only by complete sight."""
        if (gap := self.gap) is not None:
            raise gap


def _told(unseen: list[tuple[S, NotKnown]]) -> str:
    """Name what was not seen with the first cause, unless the cause says it all."""
    cause = unseen[0][1].sentence
    aspects = all(isinstance(item, str) for item, _ in unseen) and len({why.sentence for _, why in unseen}) == 1
    if aspects or all(_name(item) in cause for item, _ in unseen):
        return cause
    return f"Not known for {name_few(_name(item) for item, _ in unseen)}: {cause}"


def search(items: Iterable[S], predicate: Callable[[S], bool]) -> Sighting[S]:
    """Ask every item (a host, an environment, or a word), whatever happens at the others; return those that say yes.

    Words should be such that an operator knows what is meant: they stand in sentences.
    """
    found: list[S] = []
    unseen: list[tuple[S, Unknowable]] = []
    for item in items:
        try:
            if predicate(item):
                found.append(item)
        except Unknowable as unknowable:
            unseen.append((item, unknowable))
    return Sighting(tuple(found), tuple(unseen))
