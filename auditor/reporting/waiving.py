"""A waiver for a finding, ready to be pasted into waivers.yaml and completed by whoever accepts it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, timedelta

from auditor.model.finding import Finding, SubjectKind
from auditor.model.waiver import MONTHS_WHEN_CRITICAL, NEVER_WAIVED, Waiver, months_later
from auditor.reporting.language import _, ngettext

# Long enough to plan the repair. Three months around February are shorter, and the limit of critical findings.
PERIOD = timedelta(days=90)
# A text of the report is cut beyond four thousand characters; half an entry would be no entry.
_LENGTH = 3500


def waiver_entry(finding: Finding, today: date) -> str:
    """Return the entry that accepts this finding as it is and nothing else, empty where its check is never waived."""
    if finding.check in NEVER_WAIVED:
        return ""
    scope = {}
    if finding.subject.kind is not SubjectKind.INFRASTRUCTURE:
        scope = {finding.subject.kind.value: finding.subject.name}
    return entry(
        Waiver(
            finding.check,
            reason=_("Say why this is accepted"),
            owner=_("Who removes it"),
            approver=_("Who accepts it"),
            granted=today,
            until=min(today + PERIOD, months_later(today, MONTHS_WHEN_CRITICAL)),
            evidence=(finding.evidence_fingerprint,),
            **scope,
        )
    )


def entry(waiver: Waiver) -> str:
    """Return a waiver as it stands in waivers.yaml, in lines that end."""
    scopes = [
        f"{name}: {_quoted(value)}"
        for name, value in (("host", waiver.host), ("environment", waiver.environment), ("purpose", waiver.purpose))
        if value is not None
    ]
    evidence = f"evidence: [{', '.join(_quoted(item) for item in waiver.evidence)}]"
    lines = (
        *(scopes or ["infrastructure: true"]),
        f"reason: {_quoted(waiver.reason)}",
        f"owner: {_quoted(waiver.owner)}",
        f"approver: {_quoted(waiver.approver)}",
        f"date: {waiver.granted.isoformat()}",
        f"until: {waiver.until.isoformat()}",
        *((evidence,) if waiver.evidence else ()),
    )
    return f"- check: {waiver.check}\n" + "".join(f"  {line}\n" for line in lines)


def snippet(entries: Iterable[str]) -> str:
    """Return as many whole entries as people paste at once, saying how many more there would be."""
    wanted = [entry for entry in entries if entry]
    text, used = "", 0
    for entry in wanted:
        if len(text) + len(entry) > _LENGTH:
            break
        text, used = text + entry, used + 1
    if used < len(wanted):
        left = len(wanted) - used
        text += f"# {ngettext('and %(num)s more like this', 'and %(num)s more like this', left)}\n"
    return text


def _quoted(name: str) -> str:
    """Return the name as a quoted YAML text, whose escapes are those of JSON."""
    return json.dumps(name, ensure_ascii=not name.isprintable())
