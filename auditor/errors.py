"""Every error that osaudit raises on purpose.

Each message is one sentence for the person who reads it: what happened, to which host or file, and what to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class OsauditError(Exception):
    """The root of all errors of osaudit."""


class UsageError(OsauditError):
    """The operator can fix it: inventory, reference, waivers or arguments. Exit code 2."""


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a document that a person wrote."""

    file: str
    line: int | None = None
    key: str = ""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.key}" if self.key else place


class DocumentError(UsageError):
    """Bad input in a file, located; `problems` holds one (location, sentence) for each mistake."""

    def __init__(self, problems: list[tuple[Location, str]]) -> None:
        self.problems = problems
        super().__init__("\n".join(f"{location}: {sentence}" for location, sentence in problems))


class StoreError(OsauditError):
    """The store cannot be opened, is too new, locked or damaged. Exit code 2."""


class FailureKind(StrEnum):
    """Why a host could not be read. The value is stable: it stands in stores and reports."""

    # Before anything was said.
    NAME_UNKNOWN = "name-unknown"
    REFUSED = "refused"
    DROPPED = "dropped"
    UNREACHABLE = "unreachable"
    # TLS and identity of the peer.
    TLS_EXPIRED = "tls-expired"
    TLS_NAME_MISMATCH = "tls-name-mismatch"
    TLS_SELF_SIGNED = "tls-self-signed"
    TLS_UNKNOWN_ISSUER = "tls-unknown-issuer"
    TLS_NOT_SPOKEN = "tls-not-spoken"
    TLS_FAILED = "tls-failed"
    HOST_KEY_UNKNOWN = "host-key-unknown"
    HOST_KEY_CHANGED = "host-key-changed"
    NO_COMMON_ALGORITHM = "no-common-algorithm"
    # Not the service that was expected.
    NOT_WINRM = "not-winrm"
    NOT_SSH = "not-ssh"
    SILENT = "silent"
    CLOSED_AT_ONCE = "closed-at-once"
    SERVICE_UNAVAILABLE = "service-unavailable"
    ENCRYPTION_DEMANDED = "encryption-demanded"
    WRONG_PLATFORM = "wrong-platform"
    # Sign-in.
    CREDENTIAL_UNAVAILABLE = "credential-unavailable"
    KEY_UNREADABLE = "key-unreadable"
    SIGN_IN_KIND_NOT_OFFERED = "sign-in-kind-not-offered"
    SIGN_IN_REFUSED = "sign-in-refused"
    KERBEROS_NO_TICKET = "kerberos-no-ticket"
    KERBEROS_NO_SERVICE = "kerberos-no-service"
    KERBEROS_FAILED = "kerberos-failed"
    EXTRA_MISSING = "extra-missing"
    CLEAR_TEXT_REFUSED = "clear-text-refused"
    # Signed in, but.
    RIGHT_MISSING = "right-missing"
    TOO_MANY_SHELLS = "too-many-shells"
    TOO_MANY_OPERATIONS = "too-many-operations"
    TOO_MANY_SESSIONS = "too-many-sessions"
    TOO_BUSY = "too-busy"
    REFUSED_BY_SERVICE = "refused-by-service"
    FORWARDING_FORBIDDEN = "forwarding-forbidden"
    BASTION_CANNOT_REACH = "bastion-cannot-reach"
    NO_INTERPRETER = "no-interpreter"
    # While asking.
    TIMED_OUT = "timed-out"
    HUNG = "hung"
    LOST = "lost"
    SESSION_CLOSED = "session-closed"
    ANSWER_DAMAGED = "answer-damaged"
    ANSWER_TOO_LARGE = "answer-too-large"
    # A mistake of ours, seen at the border around a host.
    CRASHED = "crashed"


class TransportError(OsauditError):
    """A host could not be read; `kind` says why, `permanent` whether trying later is pointless without a change."""

    def __init__(self, host: str, kind: FailureKind, sentence: str, *, permanent: bool = True) -> None:
        self.host = host
        self.kind = kind
        self.sentence = sentence
        self.permanent = permanent
        super().__init__(f"{host}: {sentence}")
