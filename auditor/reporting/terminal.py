"""Report and diff as plain rows for a terminal: made harmless here, coloured and laid out by whoever prints them.

Every text is one line without control characters, so that nothing a server answered can move the cursor. The texts may
hold square brackets: print them as text, not as mark-up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from auditor.model.difference import Difference, FindingChange, FindingLabel, HostLabel
from auditor.model.finding import Severity
from auditor.reporting.diff_verdict import cautions, diff_verdict, window_sentence
from auditor.reporting.drift import drift_of
from auditor.reporting.findings import where
from auditor.reporting.host_shapes import MatrixRow
from auditor.reporting.matrix import cell
from auditor.reporting.page_shapes import ReportView
from auditor.reporting.plain import shortened
from auditor.reporting.shapes import FindingGroup, VerdictSentence
from auditor.reporting.words import (
    COMPONENT_LABELS,
    COMPONENTS,
    FINDING_LABELS,
    HOST_LABELS,
    ROLE_LABELS,
    STATUSES,
    count,
)

_SENTENCE = 400
_SHORT = 60
_ROWS = 200
# Of one host, and of one value.
_FACTS = 12
_FACT = 160
_QUIET = frozenset({FindingLabel.EVIDENCE_CHANGED})


@dataclass(frozen=True, slots=True)
class Row:
    """A row; `tone` is a severity, a state or a tone of a verdict, for whoever has colours."""

    tone: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `more` says what was left out, empty when nothing was."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[Row, ...]
    more: str = ""


@dataclass(frozen=True, slots=True)
class TerminalText:
    """What to print: a headline with its tone (bad, doubtful, nothing, good), sentences, and tables with rows."""

    tone: str
    headline: str
    sentences: tuple[str, ...]
    tables: tuple[Table, ...]


def terminal_summary(view: ReportView) -> TerminalText:
    """Return a report in a few rows: what is where, what is open, what could not be evaluated."""
    return _text(view.verdict, (_matrix(view), _open(view), _undecided(view)))


def terminal_diff(difference: Difference) -> TerminalText:
    """Return a comparison in rows: hosts, components, roles, findings; changed wording is only counted."""
    verdict = diff_verdict(difference)
    quiet = len(difference.changes_of(*_QUIET))
    window = window_sentence(difference)
    notes = (*verdict.sentences, *((window,) if window else ()), *cautions(difference))
    if quiet:
        notes = (*notes, f"{count(quiet, 'finding', 'findings')} kept the verdict with another measured value.")
    verdict = VerdictSentence(verdict.tone, verdict.symbol, verdict.headline, notes)
    return _text(
        verdict,
        (
            _host_changes(difference),
            _component_changes(difference),
            _role_changes(difference),
            _fact_changes(difference),
            _finding_changes(difference),
        ),
    )


def _text(verdict: VerdictSentence, tables: tuple[Table, ...]) -> TerminalText:
    return TerminalText(
        tone=verdict.tone,
        headline=shortened(verdict.headline, _SENTENCE),
        sentences=tuple(shortened(sentence, _SENTENCE) for sentence in verdict.sentences),
        tables=tuple(table for table in tables if table.rows),
    )


def _table(title: str, headers: tuple[str, ...], rows: Sequence[tuple[str, tuple[str, ...]]]) -> Table:
    shown = tuple(Row(tone, tuple(shortened(value, _SENTENCE) for value in values)) for tone, values in rows[:_ROWS])
    more = f"and {len(rows) - _ROWS} more" if len(rows) > _ROWS else ""
    return Table(title, headers, shown, more)


def _matrix(view: ReportView) -> Table:
    rows = [
        (row.reading, (shortened(group.name, _SHORT), *_host_cells(row, view.matrix.width)))
        for group in view.matrix.groups
        for row in group.rows
    ]
    return _table("What is installed where", ("Environment", "Host", *view.matrix.columns), rows)


def _host_cells(row: MatrixRow, width: int) -> tuple[str, ...]:
    cells = tuple(f"{item.symbol} {item.version or item.word}" if item.version else item.word for item in row.cells)
    return (shortened(row.host, _SHORT), *(cells or ("not known",) * width))


def _open(view: ReportView) -> Table:
    rows = [(group.severity, _group_cells(group)) for group in view.open]
    return _table("Open findings", ("Severity", "Check", "Where", "What was seen"), rows)


def _group_cells(group: FindingGroup) -> tuple[str, ...]:
    change = f" ({group.change_word})" if group.change_word else ""
    return group.severity, group.check, group.places, f"{group.headline}{change}"


def _undecided(view: ReportView) -> Table:
    rows = [("doubtful", (cause.title, cause.summary, cause.what_to_do)) for cause in view.causes]
    return _table("Could not be evaluated", ("Cause", "How many", "What to do"), rows)


def _host_changes(difference: Difference) -> Table:
    rows = []
    for change in difference.hosts:
        failure = change.visit_after.failure if change.visit_after is not None else None
        rows.append((change.label.value, (change.host, HOST_LABELS[change.label], failure.sentence if failure else "")))
    return _table("Hosts", ("Host", "What happened", "Why"), rows)


def _component_changes(difference: Difference) -> Table:
    """Return one row per component; those lost together with the sight of their host are one row."""
    unseen = [change.host for change in difference.hosts if change.label is HostLabel.LOST_SIGHT]
    rows = []
    for change in difference.components:
        if change.host in unseen:
            continue
        before, after = cell(change.before), cell(change.after)
        states = f"{before.word} {before.version}".strip(), f"{after.word} {after.version}".strip()
        words = COMPONENT_LABELS[change.label]
        rows.append((change.label.value, (change.host, COMPONENTS[change.kind], words, *states)))
    for host in unseen:
        lost = [change.before for change in difference.components if change.host == host]
        if lost:
            there = sum(component.can_run for component in lost)
            was = f"{there} there, {len(lost) - there} not"
            rows.append(
                ("lost-sight", (host, count(len(lost), "component", "components"), "lost sight", was, "not known"))
            )
    return _table("Components", ("Host", "Component", "What happened", "Before", "Now"), rows)


def _role_changes(difference: Difference) -> Table:
    rows = [(change.label.value, (change.host, ROLE_LABELS[change.label])) for change in difference.roles]
    return _table("Roles", ("Host", "What happened"), rows)


def _fact_changes(difference: Difference) -> Table:
    """Return the first rows of each host; after an upgrade there are hundreds, which the page and JSON have."""
    rows = []
    for host in drift_of(difference):
        for row in host.rows[:_FACTS]:
            what = " ".join(part for part in (row.item, row.field) if part)
            values = f"{row.before or 'not there'} → {row.after or 'not there'}"
            rows.append((row.label, (host.host, row.fact, what, row.word, shortened(values, _FACT))))
        more = len(host.rows) - _FACTS
        if more > 0:
            rows.append(("", (host.host, "", "", f"and {host.amount} in all", "see --format html")))
        for sentence in (host.lost, host.seen):
            if sentence:
                rows.append(("", (host.host, "", "", "sight", sentence)))
    return _table("Facts", ("Host", "Fact", "Which", "What happened", "Before → now"), rows)


def _finding_changes(difference: Difference) -> Table:
    """Return one row per finding; verdicts of which sight was lost are one row per severity."""
    told = [change for change in difference.findings if change.label not in _QUIET]
    lost = [change for change in told if change.label is FindingLabel.LOST_SIGHT]
    rows = [_finding_row(change) for change in told if change not in lost]
    for severity in Severity:
        checks = sorted({change.finding.check for change in lost if change.severity is severity})
        if checks:
            number = count(sum(change.severity is severity for change in lost), "verdict", "verdicts")
            cells = (
                "lost sight",
                severity.value,
                count(len(checks), "check", "checks"),
                number,
                f"not evaluated: {', '.join(checks)}",
            )
            rows.append((FindingLabel.LOST_SIGHT.value, cells))
    return _table("Findings", ("What happened", "Severity", "Check", "Where", "Now"), rows)


def _finding_row(change: FindingChange) -> tuple[str, tuple[str, ...]]:
    finding = change.finding
    status = STATUSES[finding.verdict.status]
    now = "no longer judged" if change.after is None else f"{status}: {finding.verdict.sentence}"
    label = FINDING_LABELS[change.label]
    return change.label.value, (label, finding.severity.value, finding.check, where(finding.subject), now)
