"""One visit over WinRM: the shell, the script in it, and WMI where PowerShell cannot be used."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from auditor.errors import FailureKind, TransportError
from auditor.model.inventory import WinRMEndpoint, WinRMReading
from auditor.model.observation import ChannelName
from auditor.model.question import Platform, Verb
from auditor.transports.base import Limits, Reply, Request, Witness
from auditor.transports.document import ANSWER_BEGIN, WINDOWS_START_UP, is_constrained, read_document, windows_script
from auditor.transports.winrm_failures import OPERATION_TIMEOUT, Failures, WSManFault
from auditor.transports.wsman_wmi import Messenger, ask_wmi

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

_IDLE_TIMEOUT = "PT120S"
_UTF8 = 65001
# A third more as base64 and still well below 150 kB, the envelope limit of the oldest servers.
_PIECE = 90_000
_ARGUMENTS = ("-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-Command")
_ANOTHER_SHELL = frozenset({FailureKind.SESSION_CLOSED, FailureKind.TOO_MANY_OPERATIONS})
_STDERR_BYTES = 65536
_LEAST_SECONDS_BETWEEN = 0.25


class Connection(Messenger, Protocol):
    """What a visit needs of a signed-in connection; `protocol` is pywinrm's."""

    protocol: Any
    requests: int
    is_lost: bool

    def sign_in(self) -> None:
        """Sign in where that is a step of its own; raises `TransportError`."""
        ...

    def call(
        self,
        operation: Callable[[], _T],
        *,
        signing_in: bool = False,
        raw_faults: bool = False,
        cleaning_up: bool = False,
    ) -> _T:
        """Run one exchange; raises `TransportError`, or `WSManFault` if asked for."""
        ...

    def end(self) -> None:
        """Close the TCP connection."""
        ...


