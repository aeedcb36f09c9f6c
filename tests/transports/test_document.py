"""The request as text, and the answer document: whatever is sent is read, only what is well formed is believed."""

from __future__ import annotations

import base64
import gzip
import json
import shlex
import time
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.errors import FailureKind, TransportError
from auditor.model.question import Answer, Outcome, Platform, Question, Verb
from auditor.transports.answer_shapes import is_value_of
from auditor.transports.base import Limits, Request
from auditor.transports.document import (
    ANSWER_BEGIN,
    ANSWER_END,
    CONSTRAINED_MARKER,
    REQUEST_BEGIN,
    REQUEST_END,
    WINDOWS_START_UP,
    is_constrained,
    linux_script,
    read_document,
    windows_script,
)
from auditor.transports.schemas import answer_schema, request_schema

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
REGISTRY = Question("a.registry", Verb.REGISTRY, Platform.WINDOWS, "", "", {"key": "HKLM\\X", "values": ["Server", ""]})
CLOCK = Question("a.clock", Verb.CLOCK, Platform.WINDOWS, "", "")
REQUEST = Request((REGISTRY, CLOCK), b"secret-key")
GOOD = {"id": "a.registry", "outcome": "ok", "value": {"values": {"Server": "11.1"}}}
TIME = {
    "id": "a.clock",
    "outcome": "ok",
    "value": {"utc": "2026-01-31T02:00:00.000Z", "zone": "UTC", "offset_minutes": 0},
}


def printed(document: Any, *, raw: str | None = None) -> bytes:
    """Return what a server prints for a document."""
    text = raw if raw is not None else json.dumps(document)
    packed = base64.b64encode(gzip.compress(text.encode("utf-8", "surrogatepass")))
    lines = [packed[start : start + 76] for start in range(0, len(packed), 76)]
    return b"\r\n".join([b"hello", ANSWER_BEGIN, *lines, ANSWER_END, b"bye"])


def document(*answers: dict[str, Any]) -> dict[str, Any]:
    return {"osaudit": 1, "session": {"engine": "5.1", "language_mode": "FullLanguage"}, "answers": list(answers)}


def read(stdout: bytes, limits: Limits | None = None) -> dict[str, Answer]:
    answers = read_document("dev-1", stdout, REQUEST, limits or Limits())
    assert [answer.question for answer in answers] == [question.id for question in REQUEST.questions]
    return {answer.question: answer for answer in answers}


def refused(stdout: bytes, limits: Limits | None = None) -> FailureKind:
    with pytest.raises(TransportError) as caught:
        read(stdout, limits)
    assert "dev-1" in caught.value.sentence
    return caught.value.kind


# ---- The request


def between_markers(script: str) -> list[str]:
    lines = script.split("\n")
    assert lines.count(REQUEST_BEGIN) == lines.count(REQUEST_END) == 1
    return lines[lines.index(REQUEST_BEGIN) + 1 : lines.index(REQUEST_END)]


def test_the_windows_request_is_json_in_a_here_string_and_matches_its_schema() -> None:
    first, *body, last = between_markers(windows_script(REQUEST, 119.2, 30))
    assert (first, last) == ("$requestText = @'", "'@")
    request = json.loads("\n".join(body))
    jsonschema.validate(request, json.loads((SCHEMAS / "question-request.schema.json").read_text()))
    assert request["deadline_seconds"] == 120
    assert request["question_seconds"] == 30
    assert base64.b64decode(request["digest_key"]) == b"secret-key"
    assert request["questions"][0] == {
        "id": "a.registry",
        "verb": "registry",
        "arguments": {"key": "HKLM\\X", "values": ["Server", ""]},
    }


@pytest.mark.parametrize("text", ["'@", "\n'@\nGet-Date\n", "$(Get-Date)", "`n", "\u2018@", "ü\U0001f600", "\0"])
def test_no_argument_can_leave_the_here_string(text: str) -> None:
    question = Question(
        "q", Verb.REGISTRY, Platform.WINDOWS, "", "", MappingProxyType({"key": text, "values": (text,)})
    )
    script = windows_script(Request((question,)), 10, 10)
    assert script.isascii()
    _, *body, _ = between_markers(script)
    assert all(line[0] in "{ }" for line in body)
    assert json.loads("\n".join(body))["questions"][0]["arguments"] == {"key": text, "values": [text]}


