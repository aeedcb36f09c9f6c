"""From a comparison of two scans to a finished page, with findings shown as in the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from auditor.model.component import Component, State
from auditor.model.difference import (
    ComponentChange,
    ComponentLabel,
    Difference,
    FindingChange,
    FindingLabel,
    HostChange,
    HostLabel,
    RoleChange,
    ScanIdentity,
)
from auditor.model.fact import NotKnown
from auditor.model.observation import Visit
from auditor.model.scan import ScanRecord
from auditor.reporting.diff_shapes import (
    ComponentChangeView,
    DiffSection,
    DiffView,
    HostChangeView,
    HostComponents,
    RoleChangeView,
    Side,
)
from auditor.reporting.diff_verdict import cautions, diff_verdict, window_sentence
from auditor.reporting.drift import drift_of
from auditor.reporting.findings import causes, finding_view, grouped, named, short
from auditor.reporting.hosts import component_evidence
from auditor.reporting.language import English, _, ngettext
from auditor.reporting.matrix import cell, reading_state
from auditor.reporting.plain import cut_line
from auditor.reporting.shapes import Card, CheckText, FindingView, Moment
from auditor.reporting.values import SENTENCE
from auditor.reporting.words import (
    CHANGE_TONES,
    COMPONENT_LABELS,
    COMPONENTS,
    EXPECTATIONS,
    FINDING_LABEL_MEANINGS,
    FINDING_LABELS,
    HOST_LABELS,
    ROLE_LABELS,
    amount,
    enumeration,
    moment,
    reading_of,
)

# Where a failure came or went, the whole finding is shown; sight that was lost is grouped by its cause; all other
# changes are lines.
_BY_CAUSE = frozenset({FindingLabel.LOST_SIGHT})
_ALWAYS_WHOLE = frozenset(
    {FindingLabel.REGRESSED, FindingLabel.REPAIRED, FindingLabel.WAIVED, FindingLabel.WAIVER_ENDED}
)
_FOLDED = frozenset({FindingLabel.EVIDENCE_CHANGED, FindingLabel.OUT_OF_SCOPE, FindingLabel.GONE_SUBJECT})
_SYMBOLS = {"bad": "▲", "good": "✓", "doubtful": "?", "note": "·"}


def build_diff_view(
    difference: Difference, before: ScanRecord, after: ScanRecord, texts: Mapping[str, CheckText]
) -> DiffView:
    """Return the finished page of a comparison; the two records are those that were compared."""
    return DiffView(
        infrastructure=short(difference.infrastructure),
        before=_side(difference.before, before),
        after=_side(difference.after, after),
        verdict=diff_verdict(difference),
        expectation=EXPECTATIONS[difference.expectation],
        window=window_sentence(difference),
        cautions=cautions(difference),
        cards=_cards(difference),
        hosts=tuple(_host(change) for change in difference.hosts),
        components=_components(difference),
        roles=tuple(_role(change) for change in difference.roles),
        facts=drift_of(difference),
        sections=_sections(difference, before, after, texts),
        unchanged=ngettext(
            "%(num)s finding is the same in both scans.",
            "%(num)s findings are the same in both scans.",
            difference.unchanged,
        ),
    )


def _side(scan: ScanIdentity, record: ScanRecord) -> Side:
    return Side(
        id=scan.id,
        started=Moment(scan.started_at.isoformat(), moment(scan.started_at)),
        finished=Moment(scan.finished_at.isoformat() if scan.finished_at else "", moment(scan.finished_at)),
        rules=scan.rules,
        tool_version=scan.tool_version,
        inventory=scan.inventory,
        reference=scan.reference,
        changes=named(record.changes),
    )


def _cards(difference: Difference) -> tuple[Card, ...]:
    counts = Counter(change.label for change in difference.findings)
    shown = [
        label
        for label in FindingLabel
        if counts[label] or label in (FindingLabel.REGRESSED, FindingLabel.REPAIRED, FindingLabel.LOST_SIGHT)
    ]
    cards = []
    for label in shown:
        tone = CHANGE_TONES[label.value]
        href = f"#{label.value}" if counts[label] else "#findings"
        detail = ngettext("finding", "findings", counts[label])
        cards.append(Card(label.value, _SYMBOLS[tone], counts[label], FINDING_LABELS[label], detail, href, tone))
    return tuple(cards)


def _host(change: HostChange) -> HostChangeView:
    return HostChangeView(
        label=change.label.value,
        word=HOST_LABELS[change.label],
        tone=CHANGE_TONES[change.label.value],
        host=short(change.host),
        environment=_places(change),
        sentence=_why(change),
    )


def _places(change: HostChange) -> str:
    before, after = (
        short(name) if name else _("outside of environments")
        for name in (change.environment_before, change.environment_after)
    )
    if change.label is HostLabel.MOVED:
        return f"{before} → {after}"
    return before if change.label is HostLabel.GONE else after


def _why(change: HostChange) -> str:
    if change.label is HostLabel.GONE:
        return _("No longer declared; nothing is said about the server itself.")
    visit = change.visit_after
    if visit is not None and visit.failure is None:
        return ""
    return reading_state(visit)[1]


def _components(difference: Difference) -> tuple[HostComponents, ...]:
    """Group by host; components lost together with the sight of a host stand in one sentence."""
    hosts: dict[str, list[ComponentChange]] = {}
    for change in difference.components:
        hosts.setdefault(change.host, []).append(change)
    return tuple(
        HostComponents(
            short(host),
            tuple(_component(change) for change in changes if not _is_lost(change)),
            _lost([change.before for change in changes if _is_lost(change)]),
        )
        for host, changes in hosts.items()
    )


def _is_lost(change: ComponentChange) -> bool:
    return change.label is ComponentLabel.LOST_SIGHT and change.after.state is State.UNKNOWN


def _component(change: ComponentChange) -> ComponentChangeView:
    return ComponentChangeView(
        label=change.label.value,
        word=COMPONENT_LABELS[change.label],
        tone=CHANGE_TONES[change.label.value],
        name=COMPONENTS[change.kind],
        before=cell(change.before),
        after=cell(change.after),
        evidence=component_evidence(change.after),
    )


def _lost(components: list[Component]) -> str:
    """Say of which components sight was lost; those that were not there are only counted."""
    there = [f"{item.name} {item.version}".strip() for item in map(cell, components) if item.state != State.ABSENT]
    absent = len(components) - len(there)
    sentences = []
    if there:
        sentences.append(_("It is not known whether these are still there: %(names)s.", names=enumeration(there)))
    if absent:
        sentences.append(
            ngettext(
                "Nor whether %(num)s component, absent before, came since.",
                "Nor whether %(num)s components, absent before, came since.",
                absent,
            )
        )
    return " ".join(sentences)


def _role(change: RoleChange) -> RoleChangeView:
    label = change.label.value
    before, after = (
        English(cut_line(roles.sentence, SENTENCE)) if isinstance(roles, NotKnown) else reading_of(roles) or _("none")
        for roles in (change.before, change.after)
    )
    return RoleChangeView(label, ROLE_LABELS[change.label], CHANGE_TONES[label], short(change.host), before, after)


def _sections(
    difference: Difference, before: ScanRecord, after: ScanRecord, texts: Mapping[str, CheckText]
) -> tuple[DiffSection, ...]:
    sections = []
    for label in FindingLabel:
        views = [_view(change, before, after) for change in difference.changes_of(label)]
        if views:
            sections.append(_section(label, views, texts, after.visits))
    return tuple(sections)


def _view(change: FindingChange, before: ScanRecord, after: ScanRecord) -> FindingView:
    record = before if change.after is None else after
    today = (record.finished_at or record.started_at).date()
    return finding_view(change.finding, record.visits, today, change)


def _section(
    label: FindingLabel, views: list[FindingView], texts: Mapping[str, CheckText], visits: Mapping[str, Visit]
) -> DiffSection:
    by_cause = [view for view in views if label in _BY_CAUSE]
    whole = [view for view in views if label not in _BY_CAUSE and _is_whole(label, view)]
    lines = [view for view in views if label not in _BY_CAUSE and not _is_whole(label, view)]
    return DiffSection(
        label=label.value,
        word=FINDING_LABELS[label],
        meaning=FINDING_LABEL_MEANINGS[label],
        tone=CHANGE_TONES[label.value],
        amount=_amount(views),
        expanded=label not in _FOLDED,
        groups=grouped(whole, texts, label.value),
        causes=causes(by_cause, visits),
        lines=grouped(lines, texts, f"{label.value}-line"),
    )


def _is_whole(label: FindingLabel, view: FindingView) -> bool:
    gone = label is FindingLabel.GONE_SUBJECT
    return label in _ALWAYS_WHOLE or (view.status == "fail" and not gone and label is not FindingLabel.EVIDENCE_CHANGED)


def _amount(views: Iterable[FindingView]) -> str:
    listed = list(views)
    return amount(len(listed), len({view.check for view in listed}))
