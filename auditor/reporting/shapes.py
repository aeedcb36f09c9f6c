"""The shapes of a finished report: everything counted, sorted and worded, so that templates only loop and place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from auditor.model.finding import Severity


@dataclass(frozen=True, slots=True)
class CheckText:
    """What a check says to people: its docstring's sections by heading, and its sources as (title, address)."""

    id: str
    slug: str
    title: str
    severity: Severity
    sections: Mapping[str, str]
    references: tuple[tuple[str, str], ...] = ()


class Section(StrEnum):
    """The part of the report in which a finding stands; each stands in exactly one."""

    OPEN = "open"
    UNDECIDED = "undecided"
    WAIVED = "waived"
    PASSED = "passed"
    NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True, slots=True)
class Moment:
    """A time for programs and for people; `iso` is empty where it did not happen yet."""

    iso: str
    words: str


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text, `code` or not."""

    text: str
    code: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph (one item), a list, numbered steps, or a literal block; `kind` says which."""

    kind: str
    items: tuple[tuple[Run, ...], ...]


@dataclass(frozen=True, slots=True)
class Link:
    """A source. `address` is empty unless it is a web address, so that nothing else can become a link."""

    title: str
    address: str


@dataclass(frozen=True, slots=True)
class Guidance:
    """Why a check matters, how it decides, how to fix, and where that is written."""

    why: tuple[Block, ...]
    decided: tuple[Block, ...]
    fix: tuple[Block, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """One stored answer behind a verdict, cut to an excerpt."""

    host: str
    question: str
    outcome: str
    outcome_word: str
    excerpt: str
    channel: str
    at: Moment


@dataclass(frozen=True, slots=True)
class WaiverView:
    """An accepted deviation; `expiry` says in words when it ends, `expires_soon` within thirty days of the scan."""

    reason: str
    owner: str
    approver: str
    granted: str
    until: str
    scope: str
    place: str
    expiry: str
    expires_soon: bool


@dataclass(frozen=True, slots=True)
class FindingView:
    """One finding. Fields named like the model's hold its codes; `…_word` and `where` are for people.

    `change` is the label of a comparison, and `before` the earlier verdict in words; both are empty without one.
    """

    fingerprint: str
    anchor: str
    check: str
    slug: str
    title: str
    severity: str
    severity_symbol: str
    status: str
    status_word: str
    section: Section
    subject_kind: str
    subject: str
    environment: str
    where: str
    sentence: str
    expected: str
    found: str
    reason: str
    because_of: str
    evidence: tuple[EvidenceView, ...]
    evidence_words: str
    evidence_left_out: str
    waiver: WaiverView | None
    change: str
    change_word: str
    before: str


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """The findings of one check that stand in one section: one row with a list of subjects."""

    anchor: str
    check: str
    slug: str
    title: str
    severity: str
    severity_symbol: str
    status: str
    status_word: str
    headline: str
    places: str
    change_word: str
    environments: str
    expanded: bool
    has_sentences: bool
    has_before: bool
    findings: tuple[FindingView, ...]
    guidance: Guidance | None


@dataclass(frozen=True, slots=True)
class CauseRow:
    """One sentence that explains why verdicts could not be given, with the findings that wait for it."""

    sentence: str
    findings: tuple[FindingView, ...]


@dataclass(frozen=True, slots=True)
class Cause:
    """A reason for not knowing, what to do about it, and everything that waits for it."""

    reason: str
    title: str
    what_to_do: str
    summary: str
    rows: tuple[CauseRow, ...]


@dataclass(frozen=True, slots=True)
class Badge:
    """The worst open finding of something, linked: `words` for people, `count` of all open findings."""

    severity: str
    symbol: str
    words: str
    count: int
    href: str


@dataclass(frozen=True, slots=True)
class Cell:
    """What the evidence says of one component on one host."""

    kind: str
    name: str
    state: str
    symbol: str
    word: str
    version: str


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One host. `note` says what was special about reading it; `blind`, in place of the cells, why nothing is known."""

    host: str
    anchor: str
    facts_href: str
    roles: str
    reading: str
    note: str
    blind: str
    cells: tuple[Cell, ...]
    badge: Badge | None


@dataclass(frozen=True, slots=True)
class MatrixGroup:
    """An environment with its hosts; `note` stands where it has none. `span` is the number of rows it takes."""

    name: str
    description: str
    note: str
    badge: Badge | None
    span: int
    rows: tuple[MatrixRow, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Which component is installed where. `width` counts the columns of components, `note_width` all but the first."""

    columns: tuple[str, ...]
    width: int
    note_width: int
    groups: tuple[MatrixGroup, ...]
    elsewhere: str
    legend: tuple[tuple[str, str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A component in a box of the topology; `y` counts from the top of the box."""

    y: int
    state: str
    symbol: str
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Box:
    """A host in the topology, in units of the drawing; `badge_y` counts from the top of the box."""

    y: int
    height: int
    name: str
    full_name: str
    href: str
    roles: str
    reading: str
    marks: tuple[Mark, ...]
    badge: Badge | None
    badge_y: int


@dataclass(frozen=True, slots=True)
class Target:
    """Something that hosts name and that is no box of this drawing: a broker, databases, a controller elsewhere.

    `lines` are its names with their distance from the top, cut to the width; `full_name` is all of it.
    """

    y: int
    height: int
    kind: str
    label: str
    lines: tuple[tuple[int, str], ...]
    full_name: str
    href: str


@dataclass(frozen=True, slots=True)
class Wire:
    """A link of the drawing; `path` is SVG path data."""

    kind: str
    path: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """Some hosts and what they name, drawn; `label` says in words what it shows."""

    label: str
    width: int
    height: int
    boxes: tuple[Box, ...]
    targets: tuple[Target, ...]
    wires: tuple[Wire, ...]


@dataclass(frozen=True, slots=True)
class Lane:
    """One environment of the topology; hosts outside of environments have a drawing each."""

    name: str
    description: str
    note: str
    badge: Badge | None
    outside: bool
    drawings: tuple[Drawing, ...]


@dataclass(frozen=True, slots=True)
class TopologyRow:
    """The topology in words: one host and what it names."""

    environment: str
    host: str
    roles: str
    controller: str
    broker: str
    databases: str


@dataclass(frozen=True, slots=True)
class FactTable:
    """A fact that is a list of records."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class FactRow:
    """A fact in words; `table` where it is a list of records; `not_known` the sentence why it is not known."""

    name: str
    meaning: str
    text: str
    table: FactTable | None
    left_out: str
    not_known: str


@dataclass(frozen=True, slots=True)
class ComponentEvidence:
    """Why a component is said to be in its state."""

    cell: Cell
    statements: tuple[tuple[str, str, str, int], ...]


@dataclass(frozen=True, slots=True)
class HostFacts:
    """Everything that is known of one host."""

    host: str
    anchor: str
    environment: str
    summary: str
    visit: tuple[tuple[str, str], ...]
    roles: str
    contradictions: tuple[str, ...]
    components: tuple[ComponentEvidence, ...]
    facts: tuple[FactRow, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """A number with its name and the part of the report that explains it."""

    key: str
    symbol: str
    number: int
    label: str
    detail: str
    href: str
    tone: str


@dataclass(frozen=True, slots=True)
class VerdictSentence:
    """The report in words: a tone (bad, doubtful, nothing, good), a headline and further sentences."""

    tone: str
    symbol: str
    headline: str
    sentences: tuple[str, ...]


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
class PreviousScan:
    """The scan that this one is compared with, and what changed since, as (word, number)."""

    id: int
    words: str
    counts: tuple[tuple[str, int], ...]
    caution: str


@dataclass(frozen=True, slots=True)
class ReportView:
    """A finished report."""

    infrastructure: str
    scan: int
    started: Moment
    finished: Moment
    duration: str
    tool_version: str
    rules: str
    inventory: str
    reference: str
    hosts_declared: int
    hosts_read: int
    channels: tuple[tuple[str, int], ...]
    previous: PreviousScan | None
    verdict: VerdictSentence
    cards: tuple[Card, ...]
    environments: tuple[EnvironmentSummary, ...]
    matrix: Matrix
    lanes: tuple[Lane, ...]
    topology: tuple[TopologyRow, ...]
    infrastructure_badge: Badge | None
    open: tuple[FindingGroup, ...]
    urgent_unknowns: tuple[FindingView, ...]
    causes: tuple[Cause, ...]
    waived: tuple[FindingGroup, ...]
    passed: tuple[FindingGroup, ...]
    passed_words: str
    not_applicable: tuple[FindingGroup, ...]
    not_applicable_words: str
    spelled_out: bool
    facts: tuple[HostFacts, ...]
    about: tuple[AboutTable, ...]
    findings: tuple[FindingView, ...]
    severities_open: tuple[str, ...]
    environments_open: tuple[str, ...]
