"""What changed between two scans of the same infrastructure, each change with the label that says why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from auditor.model.component import Component, ComponentKind, RoleReading
from auditor.model.fact import NotKnown
from auditor.model.finding import Finding, Severity, Status
from auditor.model.observation import Visit


class FindingLabel(StrEnum):
    """Why a finding differs, in the order in which a person wants to read them."""

    REGRESSED = "regressed"
    NEW_SUBJECT = "new-subject"
    WAIVER_ENDED = "waiver-ended"
    LOST_SIGHT = "lost-sight"
    NOW_SEEN = "now-seen"
    IN_SCOPE = "in-scope"
    REPAIRED = "repaired"
    WAIVED = "waived"
    OUT_OF_SCOPE = "out-of-scope"
    GONE_SUBJECT = "gone-subject"
    CHANGED_BY_RULES = "changed-by-rules"
    CHANGED_BY_REFERENCE = "changed-by-reference"
    EVIDENCE_CHANGED = "evidence-changed"


class ComponentLabel(StrEnum):
    """What happened to a component. Only evidence of absence makes a component removed."""

    INSTALLED = "installed"
    REMOVED = "removed"
    UPGRADED = "upgraded"
    DOWNGRADED = "downgraded"
    VERSION_CHANGED = "version-changed"
    STATE_CHANGED = "state-changed"
    LOST_SIGHT = "lost-sight"
    NOW_SEEN = "now-seen"


class RoleLabel(StrEnum):
    """What happened to the roles of a host."""

    CHANGED = "changed"
    LOST_SIGHT = "lost-sight"
    NOW_SEEN = "now-seen"


class FactLabel(StrEnum):
    """What happened to a fact, or to one row of it. Sight is told of a fact as a whole."""

    CHANGED = "changed"
    CAME = "came"
    GONE = "gone"
    LOST_SIGHT = "lost-sight"
    NOW_SEEN = "now-seen"


class HostLabel(StrEnum):
    """What happened to a host: in the inventory (came, gone, moved) or to our sight of it."""

    CAME = "came"
    GONE = "gone"
    MOVED = "moved"
    LOST_SIGHT = "lost-sight"
    SEEN_AGAIN = "seen-again"
    STILL_UNSEEN = "still-unseen"


@dataclass(frozen=True, slots=True)
class ScanIdentity:
    """Which scan one side of a difference is, and what it was judged by."""

    id: int
    started_at: datetime
    finished_at: datetime | None
    rules: str
    tool_version: str
    inventory: str
    reference: str


@dataclass(frozen=True, slots=True)
class FindingChange:
    """A finding that differs; `before` is None where the check had no such subject, `after` likewise."""

    label: FindingLabel
    before: Finding | None
    after: Finding | None

    @property
    def finding(self) -> Finding:
        """The finding of today, or the last one there was."""
        finding = self.after or self.before
        assert finding is not None, "a change has at least one side"
        return finding

    @property
    def fingerprint(self) -> str:
        """The identity that both sides share."""
        return self.finding.fingerprint

    @property
    def severity(self) -> Severity:
        """The severity of today, or the last one there was."""
        return self.finding.severity

    @property
    def is_for_the_worse(self) -> bool:
        """Whether an open failure stands there now that did not stand there before."""
        opened = self.after is not None and self.after.is_open
        return opened and (self.before is None or not self.before.is_open)


@dataclass(frozen=True, slots=True)
class ComponentChange:
    """A component of a host that both inventories have, and that differs in state or version."""

    label: ComponentLabel
    before: Component
    after: Component

    @property
    def host(self) -> str:
        """The host that carries it."""
        return self.after.host

    @property
    def kind(self) -> ComponentKind:
        """Which component."""
        return self.after.kind


@dataclass(frozen=True, slots=True)
class RoleChange:
    """The roles of a host that both inventories have."""

    label: RoleLabel
    host: str
    before: RoleReading | NotKnown
    after: RoleReading | NotKnown


@dataclass(frozen=True, slots=True)
class FactChange:
    """A fact of a host that both scans read, or one row or field of it; what changes by itself is not one.

    `item` names the row and `field` what of it changed, both empty for the fact as a whole. A row that came has no
    `before`, one that is gone no `after`; where sight changed, one of them is a `NotKnown`.
    """

    label: FactLabel
    host: str
    fact: str
    item: str
    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class HostChange:
    """A host that came, went, moved, or whose visit now fails or succeeds. Environments are None outside of any."""

    label: HostLabel
    host: str
    environment_before: str | None
    environment_after: str | None
    visit_before: Visit | None
    visit_after: Visit | None


class JudgedAgain(StrEnum):
    """Which of two scans that were judged otherwise were judged again to tell rules and installation apart."""

    NEITHER = "neither"
    BEFORE = "before"
    BOTH = "both"


class Expectation(StrEnum):
    """Whether all, some or none of the scans since the earlier one were made during a change."""

    EXPECTED = "expected"
    PARTLY = "partly"
    UNEXPECTED = "unexpected"


@dataclass(frozen=True, slots=True)
class ScanWindow:
    """A scan after the earlier one, up to the later one, with the changes during which it was made."""

    scan: int
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """All that differs between two scans, sorted; `unchanged` counts the findings that are the same in both."""

    infrastructure: str
    before: ScanIdentity
    after: ScanIdentity
    findings: tuple[FindingChange, ...]
    components: tuple[ComponentChange, ...]
    roles: tuple[RoleChange, ...]
    facts: tuple[FactChange, ...]
    hosts: tuple[HostChange, ...]
    unchanged: int
    judged_again: JudgedAgain = JudgedAgain.NEITHER
    windows: tuple[ScanWindow, ...] = ()

    @property
    def rules_changed(self) -> bool:
        """Whether other check files judged."""
        return self.before.rules != self.after.rules

    @property
    def reference_changed(self) -> bool:
        """Whether the reference is another one."""
        return self.before.reference != self.after.reference

    @property
    def inventory_changed(self) -> bool:
        """Whether the inventory is another one."""
        return self.before.inventory != self.after.inventory

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs. A host that neither scan saw is a host of which nothing can be said."""
        return not (self.findings or self.components or self.roles or self.facts or self.hosts)

    @property
    def expectation(self) -> Expectation:
        """Whether what differs belongs to a change that was announced with the scans since the earlier one."""
        named = [bool(window.changes) for window in self.windows]
        if named and all(named):
            return Expectation.EXPECTED
        return Expectation.PARTLY if any(named) else Expectation.UNEXPECTED

    def changes_of(self, *labels: FindingLabel) -> tuple[FindingChange, ...]:
        """Return the changes of findings with one of these labels."""
        return tuple(change for change in self.findings if change.label in labels)


DECIDED = frozenset({Status.PASS, Status.FAIL})
UNDECIDED = frozenset({Status.UNKNOWN, Status.ERROR})
