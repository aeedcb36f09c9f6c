"""What the tests of WinRM need: peers that are no WinRM service, and short ways to make endpoints and questions."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from auditor.errors import TransportError
from auditor.model.inventory import WinRMEndpoint, WinRMSignIn
from auditor.model.question import Answer, Platform, Question, Verb
from auditor.transports.base import Limits, Reply, Request, Secrets
from auditor.transports.winrm import connect

USER = "auditor"
PASSWORD = "Corr3ct-Horse"  # a planted value: no error may show it
HASTE = Limits(connect=1.0, sign_in=1.5, question=2.0, visit=4.0)
MACHINES = Path(__file__).parents[2] / "fixtures" / "machines"


def question(identity: str, verb: str, **arguments: Any) -> Question:
    """Return a question for Windows; `class_` stands for the argument `class`."""
    named = {name.rstrip("_"): value for name, value in arguments.items()}
    return Question(identity, Verb(verb), Platform.WINDOWS, "why", "rights", named)


CLOCK = Request((question("clock", "clock"),), b"k" * 32)


def over_http(port: int, sign_in: WinRMSignIn = WinRMSignIn.NTLM, **options: Any) -> WinRMEndpoint:
    """Return an endpoint on loopback without TLS."""
    return WinRMEndpoint(
        **{"address": "127.0.0.1", "port": port, "https": False, "sign_in": sign_in, "user": USER, **options}
    )


def over_https(port: int, sign_in: WinRMSignIn = WinRMSignIn.BASIC, **options: Any) -> WinRMEndpoint:
    """Return an endpoint on loopback with TLS."""
    return over_http(port, sign_in, **{"https": True, **options})


def ask(endpoint: WinRMEndpoint, request: Request = CLOCK, limits: Limits = HASTE, secret: str = PASSWORD) -> Reply:
    """Connect, ask, and leave."""
    with connect("dev-1", endpoint, Secrets(password=secret), limits) as transport:
        return transport.ask(request)


def failure(
    endpoint: WinRMEndpoint, request: Request = CLOCK, limits: Limits = HASTE, secret: str = PASSWORD
) -> TransportError:
    """Return the error that asking raises; it names the place and holds no secret."""
    try:
        reply = ask(endpoint, request, limits, secret)
    except TransportError as error:
        told = f"{error} {error!r} {error.__cause__!r} {error.__context__!r}"
        assert PASSWORD not in told
        assert secret not in told
        assert error.host == "dev-1"
        assert endpoint.address in error.sentence or error.host in error.sentence
        assert error.sentence.endswith(".")
        return error
    raise AssertionError(f"no error but {reply}")


def answers(reply: Reply) -> dict[str, Answer]:
    """Return the answers by question."""
    return dict(reply.answers)


@contextmanager
def raw_peer(behave: Callable[[socket.socket], None]) -> Iterator[int]:
    """Listen on loopback and let `behave` treat each connection; yields the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        live: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                live.append(connection)
                threading.Thread(target=treat, args=(connection,), daemon=True).start()

        def treat(connection: socket.socket) -> None:
            with contextlib.suppress(OSError):
                behave(connection)

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            # Wakes the thread that accepts, which closing alone does not.
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            for connection in live:
                connection.close()


@dataclass
class HttpPeer:
    """An HTTP service that is not WinRM; `seen` are the headers of all requests."""

    port: int
    seen: list[Mapping[str, str]] = field(default_factory=list)


@contextmanager
def http_peer(
    status: int, body: bytes = b"", headers: Mapping[str, str] | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[HttpPeer]:
    """Answer every POST in the same way."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            peer.seen.append(dict(self.headers))
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        peer = HttpPeer(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield peer
        finally:
            server.shutdown()
            thread.join(2)


@contextmanager
def full_backlog() -> Iterator[int]:
    """Yield a port whose queue is full, so that the kernel drops further attempts to connect, as a firewall would."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        for _ in range(8):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                waiting.connect(("127.0.0.1", port))
        yield port


def unused_port() -> int:
    """Return a port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
