"""Which component is installed where: one row per host, one column per component."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from auditor.model.component import Component, ComponentKind, Portrait, State
from auditor.model.fact import NotKnown
from auditor.model.inventory import Environment, Host, Hosting
from auditor.model.observation import Visit
from auditor.model.scan import Judgement, ScanRecord
from auditor.reporting.findings import badge, short
from auditor.reporting.host_shapes import Cell, Matrix, MatrixGroup, MatrixRow
from auditor.reporting.language import N_, English, _
from auditor.reporting.plain import anchor, cut_line, shortened
from auditor.reporting.shapes import FindingView
from auditor.reporting.values import SENTENCE
from auditor.reporting.words import (
    COMPONENTS,
    HOSTINGS,
    PURPOSES,
    STATE_MEANINGS,
    STATE_SYMBOLS,
    STATES,
    count,
    enumeration,
    first_few,
    reading_of,
    roles_of,
)

OUTSIDE = N_("No environment")
# These columns are always there: whether they are installed is what people ask first.
_ALWAYS = (
    ComponentKind.PLATFORM_SERVER,
    ComponentKind.SERVICE_CENTER,
    ComponentKind.LIFETIME,
    ComponentKind.RABBITMQ,
)
_NAMED = 12
_FOUND = frozenset({State.PRESENT, State.PROBABLE, State.BROKEN, State.LEFTOVER})


def matrix(record: ScanRecord, judgement: Judgement, views: Iterable[FindingView]) -> Matrix:
    """Return the matrix of components; columns in which no host has anything are told in a sentence instead."""
    portraits = judgement.portraits
    kinds = [kind for kind in ComponentKind if kind in _ALWAYS or _found_somewhere(kind, portraits)]
    rest = [kind for kind in ComponentKind if kind not in kinds]
    maker = _Rows(record, portraits, kinds, tuple(views))
    groups = [maker.group(environment) for environment in record.inventory.environments]
    if record.inventory.other_hosts:
        rows = tuple(maker.row(host) for host in record.inventory.other_hosts)
        groups.append(MatrixGroup(_(OUTSIDE), "", "", "", None, len(rows), rows))
    return Matrix(
        columns=tuple(COMPONENTS[kind] for kind in kinds),
        width=len(kinds),
        note_width=len(kinds) + 1,
        groups=tuple(groups),
        elsewhere=_elsewhere(rest, record, portraits),
        legend=tuple((state.value, STATE_SYMBOLS[state], STATES[state], STATE_MEANINGS[state]) for state in State),
    )


def _found_somewhere(kind: ComponentKind, portraits: Mapping[str, Portrait]) -> bool:
    return any(portrait.component(kind).state in _FOUND for portrait in portraits.values())


def _elsewhere(kinds: list[ComponentKind], record: ScanRecord, portraits: Mapping[str, Portrait]) -> str:
    """Say of the left-out components where they are proved to be absent and where that is not known."""
    unseen = {
        portrait.host
        for portrait in portraits.values()
        if any(portrait.component(kind).state is State.UNKNOWN for kind in kinds)
    }
    looked = len(portraits) - len(unseen)
    if not kinds or not portraits:
        return ""
    names = enumeration([COMPONENTS[kind] for kind in kinds])
    if not looked:
        return _("Not known on any host: %(names)s.", names=names)
    hosts = count(looked, "host", "hosts")
    sentence = _("Looked for and found on none of %(hosts)s: %(names)s.", hosts=hosts, names=names)
    if unseen:
        blind = [short(host.name) for host in record.inventory.hosts if host.name in unseen]
        sentence += " " + _("Not known on %(hosts)s.", hosts=first_few(blind, _NAMED))
    return sentence


def cell(component: Component) -> Cell:
    """Return one component in words."""
    return Cell(
        kind=component.kind.value,
        name=COMPONENTS[component.kind],
        state=component.state.value,
        symbol=STATE_SYMBOLS[component.state],
        word=STATES[component.state],
        version=shortened(component.version or "", 40),
    )


def environment_description(environment: Environment) -> str:
    """Return purpose and hosting in words; the purpose is left out where the name says it already."""
    purpose = PURPOSES[environment.purpose]
    words = [] if purpose.casefold() in environment.name.casefold() else [purpose]
    if environment.hosting is not Hosting.ON_PREMISES:
        words.append(HOSTINGS[environment.hosting])
    return ", ".join(words)


def empty_note(environment: Environment) -> str:
    """Say why an environment has no hosts; empty when it has some."""
    if environment.hosts:
        return ""
    if environment.hosting is Hosting.CLOUD:
        return _("Hosted in the cloud: its servers are not ours to read.")
    return _("No host is declared in this environment.")


def host_anchor(name: str) -> str:
    """Return the id of a host's row in the matrix."""
    return anchor("host", name)


def facts_anchor(name: str) -> str:
    """Return the id of a host's facts."""
    return anchor("facts", name)


def reading_state(visit: Visit | None) -> tuple[str, str]:
    """Return how far a host was read (read, partly, unread) and what there is to say about it."""
    if visit is None:
        return "unread", English("The host was not visited in this scan.")
    sentence = English(cut_line(visit.failure.sentence, SENTENCE) if visit.failure else "")
    if visit.failure is None:
        return "read", ""
    return ("partly" if visit.answers else "unread"), sentence


def roles_in_words(host: Host, portrait: Portrait | None) -> str:
    """Return what a host does; where that was not seen, what is declared, said as such."""
    reading = portrait.roles if portrait is not None else None
    if reading is None or isinstance(reading, NotKnown):
        declared = roles_of(host.roles)
        return _("declared: %(roles)s", roles=declared) if declared else _("not known")
    return reading_of(reading) or _("none")


class _Rows:
    def __init__(
        self,
        record: ScanRecord,
        portraits: Mapping[str, Portrait],
        kinds: list[ComponentKind],
        views: tuple[FindingView, ...],
    ) -> None:
        self._record = record
        self._portraits = portraits
        self._kinds = kinds
        self._hosts: dict[str, list[FindingView]] = {}
        self._environments: dict[str, list[FindingView]] = {}
        for view in views:
            if view.subject_kind == "host":
                self._hosts.setdefault(view.subject, []).append(view)
            elif view.subject_kind == "environment":
                self._environments.setdefault(view.subject, []).append(view)

    def group(self, environment: Environment) -> MatrixGroup:
        return MatrixGroup(
            name=short(environment.name),
            purpose=PURPOSES[environment.purpose],
            description=environment_description(environment),
            note=empty_note(environment),
            badge=badge(self._environments.get(environment.name, ())),
            span=max(1, len(environment.hosts)),
            rows=tuple(self.row(host) for host in environment.hosts),
        )

    def row(self, host: Host) -> MatrixRow:
        portrait = self._portraits.get(host.name)
        reading, note = reading_state(self._record.visits.get(host.name))
        states = {component.state for component in portrait.components} if portrait else {State.UNKNOWN}
        blind = states == {State.UNKNOWN}
        return MatrixRow(
            host=short(host.name),
            anchor=host_anchor(host.name),
            facts_href=f"#{facts_anchor(host.name)}",
            roles=_("no OutSystems component") if states == {State.ABSENT} else roles_in_words(host, portrait),
            reading=reading,
            note="" if blind else note,
            blind=(note or _("No component could be looked at.")) if blind else "",
            cells=tuple(cell(portrait.component(kind)) for kind in self._kinds) if portrait and not blind else (),
            badge=badge(self._hosts.get(host.name, ())),
        )
