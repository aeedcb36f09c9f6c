"""The same server asked over every channel gives the same facts, wherever the channel can ask."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from auditor.model.fact import Facts, Known
from auditor.model.known_facts import DevelopmentTool
from auditor.model.observation import ChannelName
from auditor.model.question import Platform
from auditor.model.scan import ScanRecord
from auditor.simulation.infrastructure import ModelledInfrastructure, ModelledTransport
from tests.end_to_end.simulated import modelled, scan_once, serving

# What changes from moment to moment.
MOVING = {"clock.offset"}
# WMI cannot answer questions about files, XML, listeners and rights.
ASKED_OVER_WMI = 25

PROFILES = [
    "reference",
    "p05-lifetime-in-development",
    "p09-leftover",
    "p10-outsystems-10",
    "p12-service-studio",
    "p13-plain-hosts",
    "p15-detached",
]


def over(infrastructure: ModelledInfrastructure, transport: ModelledTransport) -> ModelledInfrastructure:
    environments = tuple(
        replace(
            environment,
            hosts=tuple(
                replace(host, transport=transport) for host in environment.hosts if host.machine.platform is _WINDOWS
            ),
        )
        for environment in infrastructure.environments
    )
    others = tuple(
        replace(host, transport=transport) for host in infrastructure.other_hosts if host.machine.platform is _WINDOWS
    )
    return replace(infrastructure, environments=environments, other_hosts=others)


_WINDOWS = Platform.WINDOWS


def scanned(infrastructure: ModelledInfrastructure, transport: ModelledTransport, folder: Path) -> ScanRecord:
    place = folder / transport.value
    place.mkdir()
    with serving(over(infrastructure, transport), place) as (_, inventory):
        return scan_once(inventory, place)


def known(facts: Facts) -> dict[str, object]:
    return {name: _comparable(fact.value) for name, fact in facts if isinstance(fact, Known) and name not in MOVING}


def _comparable(value: object) -> object:
    """Leave out whether the executable of a development tool exists: WMI cannot look, and the rest is told alike."""
    if isinstance(value, tuple):
        return tuple(_comparable(item) for item in value)
    return replace(value, executable_exists=None) if isinstance(value, DevelopmentTool) else value


@pytest.mark.parametrize("name", PROFILES)
def test_every_channel_gives_the_same_facts(name: str, tmp_path: Path) -> None:
    infrastructure = modelled(name)
    over_winrm = scanned(infrastructure, ModelledTransport.WINRM, tmp_path)
    over_ssh = scanned(infrastructure, ModelledTransport.SSH, tmp_path)
    over_wmi = scanned(infrastructure, ModelledTransport.WMI, tmp_path)
    assert over_winrm.judgement and over_ssh.judgement and over_wmi.judgement

    for host, visit in over_winrm.visits.items():
        assert visit.channel is ChannelName.POWERSHELL_OVER_WINRM
        assert over_ssh.visits[host].channel is ChannelName.POWERSHELL_OVER_SSH
        assert over_wmi.visits[host].channel is ChannelName.WMI_OVER_WSMAN
        facts = known(over_winrm.judgement.facts[host])
        assert known(over_ssh.judgement.facts[host]) == facts
        by_wmi = known(over_wmi.judgement.facts[host])
        assert by_wmi == {name: value for name, value in facts.items() if name in by_wmi}
        assert len(by_wmi) >= ASKED_OVER_WMI
