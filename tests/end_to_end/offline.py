"""Visits to modelled hosts without a network: the script goes in, what the machine prints is read as ever."""

from __future__ import annotations

from datetime import UTC, datetime

from auditor.collectors import questions_of
from auditor.evaluating import HostReading, judge_readings, read_host
from auditor.model.inventory import Environment, Host, Inventory, SSHEndpoint, WinRMEndpoint, WinRMSignIn
from auditor.model.observation import ChannelName, Visit
from auditor.model.question import Platform
from auditor.model.scan import EarlierScan, Judgement
from auditor.scanning import arrived
from auditor.settings.reference import load_reference
from auditor.simulation.answering import run_script
from auditor.simulation.infrastructure import ModelledHost, ModelledInfrastructure, Reach
from auditor.transports.base import Limits, Request
from auditor.transports.document import linux_script, read_document, windows_script
from tests.end_to_end.simulated import rules


def declared(infrastructure: ModelledInfrastructure) -> Inventory:
    """Return the inventory that declares a modelled infrastructure."""
    environments = tuple(
        Environment(
            item.name,
            item.purpose,
            item.hosting,
            tuple(_host(host) for host in item.hosts),
            address=item.address,
            tls_offloading=item.tls_offloading,
        )
        for item in infrastructure.environments
    )
    others = tuple(_host(host) for host in infrastructure.other_hosts)
    return Inventory(infrastructure.name, environments, others, digest="offline")


def _host(host: ModelledHost) -> Host:
    endpoint: SSHEndpoint | WinRMEndpoint = WinRMEndpoint(host.name, 5986, True, WinRMSignIn.NTLM, "auditor")
    if host.machine.platform is Platform.LINUX:
        endpoint = SSHEndpoint(host.name, 22, "auditor", Platform.LINUX)
    return Host(host.name, host.environment, endpoint, host.roles, host.aliases, host.passive)


def visits(infrastructure: ModelledInfrastructure) -> dict[str, Visit]:
    """Return one visit for each host; every host must be reachable."""
    assert all(host.reach is Reach.OK for host in infrastructure.hosts)
    inventory = declared(infrastructure)
    return {host.name: visit_of(host, inventory) for host in infrastructure.hosts}


def visit_of(host: ModelledHost, inventory: Inventory) -> Visit:
    """Return the visit to one modelled host, as the inventory declares it or, where it does not, as nobody's."""
    platform = host.machine.platform
    known = next((item for item in inventory.hosts if item.name == host.name), _host(host))
    request = Request(questions_of(known, inventory, platform), b"k" * 32)
    windows = platform is Platform.WINDOWS
    script = windows_script(request, 60, 10) if windows else linux_script(request, 60, 10)
    answers = read_document(host.name, run_script(host.machine, script).stdout, request, Limits())
    channel = ChannelName.POWERSHELL_OVER_WINRM if windows else ChannelName.SH_OVER_SSH
    return Visit(
        host.name,
        datetime.now(UTC),
        datetime.now(UTC),
        channel,
        platform,
        arrived({answer.question: answer for answer in answers}, request.digest_key),
        requests=5,
    )


def readings(inventory: Inventory, visits: dict[str, Visit]) -> dict[str, HostReading]:
    """Return what each visit says."""
    return {host.name: read_host(host, visits[host.name]) for host in inventory.hosts}


def judged(
    inventory: Inventory,
    visits: dict[str, Visit],
    read: dict[str, HostReading] | None = None,
    previous: EarlierScan | None = None,
) -> Judgement:
    """Return the judgement against the built-in reference; `read` saves reading unchanged hosts again."""
    read = readings(inventory, visits) if read is None else read
    judged_at = max(visit.observed_at for visit in visits.values())
    return judge_readings(
        inventory, load_reference(None), visits, read, rules(), judged_at=judged_at, previous=previous
    )


def as_earlier(judgement: Judgement) -> EarlierScan:
    """Return a judgement as the scan before, judged against the built-in reference."""
    return EarlierScan(judgement.facts, judgement.rules.digest, load_reference(None).digest)
