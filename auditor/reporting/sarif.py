"""The report as SARIF 2.1.0: rules from the checks, one result per finding, the scan before as its baseline.

A subject is a server, an environment or the infrastructure, never a file: results have logical locations only, because
a path would be invented. Consumers that want a file for every result (GitHub code scanning) refuse such a log.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from auditor.model.finding import Severity, Status
from auditor.reporting.page_shapes import ReportView
from auditor.reporting.plain import harmless
from auditor.reporting.prose import plain_text
from auditor.reporting.shapes import CheckView, FindingView

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
KINDS = {
    Status.PASS: "pass",
    Status.FAIL: "fail",
    Status.NOT_APPLICABLE: "notApplicable",
    Status.UNKNOWN: "open",
    Status.ERROR: "review",
}


def sarif_report(view: ReportView) -> str:
    """Return the report as a SARIF log."""
    indices = {check.id: index for index, check in enumerate(view.checks)}
    compared = view.previous is not None
    results = [_result(view, finding, indices, _baseline(finding) if compared else "") for finding in view.findings]
    gone = [_result(view, finding, indices, "absent") for finding in view.gone]
    run = {
        "tool": {
            "driver": {
                "name": "osaudit",
                "semanticVersion": view.tool_version,
                "rules": [_rule(check) for check in view.checks],
            }
        },
        "automationDetails": {"id": _text(f"osaudit/{view.infrastructure}/{view.scan}")},
        "invocations": [_invocation(view, indices)],
        "results": results + gone,
        "properties": {"rules": view.rules, "inventory": view.inventory, "reference": view.reference},
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _text(text: str) -> str:
    return harmless(text)


def _message(text: str) -> dict[str, str]:
    """Return a message in which nothing is a placeholder (braces) or a link (a bracket followed by a parenthesis)."""
    return {"text": _text(text).replace("{", "{{").replace("}", "}}").replace("](", "] (")}


def _rule(check: CheckView) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": check.id,
        "name": check.slug,
        "shortDescription": _message(check.title),
        "defaultConfiguration": {"level": LEVELS[Severity(check.severity)]},
        "properties": {"severity": check.severity},
    }
    if check.guidance is not None:
        why, fix = plain_text(check.guidance.why), plain_text(check.guidance.fix)
        rule |= {"fullDescription": _message(why)} if why else {}
        rule |= {"help": _message(fix)} if fix else {}
        addresses = [link.address for link in check.guidance.links if link.address]
        # What may stand in an address by RFC 3986 stays as it is.
        rule |= {"helpUri": quote(addresses[0], safe="!#$%&'()*+,/:;=?@")} if addresses else {}
    return rule


def _baseline(finding: FindingView) -> str:
    """Return how the finding stands to the scan before; the label itself is more exact and stands beside it."""
    if not finding.change:
        return "unchanged"
    return "new" if finding.before_section is None else "updated"


def _result(view: ReportView, finding: FindingView, indices: dict[str, int], baseline: str) -> dict[str, Any]:
    status = Status(finding.status)
    failed = status is Status.FAIL
    result: dict[str, Any] = {
        "ruleId": finding.check,
        "ruleIndex": indices[finding.check],
        "kind": KINDS[status],
        "level": LEVELS[Severity(finding.severity)] if failed else "none",
        "message": _message(finding.sentence),
        "locations": [{"logicalLocations": [_location(view, finding)]}],
        "partialFingerprints": {"osaudit/v1": finding.fingerprint},
        # All results have this, or a consumer could not tell "not suppressed" from "not known".
        "suppressions": list(_suppressions(finding)),
        "properties": _properties(finding),
    }
    return result | ({"baselineState": baseline} if baseline else {})


def _location(view: ReportView, finding: FindingView) -> dict[str, str]:
    names = dict.fromkeys((view.infrastructure, finding.environment, finding.subject))
    return {
        "name": _text(finding.subject),
        "fullyQualifiedName": _text("/".join(filter(None, names))),
        "kind": finding.subject_kind,
    }


def _suppressions(finding: FindingView) -> Iterator[dict[str, Any]]:
    if finding.waiver is not None:
        waiver = finding.waiver
        people = {"owner": waiver.owner, "approver": waiver.approver, "granted": waiver.granted, "until": waiver.until}
        yield {
            "kind": "external",
            "status": "accepted",
            "justification": _text(waiver.reason),
            "properties": {name: _text(value) for name, value in people.items()},
        }


def _properties(finding: FindingView) -> dict[str, str]:
    told = {
        "severity": finding.severity,
        "status": finding.status,
        "section": finding.section.value,
        "expected": finding.expected,
        "found": finding.found,
        "reason": finding.reason,
        "becauseOf": finding.because_of,
        "reopened": finding.reopened,
        "change": finding.change,
    }
    return {name: _text(value) for name, value in told.items() if value}


def _invocation(view: ReportView, indices: dict[str, int]) -> dict[str, Any]:
    """Return the scan as an invocation: successful only if every host was read and no check broke."""
    notifications = [
        {"level": "error", "message": _message(f"{host.host} was not read. {host.note}".strip())}
        for host in view.facts
        if host.reading == "unread"
    ]
    notifications += [
        {
            "level": "error",
            "message": _message(finding.sentence),
            "associatedRule": {"id": finding.check, "index": indices[finding.check]},
        }
        for finding in view.findings
        if finding.status == Status.ERROR
    ]
    times = {"startTimeUtc": view.started.iso, "endTimeUtc": view.finished.iso}
    return {
        "executionSuccessful": not notifications,
        "toolExecutionNotifications": notifications,
        **{name: time.replace("+00:00", "Z") for name, time in times.items() if time},
    }
