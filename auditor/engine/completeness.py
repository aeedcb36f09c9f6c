"""What a finished scan could not do, and which of its findings are open."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.engine.coverage import Coverage, coverage_of
from auditor.model.finding import Finding, Severity, Status
from auditor.model.inventory import Asked, Host, WinRMEndpoint, WinRMReading
from auditor.model.observation import ChannelName, Visit
from auditor.model.question import Answer, Outcome
from auditor.model.scan import ScanRecord


@dataclass(frozen=True, slots=True)
class Completeness:
    """What a scan could not do. `hosts` were not read at all, `questions` counts those that ended without an answer.

    `least_percent` is how much of the verdicts somebody asked to be decided, None where nobody did.
    """

    audited: int
    hosts: tuple[str, ...]
    questions: int
    broken_checks: tuple[str, ...]
    coverage: Coverage
    least_percent: int | None = None

    @property
    def is_covered(self) -> bool:
        """Whether as much could be decided as was asked for; where nothing was to be decided, nothing was."""
        return self.least_percent is None or (self.coverage.percent or 0) >= self.least_percent

    @property
    def is_complete(self) -> bool:
        """Whether every host, question and check did its part, and enough could be decided."""
        return self.is_covered and not (self.hosts or self.questions or self.broken_checks)


def completeness(record: ScanRecord, least_percent: int | None = None) -> Completeness:
    """Say what was not read or judged, and whether at least so much of the verdicts could be decided."""
    hosts = {host.name: host for host in record.inventory.asked}
    unread = tuple(sorted(visit.host for visit in record.visits.values() if visit.failure is not None))
    questions = sum(len(unanswered(hosts[visit.host], visit)) for visit in record.visits.values())
    findings = record.judgement.findings if record.judgement else ()
    broken = tuple(sorted({finding.check for finding in findings if finding.verdict.status is Status.ERROR}))
    audited = len(record.visits) - len(unread)
    return Completeness(audited, unread, questions, broken, coverage_of(findings), least_percent)


def unanswered(host: Asked, visit: Visit) -> tuple[Answer, ...]:
    """Return what was asked in vain; what the channel chosen for a host cannot ask was not meant to be asked."""
    lost = {Outcome.DENIED, Outcome.FAILED}
    endpoint = host.endpoint if isinstance(host, Host) else None
    chosen = isinstance(endpoint, WinRMEndpoint) and endpoint.reading is WinRMReading.WMI
    if visit.channel is ChannelName.WMI_OVER_WSMAN and not chosen:
        lost.add(Outcome.UNSUPPORTED)
    return tuple(answer for answer in visit.answers.values() if answer.outcome in lost)


def open_findings(record: ScanRecord) -> tuple[Finding, ...]:
    """Return the findings of a scan that are open."""
    return tuple(finding for finding in record.judgement.findings if finding.is_open) if record.judgement else ()


def at_or_above(findings: tuple[Finding, ...], severity: Severity) -> tuple[Finding, ...]:
    """Return the findings that are at least this severe."""
    return tuple(finding for finding in findings if finding.severity.rank <= severity.rank)


def opened_since(before: ScanRecord | None, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return the findings that were not open in an earlier scan; without one, nothing was open before."""
    known = {finding.fingerprint for finding in open_findings(before)} if before is not None else frozenset()
    return tuple(finding for finding in findings if finding.fingerprint not in known)