def test_the_linux_request_quotes_every_word() -> None:
    questions = (
        Question("l.file", Verb.FILE, Platform.LINUX, "", "", {"path": "/etc/it's; rm -rf $HOME"}),
        Question("l.names", Verb.DIRECTORY, Platform.LINUX, "", "", {"path": "/opt", "like": "*", "limit": 5}),
        Question("l.uname", Verb.COMMAND, Platform.LINUX, "", "", {"name": "uname"}),
        Question("l.clock", Verb.CLOCK, Platform.LINUX, "", ""),
    )
    lines = between_markers(linux_script(Request(questions), 60, 5.5))
    assert lines[:2] == ["deadline_seconds=60", "question_seconds=6"]
    assert [shlex.split(line) for line in lines[2:]] == [
        ["ask", "l.file", "file", "/etc/it's; rm -rf $HOME", ""],
        ["ask", "l.names", "directory", "/opt", "*", "5"],
        ["ask", "l.uname", "command", "uname"],
        ["ask", "l.clock", "clock"],
    ]


def test_a_question_is_never_put_to_the_wrong_platform() -> None:
    with pytest.raises(ValueError, match="not a question for linux"):
        linux_script(REQUEST, 60, 5)
    broken = Question("l", Verb.FILE, Platform.LINUX, "", "", {"path": "a\nb"})
    with pytest.raises(ValueError, match="line break"):
        linux_script(Request((broken,)), 60, 5)


def test_the_start_up_means_the_same_to_every_shell() -> None:
    assert not set(WINDOWS_START_UP) & set('"%^!\r\n')
    assert len(WINDOWS_START_UP) < 300
    assert WINDOWS_START_UP.index("LanguageMode") < WINDOWS_START_UP.index("[Console]")


def test_the_constrained_marker_is_recognised_as_a_whole_line_only() -> None:
    assert is_constrained(b"x\r\n" + CONSTRAINED_MARKER + b"\r\n")
    assert not is_constrained(b"x" + CONSTRAINED_MARKER)


# ---- The answer


def test_a_complete_document_gives_its_answers() -> None:
    answers = read(printed(document({**GOOD, "milliseconds": 12, "complete": False}, TIME)))
    assert answers["a.registry"] == Answer(
        "a.registry", Outcome.OK, {"values": {"Server": "11.1"}}, complete=False, milliseconds=12
    )
    assert answers["a.clock"].value["zone"] == "UTC"


def test_a_question_that_the_document_leaves_out_has_failed() -> None:
    answers = read(printed(document(GOOD)))
    assert answers["a.clock"] == Answer("a.clock", Outcome.FAILED, detail="no answer")


@pytest.mark.parametrize("outcome", ["missing", "denied", "failed", "unsupported"])
def test_outcomes_without_a_value_are_passed_on(outcome: str) -> None:
    answer = read(printed(document({"id": "a.registry", "outcome": outcome, "detail": "x" * 9999}, TIME)))["a.registry"]
    assert answer.outcome == outcome
    assert answer.value is None
    assert len(answer.detail) == 500


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        "text",
        {"values": []},
        {"values": {"a": None}},
        {"values": {"a": 1.5}},
        {"values": {"a": True}},
        {"values": {"a": {"b": "c"}}},
        {"values": {"a": 2**64}},
        {"values": {}, "rows": []},
    ],
)
def test_a_value_in_another_form_fails_its_own_question_only(value: Any) -> None:
    answers = read(printed(document({**GOOD, "value": value}, TIME)))
    assert answers["a.registry"].outcome is Outcome.FAILED
    assert answers["a.registry"].value is None
    assert answers["a.clock"].outcome is Outcome.OK


def test_a_value_beside_a_refusal_is_not_believed() -> None:
    answers = read(printed(document({**GOOD, "outcome": "missing"}, TIME)))
    assert answers["a.registry"].outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("answers", "because"),
    [
        ((GOOD, GOOD), "twice"),
        (({**GOOD, "id": "other"},), "nobody asked"),
        (({**GOOD, "outcome": "fine"},), "no outcome"),
        (({**GOOD, "milliseconds": -1},), "no time"),
        (({**GOOD, "milliseconds": "1"},), "text for a number"),
        (({**GOOD, "extra": 1},), "unknown name"),
        (({"outcome": "ok"},), "no id"),
        (("text",), "no answer at all"),
    ],
)
def test_a_document_in_another_form_is_damaged(answers: tuple[Any, ...], because: str) -> None:
    assert refused(printed(document(*answers))) is FailureKind.ANSWER_DAMAGED, because


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "{",
        "null",
        "[]",
        '"\\ud800"',
        '{"osaudit": 2, "session": {}, "answers": []}',
        '{"osaudit": true, "session": {}, "answers": []}',
        '{"osaudit": 1, "session": {}, "answers": NaN}',
        '{"osaudit": 1, "session": {"a": Infinity}, "answers": []}',
        '{"osaudit": 1, "session": {"a": 1e999}, "answers": []}',
        '{"osaudit": 1, "session": {"a": 123456789012345678901234567890}, "answers": []}',
        '{"osaudit": 1, "session": {"a": ' + "9" * 100_000 + '}, "answers": []}',
        '{"osaudit": 1, "osaudit": 1, "session": {}, "answers": []}',
        '{"osaudit": 1, "session": {}, "answers": []} trailing',
        '{"osaudit": 1, "session": {}, "answers": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"osaudit": 1, "session": {}, "answers": ' + '{"a":' * 50 + "1" + "}" * 50 + "}",
    ],
)
def test_hostile_json_is_damaged_and_never_a_crash(raw: str) -> None:
    assert refused(printed(None, raw=raw)) is FailureKind.ANSWER_DAMAGED


