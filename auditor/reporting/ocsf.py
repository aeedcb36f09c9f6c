"""The report as OCSF events of the class Compliance Finding (2003), one JSON document a line, as collectors take them.

Lines are ASCII; every text in them is made visible and cut, as in every report.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from auditor.model.finding import Severity, Status
from auditor.reporting.page_shapes import ReportView
from auditor.reporting.plain import harmless
from auditor.reporting.prose import plain_text
from auditor.reporting.shapes import CheckView, FindingView, Section

VERSION = "1.8.0"
_CLASS, _CATEGORY = 2003, 2
ACTIVITIES = {1: "Create", 2: "Update", 3: "Close"}
SEVERITIES = {
    Severity.INFO: (1, "Informational"),
    Severity.LOW: (2, "Low"),
    Severity.MEDIUM: (3, "Medium"),
    Severity.HIGH: (4, "High"),
    Severity.CRITICAL: (5, "Critical"),
}
# What the check says.
COMPLIANCE = {
    Status.PASS: (1, "Pass"),
    Status.FAIL: (3, "Fail"),
    Status.UNKNOWN: (0, "Unknown"),
    Status.NOT_APPLICABLE: (99, "Not applicable"),
    Status.ERROR: (99, "Check broke"),
}
# What is left to do about it.
STATES = {
    Section.OPEN: (1, "New"),
    Section.UNDECIDED: (1, "New"),
    Section.WAIVED: (3, "Suppressed"),
    Section.PASSED: (4, "Resolved"),
    Section.NOT_APPLICABLE: (4, "Resolved"),
}
# The subject is no longer judged: nothing was repaired.
_ARCHIVED = (5, "Archived")
_NOTHING_TO_DO = frozenset({Section.PASSED, Section.NOT_APPLICABLE})


def ocsf_report(view: ReportView) -> str:
    """Return an event for every finding, and one that closes each finding of the scan before that went."""
    checks = {check.id: check for check in view.checks}
    events = [_event(view, finding, checks[finding.check], _activity(view, finding)) for finding in view.findings]
    events += [_event(view, finding, checks[finding.check], 3) for finding in view.gone]
    return "".join(f"{json.dumps(_harmless(event))}\n" for event in events)


def _harmless(value: Any) -> Any:
    """Make every text of an event harmless, at the one place that all of them pass."""
    if isinstance(value, dict):
        return {name: _harmless(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_harmless(item) for item in value]
    return harmless(value) if isinstance(value, str) else value


def _activity(view: ReportView, finding: FindingView) -> int:
    is_first = view.previous is None or (bool(finding.change) and finding.before_section is None)
    return 1 if is_first else 2


def _event(view: ReportView, finding: FindingView, check: CheckView, activity: int) -> dict[str, Any]:
    calm = finding.section in _NOTHING_TO_DO or activity == 3
    severity, severity_word = SEVERITIES[Severity.INFO if calm else Severity(finding.severity)]
    state, state_word = _ARCHIVED if activity == 3 else STATES[finding.section]
    time = datetime.fromisoformat(view.finished.iso or view.started.iso)
    event = {
        "activity_id": activity,
        "activity_name": ACTIVITIES[activity],
        "category_uid": _CATEGORY,
        "category_name": "Findings",
        "class_uid": _CLASS,
        "class_name": "Compliance Finding",
        "type_uid": _CLASS * 100 + activity,
        "type_name": f"Compliance Finding: {ACTIVITIES[activity]}",
        "time": round(time.timestamp() * 1000),
        "severity_id": severity,
        "severity": severity_word,
        "status_id": state,
        "status": state_word,
        "status_code": finding.status,
        "status_detail": finding.sentence,
        "message": finding.sentence,
        "metadata": {
            "version": VERSION,
            "product": {"name": "osaudit", "vendor_name": "osaudit", "version": view.tool_version},
            "tenant_uid": view.infrastructure,
            "correlation_uid": f"scan {view.scan}",
            "original_time": time.isoformat(),
        },
        "finding_info": {
            "uid": finding.fingerprint,
            "title": finding.title,
            "desc": finding.sentence,
            "analytic": {
                "uid": finding.check,
                "name": finding.slug,
                "type_id": 1,
                "type": "Rule",
                "version": view.rules,
            },
        },
        "compliance": _compliance(finding, check),
        "resources": [_resource(finding)],
        "evidences": _evidences(finding),
        "remediation": {} if calm else _remediation(check),
        "unmapped": {"osaudit": _own(finding)},
    }
    return {name: value for name, value in event.items() if value not in ([], {})}


def _compliance(finding: FindingView, check: CheckView) -> dict[str, Any]:
    status, word = COMPLIANCE[Status(finding.status)]
    severity, severity_word = SEVERITIES[Severity(check.severity)]
    return {
        "control": finding.check,
        "standards": ["osaudit"],
        "status_id": status,
        "status": word,
        "status_code": finding.status,
        "status_details": [text for text in (finding.sentence, finding.reason) if text],
        "checks": [
            {
                "uid": finding.check,
                "name": finding.title,
                "severity_id": severity,
                "severity": severity_word,
                "status_id": status,
                "status": word,
            }
        ],
    }


def _resource(finding: FindingView) -> dict[str, str]:
    place = {"namespace": finding.environment} if finding.environment else {}
    return {"name": finding.subject, "type": finding.subject_kind, **place}


def _evidences(finding: FindingView) -> list[dict[str, Any]]:
    return [
        {"name": item.question, "data": {"host": item.host, "outcome": item.outcome, "excerpt": item.excerpt}}
        for item in finding.evidence
    ]


def _remediation(check: CheckView) -> dict[str, Any]:
    fix = plain_text(check.guidance.fix) if check.guidance else ""
    if check.guidance is None or not fix:
        return {}
    addresses = [link.address for link in check.guidance.links if link.address]
    return {"desc": fix} | ({"references": addresses} if addresses else {})


def _own(finding: FindingView) -> dict[str, str]:
    told = {
        "section": finding.section.value,
        "expected": finding.expected,
        "found": finding.found,
        "reason": finding.reason,
        "because_of": finding.because_of,
        "change": finding.change,
        "waived_until": finding.waiver.until if finding.waiver else "",
        "waiver_reason": finding.waiver.reason if finding.waiver else "",
        "reopened": finding.reopened,
    }
    return {name: value for name, value in told.items() if value}
