"""Report and diff as versioned JSON; docs/schemas holds the schema of each.

The text is ASCII: whatever a server answered stands there as an escape and never as a control character.
"""

from __future__ import annotations

import json
from typing import Any

from auditor.model.component import Component, RoleReading
from auditor.model.difference import (
    ComponentChange,
    Difference,
    FindingChange,
    HostChange,
    RoleChange,
    ScanIdentity,
)
from auditor.model.fact import NotKnown
from auditor.model.finding import Finding
from auditor.model.history import ScanPoint
from auditor.model.observation import Visit
from auditor.reporting.diff_shapes import HostDrift
from auditor.reporting.drift import drift_of
from auditor.reporting.host_shapes import HostFacts
from auditor.reporting.page_shapes import ReportView
from auditor.reporting.shapes import EvidenceView, FindingView, LifeView, WaiverView

REPORT_VERSION = 1
DIFF_VERSION = 1


def json_report(view: ReportView) -> str:
    """Return the report as JSON: verdict, hosts with components, and every finding, passes included."""
    return _text(
        {
            "osaudit_report": REPORT_VERSION,
            "infrastructure": view.infrastructure,
            "scan": {
                "id": view.scan,
                "started_at": view.started.iso,
                "finished_at": view.finished.iso or None,
                "changes": list(view.changes),
            },
            "judged_by": {
                "osaudit": view.tool_version,
                "rules": view.rules,
                "figures": view.figures or None,
                "reference": view.reference,
                "inventory": view.inventory,
            },
            "verdict": {
                "tone": view.verdict.tone,
                "headline": view.verdict.headline,
                "sentences": list(view.verdict.sentences),
            },
            "counts": {card.key: card.number for card in view.cards},
            "compared_with": view.previous.id if view.previous else None,
            "history": [_point(point) for point in view.trend.points] if view.trend else None,
            "hosts": [_host(host) for host in view.facts],
            "findings": [_finding(finding) for finding in view.findings],
        }
    )


def json_diff(difference: Difference) -> str:
    """Return a comparison as JSON."""
    return _text(
        {
            "osaudit_diff": DIFF_VERSION,
            "infrastructure": difference.infrastructure,
            "before": _side(difference.before),
            "after": _side(difference.after),
            "rules_changed": difference.rules_changed,
            "reference_changed": difference.reference_changed,
            "inventory_changed": difference.inventory_changed,
            "judged_again": difference.judged_again.value,
            "expectation": difference.expectation.value,
            "windows": [{"scan": window.scan, "changes": list(window.changes)} for window in difference.windows],
            "hosts": [_host_change(change) for change in difference.hosts],
            "components": [_component_change(change) for change in difference.components],
            "roles": [_role_change(change) for change in difference.roles],
            "facts": [_drift(host) for host in drift_of(difference)],
            "findings": [_finding_change(change) for change in difference.findings],
            "unchanged_findings": difference.unchanged,
        }
    )


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1) + "\n"


def _host(host: HostFacts) -> dict[str, Any]:
    return {
        "name": host.name,
        "environment": host.environment_name,
        "reading": host.reading,
        "note": host.note,
        "roles": host.roles,
        "components": [
            {
                "kind": item.cell.kind,
                "state": item.cell.state,
                "version": item.cell.version or None,
                "evidence": [
                    {"probe": probe, "bearing": bearing, "statement": statement, "weight": weight}
                    for probe, bearing, statement, weight in item.statements
                ],
            }
            for item in host.components
        ],
    }


def _finding(finding: FindingView) -> dict[str, Any]:
    return {
        "fingerprint": finding.fingerprint,
        "check": finding.check,
        "slug": finding.slug,
        "title": finding.title,
        "severity": finding.severity,
        "status": finding.status,
        "section": finding.section.value,
        "subject": {"kind": finding.subject_kind, "name": finding.subject, "environment": finding.environment},
        "sentence": finding.sentence,
        "expected": finding.expected,
        "found": finding.found,
        "reason": finding.reason or None,
        "because_of": finding.because_of or None,
        "change": finding.change or None,
        "life": _life(finding.life) if finding.life else None,
        "waiver": _waiver(finding.waiver) if finding.waiver else None,
        "evidence_fingerprint": finding.evidence_fingerprint or None,
        "reopened": finding.reopened or None,
        "evidence": [_evidence(item) for item in finding.evidence],
    }


