"""The picture of the infrastructure: a lane per environment, a box per host, lines to what the hosts name.

Every lane is a drawing of its own, so that lanes flow into as many columns as the screen has; nothing is drawn that the
data do not say. Units are those of the drawing, one about a pixel.
"""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Iterable, Iterator, Mapping

from auditor.model.component import Portrait, State
from auditor.model.finding import Severity
from auditor.model.inventory import Environment, Host, Role
from auditor.model.scan import Judgement, ScanRecord
from auditor.reporting.findings import badge, short
from auditor.reporting.host_shapes import Box, Drawing, Lane, Mark, Target, TopologyRow, Wire
from auditor.reporting.language import N_, Words, _, ngettext
from auditor.reporting.matrix import (
    OUTSIDE,
    cell,
    empty_note,
    environment_description,
    host_anchor,
    reading_state,
    roles_in_words,
)
from auditor.reporting.plain import shortened
from auditor.reporting.shapes import Badge, FindingView
from auditor.reporting.wiring import Database, Naming, namings
from auditor.reporting.words import count, enumeration

WIDTH = 288
LEFT, RIGHT = 18, 256
_NAME_LINE, _ROLE_LINE, _LINE, _BADGE, _PADDING, _GAP = 24, 15, 17, 22, 8, 18
_LABEL, _NAME, _TARGET_GAP, _NAMES = 24, 16, 8, 4
_CONTROLLER_X, _BROKER_X, _DATABASE_X = 6, 266, 277
# Up to this many hosts are all drawn; of more, so many of the worst lanes, with so many hosts that have to tell.
ALL_DRAWN, _LANES, _TELLING, _NOTHING = 40, 24, 5, 100
_USES = Words({"controller": N_("controlled by"), "broker": N_("use the cache broker"), "database": N_("use")})
_SHOWN = frozenset({State.PRESENT, State.PROBABLE, State.BROKEN, State.LEFTOVER})


def topology(
    record: ScanRecord, judgement: Judgement, views: Iterable[FindingView]
) -> tuple[tuple[Lane, ...], tuple[TopologyRow, ...]]:
    """Return the lanes of the picture and the table that says the same in words."""
    drawing = _Drawing(record, judgement, tuple(views))
    lanes = [drawing.lane(environment) for environment in record.inventory.environments]
    others = record.inventory.other_hosts
    if others:
        shown = drawing.telling(others)
        rest = len(others) - len(shown)
        note = _not_drawn(rest, len(shown))
        drawings = tuple(drawing.draw(OUTSIDE, short(host.name), (host,)) for host in shown)
        lanes.append(Lane(_(OUTSIDE), "", note, None, True, drawings))
    rows = [drawing.row(host) for host in record.inventory.hosts]
    return tuple(lanes), tuple(rows if len(rows) <= ALL_DRAWN else _alike_together(rows))


