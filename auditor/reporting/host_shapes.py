"""The shapes of what is said of hosts: the matrix of components, the topology, and the facts."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.reporting.shapes import Badge


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
    purpose: str
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
    """A host in the topology, in units of the drawing; `badge_y` and that of `roles` count from the top of the box."""

    y: int
    height: int
    name: str
    full_name: str
    href: str
    roles: tuple[tuple[int, str], ...]
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
    """The topology in words: one host, or several that are alike, and what it names."""

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
    """Everything that is known of one host; `name` and `environment_name` as declared, `reading` as a code."""

    name: str
    environment_name: str
    reading: str
    note: str
    host: str
    anchor: str
    environment: str
    summary: str
    visit: tuple[tuple[str, str], ...]
    roles: str
    contradictions: tuple[str, ...]
    components: tuple[ComponentEvidence, ...]
    facts: tuple[FactRow, ...]
