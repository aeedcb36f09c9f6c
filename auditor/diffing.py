"""Comparing two scans of one infrastructure. A function of its input: no clock, no store.

The labels are those of two runs of an audit: *repaired* needs proof, so whatever was not seen this time is *lost
sight*; and what newer rules or an edited reference changed is not a change of the installation. To tell these apart,
the answers of the earlier scan are judged again by whoever calls, and handed over as `Again`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from auditor.drifting import drift
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
    JudgedAgain,
    RoleChange,
    RoleLabel,
    ScanIdentity,
    ScanWindow,
)
from auditor.model.fact import NotKnown
from auditor.model.finding import Finding, Status, Subject, SubjectKind
from auditor.model.inventory import Inventory
from auditor.model.observation import Visit
from auditor.model.scan import Judgement, ScanRecord, ScanState
from auditor.model.version import Version

_THERE = frozenset({State.PRESENT, State.PROBABLE, State.BROKEN})


@dataclass(frozen=True, slots=True)
class Again:
    """The answers of two scans judged alike: `now` judges the later one, `then` the earlier one.

    `then_with_its_reference` judges the earlier one by the same rules and by the reference that it had.
    """

    then_with_its_reference: Judgement
    then: Judgement
    now: Judgement


def judged_otherwise(before: ScanRecord, after: ScanRecord) -> bool:
    """Return whether other rules, another osaudit or another reference judged the one scan than the other."""
    rules = [record.judgement and record.judgement.rules for record in (before, after)]
    return rules[0] != rules[1] or before.reference.digest != after.reference.digest


def compare(
    before: ScanRecord, after: ScanRecord, *, again: Again | None = None, windows: tuple[ScanWindow, ...] = ()
) -> Difference:
    """Return what differs between two sealed scans of one infrastructure.

    With `again`, components, roles and facts are those that were read alike. Without it, for two scans that were judged
    otherwise, every change of a verdict may come from the rules, and is said to. `windows` are the scans since the
    earlier one, with the changes during which they were made.

    Raises `UsageError` for a scan that was not sealed and for scans of different infrastructures.
    """
    if before.inventory.infrastructure != after.inventory.infrastructure:
        raise UsageError(
            f"Scan {before.id} is of {before.inventory.infrastructure!r} and scan {after.id} of "
            f"{after.inventory.infrastructure!r}; name two scans of one infrastructure."
        )
    first, second = _judgement(before), _judgement(after)
    findings, unchanged = _findings(before, first, after, second, again)
    before_by, after_by = _identity(before, first), _identity(after, second)
    judged_again = JudgedAgain.NEITHER
    if again is not None:
        judged_again = JudgedAgain.BEFORE if again.now is second else JudgedAgain.BOTH
        first, second = again.then, again.now
    shared = [host.name for host in after.inventory.hosts if host.name in first.portraits]
    shared = [name for name in sorted(shared) if name in second.portraits and name in _places(before.inventory)]
    return Difference(
        infrastructure=after.inventory.infrastructure,
        before=before_by,
        after=after_by,
        findings=findings,
        components=tuple(change for name in shared for change in _components(name, first, second)),
        roles=tuple(change for name in shared for change in _roles(name, first, second)),
        facts=tuple(change for name in shared for change in drift(first.facts[name], second.facts[name])),
        hosts=tuple(_hosts(before, after)),
        unchanged=unchanged,
        judged_again=judged_again,
        windows=windows,
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
    before: ScanRecord, first: Judgement, after: ScanRecord, second: Judgement, again: Again | None
) -> tuple[tuple[FindingChange, ...], int]:
    old, new = _by_fingerprint(first), _by_fingerprint(second)
    labelling = _Labelling(before, after)
    alike = _Alike(old, new, again, later_too=again.now is not second) if again is not None else None
    changes = []
    unchanged = 0
    for fingerprint in sorted(old.keys() | new.keys()):
        was, now = old.get(fingerprint), new.get(fingerprint)
        if alike is not None and alike.knows(fingerprint):
            change = alike.change(fingerprint, was, now)
        else:
            change = labelling.change(was, now)
        if change is None:
            unchanged += 1
        else:
            changes.append(change)
    return tuple(sorted(changes, key=_reading_order)), unchanged


def _by_fingerprint(judgement: Judgement) -> dict[str, Finding]:
    return {finding.fingerprint: finding for finding in judgement.findings}


def _reading_order(change: FindingChange) -> tuple[int, int, str, Subject]:
    order = list(FindingLabel).index(change.label)
    return order, change.severity.rank, change.finding.check, change.finding.subject


class _Labelling:
    """Gives each pair of findings its label, knowing by what and on which hosts the two scans judged."""

    def __init__(self, before: ScanRecord, after: ScanRecord) -> None:
        self._before = before
        self._after = after
        self._judged_otherwise = judged_otherwise(before, after)
        self._by = (
            FindingLabel.CHANGED_BY_REFERENCE
            if _judgement(before).rules == _judgement(after).rules
            else FindingLabel.CHANGED_BY_RULES
        )
        self._subjects_before = _subjects(before.inventory)
        self._subjects_after = _subjects(after.inventory)

    def change(self, was: Finding | None, now: Finding | None) -> FindingChange | None:
        """Return the change with its label, None where the two do not differ."""
        label = _label(was, now)
        if label is None or not self._judged_otherwise:
            return None if label is None else FindingChange(label, was, now)
        finding = now or was
        assert finding is not None, "a fingerprint comes from one of the two scans"
        subject = finding.subject
        if not (subject in self._subjects_before and subject in self._subjects_after):
            return FindingChange(label, was, now)
        return FindingChange(self._change_of_sight(label, subject) or self._by, was, now)

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


class _Alike:
    """Tells what the installation did from what the rules and the reference did, by verdicts that were given alike.

    With `later_too` the later scan was judged again as well, by rules that did not judge it when it was stored.
    """

    def __init__(self, old: dict[str, Finding], new: dict[str, Finding], again: Again, *, later_too: bool) -> None:
        self._later_too = later_too
        self._half = _by_fingerprint(again.then_with_its_reference)
        # What was accepted then and now does not depend on rules.
        self._then = {key: _with_waiver_of(old.get(key), item) for key, item in _by_fingerprint(again.then).items()}
        self._now = {key: _with_waiver_of(new.get(key), item) for key, item in _by_fingerprint(again.now).items()}

    def knows(self, fingerprint: str) -> bool:
        """Whether the rules that judged both alike have this check."""
        return fingerprint in self._then or fingerprint in self._now

    def change(self, fingerprint: str, was: Finding | None, now: Finding | None) -> FindingChange | None:
        """Return what the installation did, else what the rules or the reference did, None where nothing differs."""
        then, later = self._then.get(fingerprint), self._now.get(fingerprint)
        stored, label = _label(was, now), _label(then, later)
        if stored is None and (label is None or self._later_too):
            # What only rules see that judged neither scan is for a scan of theirs to tell.
            return None
        if label is not None:
            return FindingChange(label, was, now) if label is stored else FindingChange(label, then, later)
        half = self._half.get(fingerprint)
        by_rules = was is None or half is None or _differ(was, half) or not _differ(half, then)
        return FindingChange(FindingLabel.CHANGED_BY_RULES if by_rules else FindingLabel.CHANGED_BY_REFERENCE, was, now)


def _label(was: Finding | None, now: Finding | None) -> FindingLabel | None:
    """Return why the two differ where the same rules and reference judged both, None when they do not."""
    if was is None:
        return FindingLabel.NEW_SUBJECT
    if now is None:
        return FindingLabel.GONE_SUBJECT
    return _change_of_status(was, now) or _change_of_waiver(was, now) or _change_of_words(was, now)


def _with_waiver_of(stored: Finding | None, finding: Finding) -> Finding:
    return replace(finding, waiver=stored.waiver if stored else None)


def _differ(one: Finding, other: Finding | None) -> bool:
    return other is None or bool(_change_of_status(one, other) or _change_of_words(one, other))


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