class _Drawing:
    def __init__(self, record: ScanRecord, judgement: Judgement, views: tuple[FindingView, ...]) -> None:
        self._record = record
        self._portraits = judgement.portraits
        self._namings = namings(record.inventory, judgement.facts)
        self._users = _users_of_databases(record, self._namings)
        self._badges: dict[str, Badge | None] = {}
        self._environment_badges: dict[str, Badge | None] = {}
        for kind, badges in (("host", self._badges), ("environment", self._environment_badges)):
            found: dict[str, list[FindingView]] = {}
            for view in views:
                if view.subject_kind == kind:
                    found.setdefault(view.subject, []).append(view)
            badges.update({name: badge(items) for name, items in found.items()})
        by_worst = sorted(record.inventory.hosts, key=lambda host: (self._worst(host), host.name))
        in_order = dict.fromkeys(host.environment for host in by_worst if self._worst(host) < _NOTHING)
        self._worst_lanes = frozenset(list(in_order)[:_LANES])

    def lane(self, environment: Environment) -> Lane:
        """Return an environment in one drawing, or none where it has no host."""
        name = short(environment.name)
        label = f"{name}: {count(len(environment.hosts), 'host', 'hosts')}"
        shown = self.telling(environment.hosts)
        rest = len(environment.hosts) - len(shown)
        drawn = self.draw(environment.name, label, shown) if shown else None
        return Lane(
            name=name,
            description=environment_description(environment),
            note=_not_drawn(rest, len(shown)) or empty_note(environment),
            badge=self._environment_badges.get(environment.name),
            outside=False,
            drawings=(drawn,) if drawn else (),
        )

    def telling(self, hosts: tuple[Host, ...]) -> tuple[Host, ...]:
        """Return the hosts to draw: all, or of many those of which there is something to tell and their controllers."""
        if len(self._record.inventory.hosts) <= ALL_DRAWN:
            return hosts
        if not self._worst_lanes.intersection(host.environment for host in hosts):
            return ()
        first = sorted(hosts, key=lambda host: (self._worst(host), not self._controls(host), host.name))
        worth = [host for host in first if self._worst(host) < _NOTHING]
        # The controllers beside them, so that one sees what they belong to.
        telling = [*worth, *(host for host in first if worth and self._controls(host) and host not in worth)][:_TELLING]
        return tuple(telling)

    def _worst(self, host: Host) -> int:
        found = self._badges.get(host.name)
        if found is not None:
            return Severity(found.severity).rank
        return _NOTHING - (reading_state(self._record.visits.get(host.name))[0] != "read")

    def draw(self, lane: str, label: str, hosts: tuple[Host, ...]) -> Drawing:
        """Place the boxes below each other, controllers first, and what they name below the boxes."""
        ordered = sorted(hosts, key=lambda host: (not self._controls(host), not self._serves(host), host.name))
        boxes: list[Box] = []
        y = 2
        for host in ordered:
            boxes.append(self._box(host, y))
            y += boxes[-1].height + _GAP
        placed = {host.name: box for host, box in zip(ordered, boxes, strict=True)}
        targets, wires = wiring(placed, self._namings, self._users, lane, y)
        bottom = targets[-1].y + targets[-1].height if targets else y - _GAP
        return Drawing(label, WIDTH, bottom + 2, tuple(boxes), tuple(targets), tuple(wires))

    def _controls(self, host: Host) -> bool:
        return _does(host, self._portraits.get(host.name), Role.DEPLOYMENT_CONTROLLER)

    def _serves(self, host: Host) -> bool:
        return _does(host, self._portraits.get(host.name), Role.FRONT_END)

    def _box(self, host: Host, y: int) -> Box:
        portrait = self._portraits.get(host.name)
        reading = reading_state(self._record.visits.get(host.name))[0]
        roles = textwrap.wrap(shortened(roles_in_words(host, portrait), 70), 36, max_lines=2, placeholder="…")
        head = _NAME_LINE + _ROLE_LINE * len(roles) + 4
        marks = _marks(portrait, head)
        worst = self._badges.get(host.name)
        inner = head + _LINE * len(marks)
        height = inner + (_BADGE if worst else 0) + _PADDING
        return Box(
            y=y,
            height=height,
            name=shortened(host.name, 24),
            full_name=short(host.name),
            href=f"#{host_anchor(host.name)}",
            roles=tuple((_NAME_LINE + 12 + _ROLE_LINE * line, text) for line, text in enumerate(roles)),
            reading=reading,
            marks=marks,
            badge=worst,
            badge_y=height - _BADGE,
        )

    def row(self, host: Host) -> TopologyRow:
        """Say in words what a host does and names."""
        naming = self._namings[host.name]
        unknown = "" if naming.known else _("not known")
        return TopologyRow(
            environment=short(host.environment) if host.environment else "–",
            host=short(host.name),
            roles=roles_in_words(host, self._portraits.get(host.name)),
            controller=naming.controller.text if naming.controller else unknown or "–",
            broker=naming.broker.text if naming.broker else unknown or "–",
            databases=enumeration([item.words for item in naming.databases]) or unknown or "–",
        )


def _alike_together(rows: Iterable[TopologyRow]) -> Iterator[TopologyRow]:
    """Yield one row for all hosts of an environment that do the same and name the same."""
    hosts: dict[TopologyRow, list[str]] = {}
    for row in rows:
        hosts.setdefault(dataclasses.replace(row, host=""), []).append(row.host)
    for row, names in hosts.items():
        yield dataclasses.replace(row, host=", ".join(names))


def _not_drawn(rest: int, drawn: int) -> str:
    """Say how many hosts were left out of a large picture; the table has all."""
    if not rest:
        return ""
    if drawn:
        return ngettext("%(num)s more host not drawn.", "%(num)s more hosts not drawn.", rest)
    return ngettext("%(num)s host, not drawn.", "%(num)s hosts, not drawn.", rest)


def _does(host: Host, portrait: Portrait | None, role: Role) -> bool:
    actual = getattr(portrait.roles, "actual", None) if portrait is not None else None
    return role in (host.roles if actual is None else actual)


def _marks(portrait: Portrait | None, y: int) -> tuple[Mark, ...]:
    if portrait is None:
        return (Mark(y, State.UNKNOWN.value, "?", _("nothing is known"), ""),)
    cells = [cell(component) for component in portrait.components if component.state in _SHOWN]
    unknown = sum(component.state is State.UNKNOWN for component in portrait.components)
    marks = [
        Mark(y + _LINE * index, item.state, item.symbol, item.name, shortened(item.version, 33 - len(item.name)))
        for index, item in enumerate(cells)
    ]
    if unknown:
        words = _more_unknown(unknown) if cells else _("components not known")
        marks.append(Mark(y + _LINE * len(marks), State.UNKNOWN.value, "?", words, ""))
    elif not marks:
        marks.append(Mark(y, State.ABSENT.value, "–", _("no OutSystems component"), ""))
    return tuple(marks)


