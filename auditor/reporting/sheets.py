"""Findings and facts as rows of cells, for CSV and XLSX: one finding a row, one fact or one record of a fact a row.

Every cell is one line of text without control characters, and short enough for a cell of Excel.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from auditor.reporting.host_shapes import FactRow, HostFacts
from auditor.reporting.page_shapes import ReportView
from auditor.reporting.plain import shortened
from auditor.reporting.shapes import EvidenceView, FindingView, WaiverView

# Excel takes 32,767 characters in a cell and people far fewer.
_CELL = 8000
_FINDINGS = (
    "fingerprint", "check", "slug", "title", "severity", "status", "section", "subject_kind", "subject", "environment",
    "sentence", "expected", "found", "reason", "because_of", "change", "before", "waived_until", "waiver_owner",
    "waiver_approver", "waiver_reason", "reopened", "evidence", "infrastructure", "scan", "finished_at",
)  # fmt: skip
_FACTS = (
    "host", "environment", "fact", "meaning", "known", "record", "value", "not_known", "left_out",
    "infrastructure", "scan", "finished_at",
)  # fmt: skip
_NO_WAIVER = ("", "", "", "")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table by name; each row has a cell for each header."""

    name: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def findings_sheet(view: ReportView) -> Sheet:
    """Return every finding of the scan, passes included."""
    scan = _scan(view)
    rows = (_row(*_finding(finding), *scan) for finding in view.findings)
    return Sheet("findings", _FINDINGS, tuple(rows))


def facts_sheet(view: ReportView) -> Sheet:
    """Return every fact of every host; a host that was not read has one row that says so."""
    scan = _scan(view)
    rows = (_row(*cells, *scan) for host in view.facts for cells in _facts(host))
    return Sheet("facts", _FACTS, tuple(rows))


def _row(*cells: str) -> tuple[str, ...]:
    return tuple(shortened(cell, _CELL) for cell in cells)


def _scan(view: ReportView) -> tuple[str, ...]:
    return view.infrastructure, str(view.scan), view.finished.iso


def _finding(finding: FindingView) -> tuple[str, ...]:
    return (
        finding.fingerprint,
        finding.check,
        finding.slug,
        finding.title,
        finding.severity,
        finding.status,
        finding.section.value,
        finding.subject_kind,
        finding.subject,
        finding.environment,
        finding.sentence,
        finding.expected,
        finding.found,
        finding.reason,
        finding.because_of,
        finding.change,
        finding.before,
        *(_waiver(finding.waiver) if finding.waiver else _NO_WAIVER),
        finding.reopened,
        " | ".join(filter(None, (*map(_evidence, finding.evidence), finding.evidence_left_out))),
    )


def _waiver(waiver: WaiverView) -> tuple[str, str, str, str]:
    return waiver.until, waiver.owner, waiver.approver, waiver.reason


def _evidence(item: EvidenceView) -> str:
    return f"{item.host} {item.question} ({item.outcome_word}): {item.excerpt}"


def _facts(host: HostFacts) -> Iterator[tuple[str, ...]]:
    if not host.facts:
        yield (host.name, host.environment_name, "", "", "no", "", "", host.note or host.summary, "")
    for fact in host.facts:
        yield from _fact(host, fact)


def _fact(host: HostFacts, fact: FactRow) -> Iterator[tuple[str, ...]]:
    subject = (host.name, host.environment_name, fact.name, fact.meaning)
    if fact.not_known:
        yield (*subject, "no", "", "", fact.not_known, "")
    elif fact.table is None:
        yield (*subject, "yes", "", fact.text, "", fact.left_out)
    else:
        for number, cells in enumerate(fact.table.rows, start=1):
            record = "; ".join(f"{name}: {cell}" for name, cell in zip(fact.table.headers, cells, strict=True))
            yield (*subject, "yes", str(number), record, "", fact.left_out)
