"""The HTTP side of a simulated WS-Man server: one handler for each connection, as long as it is kept open."""

from __future__ import annotations

import socket
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, NamedTuple, Protocol

from auditor.simulation.listening import Dropped, SimulatedServer
from auditor.simulation.options import Step, WSManOptions
from auditor.simulation.wsman_sign_in import BadSeal, Challenge, ConnectionSignIn
from auditor.simulation.wsman_soap import identify_answer, is_identify

_SOAP = "application/soap+xml;charset=UTF-8"
_PATHS = frozenset({"/wsman", "/wsman-anon/identify"})
_LARGEST_BODY = 16_000_000


class Answered(NamedTuple):
    """An HTTP answer; without a body it is as bare as Windows leaves it."""

    status: int
    body: bytes = b""


class Answering(Protocol):
    """What the HTTP side needs of the server behind it."""

    server: SimulatedServer
    options: WSManOptions

    def answer(self, message: bytes, user: str) -> Answered:
        """Answer the SOAP message of somebody who has signed in; raises `Dropped`."""
        ...


class WSManHandler(BaseHTTPRequestHandler):
    """Serves one connection: signs it in, unseals what comes, seals what goes."""

    protocol_version = "HTTP/1.1"
    server_version = "Microsoft-HTTPAPI/2.0"
    sys_version = ""
    wbufsize = -1

    def __init__(self, connection: socket.socket, answering: Answering, sign_in: ConnectionSignIn) -> None:
        self._answering = answering
        self._sign_in = sign_in
        self._known_user = ""
        # The base class serves the connection to its end before it returns.
        super().__init__(connection, connection.getpeername(), answering.server)  # type: ignore[arg-type]

    def do_POST(self) -> None:
        """Answer one message."""
        try:
            self._post()
        except Dropped:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what came is counted."""

    def _post(self) -> None:
        body = self._body()
        if body is None:
            return
        if self.path.rstrip("/").casefold() not in _PATHS:
            self._reply(Answered(HTTPStatus.NOT_FOUND))
            return
        if self.headers.get("WSMANIDENTIFY", "").casefold() == "unauthenticated" and is_identify(body):
            self._answering.server.count(Step.IDENTIFY)
            self._reply(Answered(HTTPStatus.OK, identify_answer("0.0.0")))
            return
        user = self._sign_in.user(self.headers.get("Authorization", ""))
        self._note(user)
        if isinstance(user, Challenge) or not body:
            self._sign_in_reply(user)
            return
        self._operation(body, user)

    def _sign_in_reply(self, user: str | Challenge) -> None:
        server = self._answering.server
        server.count(Step.AUTHENTICATION)
        trouble = server.meet(Step.AUTHENTICATION)
        server.pause()
        if trouble is not None:
            self._reply(Answered(trouble.status or HTTPStatus.INTERNAL_SERVER_ERROR))
        elif isinstance(user, Challenge):
            self._reply(Answered(HTTPStatus.UNAUTHORIZED), user.headers)
        else:
            self._reply(Answered(HTTPStatus.OK))

    def _note(self, user: str | Challenge) -> None:
        """Note who signs in, once for each connection."""
        if isinstance(user, Challenge):
            if user.refused:
                self._answering.server.count(Step.REFUSED)
        elif user != self._known_user:
            self._known_user = user
            self._answering.server.users.append(user)

    def _operation(self, body: bytes, user: str) -> None:
        content_type = self.headers.get("Content-Type", "")
        is_sealed = content_type.casefold().startswith("multipart/encrypted")
        must_be_sealed = self._sign_in.is_sealed and not self._answering.options.allows_unencrypted
        if must_be_sealed and not is_sealed:
            self._reply(Answered(HTTPStatus.INTERNAL_SERVER_ERROR))
            return
        try:
            message = self._sign_in.unseal(content_type, body) if is_sealed else body
        except BadSeal:
            self._reply(Answered(HTTPStatus.BAD_REQUEST))
            return
        answered = self._answering.answer(message, user)
        if is_sealed and answered.body:
            sealed_type, sealed = self._sign_in.seal(content_type, answered.body)
            self._reply(Answered(answered.status, sealed), content_type=sealed_type)
        else:
            self._reply(answered)

    def _body(self) -> bytes | None:
        try:
            size = int(self.headers.get("Content-Length", ""))
        except ValueError:
            self.close_connection = True
            self._reply(Answered(HTTPStatus.LENGTH_REQUIRED))
            return None
        if not 0 <= size <= _LARGEST_BODY:
            self.close_connection = True
            self._reply(Answered(HTTPStatus.REQUEST_ENTITY_TOO_LARGE))
            return None
        body = self.rfile.read(size)
        if len(body) < size:
            raise Dropped
        return body

    def _reply(self, answered: Answered, challenges: tuple[str, ...] = (), content_type: str = _SOAP) -> None:
        self.send_response(answered.status)
        token = self._sign_in.final_token
        for challenge in (*challenges, *((token,) if token else ())):
            self.send_header("WWW-Authenticate", challenge)
        self._sign_in.final_token = None
        if answered.body:
            self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(answered.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answered.body)
        self.wfile.flush()