def _more_unknown(number: int) -> str:
    return ngettext("%(num)s more not known", "%(num)s more not known", number)


def _users_of_databases(record: ScanRecord, found: Mapping[str, Naming]) -> dict[tuple[str, str], list[str]]:
    users: dict[tuple[str, str], list[str]] = {}
    for host in record.inventory.hosts:
        for database in found[host.name].databases:
            names = users.setdefault(database.key, [])
            if host.environment is not None and host.environment not in names:
                names.append(host.environment)
    return users


def wiring(
    boxes: Mapping[str, Box],
    found: Mapping[str, Naming],
    users: Mapping[tuple[str, str], list[str]],
    lane: str,
    y: int,
) -> tuple[list[Target], list[Wire]]:
    """Return what stands below the boxes, from `y` down, and one line for each thing that hosts share."""
    targets: list[Target] = []
    wires: list[Wire] = []

    def place(kind: str, label: str, names: list[str], owner: str | None = None) -> Target:
        top = targets[-1].y + targets[-1].height + _TARGET_GAP if targets else y
        targets.append(_target(top, kind, label, names, f"#{host_anchor(owner)}" if owner is not None else ""))
        return targets[-1]

    for kind, label, rail, side, offset in (
        ("controller", _("Controller"), _CONTROLLER_X, LEFT, 22),
        ("broker", _("Cache broker"), _BROKER_X, RIGHT, 16),
    ):
        for (text, owner), hosts in _by_named(kind, boxes, found).items():
            heading = label if owner is not None else _("%(label)s · not in the inventory", label=label)
            inside = boxes.get(owner) if owner is not None else None
            end = inside.y if inside is not None else place(kind, heading, [text], owner).y
            wires.append(_wire(kind, rail, side, [boxes[host].y + offset for host in hosts], end + offset, hosts, text))
    for databases, hosts in _by_databases(boxes, found).items():
        others = sorted({short(name) for item in databases for name in users[item.key] if name != lane})
        server = short(databases[0].server)
        label = ngettext("Database on %(server)s", "Databases on %(server)s", len(databases), server=server)
        shared = " · " + _("also %(names)s", names=enumeration(others)) if others else ""
        names = [short(item.catalog or item.server) for item in databases]
        target = place("database", f"{label}{shared}", names)
        starts = [boxes[host].y + 30 for host in hosts]
        text = _("%(names)s on %(server)s", names=enumeration(names), server=server)
        wires.append(_wire("database", _DATABASE_X, RIGHT, starts, target.y + target.height // 2, hosts, text))
    return targets, wires


def _by_named(
    kind: str, boxes: Mapping[str, Box], found: Mapping[str, Naming]
) -> dict[tuple[str, str | None], list[str]]:
    """Return who names which controller or broker, without those that name themselves."""
    users: dict[tuple[str, str | None], list[str]] = {}
    for host in boxes:
        named = found[host].controller if kind == "controller" else found[host].broker
        if named is not None and named.host != host:
            users.setdefault((named.text, named.host), []).append(host)
    return users


def _by_databases(boxes: Mapping[str, Box], found: Mapping[str, Naming]) -> dict[tuple[Database, ...], list[str]]:
    """Return which hosts use which databases; databases of one server that the same hosts use stand together."""
    hosts_of: dict[Database, list[str]] = {}
    for host in boxes:
        for database in found[host].databases:
            hosts_of.setdefault(database, []).append(host)
    together: dict[tuple[str, tuple[str, ...]], list[Database]] = {}
    for database, hosts in hosts_of.items():
        together.setdefault((database.key[0], tuple(hosts)), []).append(database)
    return {tuple(databases): list(hosts) for (_, hosts), databases in together.items()}


def _target(y: int, kind: str, label: str, names: list[str], href: str) -> Target:
    left = len(names) - _NAMES + 1
    more = ngettext("and %(num)s more", "and %(num)s more", left)
    shown = names if len(names) <= _NAMES else [*names[: _NAMES - 1], more]
    lines = tuple((_LABEL + 10 + _NAME * index, shortened(name, 32)) for index, name in enumerate(shown))
    height = _LABEL + _NAME * len(shown) + 8
    return Target(y, height, kind, shortened(label, 38), lines, f"{label}: {', '.join(names)}", href)


def _wire(kind: str, rail: int, side: int, starts: list[int], end: int, hosts: list[str], text: str) -> Wire:
    """Return one line: a rail from the first to the last, with a branch to each host and to what they name."""
    branches = sorted({*starts, end})
    path = f"M{rail} {branches[0]}V{branches[-1]}" + "".join(f"M{rail} {y}H{side}" for y in branches)
    meaning = f"{enumeration([short(host) for host in hosts])}: {_USES[kind]} {text}"
    return Wire(kind, path, meaning)
