"""One command over an open SSH connection: its input given whole, its two outputs read at the same time."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass

import paramiko
from paramiko.ssh_exception import ChannelException, SSHException

from auditor.errors import FailureKind, TransportError
from auditor.transports.document import ANSWER_END
from auditor.transports.ssh_connection import Deadline
from auditor.transports.ssh_failures import Place

_PIECE = 65536
_STDERR_KEPT = 4000
# How long a server that has said nothing up to the deadline gets to show that it is still there.
_SIGN_OF_LIFE_SECONDS = 3.0
_EXIT_STATUS_SECONDS = 5.0
_ADMINISTRATIVELY_PROHIBITED = 1


@dataclass(frozen=True, slots=True)
class Output:
    """What a command left behind; `exit_code` is None where the answer was complete before the command ended."""

    stdout: bytes
    stderr: bytes
    exit_code: int | None


def open_session(place: Place, transport: paramiko.Transport, deadline: Deadline) -> paramiko.Channel:
    """Return a channel in which one command can run; raises `TransportError`."""
    try:
        return transport.open_session(timeout=deadline.left)
    except ChannelException as error:
        if error.code == _ADMINISTRATIVELY_PROHIBITED:
            raise _not_allowed(place, "the server prohibits it") from None
        raise place.error(
            FailureKind.TOO_MANY_SESSIONS,
            f"{place} allows no further session on a connection; raise MaxSessions in its sshd_config.",
        ) from None
    except (SSHException, EOFError, OSError):
        if transport.is_active():
            raise _hung(place, transport, deadline, any_output=False) from None
        raise _lost(place, 0) from None


def run(
    place: Place, channel: paramiko.Channel, command: str, stdin: bytes, deadline: Deadline, most_bytes: int
) -> Output:
    """Run the command without a terminal; raises `TransportError` when it cannot run, hangs, is lost or says too much.

    At most `most_bytes` are read of each output; of stderr only the beginning is kept.
    """
    # The library waits without end for some answers; closing the connection is what wakes it.
    watchdog = threading.Timer(deadline.left + _SIGN_OF_LIFE_SECONDS + 1, channel.get_transport().close)
    watchdog.daemon = True
    watchdog.start()
    try:
        _start(place, channel, command, deadline)
        stderr = _Stderr(channel, most_bytes)
        stderr.start()
        _feed(channel, stdin, deadline)
        stdout, is_complete = _read(place, channel, stderr, deadline, most_bytes)
        exit_code = None if is_complete else _exit_code(place, channel, len(stdout), deadline)
        stderr.join(_EXIT_STATUS_SECONDS if exit_code is not None else 0)
        return Output(stdout, stderr.beginning, exit_code)
    finally:
        watchdog.cancel()
        _close(channel)


def _start(place: Place, channel: paramiko.Channel, command: str, deadline: Deadline) -> None:
    transport = channel.get_transport()
    try:
        channel.exec_command(command)
    except (SSHException, EOFError, OSError):
        if not deadline.left:
            raise _hung(place, transport, deadline, any_output=False) from None
        if transport.is_active():
            raise _not_allowed(place, "the server refuses to run one") from None
        raise _lost(place, 0) from None


def _feed(channel: paramiko.Channel, stdin: bytes, deadline: Deadline) -> None:
    """A command that ends before it has read its input says why on its outputs, so that is no error here."""
    channel.settimeout(max(deadline.left, 0.01))
    try:
        channel.sendall(stdin)
        channel.shutdown_write()
    except (SSHException, EOFError, OSError):
        return


def _read(
    place: Place, channel: paramiko.Channel, stderr: _Stderr, deadline: Deadline, most_bytes: int
) -> tuple[bytes, bool]:
    """Read stdout to its end or to the end of the answer; True for the latter."""
    stdout = bytearray()
    while True:
        channel.settimeout(max(deadline.left, 0.01))
        try:
            piece = channel.recv(_PIECE)
        except TimeoutError:
            raise _hung(place, channel.get_transport(), deadline, any_output=bool(stdout)) from None
        searched = max(0, len(stdout) - len(ANSWER_END))
        stdout += piece
        if len(stdout) > most_bytes or stderr.is_too_much:
            raise place.error(
                FailureKind.ANSWER_TOO_LARGE,
                f"{place} sent more than {most_bytes} bytes, which no audit needs; nothing of it was used, look at "
                "what the server prints at a sign-in.",
            )
        if ANSWER_END in stdout[searched:]:
            return bytes(stdout), True
        if not piece:
            return bytes(stdout), False


def _exit_code(place: Place, channel: paramiko.Channel, received: int, deadline: Deadline) -> int:
    """The exit status; a connection that broke, or a command that was killed, has none."""
    if not channel.status_event.wait(min(_EXIT_STATUS_SECONDS, deadline.left)):
        raise _hung(place, channel.get_transport(), deadline, any_output=True)
    exit_code = channel.recv_exit_status()
    if exit_code < 0:
        raise _lost(place, received)
    return exit_code


def _close(channel: paramiko.Channel) -> None:
    """A connection that is gone already must not hide why it went."""
    with contextlib.suppress(SSHException, EOFError, OSError):
        channel.close()


class _Stderr(threading.Thread):
    """Empties stderr while stdout is read: a command that fills the one blocks before it can write the other."""

    def __init__(self, channel: paramiko.Channel, most_bytes: int) -> None:
        super().__init__(daemon=True, name="osaudit-ssh-stderr")
        self._channel = channel
        self._most_bytes = most_bytes
        self.beginning = b""
        self.is_too_much = False

    def run(self) -> None:
        received = 0
        while True:
            try:
                piece = self._channel.recv_stderr(_PIECE)
            except (TimeoutError, OSError):
                return
            if not piece:
                return
            self.beginning = (self.beginning + piece)[:_STDERR_KEPT]
            received += len(piece)
            if received > self._most_bytes:
                self.is_too_much = True
                # Closing is what wakes the reader of stdout.
                _close(self._channel)
                return


def _hung(place: Place, transport: paramiko.Transport, deadline: Deadline, *, any_output: bool) -> TransportError:
    if any_output or _is_alive(transport):
        return place.error(
            FailureKind.TIMED_OUT,
            f"{place} is there, but did not answer the questions in {deadline.seconds:.0f} s; raise the limit for a "
            "visit, or look at the load of the server.",
            permanent=False,
        )
    return place.error(
        FailureKind.HUNG,
        f"{place} took the sign-in and then said nothing for {deadline.seconds:.0f} s, not even on the connection; the "
        "server hangs or the network lost it.",
        permanent=False,
    )


def _is_alive(transport: paramiko.Transport) -> bool:
    """Whether the server still answers on the connection; every server answers a request, if only with a refusal."""

    def ask() -> None:
        with contextlib.suppress(SSHException, EOFError, OSError):
            transport.global_request("keepalive@openssh.com")

    question = threading.Thread(target=ask, daemon=True, name="osaudit-ssh-alive")
    question.start()
    question.join(_SIGN_OF_LIFE_SECONDS)
    return not question.is_alive() and transport.is_active()


def _lost(place: Place, received: int) -> TransportError:
    return place.error(
        FailureKind.LOST,
        f"The connection to {place} broke, or the command there was ended, after {received} bytes of the answer; scan "
        "again.",
        permanent=False,
    )


def _not_allowed(place: Place, why: str) -> TransportError:
    return place.error(
        FailureKind.RIGHT_MISSING,
        f"The account may sign in to {place}, but not run a command ({why}); use an account with a shell.",
    )
