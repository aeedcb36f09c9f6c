"""From a stored scan to a finished report: counted, sorted and worded once, for every format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from auditor.errors import UsageError
from auditor.model.difference import Difference, FindingLabel
from auditor.model.finding import Severity
from auditor.model.scan import Judgement, ScanRecord, ScanState
from auditor.reporting.about import about
from auditor.reporting.findings import badge, causes, check_views, finding_view, grouped, short
from auditor.reporting.hosts import host_facts
from auditor.reporting.matrix import matrix, reading_state
from auditor.reporting.page_shapes import EnvironmentSummary, PreviousScan, ReportView
from auditor.reporting.shapes import Card, CheckText, FindingGroup, FindingView, Moment, Section
from auditor.reporting.topology import topology
from auditor.reporting.verdict import verdict_sentence
from auditor.reporting.words import (
    CHANNELS,
    FINDING_LABELS,
    HOSTINGS,
    PURPOSES,
    SEVERITY_SYMBOLS,
    count,
    duration,
    moment,
)

__all__ = ["CheckText", "ReportView", "build_view"]

# Above this many, passing verdicts are listed by subject without their sentences, which the JSON report has.
_SPELLED_OUT = 1000


def build_view(
    record: ScanRecord, texts: Mapping[str, CheckText], previous: Difference | None = None, *, figures: str = ""
) -> ReportView:
    """Return the finished report of a sealed scan.

    `texts` are the pages of the checks by id; `previous` is the comparison of an earlier scan with this one; `figures`
    tells how old the figures of the rules are, empty where that is not known. Raises `UsageError` for a scan that was
    not sealed.
    """
    judgement = record.judgement
    if record.state is not ScanState.COMPLETE or judgement is None:
        raise UsageError(f"Scan {record.id} was not finished and has no report; resume it, or name another one.")
    views = _finding_views(record, judgement, previous)
    gone = _gone(record, previous)
    lanes, rows = topology(record, judgement, views)
    opened, waived, passed, not_applicable = (
        grouped((view for view in views if view.section is section), texts, section.value)
        for section in (Section.OPEN, Section.WAIVED, Section.PASSED, Section.NOT_APPLICABLE)
    )
    readings = [reading_state(record.visits.get(host.name))[0] for host in record.inventory.hosts]
    return ReportView(
        infrastructure=short(record.inventory.infrastructure),
        scan=record.id,
        started=Moment(record.started_at.isoformat(), moment(record.started_at)),
        finished=Moment(record.finished_at.isoformat() if record.finished_at else "", moment(record.finished_at)),
        duration=duration(record.finished_at - record.started_at) if record.finished_at else "",
        changes=tuple(short(change) for change in record.changes),
        tool_version=judgement.rules.tool_version,
        rules=judgement.rules.digest,
        figures=figures,
        inventory=record.inventory.digest,
        reference=record.reference.digest,
        hosts_declared=len(readings),
        hosts_read=sum(state != "unread" for state in readings),
        channels=_channels(record),
        previous=_previous(previous) if previous else None,
        verdict=verdict_sentence(record, views),
        cards=_cards(views),
        environments=_environments(record, views),
        matrix=matrix(record, judgement, views),
        lanes=lanes,
        topology=rows,
        infrastructure_badge=badge(view for view in views if view.subject_kind == "infrastructure"),
        open=opened,
        urgent_unknowns=tuple(
            view for view in views if view.section is Section.UNDECIDED and view.severity == Severity.CRITICAL
        ),
        causes=causes(views, record.visits),
        waived=waived,
        passed=passed,
        passed_words=_amount(passed),
        not_applicable=not_applicable,
        not_applicable_words=_amount(not_applicable),
        spelled_out=len(views) <= _SPELLED_OUT,
        facts=host_facts(record, judgement),
        about=about(record, judgement, figures),
        checks=check_views((*views, *gone), texts),
        findings=views,
        gone=gone,
        severities_open=tuple(s.value for s in Severity if any(group.severity == s for group in opened)),
        environments_open=tuple(
            sorted({view.environment for view in views if view.section is Section.OPEN and view.environment})
        ),
    )


def _finding_views(record: ScanRecord, judgement: Judgement, previous: Difference | None) -> tuple[FindingView, ...]:
    today = _today(record)
    changes = {change.fingerprint: change for change in previous.findings} if previous else {}
    ordered = sorted(judgement.findings, key=lambda item: (item.check, item.subject))
    return tuple(finding_view(item, record.visits, today, changes.get(item.fingerprint)) for item in ordered)


def _gone(record: ScanRecord, previous: Difference | None) -> tuple[FindingView, ...]:
    changes = [change for change in previous.findings if change.after is None] if previous else []
    ordered = sorted(changes, key=lambda item: (item.finding.check, item.finding.subject))
    # Their evidence are answers of the scan before, which this record does not hold.
    today = _today(record)
    return tuple(finding_view(replace(item.finding, evidence=()), {}, today, item) for item in ordered)


def _today(record: ScanRecord) -> date:
    return (record.finished_at or record.started_at).date()


def _amount(groups: tuple[FindingGroup, ...]) -> str:
    return f"{count(sum(len(group.findings) for group in groups), 'verdict')} of {count(len(groups), 'check')}"


def _channels(record: ScanRecord) -> tuple[tuple[str, int], ...]:
    used = Counter(visit.channel for visit in record.visits.values() if visit.channel is not None)
    return tuple((word, used[channel]) for channel, word in CHANNELS.items() if used[channel])


def _previous(previous: Difference) -> PreviousScan:
    counts = Counter(change.label for change in previous.findings)
    judged = [
        words
        for words, changed in (
            ("other rules", previous.rules_changed),
            ("another reference", previous.reference_changed),
        )
        if changed
    ]
    caution = f"It was judged by {' and '.join(judged)}." if judged else ""
    return PreviousScan(
        id=previous.before.id,
        words=moment(previous.before.finished_at),
        counts=tuple((FINDING_LABELS[label], counts[label]) for label in FindingLabel if counts[label]),
        caution=caution,
    )


def _cards(views: tuple[FindingView, ...]) -> tuple[Card, ...]:
    sections = Counter(view.section for view in views)
    opened = Counter(view.severity for view in views if view.section is Section.OPEN)
    cards = [
        Card(severity.value, SEVERITY_SYMBOLS[severity], opened[severity.value], severity.value, "open", "#open", "bad")
        for severity in (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)
    ]
    soon = sum(view.waiver is not None and view.waiver.expires_soon for view in views)
    waived = f"{soon} ending within 30 days" if soon else "accepted deviations"
    checks = count(len({view.check for view in views if view.section is Section.UNDECIDED}), "check")
    return (
        *cards,
        Card("undecided", "?", sections[Section.UNDECIDED], "not evaluated", checks, "#undecided", "doubtful"),
        Card("waived", "✎", sections[Section.WAIVED], "waived", waived, "#waived", "note"),
        Card("passed", "✓", sections[Section.PASSED], "passed", "with evidence", "#passed", "good"),
    )


def _environments(record: ScanRecord, views: tuple[FindingView, ...]) -> tuple[EnvironmentSummary, ...]:
    result = []
    for environment in record.inventory.environments:
        mine = Counter(view.section for view in views if view.environment == environment.name)
        hosts = environment.hosts
        read = sum(reading_state(record.visits.get(host.name))[0] != "unread" for host in hosts)
        result.append(
            EnvironmentSummary(
                name=short(environment.name),
                description=f"{PURPOSES[environment.purpose]}, {HOSTINGS[environment.hosting]}",
                hosts=f"{read} of {len(hosts)}",
                failed=mine[Section.OPEN],
                undecided=mine[Section.UNDECIDED],
                waived=mine[Section.WAIVED],
                passed=mine[Section.PASSED],
                not_applicable=mine[Section.NOT_APPLICABLE],
            )
        )
    return tuple(result)
