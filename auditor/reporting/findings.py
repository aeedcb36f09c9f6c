"""Findings in words: each stands in exactly one section, and those of one check stand together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import partial

from auditor.model.difference import FindingChange
from auditor.model.fact import Reason
from auditor.model.finding import EvidenceReference, Finding, Severity, Status, Subject, SubjectKind, Verdict
from auditor.model.observation import Visit
from auditor.model.waiver import Waiver
from auditor.reporting.language import English, _, in_digits, ngettext, on_day
from auditor.reporting.plain import anchor, bounded, cut_line
from auditor.reporting.prose import guidance
from auditor.reporting.shapes import (
    Badge,
    Cause,
    CauseRow,
    CheckText,
    CheckView,
    EvidenceView,
    FindingGroup,
    FindingView,
    LifeView,
    Moment,
    PlainLine,
    Section,
    SharedEvidence,
    WaiverView,
)
from auditor.reporting.values import NAME, SENTENCE, excerpt
from auditor.reporting.waiving import snippet, waiver_entry
from auditor.reporting.words import (
    CAUSES,
    CHANNELS,
    FINDING_LABELS,
    OUTCOMES,
    SEVERITY_SYMBOLS,
    SEVERITY_WORDS,
    STATUSES,
    amount,
    and_more,
    count,
    count_subjects,
    enumeration,
    moment,
)

# A waiver is for what failed or could not be decided.
_FOR_WAIVERS = frozenset({Section.OPEN, Section.UNDECIDED, Section.WAIVED})
_EVIDENCE = 12
_UNFOLDED = 3
_NAMED = 6
# Stands for the name of each host in a sentence that is told once for many.
_EACH = "[host]"
# Of how many findings of one check the evidence is shown, and how many different answers.
_EVIDENT, _SHARED = 20, 24


def section_of(finding: Finding) -> Section:
    """Return the one section of the report in which a finding stands."""
    if finding.is_waived:
        return Section.WAIVED
    if finding.is_open:
        return Section.OPEN
    if finding.verdict.status in (Status.UNKNOWN, Status.ERROR):
        return Section.UNDECIDED
    if finding.verdict.status is Status.NOT_APPLICABLE:
        return Section.NOT_APPLICABLE
    return Section.PASSED


def moment_of(visit: Visit) -> Moment:
    """Return when a visit's answers arrived."""
    return Moment(visit.observed_at.isoformat(), moment(visit.observed_at))


def where(subject: Subject) -> str:
    """Return a subject in words."""
    if subject.kind is SubjectKind.INFRASTRUCTURE:
        return _("%(name)s (whole infrastructure)", name=short(subject.name))
    if subject.kind is SubjectKind.ENVIRONMENT:
        return _("%(name)s (environment)", name=short(subject.name))
    return f"{short(subject.name)} ({short(subject.environment)})" if subject.environment else short(subject.name)


def short(name: str) -> str:
    """Return a declared name on one line and within bounds."""
    return cut_line(name, NAME)


def named(changes: Sequence[str]) -> str:
    """Return the changes during which a scan was made, in words; empty for none."""
    return cut_line(", ".join(short(change) for change in changes), SENTENCE)


def finding_view(
    finding: Finding,
    visits: Mapping[str, Visit],
    today: date,
    change: FindingChange | None = None,
    life: LifeView | None = None,
    *,
    evidence_of: Callable[[EvidenceReference], EvidenceView] | None = None,
    is_compact: bool = False,
) -> FindingView:
    """Return one finding in words; `change` is what a comparison with an earlier scan says of it.

    `evidence_of` words a piece of evidence, for callers that remember: many findings rest on the same answers. In a
    compact report what could not be decided has no place of its own, but that of its cause.
    """
    verdict = finding.verdict
    section = section_of(finding)
    own = f"finding-{finding.fingerprint}"
    word = evidence_of or partial(evidence_view, visits=visits)
    evidence = [word(item) for item in finding.evidence[:_EVIDENCE]]
    return FindingView(
        fingerprint=finding.fingerprint,
        anchor=own,
        check=finding.check,
        slug=finding.slug,
        title=_(finding.title),
        severity=finding.severity.value,
        severity_symbol=SEVERITY_SYMBOLS[finding.severity],
        status=verdict.status.value,
        status_word=STATUSES[verdict.status],
        section=section,
        subject_kind=finding.subject.kind.value,
        subject=finding.subject.name,
        environment=finding.subject.environment,
        where=where(finding.subject),
        sentence=cut_line(verdict.sentence, SENTENCE),
        expected=bounded(verdict.expected, SENTENCE),
        found=bounded(verdict.found, SENTENCE),
        reason=verdict.reason.value if verdict.reason else "",
        because_of=verdict.because_of or "",
        evidence=tuple(evidence),
        evidence_number=len(finding.evidence),
        evidence_left_out=_more_answers(len(finding.evidence) - _EVIDENCE),
        waiver=_waiver(finding.waiver, today) if finding.waiver and finding.is_waived else None,
        change=change.label.value if change else "",
        change_word=FINDING_LABELS[change.label] if change else "",
        before_status=_status(change.before) if change else "",
        before_sentence=_sentence(change.before) if change and change.before else "",
        before_section=section_of(change.before) if change and change.before else None,
        place=_cause_anchor(verdict) if is_compact and section is Section.UNDECIDED else own,
        waiver_entry=waiver_entry(finding, today) if section is Section.OPEN else "",
        evidence_fingerprint=finding.evidence_fingerprint if section in _FOR_WAIVERS else "",
        reopened=_reopened(finding.lapsed) if finding.lapsed else "",
        life=life,
    )


