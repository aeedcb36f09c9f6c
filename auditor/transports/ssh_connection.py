"""An SSH connection up to the point where the server is known to be the right one: TCP, handshake, host key."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol, cast

import paramiko
from paramiko.ssh_exception import IncompatiblePeer, SSHException

from auditor.errors import TransportError
from auditor.transports import ssh_failures
from auditor.transports.base import Limits
from auditor.transports.host_keys import HostKey, KnownHosts, known_hosts_name
from auditor.transports.ssh_failures import Place

_REMEMBERED = 8192


class Deadline:
    """A moment on the monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds until then, never below zero."""
        return max(0.0, self._end - time.monotonic())


class Stream(Protocol):
    """What a connection runs on: a socket, or a channel through a bastion."""

    def recv(self, nbytes: int, /) -> bytes:
        """Return what has arrived, empty at the end."""
        ...

    def send(self, data: bytes, /) -> int:
        """Return how much was sent."""
        ...

    def settimeout(self, timeout: float | None, /) -> None:
        """Bound the two above."""
        ...

    def close(self) -> None:
        """End it."""
        ...


def tcp_stream(place: Place, limits: Limits) -> Stream:
    """Return a TCP connection, tried at all addresses of the name within `limits.connect` seconds in all."""
    try:
        found = socket.getaddrinfo(place.address, place.port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        raise ssh_failures.of_name(place) from None
    deadline = Deadline(limits.connect)
    last: OSError = TimeoutError()
    for family, kind, protocol, _, destination in found:
        if not deadline.left:
            break
        stream = socket.socket(family, kind, protocol)
        try:
            stream.settimeout(deadline.left)
            stream.connect(destination)
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            return stream
        except OSError as error:
            stream.close()
            last = error
    raise ssh_failures.of_connection(place, last) from None


def shake_hands(
    place: Place, reach: Callable[[], Stream], known: KnownHosts | None, limits: Limits, pause: float
) -> paramiko.Transport:
    """Return a connection whose server has shown the host key that is known for it; nobody is signed in yet.

    A server that turns clients away before the protocol begins gets one further try after `pause` seconds. With
    `known` None any key is taken: only for showing it to a person.
    """
    try:
        transport = _begun(place, reach(), known, limits)
    except TransportError as error:
        if error.kind not in ssh_failures.WORTH_ONE_MORE_TRY:
            raise
        time.sleep(pause)
        transport = _begun(place, reach(), known, limits)
    if known is not None:
        try:
            _verify(place, shown_key(place, transport), known)
        except TransportError:
            transport.close()
            raise
    return transport


def shown_key(place: Place, transport: paramiko.Transport) -> HostKey:
    """Return the host key with which the server has proved itself."""
    key = transport.get_remote_server_key()
    return HostKey(known_hosts_name(place.address, place.port), key.get_name(), key.asbytes())


def _verify(place: Place, key: HostKey, known: KnownHosts) -> None:
    if known.revokes(key.name, key.blob):
        raise ssh_failures.of_revoked_key(place, key, known)
    lines = known.trusted(key.name)
    if not lines:
        raise ssh_failures.of_unknown_key(place, key, known)
    if all(line.blob != key.blob for line in lines):
        raise ssh_failures.of_changed_key(place, key, known, lines)


def _begun(place: Place, stream: Stream, known: KnownHosts | None, limits: Limits) -> paramiko.Transport:
    _keep_library_quiet()
    listening = _Listening(stream)
    started = time.monotonic()
    # paramiko asks for a socket by type, and is content with anything that sends and receives.
    transport = paramiko.Transport(cast(socket.socket, listening))
    transport.banner_timeout = limits.sign_in
    transport.handshake_timeout = limits.sign_in
    if known is not None:
        _prefer_known_keys(
            transport, {line.type for line in known.trusted(known_hosts_name(place.address, place.port))}
        )
    done = threading.Event()
    transport.start_client(event=done)
    # paramiko ends a silent banner itself a little after its own time-out; the second is for that.
    done.wait(limits.sign_in + 1)
    if transport.is_active() and done.is_set():
        return transport
    error = transport.get_exception()
    transport.close()
    seconds = time.monotonic() - started
    early = ssh_failures.of_first_words(place, listening.first, ended=listening.ended, seconds=seconds)
    if early is not None:
        raise early
    if isinstance(error, IncompatiblePeer):
        raise ssh_failures.of_algorithms(place, str(error), listening.first)
    # The library says "end of file" also when it was its own patience that ended.
    if not listening.ended and (error is None or isinstance(error, EOFError | TimeoutError)):
        raise ssh_failures.of_hung_handshake(place, seconds)
    raise ssh_failures.of_lost_handshake(place, str(error) if isinstance(error, SSHException) else "")


def _prefer_known_keys(transport: paramiko.Transport, known_types: set[str]) -> None:
    """Ask the server for a key of a type that is known, so that a further key of another type is no surprise."""
    options = transport.get_security_options()

    def is_unknown(algorithm: str) -> bool:
        # RSA keys are stored under the name of the key and negotiated under the names of their signatures.
        return ("ssh-rsa" if algorithm.startswith("rsa-sha2-") else algorithm) not in known_types

    options.key_types = tuple(sorted(options.key_types, key=is_unknown))


def _keep_library_quiet() -> None:
    """Without a handler of its own the library's tracebacks of failed connections would reach stderr."""
    logger = logging.getLogger("paramiko")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


class _Listening:
    """Passes a stream through and remembers how it began, because the library gives one error for four causes."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.first = b""
        self.ended = False

    def recv(self, nbytes: int) -> bytes:
        try:
            data = self._stream.recv(nbytes)
        except TimeoutError:
            raise
        except OSError:
            self.ended = True
            raise
        if not data:
            self.ended = True
        if len(self.first) < _REMEMBERED:
            self.first += data
        return data

    def send(self, data: bytes) -> int:
        try:
            return self._stream.send(data)
        except TimeoutError:
            raise
        except OSError:
            self.ended = True
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
