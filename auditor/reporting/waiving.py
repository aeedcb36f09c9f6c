"""A waiver for a finding, ready to be pasted into waivers.yaml and completed by whoever accepts it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, timedelta

from auditor.model.finding import Subject, SubjectKind
from auditor.model.waiver import NEVER_WAIVED
from auditor.reporting.language import _, ngettext

# Long enough to plan the repair, and within the limits of every check.
PERIOD = timedelta(days=90)
# A text of the report is cut beyond four thousand characters; half an entry would be no entry.
_LENGTH = 3500


def waiver_entry(check: str, subject: Subject, today: date) -> str:
    """Return the entry that accepts this finding and nothing else, empty where the check can never be waived."""
    if check in NEVER_WAIVED:
        return ""
    scope = "infrastructure: true"
    if subject.kind is not SubjectKind.INFRASTRUCTURE:
        scope = f"{subject.kind.value}: {_quoted(subject.name)}"
    return (
        f"- check: {check}\n"
        f"  {scope}\n"
        f"  reason: {_quoted(_('Say why this is accepted'))}\n"
        f"  owner: {_quoted(_('Who removes it'))}\n"
        f"  approver: {_quoted(_('Who accepts it'))}\n"
        f"  date: {today.isoformat()}\n"
        f"  until: {(today + PERIOD).isoformat()}\n"
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
        left = len(wanted) - used
        text += f"# {ngettext('and %(num)s more like this', 'and %(num)s more like this', left)}\n"
    return text


def _quoted(name: str) -> str:
    """Return the name as a quoted YAML text, whose escapes are those of JSON."""
    return json.dumps(name, ensure_ascii=not name.isprintable())