def _cause_anchor(verdict: Verdict) -> str:
    return f"cause-{verdict.reason.value if verdict.reason else Status.ERROR.value}"


def check_views(views: Iterable[FindingView], texts: Mapping[str, CheckText]) -> tuple[CheckView, ...]:
    """Return the checks of these findings, sorted by id."""
    firsts = {view.check: view for view in views}
    return tuple(_check_view(firsts[check], texts.get(check)) for check in sorted(firsts))


def _check_view(finding: FindingView, text: CheckText | None) -> CheckView:
    # A violation may weigh less than its check; where the page is not at hand, the finding says all that is known.
    severity = text.severity.value if text is not None else finding.severity
    return CheckView(finding.check, finding.slug, finding.title, severity, guidance(text))


def _status(finding: Finding | None) -> str:
    if finding is None:
        return _("not judged")
    status = STATUSES[finding.verdict.status]
    return _("%(status)s, waived", status=status) if finding.is_waived else status


def _sentence(finding: Finding) -> str:
    return cut_line(finding.verdict.sentence, SENTENCE)


def evidence_view(item: EvidenceReference, visits: Mapping[str, Visit]) -> EvidenceView:
    """Return what a host answered to a question, in words."""
    visit = visits.get(item.host)
    answer = visit.answers.get(item.question) if visit is not None else None
    if visit is None or answer is None:
        why = visit.failure.sentence if visit is not None and visit.failure else "The host gave no answer to this."
        at = moment_of(visit) if visit is not None else Moment("", _("never"))
        return EvidenceView(short(item.host), item.question, "none", _("no answer"), cut_line(why, NAME), "", at)
    channel = CHANNELS[visit.channel] if visit.channel else ""
    return EvidenceView(
        host=short(item.host),
        question=item.question,
        outcome=answer.outcome.value,
        outcome_word=OUTCOMES[answer.outcome],
        excerpt=excerpt(answer),
        channel=channel,
        at=moment_of(visit),
    )


def _reopened(waiver: Waiver) -> str:
    return _(
        "The waiver of %(owner)s until %(day)s%(place)s does not cover this: its evidence is not what was accepted.",
        owner=short(waiver.owner),
        day=on_day(waiver.until),
        place=f" ({short(waiver.place)})" if waiver.place else "",
    )


def _waiver(waiver: Waiver, today: date) -> WaiverView:
    days = (waiver.until - today).days
    scope = [
        words % {"name": short(name)}
        for words, name in (
            (_("host %(name)s"), waiver.host),
            (_("environment %(name)s"), waiver.environment),
            (_("purpose %(name)s"), waiver.purpose),
        )
        if name is not None
    ]
    return WaiverView(
        reason=bounded(waiver.reason, SENTENCE),
        owner=short(waiver.owner),
        approver=short(waiver.approver),
        granted=waiver.granted.isoformat(),
        until=waiver.until.isoformat(),
        scope=enumeration(scope) or _("every subject of the check"),
        place=short(waiver.place),
        expiry=_("ends today") if days == 0 else ngettext("ends in %(num)s day", "ends in %(num)s days", days),
        expires_soon=days <= 30,
    )


def grouped(
    views: Iterable[FindingView], texts: Mapping[str, CheckText], prefix: str = "check", *, is_compact: bool = False
) -> tuple[FindingGroup, ...]:
    """Return findings in one row per check, severity and status: new, worst and most widespread first.

    `prefix` starts the ids of the rows, so that one check may have rows in several parts of a page. A compact report
    tells in one table what was found and since when.
    """
    groups: dict[tuple[str, str, str], list[FindingView]] = {}
    for view in views:
        groups.setdefault((view.check, view.severity, view.status), []).append(view)
    made = [_group(items, texts.get(key[0]), prefix, is_compact) for key, items in groups.items()]
    return tuple(sorted(made, key=_worst_first))