def _life(life: LifeView) -> dict[str, Any]:
    return {
        "first_seen": {"scan": life.first, "at": life.first_at.iso},
        "last_seen": {"scan": life.last, "at": life.last_at.iso},
        "reopened": life.reopened,
    }


def _point(point: ScanPoint) -> dict[str, Any]:
    return {
        "scan": point.scan,
        "finished_at": point.finished_at.isoformat(),
        "rules": point.rules,
        "open": {severity.value: number for severity, number in point.opened.items()},
        "waived": point.waived,
        "decided": point.decided,
        "undecided": point.undecided,
    }


def _waiver(waiver: WaiverView) -> dict[str, Any]:
    return {
        "reason": waiver.reason,
        "owner": waiver.owner,
        "approver": waiver.approver,
        "granted": waiver.granted,
        "until": waiver.until,
    }


def _evidence(item: EvidenceView) -> dict[str, Any]:
    return {
        "host": item.host,
        "question": item.question,
        "outcome": item.outcome,
        "excerpt": item.excerpt,
        "channel": item.channel,
        "observed_at": item.at.iso or None,
    }


def _side(scan: ScanIdentity) -> dict[str, Any]:
    return {
        "id": scan.id,
        "started_at": scan.started_at.isoformat(),
        "finished_at": scan.finished_at.isoformat() if scan.finished_at else None,
        "osaudit": scan.tool_version,
        "rules": scan.rules,
        "reference": scan.reference,
        "inventory": scan.inventory,
    }


def _host_change(change: HostChange) -> dict[str, Any]:
    return {
        "host": change.host,
        "label": change.label.value,
        "environment_before": change.environment_before,
        "environment_after": change.environment_after,
        "failure_before": _failure(change.visit_before),
        "failure_after": _failure(change.visit_after),
    }


def _failure(visit: Visit | None) -> dict[str, str] | None:
    failure = visit.failure if visit is not None else None
    return {"kind": failure.kind.value, "sentence": failure.sentence} if failure is not None else None


def _component_change(change: ComponentChange) -> dict[str, Any]:
    return {
        "host": change.host,
        "kind": change.kind.value,
        "label": change.label.value,
        "before": _component(change.before),
        "after": _component(change.after),
    }


def _component(component: Component) -> dict[str, Any]:
    return {"state": component.state.value, "version": component.version}


def _role_change(change: RoleChange) -> dict[str, Any]:
    return {
        "host": change.host,
        "label": change.label.value,
        "before": _roles(change.before),
        "after": _roles(change.after),
    }


def _roles(roles: RoleReading | NotKnown) -> dict[str, Any]:
    if isinstance(roles, NotKnown):
        return {"known": False, "reason": roles.reason.value, "sentence": roles.sentence}
    return {
        "known": True,
        "actual": sorted(role.value for role in roles.actual),
        "intended": sorted(role.value for role in roles.intended),
        "runs_scheduler": roles.runs_scheduler,
        "passive": roles.passive,
    }


def _drift(host: HostDrift) -> dict[str, Any]:
    return {
        "host": host.host,
        "changes": [
            {
                "fact": row.fact,
                "label": row.label,
                "item": row.item,
                "field": row.field,
                "before": row.before,
                "after": row.after,
            }
            for row in host.rows
        ],
        "left_out": host.left_out,
        "lost_sight": host.lost,
        "now_seen": host.seen,
    }


def _finding_change(change: FindingChange) -> dict[str, Any]:
    finding = change.finding
    subject = finding.subject
    return {
        "fingerprint": change.fingerprint,
        "label": change.label.value,
        "check": finding.check,
        "slug": finding.slug,
        "title": finding.title,
        "subject": {"kind": subject.kind.value, "name": subject.name, "environment": subject.environment},
        "before": _verdict(change.before),
        "after": _verdict(change.after),
    }


def _verdict(finding: Finding | None) -> dict[str, Any] | None:
    if finding is None:
        return None
    verdict = finding.verdict
    return {
        "severity": finding.severity.value,
        "status": verdict.status.value,
        "waived": finding.is_waived,
        "open": finding.is_open,
        "sentence": verdict.sentence,
        "expected": verdict.expected,
        "found": verdict.found,
        "reason": verdict.reason.value if verdict.reason else None,
    }
