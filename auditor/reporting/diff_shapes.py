"""The shape of a finished comparison of two scans."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.reporting.host_shapes import Cell, ComponentEvidence
from auditor.reporting.shapes import Card, Cause, FindingGroup, Moment, VerdictSentence


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two scans."""

    id: int
    started: Moment
    finished: Moment
    rules: str
    tool_version: str
    inventory: str
    reference: str
    changes: str


@dataclass(frozen=True, slots=True)
class HostChangeView:
    """A host that came, went, moved, was lost sight of or seen again."""

    label: str
    word: str
    tone: str
    host: str
    environment: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ComponentChangeView:
    """A component before and now, with the evidence of now."""

    label: str
    word: str
    tone: str
    name: str
    before: Cell
    after: Cell
    evidence: ComponentEvidence


@dataclass(frozen=True, slots=True)
class HostComponents:
    """The components of one host that changed; `lost` says in words of which of them sight was lost."""

    host: str
    rows: tuple[ComponentChangeView, ...]
    lost: str


@dataclass(frozen=True, slots=True)
class RoleChangeView:
    """The roles of a host before and now."""

    label: str
    word: str
    tone: str
    host: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class FactChangeView:
    """A fact, or one row and field of it, before and now; None for a row that was not there."""

    label: str
    word: str
    tone: str
    fact: str
    meaning: str
    item: str
    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class HostDrift:
    """The facts of one host that drifted; `lost` and `seen` say in words of which of them sight changed.

    `lost` is which facts are not known, and the first reason.
    """

    host: str
    rows: tuple[FactChangeView, ...]
    left_out: str
    amount: str
    unseen: str
    why: str
    seen: str

    @property
    def lost(self) -> str:
        """Of what sight was lost, and why."""
        return f"{self.unseen} {self.why}".strip()


@dataclass(frozen=True, slots=True)
class DiffSection:
    """The findings with one label, as whole findings, by cause, or as lines."""

    label: str
    word: str
    meaning: str
    tone: str
    amount: str
    expanded: bool
    groups: tuple[FindingGroup, ...]
    causes: tuple[Cause, ...]
    lines: tuple[FindingGroup, ...]


@dataclass(frozen=True, slots=True)
class DiffView:
    """A finished comparison."""

    infrastructure: str
    before: Side
    after: Side
    verdict: VerdictSentence
    expectation: str
    window: str
    cautions: tuple[str, ...]
    cards: tuple[Card, ...]
    hosts: tuple[HostChangeView, ...]
    components: tuple[HostComponents, ...]
    roles: tuple[RoleChangeView, ...]
    facts: tuple[HostDrift, ...]
    sections: tuple[DiffSection, ...]
    unchanged: str