def test_text_that_no_store_can_keep_is_replaced() -> None:
    value = {"values": {"a\ud800": "b\udfff", "list": ["\0", "ok \U0001f600"]}}
    answer = read(printed(document({**GOOD, "value": value, "detail": "c\udc00"}, TIME)))["a.registry"]
    assert answer.value == {"values": {"a\ufffd": "b\ufffd", "list": ["\ufffd", "ok \U0001f600"]}}
    assert answer.detail == "c\ufffd"
    answer.value["values"]["a\ufffd"].encode("utf-8")


def test_everything_outside_the_markers_is_ignored() -> None:
    noise = b"#< CLIXML\r\n<Objs/>\xff\xfe\r\n"
    assert read(noise + printed(document(GOOD, TIME)) + noise)["a.registry"].outcome is Outcome.OK


@pytest.mark.parametrize(
    "change",
    [
        lambda stdout: b"",
        lambda stdout: stdout.replace(ANSWER_BEGIN, b""),
        lambda stdout: stdout.replace(ANSWER_END, b""),
        lambda stdout: stdout + b"\r\n" + stdout,
        lambda stdout: stdout.replace(ANSWER_END, b"@@@@\r\n" + ANSWER_END),
        lambda stdout: stdout.replace(ANSWER_END, b"AAAA\r\n" + ANSWER_END),
        lambda stdout: stdout[: stdout.index(ANSWER_END) - 30] + b"\r\n" + ANSWER_END,
        lambda stdout: ANSWER_END + b"\r\n" + stdout.replace(ANSWER_END, b""),
    ],
)
def test_a_document_that_is_cut_short_or_changed_is_damaged(change: Any) -> None:
    assert refused(change(printed(document(GOOD, TIME)))) is FailureKind.ANSWER_DAMAGED


def test_limits_hold_before_and_after_unpacking() -> None:
    small = printed(document(GOOD, TIME))
    assert refused(small, Limits(answer_bytes=len(small) - 1)) is FailureKind.ANSWER_TOO_LARGE
    bomb = printed(None, raw=" " * 5_000_000)
    assert len(bomb) < 10_000
    assert refused(bomb, Limits(unpacked_bytes=1_000_000)) is FailureKind.ANSWER_TOO_LARGE


def test_input_made_to_be_slow_is_read_in_little_time() -> None:
    started = time.process_time()
    assert refused(printed(None, raw='{"a": "' + '\\"' * 3_000_000)) is FailureKind.ANSWER_DAMAGED
    assert refused(printed(None, raw="[" + "1," * 5_000_000 + "1]")) is FailureKind.ANSWER_TOO_LARGE
    assert time.process_time() - started < 15


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_single_change_of_a_byte_makes_an_answer_up(data: st.DataObject) -> None:
    stdout = bytearray(printed(document(GOOD, TIME)))
    place = data.draw(st.integers(0, len(stdout) - 1))
    stdout[place] = data.draw(st.integers(0, 255))
    try:
        answers = read(bytes(stdout))
    except TransportError as error:
        assert error.kind is FailureKind.ANSWER_DAMAGED
    else:
        assert answers["a.registry"].value == GOOD["value"]


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
        max_leaves=20,
    )
)
def test_any_json_at_the_place_of_the_answers_is_either_read_or_refused(anything: Any) -> None:
    try:
        read(printed({**document(), "answers": [{**GOOD, "value": anything}]}))
    except TransportError as error:
        assert error.kind is FailureKind.ANSWER_DAMAGED


# ---- The schemas


@pytest.mark.parametrize(("name", "schema"), [("question-request", request_schema()), ("answer", answer_schema())])
def test_the_published_schema_is_the_one_that_the_code_uses(name: str, schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    assert json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8")) == schema


def test_the_answer_schema_accepts_what_the_reader_accepts() -> None:
    jsonschema.validate(document(GOOD, TIME), answer_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document({**GOOD, "outcome": "fine"}), answer_schema())


@pytest.mark.parametrize("verb", list(Verb))
def test_every_verb_has_a_form_of_its_own(verb: Verb) -> None:
    assert not is_value_of(Question("q", verb, Platform.WINDOWS, "", ""), {"something": "else"})
