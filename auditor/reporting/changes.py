"""What changed since the scan before, in short: what is newly open, what is resolved, and what happened to hosts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from auditor.model.component import State
from auditor.model.difference import ComponentLabel, Difference, FindingLabel, HostLabel
from auditor.model.fact import NotKnown
from auditor.model.finding import Severity
from auditor.reporting.findings import short
from auditor.reporting.language import _, ngettext
from auditor.reporting.matrix import cell
from auditor.reporting.shapes import FindingView, Section
from auditor.reporting.words import (
    CHANGE_TONES,
    COMPONENT_LABELS,
    COMPONENTS,
    FINDING_LABELS,
    HOST_LABELS,
    ROLE_LABELS,
    moment,
    reading_of,
)

# What went out of sight with its host is told by the host.
_TOLD_BY_HOST = (ComponentLabel.LOST_SIGHT, ComponentLabel.NOW_SEEN)


@dataclass(frozen=True, slots=True)
class ThingChange:
    """Something that happened to a host, a component or a role: `word` with its tone, and a sentence."""

    host: str
    what: str
    word: str
    tone: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Changes:
    """The scan that this one is compared with, and what changed since; `counts` are (word, number) of all changes."""

    id: int
    words: str
    counts: tuple[tuple[str, int], ...]
    caution: str
    opened: tuple[FindingView, ...]
    resolved: tuple[FindingView, ...]
    accepted: tuple[FindingView, ...]
    things: tuple[ThingChange, ...]
    summary: str


def changes(previous: Difference, views: Iterable[FindingView]) -> Changes:
    """Return what changed in findings, hosts, components and roles."""
    listed = sorted(views, key=lambda view: (Severity(view.severity).rank, view.check, view.where))
    counts = Counter(change.label for change in previous.findings)
    opened = tuple(view for view in listed if view.newly_open)
    resolved = tuple(view for view in listed if view.resolved)
    return Changes(
        id=previous.before.id,
        words=moment(previous.before.finished_at),
        counts=tuple((FINDING_LABELS[label], counts[label]) for label in FindingLabel if counts[label]),
        caution=_caution(previous),
        opened=opened,
        resolved=resolved,
        accepted=tuple(
            view for view in listed if view.section is Section.WAIVED and view.before_section is Section.OPEN
        ),
        things=(*_hosts(previous), *_components(previous), *_roles(previous)),
        summary=_summary(opened, resolved, counts[FindingLabel.LOST_SIGHT]),
    )


def _summary(opened: tuple[FindingView, ...], resolved: tuple[FindingView, ...], lost: int) -> str:
    words = [
        ngettext("%(num)s finding newly open", "%(num)s findings newly open", len(opened)),
        ngettext("%(num)s resolved", "%(num)s resolved", len(resolved)),
    ]
    if lost:
        words.append(
            ngettext("%(num)s verdict can no longer be given", "%(num)s verdicts can no longer be given", lost)
        )
    return ", ".join(words)


def _caution(previous: Difference) -> str:
    if previous.rules_changed and previous.reference_changed:
        return _("It was judged by other rules and another reference.")
    if previous.rules_changed:
        return _("It was judged by other rules.")
    return _("It was judged by another reference.") if previous.reference_changed else ""


def _hosts(previous: Difference) -> list[ThingChange]:
    return [
        ThingChange(
            short(change.host),
            ngettext("host", "hosts", 1),
            HOST_LABELS[change.label],
            CHANGE_TONES[change.label.value],
            "",
        )
        for change in previous.hosts
        if change.label is not HostLabel.STILL_UNSEEN
    ]


def _components(previous: Difference) -> list[ThingChange]:
    result = []
    for change in previous.components:
        before, after = cell(change.before), cell(change.after)
        if change.label in _TOLD_BY_HOST and State.UNKNOWN in (change.before.state, change.after.state):
            continue
        sides = [f"{side.word} {side.version}".strip() for side in (before, after)]
        result.append(
            ThingChange(
                short(change.host),
                COMPONENTS[change.kind],
                COMPONENT_LABELS[change.label],
                CHANGE_TONES[change.label.value],
                f"{sides[0]} → {sides[1]}",
            )
        )
    return result


def _roles(previous: Difference) -> list[ThingChange]:
    result = []
    for change in previous.roles:
        if isinstance(change.before, NotKnown) or isinstance(change.after, NotKnown):
            continue
        sides = [reading_of(side) or _("none") for side in (change.before, change.after)]
        label = change.label.value
        result.append(
            ThingChange(
                short(change.host), _("roles"), ROLE_LABELS[change.label], CHANGE_TONES[label], " → ".join(sides)
            )
        )
    return result
