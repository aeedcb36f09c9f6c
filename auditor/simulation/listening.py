"""A listening socket with a daemon thread for each connection, that stops at once when asked to."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable

from auditor.simulation.options import Counted, Step, Trouble, TroubleKind

_STOPPING_SECONDS = 3.0


class Dropped(Exception):  # noqa: N818 - it ends a connection on purpose
    """The connection is to be closed without an answer."""


class SimulatedServer:
    """One simulated server: where it listens, and what it has seen so far.

    `serve` gets each accepted socket in a thread of its own; when it returns, the socket is closed.
    """

    def __init__(self, address: str, port: int, counted: Counted, latency: float = 0.0) -> None:
        self._listener = socket.create_server((address, port), backlog=128)
        self.address = address
        self.port: int = self._listener.getsockname()[1]
        self.stopping = threading.Event()
        self.scripts: list[str] = []
        self.command_lines: list[str] = []
        self.users: list[str] = []
        self._counted = counted
        self._latency = latency
        self._wake, self._woken = socket.socketpair()
        self._lock = threading.Lock()
        self._live: dict[threading.Thread, socket.socket] = {}
        self._accepting: threading.Thread | None = None

    @property
    def requests(self) -> Counter[str]:
        """How often each step was visited, by `Step`."""
        return self._counted.snapshot()

    @property
    def connections(self) -> int:
        """How many connections were accepted so far."""
        return self.requests[Step.CONNECTION]

    def start(self, serve: Callable[[socket.socket], None]) -> None:
        """Begin to accept connections."""
        name = f"simulated {self.address}:{self.port}"
        self._accepting = threading.Thread(target=self._accept, args=(serve,), name=name, daemon=True)
        self._accepting.start()

    def stop(self) -> None:
        """Close everything; returns when all threads have ended, or after three seconds."""
        self.stopping.set()
        self._wake.send(b"!")
        until = time.monotonic() + _STOPPING_SECONDS
        if self._accepting:
            self._accepting.join(_STOPPING_SECONDS)
        with self._lock:
            live = dict(self._live)
        for connection in live.values():
            with contextlib.suppress(OSError):
                # Not the method of an SSLSocket, which takes the TLS state away from the thread that reads.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
        for thread in live:
            thread.join(max(0.0, until - time.monotonic()))
        for end in (self._listener, self._wake, self._woken):
            end.close()

    def adopt(self, connection: socket.socket) -> None:
        """Let `stop` close this socket, which took the place of the accepted one of this thread."""
        with self._lock:
            self._live[threading.current_thread()] = connection

    def count(self, step: str) -> None:
        """Count one visit of a step."""
        self._counted.count(step)

    def meet(self, step: Step) -> Trouble | None:
        """Let the trouble of this step happen; returns what its answer must be, raises `Dropped` to end it."""
        trouble = self._counted.due(step)
        if trouble is None:
            return None
        if trouble.kind is TroubleKind.HANG:
            self.stopping.wait()
            raise Dropped
        if trouble.kind is TroubleKind.DROP:
            raise Dropped
        if trouble.kind is TroubleKind.WAIT:
            self.pause(trouble.seconds)
            return None
        return trouble

    def pause(self, seconds: float | None = None) -> None:
        """Wait as long as an answer takes, or the seconds given; raises `Dropped` when the server stops meanwhile."""
        seconds = self._latency if seconds is None else seconds
        if seconds > 0 and self.stopping.wait(seconds):
            raise Dropped

    def _accept(self, serve: Callable[[socket.socket], None]) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while not self.stopping.is_set():
                selector.select()
                if self.stopping.is_set():
                    return
                try:
                    connection, _ = self._listener.accept()
                except OSError:
                    continue
                self._welcome(connection, serve)

    def _welcome(self, connection: socket.socket, serve: Callable[[socket.socket], None]) -> None:
        self.count(Step.CONNECTION)
        thread = threading.Thread(target=self._look_after, args=(connection, serve), daemon=True)
        with self._lock:
            self._live[thread] = connection
        thread.start()

    def _look_after(self, connection: socket.socket, serve: Callable[[socket.socket], None]) -> None:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.meet(Step.CONNECTION)
            serve(connection)
        except (Dropped, OSError, EOFError):
            pass  # the client went away, or was to be dropped
        finally:
            with self._lock:
                self._live.pop(threading.current_thread(), None)
            connection.close()
