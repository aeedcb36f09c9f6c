"""From a script that arrived on standard input to what it would print: the request is read, nothing is executed."""

from __future__ import annotations

import base64
import gzip
import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from auditor.model.question import Platform
from auditor.transports.document import (
    ANSWER_BEGIN,
    ANSWER_END,
    CONSTRAINED_MARKER,
    REQUEST_BEGIN,
    REQUEST_END,
)

_HERE_STRING = re.compile(r"@'\r?\n(.*?)\r?\n'@", re.DOTALL)
_SETTING = re.compile(r"(deadline_seconds|question_seconds)=(\d+)")
# The word that the start-up prints before it reads the script.
_STARTED = b"osaudit\r\n"


class AnsweringMachine(Protocol):
    """What the servers need of a machine model."""

    @property
    def platform(self) -> Platform:
        """The family of operating systems."""
        ...

    @property
    def language_mode(self) -> str:
        """The language mode of PowerShell."""
        ...

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a question document with an answer document; the arguments of Linux questions are lists of words."""
        ...

    def wql(self, namespace: str, query: str) -> list[dict[str, Any]]:
        """Run a WQL query; raises `NoSuchClass`, `AccessDenied` or `InvalidQuery`."""
        ...

    def registry_method(self, method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Call a method of StdRegProv."""
        ...


@dataclass(frozen=True, slots=True)
class Printed:
    """What a program leaves behind."""

    stdout: bytes = b""
    stderr: bytes = b""
    exit_code: int = 0


def run_script(machine: AnsweringMachine, script: str) -> Printed:
    """Return what the interpreter on this machine prints for a script read from standard input."""
    if machine.platform is Platform.LINUX:
        return _run_sh(machine, script)
    return _run_powershell(machine, script)


def _run_powershell(machine: AnsweringMachine, script: str) -> Printed:
    if machine.language_mode != "FullLanguage":
        return Printed(_STARTED + CONSTRAINED_MARKER + b"\r\n")
    text = _request_text(script)
    here_string = _HERE_STRING.search(text) if text is not None else None
    if here_string is None:
        return Printed(_STARTED, _powershell_error("The string is missing the terminator: '@."), exit_code=1)
    try:
        request = json.loads(here_string[1])
    except (ValueError, RecursionError):
        request = None
    if not isinstance(request, dict) or not _are_questions(request.get("questions")):
        return Printed(_STARTED, _powershell_error("Invalid JSON primitive."), exit_code=1)
    return Printed(_STARTED + _document(machine.answer(request), b"\r\n"))


def _run_sh(machine: AnsweringMachine, script: str) -> Printed:
    text = _request_text(script)
    if text is None:
        return Printed(stderr=b'sh: 1: Syntax error: end of file unexpected (expecting "}")\n', exit_code=2)
    request: dict[str, Any] = {"osaudit": 1, "questions": []}
    try:
        for line in text.splitlines():
            setting = _SETTING.fullmatch(line.strip())
            if setting:
                request[setting[1]] = int(setting[2])
            elif line.strip().startswith("ask "):
                request["questions"].append(_asked(shlex.split(line)))
    except ValueError:
        return Printed(stderr=b"sh: 1: Syntax error: Unterminated quoted string\n", exit_code=2)
    return Printed(_document(machine.answer(request), b"\n"))


def _request_text(script: str) -> str | None:
    """Return what stands between the marker lines; None where a script was cut short or is not ours."""
    lines = script.splitlines()
    stripped = [line.strip() for line in lines]
    try:
        begin = stripped.index(REQUEST_BEGIN)
        end = stripped.index(REQUEST_END, begin)
    except ValueError:
        return None
    return "\n".join(lines[begin + 1 : end])


def _are_questions(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) and {"id", "verb"} <= one.keys() for one in value)


def _asked(words: list[str]) -> dict[str, Any]:
    """Return the question of an `ask` line; its arguments are words in the order that docs/questions.md gives."""
    _, identity, verb, *arguments = words
    return {"id": identity, "verb": verb, "arguments": arguments}


def _document(answer: Mapping[str, Any], line_end: bytes) -> bytes:
    # The time in the gzip header would make equal answers differ.
    packed = base64.b64encode(gzip.compress(json.dumps(answer, ensure_ascii=False).encode(), mtime=0))
    lines = [packed[start : start + 76] for start in range(0, len(packed), 76)]
    return line_end.join([ANSWER_BEGIN, *lines, ANSWER_END, b""])


def _powershell_error(message: str) -> bytes:
    """Return an error as Windows PowerShell writes it to a redirected stderr: CLIXML."""
    return (
        "#< CLIXML\r\n"
        '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">'
        f'<S S="Error">{message}_x000D__x000A_</S>'
        '<S S="Error">    + FullyQualifiedErrorId : ParseException_x000D__x000A_</S></Objs>'
    ).encode()
