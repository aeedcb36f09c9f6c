"""From a stored scan to a finished report: counted, sorted and worded once, for every format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache, partial

from auditor.errors import UsageError
from auditor.model.difference import Difference
from auditor.model.finding import Severity
from auditor.model.history import History
from auditor.model.scan import Judgement, ScanRecord, ScanState
from auditor.reporting.about import about
from auditor.reporting.cards import cards
from auditor.reporting.changes import changes
from auditor.reporting.common_facts import common_facts
from auditor.reporting.findings import (
    badge,
    causes,
    check_views,
    evidence_view,
    finding_view,
    grouped,
    plain_lines,
    short,
)
from auditor.reporting.groups import group_matrix
from auditor.reporting.history import life_view, moments_of, trend_view
from auditor.reporting.hosts import host_facts
from auditor.reporting.language import _
from auditor.reporting.matrix import matrix, reading_state
from auditor.reporting.page_shapes import EnvironmentSummary, ReportView
from auditor.reporting.shapes import CheckText, FindingView, LifeView, Moment, Section
from auditor.reporting.topology import topology
from auditor.reporting.verdict import verdict_sentence
from auditor.reporting.words import CHANNELS, HOSTINGS, PURPOSES, amount, duration, moment

__all__ = ["CheckText", "ReportView", "build_view"]

# Above this many, passing verdicts are listed by subject without their sentences, which the JSON report has.
_SPELLED_OUT = 1000
# Above this many, a page with a line for each verdict would be more than a browser opens at once.
_COMPACT = 5000


def build_view(
    record: ScanRecord,
    texts: Mapping[str, CheckText],
    previous: Difference | None = None,
    *,
    figures: str = "",
    outcome: str = "",
    history: History | None = None,
) -> ReportView:
    """Return the finished report of a sealed scan.

    `texts` are the pages of the checks by id; `previous` is the comparison of an earlier scan with this one; `figures`
    tells how old the figures of the rules are and `outcome` the exit code with its meaning, empty where that is not
    known; `history` is that of the infrastructure up to this scan. Raises `UsageError` for a scan that was not sealed.
    """
    judgement = record.judgement
    if record.state is not ScanState.COMPLETE or judgement is None:
        raise UsageError(f"Scan {record.id} was not finished and has no report; resume it, or name another one.")
    is_compact = len(judgement.findings) > _COMPACT
    views = _finding_views(record, judgement, previous, history, is_compact)
    gone = _gone(record, previous)
    changed = changes(previous, views) if previous else None
    lanes, rows = topology(record, judgement, views)
    by_section = {section: tuple(view for view in views if view.section is section) for section in Section}
    opened, waived = (
        grouped(by_section[item], texts, item.value, is_compact=is_compact) for item in (Section.OPEN, Section.WAIVED)
    )
    quiet = (by_section[Section.PASSED], by_section[Section.NOT_APPLICABLE])
    passed, not_applicable = (
        () if is_compact else grouped(by_section[item], texts, item.value)
        for item in (Section.PASSED, Section.NOT_APPLICABLE)
    )
    subjects = _subjects(record)
    passed_lines, not_applicable_lines = (plain_lines(own, subjects) if is_compact else () for own in quiet)
    readings = [reading_state(record.visits.get(host.name))[0] for host in record.inventory.hosts]
    facts = host_facts(record, judgement)
    common, lean = common_facts(facts) if is_compact else ((), facts)
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
        oldest=_oldest(record),
        previous=changed,
        verdict=verdict_sentence(record, views),
        cards=cards(views, changed),
        environments=_environments(record, views),
        matrix=matrix(record, judgement, views),
        lanes=lanes,
        topology=rows,
        infrastructure_badge=badge(view for view in views if view.subject_kind == "infrastructure"),
        groups=group_matrix(record, views),
        trend=trend_view(history) if history else None,
        is_compact=is_compact,
        open=opened,
        urgent_unknowns=tuple(view for view in by_section[Section.UNDECIDED] if view.severity == Severity.CRITICAL),
        causes=causes(views, record.visits, is_compact=is_compact),
        waived=waived,
        passed=passed,
        passed_lines=passed_lines,
        passed_words=_amount(quiet[0]),
        not_applicable=not_applicable,
        not_applicable_lines=not_applicable_lines,
        not_applicable_words=_amount(quiet[1]),
        spelled_out=len(views) <= _SPELLED_OUT,
        common=common,
        facts=facts,
        lean_facts=lean,
        about=about(record, judgement, figures, outcome, is_compact=is_compact),
        checks=check_views((*views, *gone), texts),
        findings=views,
        gone=gone,
    )


def _finding_views(
    record: ScanRecord, judgement: Judgement, previous: Difference | None, history: History | None, is_compact: bool
) -> tuple[FindingView, ...]:
    today = _today(record)
    found = {change.fingerprint: change for change in previous.findings} if previous else {}
    lives = _lives(record, history) if history else {}
    evidence_of = cache(partial(evidence_view, visits=record.visits))
    ordered = sorted(judgement.findings, key=lambda item: (item.check, item.subject))
    return tuple(
        finding_view(
            item,
            record.visits,
            today,
            found.get(item.fingerprint),
            lives.get(item.fingerprint),
            evidence_of=evidence_of,
            is_compact=is_compact,
        )
        for item in ordered
    )


def _lives(record: ScanRecord, history: History) -> dict[str, LifeView]:
    moments = moments_of(history)
    return {fingerprint: life_view(life, moments, record.id) for fingerprint, life in history.lives.items()}


def _gone(record: ScanRecord, previous: Difference | None) -> tuple[FindingView, ...]:
    changes = [change for change in previous.findings if change.after is None] if previous else []
    ordered = sorted(changes, key=lambda item: (item.finding.check, item.finding.subject))
    # Their evidence are answers of the scan before, which this record does not hold.
    today = _today(record)
    return tuple(finding_view(replace(item.finding, evidence=()), {}, today, item) for item in ordered)


def _today(record: ScanRecord) -> date:
    return (record.finished_at or record.started_at).date()


def _amount(views: tuple[FindingView, ...]) -> str:
    return amount(len(views), len({view.check for view in views}))


def _subjects(record: ScanRecord) -> dict[str, tuple[str, ...]]:
    inventory = record.inventory
    return {
        "host": tuple(host.name for host in inventory.hosts),
        "environment": tuple(environment.name for environment in inventory.environments),
        "infrastructure": (inventory.infrastructure,),
    }


def _oldest(record: ScanRecord) -> str:
    """Say how old the oldest answers were when the scan ended."""
    answered = [visit.observed_at for visit in record.visits.values() if visit.answers]
    if not answered:
        return _("no answers")
    oldest = min(answered)
    age = duration(record.finished_at - oldest) if record.finished_at else ""
    return _("%(moment)s, %(age)s before the end", moment=moment(oldest), age=age) if age else moment(oldest)


def _channels(record: ScanRecord) -> tuple[tuple[str, int], ...]:
    used = Counter(visit.channel for visit in record.visits.values() if visit.channel is not None)
    return tuple((word, used[channel]) for channel, word in CHANNELS.items() if used[channel])


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
                hosts=_("%(read)s of %(all)s", read=read, all=len(hosts)),
                failed=mine[Section.OPEN],
                undecided=mine[Section.UNDECIDED],
                waived=mine[Section.WAIVED],
                passed=mine[Section.PASSED],
                not_applicable=mine[Section.NOT_APPLICABLE],
            )
        )
    return tuple(result)