class Visit:
    """One visit to one host: holds the current connection, and makes a new one where that is allowed."""

    def __init__(
        self,
        failures: Failures,
        endpoint: WinRMEndpoint,
        limits: Limits,
        new_connection: Callable[[], Connection],
        witness: Witness,
    ) -> None:
        self._witness = witness
        self._failures = failures
        self._endpoint = endpoint
        self._limits = limits
        self._new_connection = new_connection
        self._connection: Connection | None = None
        self._shell: str | None = None
        self._requests = 0

    @property
    def platform(self) -> Platform:
        """Windows, always."""
        return Platform.WINDOWS

    def open(self) -> None:
        """Sign in, and open the shell where PowerShell is to be asked."""
        self._connection = self._new_connection()
        self._connection.sign_in()
        if self._endpoint.reading is WinRMReading.POWERSHELL:
            connection = self._connection
            self._shell = connection.call(
                lambda: connection.protocol.open_shell(codepage=_UTF8, idle_timeout=_IDLE_TIMEOUT), signing_in=True
            )

    def close(self) -> None:
        """Give the shell back and end the connection, whatever happened; a failure here hides nothing."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            self._give_back_shell(connection)
        finally:
            self._requests += connection.requests
            connection.end()

    def _give_back_shell(self, connection: Connection) -> None:
        shell, self._shell = self._shell, None
        if shell is None or connection.is_lost:
            return
        try:
            connection.call(lambda: connection.protocol.close_shell(shell, close_session=False), cleaning_up=True)
        except (TransportError, WSManFault) as error:
            _log.debug("The shell on %s could not be closed: %s", self._failures.place, error)

    def ask(self, request: Request) -> Reply:
        """Ask once; with a new shell once more where the first was taken away."""
        try:
            return self._ask(request)
        except TransportError as error:
            if error.kind not in _ANOTHER_SHELL or self._endpoint.reading is not WinRMReading.POWERSHELL:
                raise
            _log.debug("Once more with a new shell on %s: %s", self._failures.place, error.kind.value)
        self.close()
        self.open()
        return self._ask(request)

    def _ask(self, request: Request) -> Reply:
        connection = self._connected()
        if self._endpoint.reading is WinRMReading.WMI:
            return self._ask_wmi(request)
        stdout, reason = self._run(connection, request)
        if reason is not None:
            self._give_back_shell(connection)
            return self._ask_wmi(request, _note(self._failures.host, request, reason))
        # Reading takes its own time; the server should not hold a shell for it.
        self.close()
        answers = read_document(self._failures.host, stdout, request, self._limits)
        return Reply(
            channel=ChannelName.POWERSHELL_OVER_WINRM,
            platform=Platform.WINDOWS,
            answers={answer.question: answer for answer in answers},
            notes=self._notes(),
            requests=self._requests,
        )

    def _notes(self) -> tuple[str, ...]:
        if self._endpoint.https and not self._endpoint.verify_tls:
            return (f"The certificate of {self._failures.place} was not verified, because the inventory says so.",)
        return ()

    def _ask_wmi(self, request: Request, *notes: str) -> Reply:
        connection = self._connected()
        answers = ask_wmi(connection, request, self._witness)
        self.close()
        return Reply(
            channel=ChannelName.WMI_OVER_WSMAN,
            platform=Platform.WINDOWS,
            answers={answer.question: answer for answer in answers},
            notes=(*notes, *self._notes()),
            requests=self._requests,
        )

    def _connected(self) -> Connection:
        if self._connection is None:
            raise ValueError("a transport answers one request and is thrown away")
        return self._connection

    def _run(self, connection: Connection, request: Request) -> tuple[bytes, str | None]:
        """Return what the script printed; or, where PowerShell ran nothing, why, as part of a sentence."""
        shell = self._shell or ""
        protocol = connection.protocol
        # The script must end, and its document travel, before the visit ends.
        left = connection.remaining()
        script = windows_script(request, max(1.0, left - min(15.0, left / 5)), self._limits.question)
        questions = [question.id for question in request.questions]
        self._witness.asking(ChannelName.POWERSHELL_OVER_WINRM, questions, script)
        arguments = (*_ARGUMENTS, f'"{WINDOWS_START_UP}"')
        command = connection.call(
            lambda: protocol.run_command(shell, "powershell.exe", arguments, console_mode_stdin=False)
        )
        refused_input = self._send(connection, shell, command, script.encode("ascii"))
        try:
            stdout, stderr, exit_code = self._receive(connection, shell, command)
        except WSManFault as fault:
            raise self._failures.of_fault(refused_input or fault) from None
        if is_constrained(stdout):
            return stdout, "PowerShell runs in a constrained language mode"
        if exit_code != 0 and ANSWER_BEGIN not in stdout and stderr.strip():
            # The start-up prints a word before anything can stop it: without it these are cmd.exe's own words, with it
            # something (malware protection, a policy) kept the script from running.
            return stdout, "PowerShell did not run the script" if stdout.strip() else "PowerShell cannot be started"
        return stdout, None

    def _send(self, connection: Connection, shell: str, command: str, script: bytes) -> WSManFault | None:
        """Write the script to standard input. A command that ended without reading it refuses it with a fault."""
        for start in range(0, len(script), _PIECE):
            piece, end = script[start : start + _PIECE], start + _PIECE >= len(script)

            def write(piece: bytes = piece, end: bool = end) -> None:
                connection.protocol.send_command_input(shell, command, piece, end=end)

            try:
                connection.call(write, raw_faults=True)
            except WSManFault as fault:
                return fault
        return None

    def _receive(self, connection: Connection, shell: str, command: str) -> tuple[bytes, bytes, int]:
        stdout, stderr = bytearray(), bytearray()
        try:
            while True:
                if connection.remaining() <= 0:
                    raise self._failures.of_time(self._limits.visit)
                asked_at = time.monotonic()
                try:
                    out, err, exit_code, done = connection.call(
                        lambda: connection.protocol.get_command_output_raw(shell, command), raw_faults=True
                    )
                except WSManFault as fault:
                    if fault.code != OPERATION_TIMEOUT:
                        raise
                    # A server that does not wait before it says so must not be asked a thousand times a second.
                    time.sleep(max(0.0, asked_at + _LEAST_SECONDS_BETWEEN - time.monotonic()))
                    continue
                self._witness.heard(len(out) + len(err))
                stdout += out
                stderr += err[: max(0, _STDERR_BYTES - len(stderr))]
                if len(stdout) > self._limits.answer_bytes:
                    raise self._failures.error(
                        FailureKind.ANSWER_TOO_LARGE,
                        f"The script on {self._failures.place} printed more than {self._limits.answer_bytes} bytes, "
                        "which no audit needs; nothing of it was used, look at what the server prints.",
                    )
                if done:
                    return bytes(stdout), bytes(stderr), exit_code
        except TransportError:
            self._signal(connection, shell, command)
            raise

    def _signal(self, connection: Connection, shell: str, command: str) -> None:
        """End a command that is still running; if that fails, the shell's idle limit does it."""
        if connection.is_lost:
            return
        try:
            connection.call(lambda: connection.protocol.cleanup_command(shell, command), cleaning_up=True)
        except (TransportError, WSManFault) as error:
            _log.debug("The command on %s could not be ended: %s", self._failures.place, error)


def _note(host: str, request: Request, reason: str) -> str:
    answered = {Verb.REGISTRY, Verb.WMI, Verb.CLOCK}
    unread = sorted({question.verb.value for question in request.questions if question.verb not in answered})
    rest = f"; not read: {', '.join(unread)}" if unread else ""
    return f"{reason} on {host}, so it was read over WMI{rest}."
