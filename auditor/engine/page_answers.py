"""What an answer of the server's own web site means: whether the page works, in words, or that it cannot be told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from auditor.engine.sight import Unknowable
from auditor.engine.subjects import Host
from auditor.model.fact import NotKnown, Reason
from auditor.model.known_facts import IIS_APPLICATIONS, PageAnswer

# What .NET calls it when the server refuses or ends a connection. Other words for no answer blame nobody.
_BROKEN_OFF = (
    "ConnectFailure",
    "ConnectionClosed",
    "KeepAliveFailure",
    "ReceiveFailure",
    "SendFailure",
    "ServerProtocolViolation",
)
_TIMEOUT = "Timeout"
_REDIRECTS = (301, 302, 303, 307, 308)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PageReading:
    """What a page answered, in words that follow its name; `leads_to` is where a redirect that stays http leads."""

    works: bool
    words: str
    leads_to: str = ""


def read_page(host: Host, answer: PageAnswer, *, hints: Mapping[int, str] | None = None) -> PageReading:
    """Return what an answer at http://127.0.0.1 means; `hints` are words behind a status that is a failure.

    A redirect to HTTPS is a failure, because no certificate is for 127.0.0.1. Raises `Unknowable` for an answer that
    says neither.
    """
    status = answer.status
    if status is None:
        if answer.problem in _BROKEN_OFF:
            return PageReading(works=False, words=f"gets no answer ({answer.problem})")
        if answer.problem == _TIMEOUT:
            sentence = (
                f"{host.name} did not answer itself within the time of the question; the first request after a restart "
                "may take longer, so scan again in a while."
            )
            raise Unknowable(NotKnown(Reason.UNREACHABLE, sentence))
    elif 200 <= status < 300:
        return PageReading(works=True, words=f"is answered with {status}")
    elif 400 <= status < 600:
        hint = (hints or {}).get(status)
        return PageReading(works=False, words=f"is answered with {status}{f', {hint}' if hint else ''}")
    elif status in _REDIRECTS and answer.location.strip():
        # Behind the question mark may stand what nobody else should read.
        location = answer.location.strip().partition("?")[0] or "the same page"
        scheme = _SCHEME.match(location)
        words = f"is answered with {status} and redirected to {location}"
        if scheme is None or scheme[1].casefold() == "http":
            return PageReading(works=True, words=words, leads_to=location)
        if scheme[1].casefold() == "https":
            return PageReading(works=False, words=words)
    told = answer.problem if status is None else f"status {status}"
    sentence = f"{host.name} answered itself in a way that says neither yes nor no ({told or 'no status'})."
    raise Unknowable(NotKnown(Reason.PARSE_ERROR, sentence))


def serves_application(host: Host, path: str) -> bool:
    """Return whether IIS on this host has an application at this path."""
    return any(item.path.casefold() == path.casefold() for item in host.fact(IIS_APPLICATIONS))
