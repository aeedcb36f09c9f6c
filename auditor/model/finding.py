"""What a check says of a subject."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from auditor.model.fact import Reason
from auditor.model.waiver import Waiver


class Severity(StrEnum):
    """How bad a violation is, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(type(self)).index(self)


class Status(StrEnum):
    """The verdict's kind. ERROR means that the check itself broke."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    NOT_APPLICABLE = "not-applicable"
    UNKNOWN = "unknown"
    ERROR = "error"


class SubjectKind(StrEnum):
    """What a check judges."""

    HOST = "host"
    ENVIRONMENT = "environment"
    INFRASTRUCTURE = "infrastructure"


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """The thing judged. `environment` is the name of the environment it belongs to, or empty."""

    kind: SubjectKind
    name: str
    environment: str = ""


@dataclass(frozen=True, slots=True, order=True)
class EvidenceReference:
    """A question put to a host, whose raw answer the store keeps."""

    host: str
    question: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check returns: one sentence with the measured value and, on a failure, expected and found.

    `severity` is given where this violation weighs less than the check's others; it never weighs more. `lasting` is
    given where `found` changes by itself or is cut short: what stays as it is as long as nobody touches anything.
    """

    status: Status
    sentence: str
    expected: str = ""
    found: str = ""
    reason: Reason | None = None
    because_of: str | None = None
    severity: Severity | None = None
    lasting: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict with all that a person or a later run needs to place it.

    `verdict` is the raw one also under a waiver. `evidence` is sorted. `lapsed` is a waiver in force that was given for
    this failure when it looked otherwise, where no other covers it.
    """

    check: str
    slug: str
    title: str
    severity: Severity
    subject: Subject
    verdict: Verdict
    evidence: tuple[EvidenceReference, ...] = ()
    waiver: Waiver | None = None
    lapsed: Waiver | None = None

    @property
    def fingerprint(self) -> str:
        """The identity of the finding across runs: check and subject, nothing that changes with the answer."""
        identity = "\0".join((self.check, self.subject.kind, self.subject.environment, self.subject.name))
        return hashlib.sha256(identity.encode()).hexdigest()[:16]

    @property
    def evidence_fingerprint(self) -> str:
        """What a waiver accepts: how the finding looks, whatever the subject, without what changes by itself.

        Of a verdict that could not be given, that is the reason. Neither sentence nor page of the check counts.
        """
        verdict = self.verdict
        seen = verdict.reason or "" if verdict.status is Status.UNKNOWN else verdict.lasting or verdict.found
        parts = (self.check, verdict.status, verdict.severity or "", verdict.expected, seen)
        # A server may answer with half a character.
        return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()[:12]

    @property
    def is_waived(self) -> bool:
        """Whether a waiver in force lies beside a verdict that needs one."""
        return self.waiver is not None and self.verdict.status in (Status.FAIL, Status.UNKNOWN)

    @property
    def is_open(self) -> bool:
        """Whether somebody has to act: a failure that nobody accepted. Info findings are recorded, never open."""
        return self.verdict.status is Status.FAIL and not self.is_waived and self.severity is not Severity.INFO
