"""Which part of the rules fails where: one row per environment and host, one column per group of checks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from auditor.model.finding import Severity
from auditor.model.inventory import Environment, Host
from auditor.model.scan import ScanRecord
from auditor.reporting.findings import short
from auditor.reporting.language import N_, _, ngettext
from auditor.reporting.matrix import OUTSIDE, facts_anchor
from auditor.reporting.shapes import FindingView, Section
from auditor.reporting.words import CHECK_GROUPS, SEVERITY_WORDS

# Up to this many hosts all have a row of their own; of more, those of which there is something to say.
ALL_ROWS = 40

# The symbol before each word is a matter of the style sheet.
_QUIET = {
    Section.UNDECIDED: ("undecided", N_("unknown")),
    Section.WAIVED: ("waived", N_("waived")),
    Section.PASSED: ("passed", N_("passed")),
    Section.NOT_APPLICABLE: ("na", N_("n/a")),
}
_LOUD = frozenset({Section.OPEN, Section.UNDECIDED, Section.WAIVED})


@dataclass(frozen=True, slots=True)
class GroupCell:
    """The worst that a group of checks says of a subject; `href` leads to it, empty where there is nothing to do."""

    name: str
    kind: str
    word: str
    more: str
    href: str


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One subject; `host` is its name where it is a host."""

    name: str
    host: str
    environment: str
    href: str
    cells: tuple[GroupCell, ...]


@dataclass(frozen=True, slots=True)
class GroupBlock:
    """An environment with its rows; `rest` says how many hosts have nothing but passes."""

    name: str
    rows: tuple[GroupRow, ...]
    rest: str


@dataclass(frozen=True, slots=True)
class GroupMatrix:
    """All subjects against all groups of checks; `columns` are (code, words)."""

    columns: tuple[tuple[str, str], ...]
    blocks: tuple[GroupBlock, ...]


def group_of(check: str) -> str:
    """Return the code of the group of a check: what stands before the number."""
    return check.partition("-")[0]


def group_matrix(record: ScanRecord, views: Iterable[FindingView]) -> GroupMatrix:
    """Return the matrix of groups, with the columns of the groups that judged anything."""
    maker = _Rows(record, tuple(views))
    inventory = record.inventory
    blocks = [GroupBlock(_("Whole infrastructure"), maker.whole(short(inventory.infrastructure), "infrastructure"), "")]
    blocks.extend(maker.block(environment) for environment in inventory.environments)
    if inventory.other_hosts:
        blocks.append(maker.hosts(_(OUTSIDE), inventory.other_hosts, ()))
    columns = tuple((code, CHECK_GROUPS.get(code, code)) for code in maker.codes)
    return GroupMatrix(columns, tuple(block for block in blocks if block.rows or block.rest))


class _Rows:
    def __init__(self, record: ScanRecord, views: tuple[FindingView, ...]) -> None:
        self._all = len(record.inventory.hosts) <= ALL_ROWS
        self._own: dict[tuple[str, str], dict[str, list[FindingView]]] = {}
        for view in views:
            name = view.subject if view.subject_kind != "infrastructure" else ""
            own = self._own.setdefault((view.subject_kind, name), {})
            own.setdefault(group_of(view.check), []).append(view)
        self.codes = sorted({code for own in self._own.values() for code in own})

    def block(self, environment: Environment) -> GroupBlock:
        whole = self.whole(environment.name, "environment", environment.name)
        return self.hosts(short(environment.name), environment.hosts, whole)

    def hosts(self, name: str, hosts: tuple[Host, ...], before: tuple[GroupRow, ...]) -> GroupBlock:
        shown = [host for host in hosts if self._all or self._is_loud(host)]
        rows = tuple(
            self._row(short(host.name), host.name, host.environment or "", f"#{facts_anchor(host.name)}",
                      self._own.get(("host", host.name), {}))
            for host in shown
        )  # fmt: skip
        rest = len(hosts) - len(shown)
        return GroupBlock(name, (*before, *rows), _nothing_of(rest) if rest else "")

    def whole(self, name: str, kind: str, environment: str = "") -> tuple[GroupRow, ...]:
        own = self._own.get((kind, environment), {})
        return (self._row(_("whole"), "", environment, "", own),) if own else ()

    def _is_loud(self, host: Host) -> bool:
        own = self._own.get(("host", host.name), {})
        return any(view.section in _LOUD for views in own.values() for view in views)

    def _row(self, name: str, host: str, environment: str, href: str, own: dict[str, list[FindingView]]) -> GroupRow:
        cells = tuple(_cell(code, own.get(code, [])) for code in self.codes)
        return GroupRow(name, host, environment, href, cells)


def _nothing_of(hosts: int) -> str:
    return ngettext(
        "%(num)s more host of which nothing is open, waived or unknown.",
        "%(num)s more hosts of which nothing is open, waived or unknown.",
        hosts,
    )


def _cell(code: str, views: list[FindingView]) -> GroupCell:
    name = CHECK_GROUPS.get(code, code)
    opened = [view for view in views if view.section is Section.OPEN]
    if opened:
        worst = min(opened, key=lambda view: (Severity(view.severity).rank, view.check))
        more = f"+{len(opened) - 1}" if len(opened) > 1 else ""
        return GroupCell(
            name, f"sev-{worst.severity}", SEVERITY_WORDS[Severity(worst.severity)], more, f"#{worst.anchor}"
        )
    for section, (kind, word) in _QUIET.items():
        found = [view for view in views if view.section is section]
        if found:
            href = f"#{found[0].place}" if section in _LOUD else ""
            more = f"+{len(found) - 1}" if href and len(found) > 1 else ""
            return GroupCell(name, f"g-{kind}", _(word), more, href)
    return GroupCell(name, "", "", "", "")
