"""Who a host is: one machine behind two entries, and the host that a name in a configuration means."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from auditor.engine.sight import Unknowable, search
from auditor.model.fact import FactKey, NotKnown, Reason
from auditor.model.known_facts import HOST_ADDRESSES, HOST_NAMES, MACHINE_GUID, MACHINE_MACS, MACHINE_UUID

if TYPE_CHECKING:
    from auditor.engine.subjects import Host

_MARKS: tuple[FactKey[Any], ...] = (MACHINE_UUID, MACHINE_GUID, MACHINE_MACS)
_OF_THE_HOST_ITSELF = frozenset({"localhost", "127.0.0.1", "::1", ".", "(local)"})


@dataclass(frozen=True, slots=True)
class HostPair:
    """Two entries of the inventory that are compared."""

    first: Host
    second: Host

    @property
    def name(self) -> str:
        """Both names, for a sentence."""
        return f"{self.first.name} and {self.second.name}"

    @property
    def is_one_machine(self) -> bool:
        """Whether both are the same machine; raises `Unknowable` as `is_same_machine` does."""
        return is_same_machine(self.first, self.second)


def is_same_machine(one: Host, other: Host) -> bool:
    """Whether two entries are one machine: two of hardware UUID, system GUID and network cards agree.

    One alone proves nothing: clones of a template share the GUID. Raises `Unknowable` where neither two agree nor
    two differ.
    """
    agree = differ = 0
    not_known: NotKnown | None = None
    for key in _MARKS:
        try:
            mine, theirs = _marks(one.fact(key)), _marks(other.fact(key))
        except Unknowable as unknowable:
            not_known = unknowable.not_known
            continue
        if not mine or not theirs:
            continue
        same = bool(mine & theirs)
        agree, differ = agree + same, differ + (not same)
    if agree >= 2:
        return True
    if differ >= 2 or (differ and not agree and not_known is None):
        return False
    sentence = f"The identities of {one.name} and {other.name} neither agree nor differ in two of three marks."
    raise Unknowable(not_known or NotKnown(Reason.CONTRADICTORY, sentence))


def _marks(value: str | tuple[str, ...] | None) -> frozenset[str]:
    values = (value,) if isinstance(value, str) else value or ()
    return frozenset(item.casefold() for item in values if item)


def host_called(text: str, hosts: Iterable[Host], seen_from: Host) -> Host:
    """Return the host that a name or address in a configuration of `seen_from` means.

    A name that no host is known by may still be an alias in DNS, so it raises `Unknowable` (not-declared); where a
    host's own names could not be read, with the reason of that.
    """
    wanted = text.strip().casefold()
    if wanted in _OF_THE_HOST_ITSELF:
        return seen_from
    near_first = sorted(hosts, key=lambda host: host.environment is not seen_from.environment)
    sighting = search(near_first, lambda host: _is_called(host, wanted))
    if sighting.found:
        return sighting.found[0]
    sighting.demand_complete_sight()
    sentence = f"{seen_from.name} names {text}, which no host of the inventory is known by; declare it as an alias."
    raise Unknowable(NotKnown(Reason.NOT_DECLARED, sentence))


def _is_called(host: Host, wanted: str) -> bool:
    if _is_address(wanted):
        return wanted in {address.casefold() for address in (*host.declared.aliases, *host.fact(HOST_ADDRESSES))}
    if any(_same_name(name, wanted) for name in (host.name, *host.declared.aliases)):
        return True
    return any(_same_name(name, wanted) for name in host.fact(HOST_NAMES))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _same_name(name: str, wanted: str) -> bool:
    """Whether two host names are equal; a short name equals a full one with the same first label."""
    name = name.casefold()
    if "." in name and "." in wanted:
        return name == wanted
    return name.partition(".")[0] == wanted.partition(".")[0]
