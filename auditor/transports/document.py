"""The request as script text, and the answer document as answers: the same for every channel that runs a script."""

from __future__ import annotations

import base64
import binascii
import functools
import json
import re
import zlib
from collections.abc import Mapping
from importlib import resources
from typing import Any, NoReturn

from pydantic import ValidationError

from auditor.errors import FailureKind, TransportError
from auditor.model.question import Answer, Outcome, Platform, Question, Verb
from auditor.transports.answer_shapes import AnswerDocument, AnswerEntry, is_value_of
from auditor.transports.base import Limits, Request

REQUEST_BEGIN = "# osaudit-request-begin"
REQUEST_END = "# osaudit-request-end"
ANSWER_BEGIN = b"-----BEGIN OSAUDIT ANSWER-----"
ANSWER_END = b"-----END OSAUDIT ANSWER-----"
CONSTRAINED_MARKER = b"-----OSAUDIT CONSTRAINED LANGUAGE-----"

# It asks for the language mode before anything that a constrained session refuses, and it holds neither a double
# quote nor a percent sign, so it means the same to cmd.exe between double quotes and in an -EncodedCommand.
# The word that it prints first tells a script that failed from a PowerShell that never started: only after an
# -EncodedCommand does Windows PowerShell write its errors as CLIXML.
WINDOWS_START_UP = (
    "'osaudit'; if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') "
    f"{{ '{CONSTRAINED_MARKER.decode()}' }} "
    "else { & ([scriptblock]::Create([Console]::In.ReadToEnd())) }"
)

_LINUX_ARGUMENTS: Mapping[Verb, tuple[str, ...]] = {
    Verb.FILE: ("path", "text"),
    Verb.DIRECTORY: ("path", "like", "limit"),
    Verb.LISTENER: (),
    Verb.CLOCK: (),
    Verb.ACCOUNT: (),
    Verb.COMMAND: ("name",),
}
# All but brackets and commas. Possessive, and content with an unended string, so that no input makes it slow.
_NO_STRUCTURE = re.compile(r'(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[^"\[\]{},]++)++', re.DOTALL)
_MOST_VALUES = 2_000_000
# A lone half of a surrogate pair and NUL cannot be stored as text; Windows has registry values with both.
_NOT_STORABLE = re.compile("[\ud800-\udfff\0]")
# How such a character stands in JSON whose bytes are UTF-8.
_NOT_STORABLE_ESCAPED = re.compile(r"\\u(?:0000|d[89a-f])", re.IGNORECASE)
_DETAIL_LENGTH = 500


def windows_script(request: Request, deadline_seconds: float, question_seconds: float) -> str:
    """Return the whole PowerShell script with the request in it: ASCII, lines ended by LF.

    `deadline_seconds` bounds all questions together, `question_seconds` each one; both are rounded up.
    """
    head = {
        "osaudit": 1,
        "deadline_seconds": _whole_seconds(deadline_seconds),
        "question_seconds": _whole_seconds(question_seconds),
        "digest_key": base64.b64encode(request.digest_key).decode(),
    }
    # A line for each question, for whoever reads it in a log of scripts.
    questions = ",\n".join(
        json.dumps({"id": question.id, "verb": question.verb.value, "arguments": _plain(question.arguments)})
        for question in _asked(request, Platform.WINDOWS)
    )
    text = f'{json.dumps(head)[:-1]}, "questions": [\n{questions}]}}'
    return _with_request("windows.ps1", f"$requestText = @'\n{text}\n'@")


def linux_script(request: Request, deadline_seconds: float, question_seconds: float) -> str:
    """Return the whole sh script with the request in it, each word quoted for sh; times as for `windows_script`."""
    lines = [
        f"deadline_seconds={_whole_seconds(deadline_seconds)}",
        f"question_seconds={_whole_seconds(question_seconds)}",
        *(_linux_call(question) for question in _asked(request, Platform.LINUX)),
    ]
    return _with_request("linux.sh", "\n".join(lines))


def is_constrained(stdout: bytes) -> bool:
    """Whether the start-up said that PowerShell runs in a constrained language mode, and ran nothing."""
    return any(line.strip() == CONSTRAINED_MARKER for line in stdout.splitlines())


def read_document(host: str, stdout: bytes, request: Request, limits: Limits) -> tuple[Answer, ...]:
    """Return exactly one answer for each question of the request, in its order.

    A question that the document leaves out, or answers in a form that its verb does not know, is FAILED. A document
    that is cut short, damaged, or holds what nobody asked for raises `TransportError` ANSWER_DAMAGED, one above
    the limits ANSWER_TOO_LARGE. Everything in `stdout` may be hostile.
    """
    if len(stdout) > limits.answer_bytes:
        _too_large(host, f"more than {limits.answer_bytes} bytes")
    text = _unpacked(host, _body(host, stdout), limits)
    document = _parsed(host, text, limits)
    entries: dict[str, AnswerEntry] = {}
    asked = {question.id for question in request.questions}
    for entry in document.answers:
        if entry.id in entries:
            _damaged(host, "it answers one question twice")
        if entry.id not in asked:
            _damaged(host, "it answers a question that was not asked")
        entries[entry.id] = entry
    return tuple(_answer(question, entries.get(question.id)) for question in request.questions)


def failed(question: Question, detail: str) -> Answer:
    """Return the answer of a question that could not be answered."""
    return Answer(question=question.id, outcome=Outcome.FAILED, detail=detail)


def storable(text: str) -> str:
    """Return the text with the characters replaced that no store can keep: lone surrogates and NUL."""
    return _NOT_STORABLE.sub("\ufffd", text)


