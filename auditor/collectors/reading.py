"""How a reader turns answers into facts without ever raising: typed access, and one place that says why not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from auditor.collectors.base import FactMap, Observations
from auditor.model.fact import FactKey, Known, NotKnown, Reason
from auditor.model.observation import ChannelName, Observation
from auditor.model.question import Outcome, Question

T = TypeVar("T")

LONGEST_TEXT = 1024
LONGEST_DETAIL = 160
OUT_OF_TIME = "out of time"
NO_BASE = "base"


class NotReadable(Exception):  # noqa: N818 - it is not an error but an answer
    """A fact cannot be had from the answers; never leaves this module but through `fact`."""

    def __init__(self, not_known: NotKnown) -> None:
        self.not_known = not_known
        super().__init__(not_known.sentence)


class IllTyped(Exception):  # noqa: N818 - it is not an error but an answer
    """A value has not the form that its verb promises."""


class Answers:
    """The answers of one collector as the reader of one fact sees them; remembers which were looked at."""

    def __init__(self, key: FactKey[Any], observations: Observations) -> None:
        self._key = key
        self._observations = observations
        self._seen: dict[str, None] = {}

    @property
    def seen(self) -> tuple[str, ...]:
        """The ids of the questions looked at so far, in that order."""
        return tuple(self._seen)

    def observation(self, question: Question) -> Observation:
        """Return the observation if its answer is ok or missing; raises `NotReadable` otherwise."""
        self._seen[question.id] = None
        observation = self._observations.get(question.id)
        if observation is None:
            sentence = f"{self._key.meaning} was not asked, so it is not known."
            raise NotReadable(NotKnown(Reason.NOT_ASKED, sentence, self.seen))
        if observation.answer.outcome not in (Outcome.OK, Outcome.MISSING):
            raise NotReadable(_why_not(self._key, question, observation, self.seen))
        return observation

    def value(self, question: Question) -> Any | None:
        """Return the raw value, or None if the thing is proved not to exist; raises `NotReadable` otherwise."""
        answer = self.observation(question).answer
        if answer.outcome is Outcome.OK and answer.value is None:
            raise self.damaged("an answer without a value")
        return answer.value if answer.outcome is Outcome.OK else None

    def whole(self, question: Question) -> Any | None:
        """Like `value`, for a list from which absence is concluded: a list cut short is not readable."""
        observation = self.observation(question)
        if not observation.answer.complete:
            sentence = f"The answer of {observation.host} to {question.id} was cut short, so it proves nothing absent."
            raise NotReadable(NotKnown(Reason.PARSE_ERROR, sentence, self.seen))
        return self.value(question)

    def refusal(self, reason: Reason, sentence: str) -> NotReadable:
        """Return the exception that says that the answers do not give the fact, for a reason of the reader's."""
        return NotReadable(NotKnown(reason, sentence, self.seen))

    def damaged(self, what: str) -> NotReadable:
        """Return the exception that says that the last answer has an unexpected form."""
        last = self.seen[-1] if self._seen else "nothing"
        host = next((item.host for item in self._observations.values()), "the host")
        sentence = f"The answer of {host} to {last} has an unexpected form ({what}), so it was not used."
        return NotReadable(NotKnown(Reason.PARSE_ERROR, sentence, self.seen))


def _why_not(key: FactKey[Any], question: Question, observation: Observation, seen: tuple[str, ...]) -> NotKnown:
    host, answer = observation.host, observation.answer
    detail = f" ({one_line(answer.detail, LONGEST_DETAIL)})" if answer.detail else ""
    if answer.outcome is Outcome.DENIED:
        sentence = f"{host} denied {question.id}{detail}; the account needs: {question.rights}."
        return NotKnown(Reason.DENIED, sentence, seen)
    if answer.outcome is Outcome.UNSUPPORTED:
        if observation.channel is ChannelName.LIFETIME_API:
            return NotKnown(Reason.NOT_ASKED, f"{host} does not tell {question.id}{detail}.", seen)
        way = observation.channel.value.replace("-", " ")
        return NotKnown(Reason.NOT_ASKED, f"{key.meaning} cannot be asked of {host} by {way}.", seen)
    if answer.detail.strip().casefold() == OUT_OF_TIME:
        sentence = f"{host} did not answer {question.id} in time; scan again or give it more time."
        return NotKnown(Reason.UNREACHABLE, sentence, seen)
    return NotKnown(Reason.PARSE_ERROR, f"{host} could not answer {question.id}{detail}.", seen)


def fact(observations: Observations, key: FactKey[T], derive: Callable[[Answers], T]) -> FactMap:
    """Return the one fact that `derive` makes of the answers, or why it is not known."""
    answers = Answers(key, observations)
    try:
        try:
            return {key.name: Known(derive(answers), answers.seen)}
        except IllTyped as ill_typed:
            raise answers.damaged(str(ill_typed)) from None
    except NotReadable as not_readable:
        return {key.name: not_readable.not_known}


def facts(*maps: FactMap) -> FactMap:
    """Join the facts of one reader."""
    return {name: value for part in maps for name, value in part.items()}


def one_line(value: str, longest: int = LONGEST_TEXT) -> str:
    """Return a server's own words as one printable line of limited length."""
    line = value[: 4 * longest]
    if not line.isprintable():
        line = "".join(letter if letter.isprintable() else " " for letter in line)
    line = " ".join(line.split(" ")).strip()
    return line if len(line) <= longest else line[: longest - 1] + "\N{HORIZONTAL ELLIPSIS}"


