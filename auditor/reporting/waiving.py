"""A waiver for a finding, ready to be pasted into waivers.yaml and completed by whoever accepts it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, timedelta

from auditor.model.finding import Finding, SubjectKind
from auditor.model.waiver import NEVER_WAIVED

# Long enough to plan the repair, and within the limits of every check.
PERIOD = timedelta(days=90)
# A text of the report is cut beyond four thousand characters; half an entry would be no entry.
_LENGTH = 3500


def waiver_entry(finding: Finding, today: date) -> str:
    """Return the entry that accepts this finding as it is and nothing else, empty where its check is never waived."""
    if finding.check in NEVER_WAIVED:
        return ""
    subject, scope = finding.subject, "infrastructure: true"
    if subject.kind is not SubjectKind.INFRASTRUCTURE:
        scope = f"{subject.kind.value}: {_quoted(subject.name)}"
    return (
        f"- check: {finding.check}\n"
        f"  {scope}\n"
        f'  reason: "Say why this is accepted"\n'
        f'  owner: "Who removes it"\n'
        f'  approver: "Who accepts it"\n'
        f"  date: {today.isoformat()}\n"
        f"  until: {(today + PERIOD).isoformat()}\n"
        f'  evidence: ["{finding.evidence_fingerprint}"]\n'
    )


def snippet(entries: Iterable[str]) -> str:
    """Return as many whole entries as people paste at once, saying how many more there would be."""
    wanted = [entry for entry in entries if entry]
    text, used = "", 0
    for entry in wanted:
        if len(text) + len(entry) > _LENGTH:
            break
        text, used = text + entry, used + 1
    if used < len(wanted):
        text += f"# and {len(wanted) - used} more like this\n"
    return text


def _quoted(name: str) -> str:
    """Return the name as a quoted YAML text, whose escapes are those of JSON."""
    return json.dumps(name, ensure_ascii=not name.isprintable())