def _worst_first(group: FindingGroup) -> tuple[bool, int, int, str, str]:
    return not group.is_new, Severity(group.severity).rank, -len(group.findings), group.check, group.status


def _group(findings: list[FindingView], text: CheckText | None, prefix: str, is_compact: bool) -> FindingGroup:
    first = findings[0]
    changes = sorted({finding.change_word for finding in findings if finding.change_word})
    is_open = first.section is Section.OPEN
    shared = _shared(findings)
    return FindingGroup(
        anchor=anchor(prefix, first.check, first.severity, first.status),
        check=first.check,
        slug=first.slug,
        title=first.title,
        severity=first.severity,
        severity_symbol=first.severity_symbol,
        status=first.status,
        status_word=first.status_word,
        headline=_headline(findings),
        places=_places(findings),
        change_word=enumeration(changes),
        expanded=is_open and first.severity in (Severity.CRITICAL, Severity.HIGH),
        has_sentences=len(findings) > 1,
        expected=first.expected if len({finding.expected for finding in findings}) == 1 and len(findings) > 1 else "",
        has_before=any(finding.before for finding in findings),
        has_lives=any(finding.life for finding in findings),
        one_table=is_compact and len(findings) > 1,
        is_new=any(finding.newly_open for finding in findings),
        evidence=shared[:_SHARED],
        sources=_sources(findings),
        evidence_words=count(sum(finding.evidence_number for finding in findings), "answer", "answers"),
        evidence_folded=len(shared) > _UNFOLDED,
        evidence_left_out=_left_out(findings, shared[:_SHARED]),
        snippet=snippet(finding.waiver_entry for finding in findings),
        findings=tuple(findings),
        guidance=guidance(text) if first.section in (Section.OPEN, Section.WAIVED) else None,
    )


def _shared(findings: list[FindingView]) -> tuple[SharedEvidence, ...]:
    """Return the evidence of all, each answer once with those who gave it."""
    found: dict[tuple[str, str, str, str], dict[str, None]] = {}
    for finding in findings[:_EVIDENT]:
        for item in finding.evidence:
            key = item.question, item.outcome, item.outcome_word, item.excerpt
            found.setdefault(key, {})[item.host] = None
    return tuple(SharedEvidence(*key, hosts=", ".join(hosts)) for key, hosts in sorted(found.items()))


def _sources(findings: list[FindingView]) -> tuple[tuple[str, str, Moment], ...]:
    """Return how and when each host answered: one visit brought all its answers."""
    evidence = [item for finding in findings[:_EVIDENT] for item in finding.evidence]
    return tuple((item.host, item.channel, item.at) for item in {item.host: item for item in evidence}.values())


def _left_out(findings: list[FindingView], shown: tuple[SharedEvidence, ...]) -> str:
    """Say how many answers are not shown here, among them those that are not in the view at all."""
    there = sum(finding.evidence_number for finding in findings)
    told = sum(len(finding.evidence) for finding in findings[:_EVIDENT])
    keys = {(item.question, item.outcome, item.excerpt) for item in shown}
    cut = sum(
        (item.question, item.outcome, item.excerpt) not in keys
        for finding in findings[:_EVIDENT]
        for item in finding.evidence
    )
    return _more_answers(there - told + cut)


def _more_answers(number: int) -> str:
    if number <= 0:
        return ""
    return ngettext(
        "%(num)s more answer is kept in the stored scan.", "%(num)s more answers are kept in the stored scan.", number
    )


def _headline(findings: list[FindingView]) -> str:
    first = findings[0]
    if len(findings) == 1:
        return English(first.sentence)
    subjects = count_subjects(len(findings), SubjectKind(first.subject_kind))
    return _("%(subjects)s: “%(title)s” does not hold.", subjects=subjects, title=first.title)


def _places(findings: list[FindingView]) -> str:
    names = [finding.where for finding in findings[:_NAMED]]
    more = len(findings) - len(names)
    return and_more(", ".join(names), more) if more else ", ".join(names)


def causes(views: Iterable[FindingView], visits: Mapping[str, Visit], *, is_compact: bool = False) -> tuple[Cause, ...]:
    """Return what could not be evaluated, by cause; a broken check first, a missing choice of the operator last."""
    waiting = [view for view in views if view.section is Section.UNDECIDED]
    order: list[Reason | None] = list(CAUSES)
    order.sort(key=lambda reason: (reason is not None, reason is Reason.SOURCE_NOT_CONFIGURED, CAUSES[reason][0]))
    failures = [
        (name, cut_line(visit.failure.sentence, SENTENCE)) for name, visit in sorted(visits.items()) if visit.failure
    ]
    result = []
    for reason in order:
        mine = [view for view in waiting if _reason(view) is reason]
        if mine:
            title, what_to_do = map(_, CAUSES[reason])
            code = reason.value if reason else Status.ERROR.value
            checks = len({view.check for view in mine})
            result.append(Cause(code, title, what_to_do, amount(len(mine), checks), _rows(mine, failures, is_compact)))
    return tuple(result)


