"""What is asked of a server, and what it answers. Both are data, so a test peer can answer whatever is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class Platform(StrEnum):
    """Who answers: the interpreter of a family of operating systems, or LifeTime's API."""

    WINDOWS = "windows"
    LINUX = "linux"
    LIFETIME = "lifetime"


class Verb(StrEnum):
    """The fixed set of things an interpreter can be asked; docs/questions.md gives arguments and values of each."""

    REGISTRY = "registry"
    WMI = "wmi"
    FILE = "file"
    DIRECTORY = "directory"
    XML = "xml"
    DIGEST = "digest"
    LISTENER = "listener"
    CLOCK = "clock"
    ACCOUNT = "account"
    CONNECT = "connect"
    RESOLVE = "resolve"
    HTTP = "http"
    CERTIFICATE = "certificate"
    COMMAND = "command"
    LIFETIME = "lifetime"


@dataclass(frozen=True, slots=True)
class Question:
    """One question: `id` is stable for ever, `arguments` are JSON data in the form that the verb defines."""

    id: str
    verb: Verb
    platform: Platform
    why: str
    rights: str
    arguments: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


# How the interpreters say, as the detail of a failed `xml` question, that they opened the file and it is no XML.
NOT_XML = "the file is not XML that may be read"


class Outcome(StrEnum):
    """How a question ended. Only OK and MISSING say something about the server; MISSING is proof of absence."""

    OK = "ok"
    MISSING = "missing"
    DENIED = "denied"
    FAILED = "failed"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Answer:
    """The raw answer to one question.

    `value` has the form that the verb defines and is None unless the outcome is OK. `complete` is False when a limit
    cut a list short, so that absence from the list proves nothing. `detail` is the server's own words on a failure.
    """

    question: str
    outcome: Outcome
    value: Any = None
    detail: str = ""
    complete: bool = True
    milliseconds: int = 0
