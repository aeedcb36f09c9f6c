"""A server that speaks LifeTime's API over real HTTPS on a loopback address and answers from a model."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, Protocol

from auditor.simulation.certificates import IssuedCertificate, self_signed
from auditor.simulation.lifetime_model import Access
from auditor.simulation.listening import Dropped, SimulatedServer
from auditor.simulation.options import Counted, Step, Troubles

_HANDSHAKE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Canned:
    """An answer that is given whatever the model says."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class LifeTimeOptions:
    """How a simulated LifeTime behaves: seconds before every answer, trouble at a step, and canned answers by path."""

    latency: float = 0.0
    troubles: Troubles = field(default_factory=lambda: MappingProxyType({}))
    canned: Mapping[str, Canned] = field(default_factory=lambda: MappingProxyType({}))


class Answers(Protocol):
    """What answers paths: a model, or what takes its place."""

    @property
    def access(self) -> Access:
        """What the token may see."""
        ...

    def answer(self, path: str) -> tuple[int, Any]:
        """Return the status and the JSON of a GET."""
        ...


@contextmanager
def serve_lifetime(
    answers: Answers,
    *,
    token: str,
    certificate: IssuedCertificate | None = None,
    https: bool = True,
    options: LifeTimeOptions | None = None,
    port: int = 0,
) -> Iterator[SimulatedServer]:
    """Serve a LifeTime until the end of the block; `command_lines` of the server are the requests that came.

    It shows `certificate`, or a self-signed one made on the spot. Who has another token is not known here.
    """
    options = options or LifeTimeOptions()
    with ExitStack() as stack:
        context = _tls(stack, certificate) if https else None
        server = SimulatedServer("127.0.0.1", port, Counted(options.troubles), options.latency)
        stack.callback(server.stop)

        def serve(connection: socket.socket) -> None:
            if context is None:
                _Handler(connection, server, answers, token, options)
                return
            connection.settimeout(_HANDSHAKE_SECONDS)
            with context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False) as channel:
                server.adopt(channel)
                channel.do_handshake()
                channel.settimeout(None)
                _Handler(channel, server, answers, token, options)

        server.start(serve)
        yield server


def _tls(stack: ExitStack, certificate: IssuedCertificate | None) -> ssl.SSLContext:
    if certificate is None:
        certificate = self_signed(Path(stack.enter_context(TemporaryDirectory(prefix="osaudit-simulation-"))))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate_file, certificate.key_file)
    return context


class _Handler(BaseHTTPRequestHandler):
    """Serves one connection to its end."""

    protocol_version = "HTTP/1.1"
    server_version = "Microsoft-IIS/10.0"
    sys_version = ""
    wbufsize = -1

    def __init__(
        self, connection: socket.socket, server: SimulatedServer, answers: Answers, token: str, options: LifeTimeOptions
    ) -> None:
        self._simulated = server
        self._answers = answers
        self._expected = f"Bearer {token}"
        self._options = options
        super().__init__(connection, connection.getpeername(), server)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Answer one call."""
        try:
            self._reply(self._answer())
        except Dropped:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what came is noted."""

    def __getattr__(self, name: str) -> Any:
        # Other methods are noted too: none may ever come.
        if name.startswith("do_"):
            return self.do_GET
        raise AttributeError(name)

    def _answer(self) -> Canned:
        server = self._simulated
        server.command_lines.append(f"{self.command} {self.path}")
        server.count(Step.CALL)
        trouble = server.meet(Step.CALL)
        server.pause()
        if trouble is not None and trouble.status:
            return Canned(trouble.status)
        canned = self._options.canned.get(self.path.partition("?")[0])
        if canned is not None:
            return canned
        if self.headers.get("Authorization") != self._expected or self._answers.access is Access.EXPIRED:
            server.count(Step.REFUSED)
            return _json(401, {"Errors": ["The token is not valid."], "StatusCode": 401})
        return _json(*self._answers.answer(self.path))

    def _reply(self, answer: Canned) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)
        self.wfile.flush()


def _json(status: int, content: Any) -> Canned:
    if status == 204:
        return Canned(204)
    return Canned(status, json.dumps(content).encode(), {"Content-Type": "application/json; charset=utf-8"})