def _reason(view: FindingView) -> Reason | None:
    if view.status == Status.ERROR:
        return None
    return Reason(view.reason) if view.reason else Reason.CONTRADICTORY


def _rows(views: list[FindingView], failures: list[tuple[str, str]], is_compact: bool) -> tuple[CauseRow, ...]:
    """Return the verdicts by what they wait for: all that quote the failure of one visit wait for that host.

    A compact report tells what differs in the name of the host alone once.
    """
    rows: dict[str, list[FindingView]] = {}
    for view in views:
        rows.setdefault(_waits_for(view, failures), []).append(view)
    if is_compact:
        rows = _told_once(rows)
    ordered = sorted(rows.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(CauseRow(why, tuple(items), _lines(items) if is_compact else ()) for why, items in ordered)


def _told_once(rows: Mapping[str, list[FindingView]]) -> dict[str, list[FindingView]]:
    alike: dict[str, dict[str, list[FindingView]]] = {}
    for why, views in rows.items():
        name = views[0].subject
        is_one_host = views[0].subject_kind == SubjectKind.HOST and {view.subject for view in views} == {name}
        common = re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", _EACH, why) if is_one_host else why
        alike.setdefault(common, {})[why] = views
    return {
        common if len(own) > 1 else next(iter(own)): [view for views in own.values() for view in views]
        for common, own in alike.items()
    }


def _lines(views: list[FindingView]) -> tuple[PlainLine, ...]:
    """Return the checks with their subjects; where there is one subject, only that with its checks."""
    checks: dict[str, list[FindingView]] = {}
    for view in views:
        checks.setdefault(view.check, []).append(view)
    if len({view.where for view in views}) == 1:
        return (PlainLine("", views[0].where, f"{count(len(checks), 'check', 'checks')}: {', '.join(checks)}"),)
    return tuple(PlainLine(check, own[0].title, ", ".join(view.where for view in own)) for check, own in checks.items())


def _waits_for(view: FindingView, failures: list[tuple[str, str]]) -> str:
    quoted = [(name, failure) for name, failure in failures if failure in view.sentence]
    own = [(name, failure) for name, failure in quoted if name == view.subject]
    name, failure = (*own, *quoted, ("", ""))[0]
    if not name:
        return view.sentence
    return failure if name in failure else f"{short(name)}: {failure}"


def badge(views: Iterable[FindingView], prefix: str = "") -> Badge | None:
    """Return the worst open finding of these with the number of them, None where none is open."""
    opened = [view for view in views if view.section is Section.OPEN]
    if not opened:
        return None
    worst = min(opened, key=lambda view: (Severity(view.severity).rank, view.check))
    more = f" +{len(opened) - 1}" if len(opened) > 1 else ""
    words = f"{SEVERITY_WORDS[Severity(worst.severity)]}: {worst.check}{more}"
    return Badge(worst.severity, worst.severity_symbol, words, len(opened), f"#{prefix}{worst.anchor}")


def plain_lines(views: Iterable[FindingView], subjects: Mapping[str, tuple[str, ...]]) -> tuple[PlainLine, ...]:
    """Return the checks for whose subjects one verdict holds, in as few words as say exactly for which.

    `subjects` gives the names of all that can be judged, by kind.
    """
    checks: dict[tuple[str, str], list[FindingView]] = {}
    for view in views:
        checks.setdefault((view.check, view.subject_kind), []).append(view)
    return tuple(
        PlainLine(check, own[0].title, _exactly(SubjectKind(kind), {view.subject for view in own}, subjects[kind]))
        for (check, kind), own in sorted(checks.items())
    )


def _exactly(kind: SubjectKind, names: set[str], everything: tuple[str, ...]) -> str:
    if kind is SubjectKind.INFRASTRUCTURE:
        return _("the whole infrastructure")
    everybody = count_subjects(len(everything), kind)
    if len(names) == len(everything):
        return _("all %(subjects)s", subjects=everybody)
    number = in_digits(len(names))
    others = [name for name in everything if name not in names]
    if len(others) < len(names):
        listed = ", ".join(short(name) for name in others)
        return _("%(number)s of %(subjects)s, all but %(names)s", number=number, subjects=everybody, names=listed)
    listed = ", ".join(short(name) for name in everything if name in names)
    return _("%(number)s of %(subjects)s: %(names)s", number=number, subjects=everybody, names=listed)
