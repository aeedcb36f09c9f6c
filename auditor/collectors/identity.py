"""Names, addresses and marks of a Windows server, by which it is told from others."""

from __future__ import annotations

from typing import Any

from auditor.collectors.base import Collector, FactMap, Observations
from auditor.collectors.reading import (
    Answers,
    distinct,
    fact,
    facts,
    flag,
    member,
    registry_text,
    row,
    rows,
    text,
    text_or_empty,
    texts,
)
from auditor.collectors.rights import REGISTRY, WMI
from auditor.model.known_facts import (
    HOST_ADDRESSES,
    HOST_NAME,
    HOST_NAMES,
    MACHINE_GUID,
    MACHINE_MACS,
    MACHINE_UUID,
)
from auditor.model.question import Platform, Question, Verb

NAMES = Question(
    id="identity.names",
    verb=Verb.WMI,
    platform=Platform.WINDOWS,
    why="Tells the server's own name and domain, to see whether a configuration means this server.",
    rights=WMI,
    arguments={"class": "Win32_ComputerSystem", "properties": ["Name", "DNSHostName", "Domain", "PartOfDomain"]},
)
ADAPTERS = Question(
    id="identity.adapters",
    verb=Verb.WMI,
    platform=Platform.WINDOWS,
    why="Tells addresses of the network cards, to see whether a configuration means this server.",
    rights=WMI,
    arguments={
        "class": "Win32_NetworkAdapterConfiguration",
        "properties": ["IPAddress", "MACAddress"],
        "condition": "IPEnabled = TRUE",
    },
)
HARDWARE_UUID = Question(
    id="identity.hardware_uuid",
    verb=Verb.WMI,
    platform=Platform.WINDOWS,
    why="Tells the UUID of the hardware, so that one server listed twice is counted once.",
    rights=WMI,
    arguments={"class": "Win32_ComputerSystemProduct", "properties": ["UUID"]},
)
SYSTEM_GUID = Question(
    id="identity.system_guid",
    verb=Verb.REGISTRY,
    platform=Platform.WINDOWS,
    why="Tells the GUID of the Windows installation, so that one server listed twice is counted once.",
    rights=REGISTRY,
    arguments={"key": r"HKLM\SOFTWARE\Microsoft\Cryptography", "values": ["MachineGuid"]},
)

# What boards say whose maker left the number out; these tell no server from another.
_NO_UUIDS = {"", "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"}


def read(observations: Observations) -> FactMap:
    """Give names, addresses and marks."""
    return facts(
        fact(observations, HOST_NAME, lambda answers: text(member(row(answers.value(NAMES)), "Name"))),
        fact(observations, HOST_NAMES, lambda answers: _names(answers.value(NAMES))),
        fact(observations, HOST_ADDRESSES, lambda answers: _addresses(answers.whole(ADAPTERS))),
        fact(observations, MACHINE_MACS, lambda answers: _macs(answers.whole(ADAPTERS))),
        fact(observations, MACHINE_UUID, _uuid),
        fact(observations, MACHINE_GUID, lambda answers: registry_text(answers.value(SYSTEM_GUID), "MachineGuid")),
    )


def _names(value: Any) -> tuple[str, ...]:
    system = row(value)
    short = text(member(system, "Name"))
    host = text_or_empty(member(system, "DNSHostName")) or short
    in_domain = member(system, "PartOfDomain")
    domain = text_or_empty(member(system, "Domain")) if in_domain is None or flag(in_domain) else ""
    return distinct((short, host, f"{host}.{domain}" if "." in domain else ""))


def _addresses(value: Any) -> tuple[str, ...]:
    return distinct(address for adapter in rows(value) for address in texts(member(adapter, "IPAddress")))


def _macs(value: Any) -> tuple[str, ...]:
    return distinct(text_or_empty(member(adapter, "MACAddress")).upper() for adapter in rows(value))


def _uuid(answers: Answers) -> str | None:
    uuid = text_or_empty(member(row(answers.value(HARDWARE_UUID)), "UUID"))
    return None if uuid.casefold() in _NO_UUIDS else uuid


COLLECTOR = Collector("identity", Platform.WINDOWS, (NAMES, ADAPTERS, HARDWARE_UUID, SYSTEM_GUID), read)
