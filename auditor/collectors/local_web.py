"""What the server's own web site answers to the server itself."""

from __future__ import annotations

from typing import Any

from auditor.collectors.base import Collector, FactMap, Observations
from auditor.collectors.reading import fact, facts, member, text, whole_number
from auditor.collectors.rights import SIGN_IN
from auditor.model.known_facts import SERVER_API_PAGE, SERVER_IDENTITY_PAGE, SERVICE_CENTER_PAGE, PageAnswer
from auditor.model.question import Platform, Question, Verb


def _page(name: str, path: str, what: str) -> Question:
    return Question(
        id=f"local_web.{name}",
        verb=Verb.HTTP,
        platform=Platform.WINDOWS,
        why=f"Tells whether {what} of this server answers to the server itself, as the platform asks it.",
        rights=SIGN_IN,
        arguments={"path": path},
    )


SERVICE_CENTER = _page("service_center", "/ServiceCenter/_ping.html", "Service Center")
SERVER_API = _page("server_api", "/server.api/v1/health", "the Server.API")
SERVER_IDENTITY = _page("server_identity", "/server.identity/v1/health", "the Server.Identity")


def read(observations: Observations) -> FactMap:
    """Give the answer of each page."""
    return facts(
        fact(observations, SERVICE_CENTER_PAGE, lambda answers: _answer(answers.whole(SERVICE_CENTER))),
        fact(observations, SERVER_API_PAGE, lambda answers: _answer(answers.whole(SERVER_API))),
        fact(observations, SERVER_IDENTITY_PAGE, lambda answers: _answer(answers.whole(SERVER_IDENTITY))),
    )


def _answer(value: Any) -> PageAnswer:
    status = member(value, "status")
    return PageAnswer(
        status=None if status is None else whole_number(status),
        location=text(member(value, "location")),
        problem=text(member(value, "problem")),
    )


COLLECTOR = Collector("local_web", Platform.WINDOWS, (SERVICE_CENTER, SERVER_API, SERVER_IDENTITY), read)
