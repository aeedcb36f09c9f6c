"""The shape of a whole finished report."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.reporting.changes import Changes
from auditor.reporting.common_facts import CommonFact
from auditor.reporting.groups import GroupMatrix
from auditor.reporting.history import TrendView
from auditor.reporting.host_shapes import HostFacts, Lane, Matrix, TopologyRow
from auditor.reporting.shapes import (
    Badge,
    Card,
    Cause,
    CheckView,
    FindingGroup,
    FindingView,
    Moment,
    PlainLine,
    VerdictSentence,
)


@dataclass(frozen=True, slots=True)
class EnvironmentSummary:
    """The counts of one environment."""

    name: str
    description: str
    hosts: str
    failed: int
    undecided: int
    waived: int
    passed: int
    not_applicable: int


@dataclass(frozen=True, slots=True)
class AboutTable:
    """A table of the last part of the report."""

    title: str
    anchor: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str


@dataclass(frozen=True, slots=True)
class ReportView:
    """A finished report; `gone` are the findings of the scan before that this one no longer judged.

    Of a large infrastructure (`is_compact`) what passed and what could not be evaluated is told by check and not by
    finding, and facts that most hosts share are told once, in `common`.
    """

    infrastructure: str
    scan: int
    started: Moment
    finished: Moment
    duration: str
    changes: tuple[str, ...]
    tool_version: str
    rules: str
    figures: str
    inventory: str
    reference: str
    hosts_declared: int
    hosts_read: int
    channels: tuple[tuple[str, int], ...]
    oldest: str
    previous: Changes | None
    verdict: VerdictSentence
    cards: tuple[Card, ...]
    environments: tuple[EnvironmentSummary, ...]
    matrix: Matrix
    lanes: tuple[Lane, ...]
    topology: tuple[TopologyRow, ...]
    infrastructure_badge: Badge | None
    groups: GroupMatrix
    trend: TrendView | None
    is_compact: bool
    open: tuple[FindingGroup, ...]
    urgent_unknowns: tuple[FindingView, ...]
    causes: tuple[Cause, ...]
    waived: tuple[FindingGroup, ...]
    passed: tuple[FindingGroup, ...]
    passed_lines: tuple[PlainLine, ...]
    passed_words: str
    not_applicable: tuple[FindingGroup, ...]
    not_applicable_lines: tuple[PlainLine, ...]
    not_applicable_words: str
    spelled_out: bool
    common: tuple[CommonFact, ...]
    facts: tuple[HostFacts, ...]
    lean_facts: tuple[HostFacts, ...]
    about: tuple[AboutTable, ...]
    checks: tuple[CheckView, ...]
    findings: tuple[FindingView, ...]
    gone: tuple[FindingView, ...]
