"""The report as JUnit XML, in the form that Jenkins states (junit-10.xsd): a suite per environment, a case per finding.

A finding that somebody has to act on is a failure, a check that broke is an error. What could not be evaluated, does
not apply or is waived is skipped with the cause: no server of this form knows "not known", and none counts a skipped
case as passed.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from auditor.model.finding import Status
from auditor.reporting.page_shapes import ReportView
from auditor.reporting.plain import harmless
from auditor.reporting.prose import plain_text
from auditor.reporting.shapes import CheckView, FindingView, Section

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def junit_report(view: ReportView) -> str:
    """Return the report as JUnit XML."""
    checks = {check.id: check for check in view.checks}
    root = ET.Element("testsuites", {"name": harmless(view.infrastructure)})
    suites: dict[str, list[FindingView]] = {}
    for finding in view.findings:
        suites.setdefault(finding.environment or view.infrastructure, []).append(finding)
    for name, findings in sorted(suites.items()):
        suite = ET.SubElement(root, "testsuite", {"name": harmless(name), "timestamp": view.started.iso[:19]})
        for finding in findings:
            _case(suite, finding, checks[finding.check])
        suite.attrib.update(_counts(suite, {"failures": "failure", "errors": "error", "skipped": "skipped"}))
    root.attrib.update(_counts(root, {"failures": "failure", "errors": "error"}))
    ET.indent(root, " ")
    return f"{_DECLARATION}{ET.tostring(root, encoding='unicode')}\n"


def _counts(element: ET.Element, kinds: dict[str, str]) -> dict[str, str]:
    tests = {"tests": str(len(list(element.iter("testcase"))))}
    return tests | {name: str(len(list(element.iter(kind)))) for name, kind in kinds.items()}


def _case(suite: ET.Element, finding: FindingView, check: CheckView) -> None:
    # Servers of this form tell a case by these two over builds, and cut the first at its last dot into a tree.
    names = {"classname": f"{suite.attrib['name']}.{finding.check}", "name": f"{finding.title}: {finding.where}"}
    case = ET.SubElement(suite, "testcase", {name: harmless(value) for name, value in names.items()})
    result = _result(finding)
    if result is not None:
        kind, cause, message = result
        attributes = {"type": cause, "message": harmless(message)}
        ET.SubElement(case, kind, attributes).text = harmless(_details(finding, check))
    ET.SubElement(case, "system-out").text = harmless(_identity(finding))


def _result(finding: FindingView) -> tuple[str, str, str] | None:
    """Return element, type and message of what is not a pass."""
    if finding.section is Section.OPEN:
        return "failure", finding.severity, finding.sentence
    if finding.waiver is not None:
        waiver = finding.waiver
        accepted = f"Waived until {waiver.until} by {waiver.approver}: {waiver.reason}"
        return "skipped", "waived", f"{accepted} ({finding.status_word}: {finding.sentence})"
    if finding.status == Status.ERROR:
        return "error", finding.status, finding.sentence
    if finding.section is Section.UNDECIDED:
        return "skipped", finding.reason or finding.status, f"Not evaluated: {finding.sentence}"
    if finding.section is Section.NOT_APPLICABLE:
        return "skipped", finding.status, f"Not applicable: {finding.sentence}"
    return None


def _details(finding: FindingView, check: CheckView) -> str:
    lines = [f"Expected: {finding.expected}", f"Found: {finding.found}"] if finding.expected or finding.found else []
    if finding.reopened:
        lines.append(finding.reopened)
    if finding.section is Section.OPEN and check.guidance is not None:
        lines += ["How to fix:", plain_text(check.guidance.fix)]
    return "\n".join(lines)


def _identity(finding: FindingView) -> str:
    lines = [
        f"fingerprint: {finding.fingerprint}",
        f"check: {finding.check} {finding.slug}",
        f"severity: {finding.severity}",
        f"status: {finding.status}",
        f"change: {finding.change}" if finding.change else "",
        finding.sentence,
    ]
    return "\n".join(line for line in lines if line)
