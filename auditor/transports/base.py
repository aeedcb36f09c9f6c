"""What every transport offers: one visit, in which one request is asked and one reply comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from auditor.model.observation import ChannelName
from auditor.model.question import Answer, Platform, Question


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a visit, in seconds and bytes.

    `connect` bounds the TCP connection, `sign_in` handshake and sign-in, `question` one question on the server,
    `visit` the whole visit; `pause` lies between two calls of LifeTime's API; `answer_bytes` the document before and
    `unpacked_bytes` after unpacking, `depth` the nesting of its JSON.
    """

    connect: float = 5.0
    sign_in: float = 20.0
    question: float = 30.0
    visit: float = 180.0
    pause: float = 0.2
    answer_bytes: int = 8_000_000
    unpacked_bytes: int = 64_000_000
    depth: int = 24


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets of one endpoint, resolved from its references; never printed."""

    password: str | None = field(default=None, repr=False)
    key_passphrase: str | None = field(default=None, repr=False)
    bastion_password: str | None = field(default=None, repr=False)
    bastion_key_passphrase: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """The questions of one visit, all for one platform. `digest_key` is the scan's (`scanning.new_digest_key`)."""

    questions: tuple[Question, ...]
    digest_key: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """The answers, one for each question of the request, with how they were had."""

    channel: ChannelName
    platform: Platform
    answers: Mapping[str, Answer] = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[str, ...] = ()
    requests: int = 0


class Witness:
    """Is told of what is put to one host, each time before it is sent; this one keeps nothing.

    What it raises ends the visit, so nothing is sent of which it could not be told.
    """

    def signing_in(self, *, bastion: bool = False) -> None:
        """The host, or the bastion before it, is about to be contacted and signed in to."""

    def asking(self, channel: ChannelName, questions: Sequence[str], sent: str) -> None:
        """The questions with these ids are about to be asked; `sent` is the text that carries them."""

    def heard(self, size: int) -> None:
        """The host answered with so many bytes."""


class Transport(Protocol):
    """An open, signed-in connection to one host; used by one thread, for one request, and thrown away."""

    @property
    def platform(self) -> Platform:
        """The platform whose questions this host can be asked."""
        ...

    def ask(self, request: Request) -> Reply:
        """Put all questions in one process on the server; raises `TransportError`."""
        ...


TransportOpening = AbstractContextManager[Transport]
