"""What can be made to go wrong on a simulated server, and how slow it is."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class Step(StrEnum):
    """The points of a visit that are counted, and at which trouble can be planted."""

    CONNECTION = "connection"
    AUTHENTICATION = "authentication"
    # Credentials that were looked at and not accepted.
    REFUSED = "refused"
    # WS-Man messages, by the last word of their action.
    IDENTIFY = "Identify"
    CREATE = "Create"
    COMMAND = "Command"
    SEND = "Send"
    RECEIVE = "Receive"
    SIGNAL = "Signal"
    DELETE = "Delete"
    ENUMERATE = "Enumerate"
    PULL = "Pull"
    RELEASE = "Release"
    INVOKE = "Invoke"
    OTHER = "other"
    # SSH channels.
    CHANNEL = "channel"
    EXEC = "exec"
    FORWARD = "forward"
    # Calls of LifeTime's API.
    CALL = "call"


class Fault(StrEnum):
    """The WS-Man faults that Windows answers with; the value is the key of the table in `wsman_soap`."""

    ACCESS_DENIED = "access-denied"
    OPERATION_TIMEOUT = "operation-timeout"
    INVALID_SELECTORS = "invalid-selectors"
    TOO_MANY_SHELLS = "too-many-shells"
    TOO_MANY_OPERATIONS = "too-many-operations"
    ABORTED = "aborted"
    RESOURCE_NOT_FOUND = "resource-not-found"
    ACTION_NOT_SUPPORTED = "action-not-supported"
    SCHEMA_VALIDATION = "schema-validation"
    ENUMERATION_CLOSED = "enumeration-closed"
    INTERNAL_ERROR = "internal-error"
    WMI_INVALID_CLASS = "wmi-invalid-class"
    WMI_INVALID_QUERY = "wmi-invalid-query"
    WMI_ACCESS_DENIED = "wmi-access-denied"


class TroubleKind(StrEnum):
    """What happens at a step."""

    HANG = "hang"
    DROP = "drop"
    WAIT = "wait"
    FAULT = "fault"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What happens at a step: nothing the first `skip` times, then `times` times (None: for ever) this.

    `seconds` belongs to WAIT, `fault` to FAULT, `status` (an HTTP status with an empty body) to STATUS.
    """

    kind: TroubleKind
    seconds: float = 0.0
    fault: Fault | None = None
    status: int = 0
    skip: int = 0
    times: int | None = None


def hang(*, skip: int = 0, times: int | None = None) -> Trouble:
    """Never answer, and keep the connection open until the server is stopped."""
    return Trouble(TroubleKind.HANG, skip=skip, times=times)


def drop(*, skip: int = 0, times: int | None = None) -> Trouble:
    """Close the connection without an answer."""
    return Trouble(TroubleKind.DROP, skip=skip, times=times)


def wait(seconds: float, *, skip: int = 0, times: int | None = None) -> Trouble:
    """Go on as usual, but only after so many seconds."""
    return Trouble(TroubleKind.WAIT, seconds=seconds, skip=skip, times=times)


def fault(kind: Fault, *, skip: int = 0, times: int | None = None) -> Trouble:
    """Answer with this WS-Man fault."""
    return Trouble(TroubleKind.FAULT, fault=kind, skip=skip, times=times)


def status(code: int, *, skip: int = 0, times: int | None = None) -> Trouble:
    """Answer with this HTTP status and an empty body."""
    return Trouble(TroubleKind.STATUS, status=code, skip=skip, times=times)


Troubles = Mapping[Step, Trouble]


class SignIn(StrEnum):
    """The ways to sign in over WS-Man; the value is the word in the header WWW-Authenticate, if it stands there."""

    NEGOTIATE = "Negotiate"
    KERBEROS = "Kerberos"
    BASIC = "Basic"
    CERTIFICATE = "Certificate"


@dataclass(frozen=True, slots=True)
class WSManOptions:
    """How a simulated WS-Man server behaves.

    `latency` is seconds before every answer and `command_seconds` how long a script runs; when either is longer than
    the client's OperationTimeout, the answer is the operation time-out fault. BASIC and CERTIFICATE work over TLS
    only. `allows_ntlm` false lets Kerberos alone through Negotiate. `open_shells` are those of other tools of the same
    user. `spoil` changes what a finished script has printed, `stderr` is printed beside it.
    """

    latency: float = 0.0
    command_seconds: float = 0.0
    troubles: Troubles = field(default_factory=lambda: MappingProxyType({}))
    sign_ins: frozenset[SignIn] = frozenset(SignIn)
    allows_ntlm: bool = True
    refuses_sign_in: bool = False
    allows_unencrypted: bool = False
    denies_shells: bool = False
    denies_wmi: bool = False
    max_shells: int = 30
    open_shells: int = 0
    max_operations: int = 1500
    max_envelope: int = 512_000
    max_operation_seconds: float = 60.0
    spoil: Callable[[bytes], bytes] | None = None
    stderr: bytes = b""


class DefaultShell(StrEnum):
    """The default shell of OpenSSH on Windows."""

    CMD = "cmd"
    POWERSHELL = "powershell"


@dataclass(frozen=True, slots=True)
class SSHOptions:
    """How a simulated SSH server behaves.

    `shell` matters for Windows machines only. With `bastion` it forwards direct-tcpip channels, to loopback addresses
    alone; `forwards` says where the names (host, port) that a client asks for really are. `max_sessions` bounds the
    session channels of one connection.
    """

    latency: float = 0.0
    command_seconds: float = 0.0
    troubles: Troubles = field(default_factory=lambda: MappingProxyType({}))
    refuses_sign_in: bool = False
    shell: DefaultShell = DefaultShell.CMD
    bastion: bool = False
    forwards: Mapping[tuple[str, int], tuple[str, int]] = field(default_factory=lambda: MappingProxyType({}))
    max_sessions: int = 10
    spoil: Callable[[bytes], bytes] | None = None
    stderr: bytes = b""


class Counted:
    """The visits to each step, counted across threads, and the trouble that is due at one."""

    def __init__(self, troubles: Troubles) -> None:
        self._troubles = troubles
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._met: Counter[str] = Counter()

    def count(self, step: str) -> None:
        """Count one visit."""
        with self._lock:
            self._counts[step] += 1

    def due(self, step: Step) -> Trouble | None:
        """Return the trouble that this visit meets."""
        trouble = self._troubles.get(step)
        if trouble is None:
            return None
        with self._lock:
            self._met[step] += 1
            number = self._met[step] - trouble.skip
        return trouble if number > 0 and (trouble.times is None or number <= trouble.times) else None

    def snapshot(self) -> Counter[str]:
        """Return the counts of this moment."""
        with self._lock:
            return Counter(self._counts)
