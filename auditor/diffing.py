"""Comparing two scans of one infrastructure. A function of its input: no clock, no store.

The labels are those of two runs of an audit: *repaired* needs proof, so whatever was not seen this time is *lost
sight*; and what newer rules or an edited reference changed is not a change of the installation. Who wants to know what
the installation alone did judges the older visits by the newer rules first and compares that.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.errors import UsageError
from auditor.model.component import Component, RoleReading, State
from auditor.model.difference import (
    DECIDED,
    UNDECIDED,
    ComponentChange,
    ComponentLabel,
    Difference,
    FindingChange,
    FindingLabel,
    HostChange,
    HostLabel,
    RoleChange,
    RoleLabel,
    ScanIdentity,
)
from auditor.model.fact import NotKnown
from auditor.model.finding import Finding, Status, Subject, SubjectKind
from auditor.model.inventory import Inventory
from auditor.model.observation import Visit
from auditor.model.scan import Judgement, ScanRecord, ScanState
from auditor.model.version import Version

_THERE = frozenset({State.PRESENT, State.PROBABLE, State.BROKEN})


def compare(before: ScanRecord, after: ScanRecord) -> Difference:
    """Return what differs between two sealed scans of one infrastructure.

    Raises `UsageError` for a scan that was not sealed and for scans of different infrastructures.
    """
    if before.inventory.infrastructure != after.inventory.infrastructure:
        raise UsageError(
            f"Scan {before.id} is of {before.inventory.infrastructure!r} and scan {after.id} of "
            f"{after.inventory.infrastructure!r}; name two scans of one infrastructure."
        )
    first, second = _judgement(before), _judgement(after)
    findings, unchanged = _findings(before, first, after, second)
    shared = [host.name for host in after.inventory.hosts if host.name in first.portraits]
    shared = [name for name in sorted(shared) if name in second.portraits and name in _places(before.inventory)]
    return Difference(
        infrastructure=after.inventory.infrastructure,
        before=_identity(before, first),
        after=_identity(after, second),
        findings=findings,
        components=tuple(change for name in shared for change in _components(name, first, second)),
        roles=tuple(change for name in shared for change in _roles(name, first, second)),
        hosts=tuple(_hosts(before, after)),
        unchanged=unchanged,
    )


def _judgement(record: ScanRecord) -> Judgement:
    if record.state is not ScanState.COMPLETE or record.judgement is None:
        raise UsageError(f"Scan {record.id} was not finished and cannot be compared; resume it, or name another one.")
    return record.judgement


def _identity(record: ScanRecord, judgement: Judgement) -> ScanIdentity:
    return ScanIdentity(
        id=record.id,
        started_at=record.started_at,
        finished_at=record.finished_at,
        rules=judgement.rules.digest,
        tool_version=judgement.rules.tool_version,
        inventory=record.inventory.digest,
        reference=record.reference.digest,
    )


def _places(inventory: Inventory) -> dict[str, str | None]:
    return {host.name: host.environment for host in inventory.hosts}


def _was_seen(visit: Visit | None) -> bool:
    return visit is not None and visit.failure is None


# Findings


def _findings(
    before: ScanRecord, first: Judgement, after: ScanRecord, second: Judgement
) -> tuple[tuple[FindingChange, ...], int]:
    old = {finding.fingerprint: finding for finding in first.findings}
    new = {finding.fingerprint: finding for finding in second.findings}
    labelling = _Labelling(before, first, after, second)
    changes = []
    unchanged = 0
    for fingerprint in sorted(old.keys() | new.keys()):
        was, now = old.get(fingerprint), new.get(fingerprint)
        label = labelling.label(was, now)
        if label is None:
            unchanged += 1
        else:
            changes.append(FindingChange(label, was, now))
    return tuple(sorted(changes, key=_reading_order)), unchanged


def _reading_order(change: FindingChange) -> tuple[int, int, str, Subject]:
    order = list(FindingLabel).index(change.label)
    return order, change.severity.rank, change.finding.check, change.finding.subject


class _Labelling:
    """Gives each pair of findings its label, knowing by what and on which hosts the two scans judged."""

    def __init__(self, before: ScanRecord, first: Judgement, after: ScanRecord, second: Judgement) -> None:
        self._before = before
        self._after = after
        self._judged_otherwise = (
            first.rules.digest != second.rules.digest or before.reference.digest != after.reference.digest
        )
        self._subjects_before = _subjects(before.inventory)
        self._subjects_after = _subjects(after.inventory)

    def label(self, was: Finding | None, now: Finding | None) -> FindingLabel | None:
        """Return why the two differ, None when they do not."""
        if was is None and now is not None:
            return self._appeared(now.subject, self._subjects_before, FindingLabel.NEW_SUBJECT)
        if now is None and was is not None:
            return self._appeared(was.subject, self._subjects_after, FindingLabel.GONE_SUBJECT)
        assert was is not None and now is not None, "a fingerprint comes from one of the two scans"
        label = _change_of_status(was, now) or _change_of_waiver(was, now) or _change_of_words(was, now)
        if label is None or not self._judged_otherwise:
            return label
        return self._change_of_sight(label, now.subject) or FindingLabel.CHANGED_BY_RULES

    def _appeared(self, subject: Subject, others: frozenset[Subject], otherwise: FindingLabel) -> FindingLabel:
        known_to_both = subject in others
        return FindingLabel.CHANGED_BY_RULES if known_to_both and self._judged_otherwise else otherwise

    def _change_of_sight(self, label: FindingLabel, subject: Subject) -> FindingLabel | None:
        """Return the label where the visit itself explains it: no rule makes a host unreachable."""
        if subject.kind is not SubjectKind.HOST:
            return None
        seen_before = _was_seen(self._before.visits.get(subject.name))
        seen_after = _was_seen(self._after.visits.get(subject.name))
        if label is FindingLabel.LOST_SIGHT and seen_before and not seen_after:
            return label
        if label is FindingLabel.NOW_SEEN and seen_after and not seen_before:
            return label
        return None


def _subjects(inventory: Inventory) -> frozenset[Subject]:
    environments = [Subject(SubjectKind.ENVIRONMENT, item.name, item.name) for item in inventory.environments]
    hosts = [Subject(SubjectKind.HOST, host.name, host.environment or "") for host in inventory.hosts]
    return frozenset((Subject(SubjectKind.INFRASTRUCTURE, inventory.infrastructure), *environments, *hosts))


def _change_of_status(was: Finding, now: Finding) -> FindingLabel | None:
    first, second = was.verdict.status, now.verdict.status
    if first is second or {first, second} == UNDECIDED:
        return None
    if second is Status.NOT_APPLICABLE:
        return FindingLabel.OUT_OF_SCOPE
    if first is Status.NOT_APPLICABLE:
        return FindingLabel.IN_SCOPE
    if second in UNDECIDED:
        return FindingLabel.LOST_SIGHT
    if first in UNDECIDED:
        return FindingLabel.NOW_SEEN
    assert {first, second} == DECIDED, "all other pairs were told above"
    return FindingLabel.REGRESSED if second is Status.FAIL else FindingLabel.REPAIRED


def _change_of_waiver(was: Finding, now: Finding) -> FindingLabel | None:
    if was.is_waived == now.is_waived:
        return None
    return FindingLabel.WAIVED if now.is_waived else FindingLabel.WAIVER_ENDED


def _change_of_words(was: Finding, now: Finding) -> FindingLabel | None:
    same = was.verdict == now.verdict and was.severity is now.severity
    return None if same else FindingLabel.EVIDENCE_CHANGED


# Components and roles


def _components(host: str, first: Judgement, second: Judgement) -> Iterator[ComponentChange]:
    old = {component.kind: component for component in first.portraits[host].components}
    for now in second.portraits[host].components:
        was = old.get(now.kind)
        label = _component_label(was, now) if was is not None else None
        if was is not None and label is not None:
            yield ComponentChange(label, was, now)


def _component_label(was: Component, now: Component) -> ComponentLabel | None:
    if State.UNKNOWN in (was.state, now.state):
        if was.state is now.state:
            return None
        return ComponentLabel.LOST_SIGHT if now.state is State.UNKNOWN else ComponentLabel.NOW_SEEN
    if (was.state in _THERE) != (now.state in _THERE):
        return ComponentLabel.INSTALLED if now.state in _THERE else ComponentLabel.REMOVED
    if was.version != now.version and was.version is not None and now.version is not None:
        return _version_label(was.version, now.version)
    if was.state is not now.state:
        return ComponentLabel.STATE_CHANGED
    if was.version != now.version:
        return ComponentLabel.NOW_SEEN if was.version is None else ComponentLabel.LOST_SIGHT
    return None


def _version_label(was: str, now: str) -> ComponentLabel:
    try:
        return ComponentLabel.UPGRADED if Version.parse(now) > Version.parse(was) else ComponentLabel.DOWNGRADED
    except ValueError:
        return ComponentLabel.VERSION_CHANGED


def _roles(host: str, first: Judgement, second: Judgement) -> Iterator[RoleChange]:
    was, now = first.portraits[host].roles, second.portraits[host].roles
    if isinstance(now, NotKnown):
        if not isinstance(was, NotKnown):
            yield RoleChange(RoleLabel.LOST_SIGHT, host, was, now)
    elif isinstance(was, NotKnown):
        yield RoleChange(RoleLabel.NOW_SEEN, host, was, now)
    elif _what_it_does(was) != _what_it_does(now):
        yield RoleChange(RoleLabel.CHANGED, host, was, now)


def _what_it_does(reading: RoleReading) -> tuple[object, ...]:
    return reading.intended, reading.actual, reading.runs_scheduler, reading.passive, reading.contradictions


# Hosts


def _hosts(before: ScanRecord, after: ScanRecord) -> Iterator[HostChange]:
    old, new = _places(before.inventory), _places(after.inventory)
    for name in sorted(old.keys() | new.keys()):
        was, now = before.visits.get(name), after.visits.get(name)
        for label in _host_labels(name, old, new, was, now):
            yield HostChange(label, name, old.get(name), new.get(name), was, now)


def _host_labels(
    name: str, old: dict[str, str | None], new: dict[str, str | None], was: Visit | None, now: Visit | None
) -> Iterator[HostLabel]:
    if name not in new:
        yield HostLabel.GONE
        return
    if name not in old:
        yield HostLabel.CAME
        return
    if old[name] != new[name]:
        yield HostLabel.MOVED
    if _was_seen(was) and not _was_seen(now):
        yield HostLabel.LOST_SIGHT
    elif _was_seen(now) and not _was_seen(was):
        yield HostLabel.SEEN_AGAIN
    elif not _was_seen(now):
        yield HostLabel.STILL_UNSEEN