def text(value: Any, longest: int = LONGEST_TEXT) -> str:
    """Return a text as one line of limited length."""
    if not isinstance(value, str):
        raise IllTyped(f"text expected, {kind_of(value)} found")
    return one_line(value, longest)


def text_or_empty(value: Any) -> str:
    """Return a text; null is empty."""
    return "" if value is None else text(value)


def lines(value: Any) -> tuple[str, ...]:
    """Return the lines of a text that hold something."""
    if not isinstance(value, str):
        raise IllTyped(f"text expected, {kind_of(value)} found")
    return tuple(line for line in (one_line(part) for part in value.splitlines()) if line)


def whole_number(value: Any) -> int:
    """Return an integer; WMI gives 64-bit integers as text on some channels."""
    if isinstance(value, str) and len(value) <= 20 and value.isascii() and value.isdigit():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise IllTyped(f"a whole number expected, {kind_of(value)} found")
    return value


def flag(value: Any) -> bool:
    """Return a boolean."""
    if not isinstance(value, bool):
        raise IllTyped(f"true or false expected, {kind_of(value)} found")
    return value


def mapping(value: Any) -> Mapping[str, Any]:
    """Return an object."""
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise IllTyped(f"an object expected, {kind_of(value)} found")
    return value


def items(value: Any) -> tuple[Any, ...]:
    """Return a list. Null is no empty list: nothing may be concluded from it."""
    if not isinstance(value, list | tuple):
        raise IllTyped(f"a list expected, {kind_of(value)} found")
    return tuple(value)


def texts(value: Any) -> tuple[str, ...]:
    """Return a list of texts; a single text is a list of one, null is empty."""
    if isinstance(value, str):
        return (text(value),)
    return () if value is None else tuple(text(item) for item in items(value))


def member(value: Any, name: str) -> Any:
    """Return a member of an object whose name is compared without regard to case; None where there is none."""
    wanted = name.casefold()
    return next((data for key, data in mapping(value).items() if key.casefold() == wanted), None)


def rows(value: Any) -> tuple[Mapping[str, Any], ...]:
    """Return the rows of a `wmi` answer; none where the class does not exist."""
    return () if value is None else tuple(mapping(row) for row in items(member(value, "rows")))


def row(value: Any) -> Mapping[str, Any]:
    """Return the one row of a `wmi` answer about the whole server."""
    found = rows(value)
    if not found:
        raise IllTyped("no row")
    return found[0]


def registry_text(value: Any, name: str) -> str | None:
    """Return a value of a registry key as text; None where key or value does not exist, or the text is empty."""
    data = None if value is None else member(mapping(member(value, "values")), name)
    return data_text(data)


def data_text(data: Any) -> str | None:
    """Return registry data as text; None for no or empty data. An integer is spelled out."""
    if data is None:
        return None
    if isinstance(data, int) and not isinstance(data, bool):
        return str(data)
    return text(data) or None


def registry_number(value: Any, name: str) -> int | None:
    """Return an integer value of a registry key; None where key or value does not exist."""
    data = None if value is None else member(mapping(member(value, "values")), name)
    return None if data is None else whole_number(data)


def registry_subkeys(value: Any) -> dict[str, Mapping[str, Any]]:
    """Return the values of each subkey; none where the key does not exist."""
    if value is None:
        return {}
    return {one_line(name): mapping(data) for name, data in mapping(member(value, "subkeys")).items()}


def key_exists(value: Any) -> bool:
    """Whether a `registry` answer is about a key that exists."""
    return value is not None and mapping(member(value, "values")) is not None


def place_exists(value: Any) -> bool:
    """Whether a `file` or `directory` answer is about a place that exists."""
    return value is not None and bool(text(member(value, "path")))


def entry_names(value: Any, *, folders_only: bool = False) -> tuple[str, ...]:
    """Return the names of a `directory` answer, sorted; none where the folder does not exist."""
    if value is None:
        return ()
    entries = [mapping(entry) for entry in items(member(value, "entries"))]
    kept = [entry for entry in entries if not folders_only or flag(member(entry, "folder"))]
    return distinct(text(member(entry, "name")) for entry in kept)


def command_text(value: Any) -> str | None:
    """Return what a command printed, as it is; None where the program does not exist.

    A program that did not succeed proves nothing, so that is ill-typed.
    """
    if value is None:
        return None
    exit_code = command_exit_code(value)
    if exit_code != 0:
        raise IllTyped(f"the command ended with exit code {exit_code}")
    printed = member(value, "text")
    if not isinstance(printed, str):
        raise IllTyped(f"text expected, {kind_of(printed)} found")
    return printed


def command_exit_code(value: Any) -> int:
    """Return the exit code of a command."""
    return whole_number(member(value, "exit_code"))


def distinct(values: Iterable[str]) -> tuple[str, ...]:
    """Return each text once, sorted, without the empty one."""
    return tuple(sorted({value for value in values if value}))


def kind_of(value: Any) -> str:
    """Name the kind of a JSON value for a sentence."""
    names = {dict: "an object", list: "a list", str: "a text", int: "a number", float: "a number", bool: "a boolean"}
    return "nothing" if value is None else names.get(type(value), "something else")
