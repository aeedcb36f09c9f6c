"""LifeTime's API as a channel: each question is one call of a closed list, or one for each environment.

Nothing but these calls can be requested, whatever an inventory, a question or an answer says: see `lifetime_calls` for
the list and `lifetime_http` for how they travel.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from auditor.errors import FailureKind, TransportError
from auditor.model.inventory import LifeTimeApi
from auditor.model.observation import ChannelName
from auditor.model.question import Answer, Outcome, Platform, Question, Verb
from auditor.transports.answer_shapes import is_value_of
from auditor.transports.base import Limits, Reply, Request, Secrets, Transport, Witness
from auditor.transports.lifetime_calls import CALLS, ForbiddenCall, call_named, is_key
from auditor.transports.lifetime_failures import LifeTimeFailures
from auditor.transports.lifetime_http import Answered, TooMuch, connection
from auditor.transports.lifetime_keeping import Keeping, pseudonym_key
from auditor.transports.winrm_failures import quoted

# LifeTime manages far fewer environments; more keys than these are not followed.
MOST_KEYS = 64
_MOST_ROWS = 20_000
_OUT_OF_TIME = "out of time"
_UNKNOWN_CALL = frozenset({404, 405, 501})


@contextmanager
def connect(api: LifeTimeApi, secrets: Secrets, limits: Limits, witness: Witness | None = None) -> Iterator[Transport]:
    """Yield a `Transport` to LifeTime's API; raises `TransportError`. The token is proved by the first call."""
    failures = LifeTimeFailures(api.url)
    with connection(api, secrets.token, limits, failures, witness or Witness()) as opened:
        yield LifeTimeTransport(opened, failures, pseudonym_key(secrets.token or ""))


class Calling(Protocol):
    """What makes the calls; `requests` counts them."""

    requests: int

    @property
    def is_out_of_time(self) -> bool:
        """Whether the visit has no time left."""
        ...

    def get(self, call: object, key: object = None, *, question: str) -> Answered:
        """Make one call of the list for a question; raises `TransportError`, `TooMuch`."""
        ...


class LifeTimeTransport:
    """An open connection to LifeTime's API."""

    def __init__(self, opened: Calling, failures: LifeTimeFailures, pseudonyms: bytes) -> None:
        self._connection = opened
        self._failures = failures
        self._pseudonyms = pseudonyms
        self._keys: dict[str, list[str]] = {}

    @property
    def platform(self) -> Platform:
        """LifeTime, of which no interpreter answers."""
        return Platform.LIFETIME

    def ask(self, request: Request) -> Reply:
        """Make the calls one after the other; a call that is not on the list raises before any is made."""
        for question in request.questions:
            if question.verb is not Verb.LIFETIME:
                raise ForbiddenCall(f"{question.id} is not a question for LifeTime's API.")
            call_named(question.arguments.get("call"))
        answers = {question.id: self._answer(question) for question in request.questions}
        return Reply(ChannelName.LIFETIME_API, Platform.LIFETIME, answers, requests=self._connection.requests)

    def _answer(self, question: Question) -> Answer:
        began = time.monotonic()
        each = call_named(question.arguments["call"]).each
        try:
            answer = self._once(question) if each is None else self._for_each(question, self._keys.get(each))
        except TooMuch as too_much:
            answer = Answer(question.id, Outcome.FAILED, detail=str(too_much))
        return Answer(
            answer.question,
            answer.outcome,
            answer.value,
            answer.detail,
            answer.complete,
            round((time.monotonic() - began) * 1000),
        )

    def _once(self, question: Question) -> Answer:
        call = question.arguments["call"]
        refusal, rows = self._rows(question, None)
        if refusal is not None:
            return refusal
        keeping = self._keeping(question)
        kept = [keeping.of(row) for row in rows[:_MOST_ROWS]]
        if any(listed.each == call for listed in CALLS.values()):
            self._keys[call] = list(dict.fromkeys(row["Key"] for row in kept if is_key(row.get("Key"))))
        return _answer(question, kept, is_whole=len(kept) == len(rows))

    def _for_each(self, question: Question, keys: list[str] | None) -> Answer:
        """Make the call for every key; where one fails the answer is not complete, where all do it is the first's."""
        if keys is None:
            return Answer(question.id, Outcome.FAILED, detail="the list that this call goes through is not known")
        keeping, kept, refusals = self._keeping(question), [], []
        for key in keys[:MOST_KEYS]:
            refusal, rows = self._rows(question, key)
            if refusal is not None:
                refusals.append(refusal)
            kept += [{**keeping.of(row), "Of": key} for row in rows]
        if refusals and len(refusals) == min(len(keys), MOST_KEYS):
            return refusals[0]
        return _answer(question, kept, is_whole=not refusals and len(keys) <= MOST_KEYS)

    def _rows(self, question: Question, key: str | None) -> tuple[Answer | None, list[dict[str, Any]]]:
        """Make one request; return its rows, or the answer that says why there are none."""
        if self._connection.is_out_of_time:
            return Answer(question.id, Outcome.FAILED, detail=_OUT_OF_TIME), []
        is_first = self._connection.requests == 0
        try:
            answered = self._connection.get(question.arguments["call"], key, question=question.id)
        except TransportError as error:
            if is_first or error.kind is not FailureKind.SILENT:
                raise
            return Answer(question.id, Outcome.FAILED, detail=_OUT_OF_TIME), []
        if not answered.is_json and answered.status < 500:
            raise self._failures.of_other_service(f"answers HTTP {answered.status} with something that is not JSON")
        refusal = self._refusal(question.id, answered, key)
        if refusal is not None:
            return refusal, []
        # One record stands for a list of one: LifeTime's own description is not sure either.
        content = answered.content if isinstance(answered.content, list) else [answered.content]
        if not all(isinstance(row, dict) for row in content):
            return Answer(question.id, Outcome.FAILED, detail="the answer is no list of records"), []
        return None, content

    def _refusal(self, question: str, answered: Answered, key: str | None) -> Answer | None:
        status, words = answered.status, quoted(answered.words)
        said = f"HTTP {status}{f', {words}' if words else ''}"
        if status == 200 or status == 204:
            return None
        if status == 401 or (status == 403 and "authentication" in words.casefold()):
            raise self._failures.of_refused_token(status, words)
        if status == 403:
            return Answer(question, Outcome.DENIED, detail=said)
        if status in _UNKNOWN_CALL and key is None:
            return Answer(question, Outcome.UNSUPPORTED, detail=f"{said}: this LifeTime does not know the call")
        return Answer(question, Outcome.FAILED, detail=said)

    def _keeping(self, question: Question) -> Keeping:
        arguments = question.arguments
        pseudonyms = self._pseudonyms if arguments.get("pseudonymise") else None
        return Keeping(arguments["keep"], arguments.get("persons", ()), pseudonyms)


def _answer(question: Question, rows: list[dict[str, Any]], *, is_whole: bool) -> Answer:
    value = {"rows": rows}
    if not is_value_of(question, value):
        return Answer(question.id, Outcome.FAILED, detail="the answer has not the form of records")
    return Answer(question.id, Outcome.OK, value, complete=is_whole)