def _asked(request: Request, platform: Platform) -> tuple[Question, ...]:
    for question in request.questions:
        if question.platform is not platform:
            raise ValueError(f"{question.id} is not a question for {platform.value}")
    return request.questions


def _whole_seconds(seconds: float) -> int:
    return max(1, int(-(-seconds // 1)))


def _plain(value: Any) -> Any:
    """Return arguments as json can print them: read-only mappings and tuples are common in declarations."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _linux_call(question: Question) -> str:
    names = _LINUX_ARGUMENTS.get(question.verb)
    if names is None:
        raise ValueError(f"{question.id}: the verb {question.verb.value} cannot be asked of Linux")
    words = [question.id, question.verb.value, *(_word(question.arguments.get(name)) for name in names)]
    if any(character in word for word in words for character in "\n\r\0"):
        raise ValueError(f"{question.id}: an argument holds a line break")
    return "ask " + " ".join("'" + word.replace("'", "'\\''") + "'" for word in words)


def _word(value: Any) -> str:
    return "" if value is None else str(value)


def _with_request(name: str, request: str) -> str:
    head, tail = _script(name)
    return f"{head}{request}\n{tail}"


@functools.cache
def _script(name: str) -> tuple[str, str]:
    """Return the script up to the place of the request and from there on."""
    script = resources.files("auditor.transports").joinpath("scripts", name).read_text(encoding="ascii")
    head, begin, rest = script.replace("\r\n", "\n").partition(f"{REQUEST_BEGIN}\n")
    _, end, tail = rest.partition(f"{REQUEST_END}\n")
    if not (begin and end):
        raise ValueError(f"{name} has no place for the request")
    return f"{head}{begin}", f"{end}{tail}"


def _body(host: str, stdout: bytes) -> bytes:
    lines = [line.strip() for line in stdout.splitlines()]
    if ANSWER_BEGIN not in lines:
        _damaged(host, "it has no beginning")
    if ANSWER_END not in lines:
        _damaged(host, "it has no end")
    if lines.count(ANSWER_BEGIN) > 1 or lines.count(ANSWER_END) > 1:
        _damaged(host, "there is more than one")
    return b"".join(lines[lines.index(ANSWER_BEGIN) + 1 : lines.index(ANSWER_END)])


def _unpacked(host: str, body: bytes, limits: Limits) -> str:
    try:
        packed = base64.b64decode(body, validate=True)
        stream = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        data = stream.decompress(packed, limits.unpacked_bytes + 1)
    except (binascii.Error, zlib.error):
        _damaged(host, "it cannot be unpacked")
    if len(data) > limits.unpacked_bytes:
        _too_large(host, f"more than {limits.unpacked_bytes} bytes when unpacked")
    if not stream.eof or stream.unused_data:
        _damaged(host, "its packed part is cut short or has something behind it")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        _damaged(host, "it is not UTF-8")


def _parsed(host: str, text: str, limits: Limits) -> AnswerDocument:
    _guard_parser(host, text, limits)
    try:
        return AnswerDocument.model_validate(
            json.loads(
                text,
                object_pairs_hook=_cleaned if _NOT_STORABLE_ESCAPED.search(text) else _unambiguous,
                parse_int=_integer,
                parse_float=_finite,
                parse_constant=_no_constant,
            )
        )
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"][:3])
        _damaged(host, f"it has not the agreed form at {storable(place)[:60]!r}")
    except (ValueError, RecursionError):
        _damaged(host, "it is not well-formed JSON")


def _guard_parser(host: str, text: str, limits: Limits) -> None:
    """Refuse what would cost the JSON parser its stack or the collector its memory, before parsing."""
    structure = _NO_STRUCTURE.sub("", text)
    if len(structure) > _MOST_VALUES:
        _too_large(host, f"more than {_MOST_VALUES} values")
    depth = 0
    for mark in structure.replace(",", ""):
        depth += 1 if mark in "[{" else -1
        if depth > limits.depth:
            _damaged(host, f"it is nested deeper than {limits.depth} levels")


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return result


def _cleaned(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return _unambiguous([(storable(name), _storable(item)) for name, item in pairs])


def _storable(value: Any) -> Any:
    """Objects inside were cleaned when they were made; only lists still hold raw text."""
    if isinstance(value, list):
        return [_storable(item) for item in value]
    return storable(value) if isinstance(value, str) else value


def _integer(digits: str) -> int:
    if len(digits) > 20:
        raise ValueError("an integer is wider than 64 bits")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number is too large")
    return number


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _answer(question: Question, entry: AnswerEntry | None) -> Answer:
    if entry is None:
        return failed(question, "no answer")
    outcome = Outcome(entry.outcome)
    if outcome is Outcome.OK and not is_value_of(question, entry.value):
        return failed(question, f"the answer has not the form of a {question.verb.value} answer")
    if outcome is not Outcome.OK and entry.value is not None:
        return failed(question, f"the answer says {outcome.value} and gives a value")
    return Answer(
        question=question.id,
        outcome=outcome,
        value=entry.value,
        detail=entry.detail[:_DETAIL_LENGTH],
        complete=entry.complete,
        milliseconds=entry.milliseconds,
    )


def _damaged(host: str, why: str) -> NoReturn:
    raise TransportError(
        host,
        FailureKind.ANSWER_DAMAGED,
        f"The answer of {host} is damaged ({why}); scan again, and look at what the server prints when it starts "
        "PowerShell or a shell if it happens every time.",
        permanent=False,
    )


def _too_large(host: str, how: str) -> NoReturn:
    raise TransportError(
        host,
        FailureKind.ANSWER_TOO_LARGE,
        f"{host} sent {how}, which no audit needs; nothing of it was used, look at what the server prints.",
    )
