"""The host that a name or address in a configuration means."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from auditor.engine.sight import Sighting, Unknowable, search
from auditor.model.fact import FactKey, NotKnown, Reason
from auditor.model.known_facts import HOST_ADDRESSES, HOST_NAMES

if TYPE_CHECKING:
    from auditor.engine.subjects import Host

OF_THE_HOST_ITSELF = frozenset({"localhost", "127.0.0.1", "::1", ".", "(local)"})


# Of each environment (None: outside of all) the first host that is known by a name, with its place in the inventory.
_First = dict[str | None, tuple[int, "Host"]]
_Index = dict[str, _First]


class HostDirectory:
    """All hosts by their names and addresses: declared ones, and those that the hosts told."""

    def __init__(self, hosts: Iterable[Host]) -> None:
        self._hosts = tuple(hosts)
        # A short name means every full one with the same first label, so there is an index of these too.
        self._by_name: _Index = defaultdict(dict)
        self._by_label: _Index = defaultdict(dict)
        self._by_address: _Index = defaultdict(dict)
        for place, host in enumerate(self._hosts):
            declared = [text.casefold() for text in (host.name, *host.declared.aliases)]
            names = [text for text in declared if not _is_address(text)] + _told(host, HOST_NAMES)
            addresses = [text for text in declared if _is_address(text)] + _told(host, HOST_ADDRESSES)
            for texts, index in (
                (names, self._by_name),
                ([name.partition(".")[0] for name in names], self._by_label),
                (addresses, self._by_address),
            ):
                for text in texts:
                    index[text].setdefault(host.declared.environment, (place, host))
        self._gaps: dict[str, Sighting[Host]] = {}

    def find(self, text: str, seen_from: Host) -> Host:
        """Return the host that `text` in a configuration of `seen_from` means; of several one of its environment.

        A name that no host is known by may still be an alias in DNS, so it raises `Unknowable` (not-declared); where
        a host's own names could not be read, with the reason of that.
        """
        wanted = text.strip().casefold()
        if wanted in OF_THE_HOST_ITSELF:
            return seen_from
        key = HOST_ADDRESSES if _is_address(wanted) else HOST_NAMES
        known = [first for first in self._known_by(wanted) if first]
        if not known:
            raise self._nobody(text, key, seen_from)
        environment = seen_from.declared.environment
        near = [first[environment] for first in known if environment in first]
        _, found = min(near or [next(iter(first.values())) for first in known], key=_place)
        if not _is_declared(found, wanted):
            # The index notes nothing; what was found by it is evidence.
            found.fact(key)
        return found

    def _known_by(self, wanted: str) -> tuple[_First, ...]:
        none: _First = {}
        if _is_address(wanted):
            return (self._by_address.get(wanted, none),)
        label, dot, _ = wanted.partition(".")
        if not dot:
            return (self._by_label.get(label, none),)
        return self._by_name.get(wanted, none), self._by_name.get(label, none)

    def _nobody(self, text: str, key: FactKey[tuple[str, ...]], seen_from: Host) -> Unknowable:
        if key.name not in self._gaps:
            # Nobody said yes: only who could not be asked is of interest.
            self._gaps[key.name] = search(self._hosts, lambda host: host.look_up(key) is None)
        gap = self._gaps[key.name].gap
        if gap is None:
            sentence = f"{seen_from.name} names {text}, by which no host of the inventory is known; add it as an alias."
            return Unknowable(NotKnown(Reason.NOT_DECLARED, sentence))
        sentence = f"{seen_from.name} names {text}, by which no host that was seen is known. {gap.not_known.sentence}"
        return Unknowable(NotKnown(gap.not_known.reason, sentence))


def _told(host: Host, key: FactKey[tuple[str, ...]]) -> list[str]:
    try:
        return [text.casefold() for text in host.look_up(key)]
    except Unknowable:
        return []


def _place(entry: tuple[int, Host]) -> int:
    return entry[0]


def _is_declared(host: Host, wanted: str) -> bool:
    declared = [name.casefold() for name in (host.name, *host.declared.aliases)]
    if _is_address(wanted):
        return wanted in declared
    return any(_same_name(name, wanted) for name in declared)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_loopback(text: str) -> bool:
    """Whether a name or address in a configuration means whatever machine reads it."""
    name = text.strip().casefold().removesuffix(".")
    return name == "localhost" or (_is_address(name) and ipaddress.ip_address(name).is_loopback)


def _same_name(name: str, wanted: str) -> bool:
    """Whether two host names are equal; a short name equals a full one with the same first label."""
    if "." in name and "." in wanted:
        return name == wanted
    return name.partition(".")[0] == wanted.partition(".")[0]
