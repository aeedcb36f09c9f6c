"""Visits to modelled hosts without a network: the script goes in, what the machine prints is read as ever."""

from __future__ import annotations

from datetime import UTC, datetime

from auditor.collectors import questions_of
from auditor.collectors.lifetime import questions_of_lifetime
from auditor.evaluating import HostReading, judge_readings, read_host
from auditor.model.inventory import (
    LIFETIME_API,
    Environment,
    Host,
    Inventory,
    LifeTimeApi,
    SSHEndpoint,
    WinRMEndpoint,
    WinRMSignIn,
)
from auditor.model.observation import ChannelName, Visit
from auditor.model.question import Platform
from auditor.model.reference import Reference
from auditor.model.scan import EarlierScan, Judgement
from auditor.scanning import arrived
from auditor.settings.reference import load_reference
from auditor.simulation.answering import run_script
from auditor.simulation.infrastructure import ModelledHost, ModelledInfrastructure, Reach
from auditor.simulation.lifetime_model import ModelledLifeTime
from auditor.transports.base import Limits, Request
from auditor.transports.document import linux_script, read_document, windows_script
from auditor.transports.lifetime import LifeTimeTransport
from auditor.transports.lifetime_calls import target_of
from auditor.transports.lifetime_failures import LifeTimeFailures
from auditor.transports.lifetime_http import Answered
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
    lifetime = LifeTimeApi("https://lifetime.example.com") if infrastructure.lifetime else None
    return Inventory(infrastructure.name, environments, others, digest="offline", lifetime=lifetime)


def _host(host: ModelledHost) -> Host:
    endpoint: SSHEndpoint | WinRMEndpoint = WinRMEndpoint(host.name, 5986, True, WinRMSignIn.NTLM, "auditor")
    if host.machine.platform is Platform.LINUX:
        endpoint = SSHEndpoint(host.name, 22, "auditor", Platform.LINUX)
    return Host(host.name, host.environment, endpoint, host.roles, host.aliases, host.passive)


def visits(infrastructure: ModelledInfrastructure) -> dict[str, Visit]:
    """Return one visit for each host, and for LifeTime's API if it is asked; every host must be reachable."""
    assert all(host.reach is Reach.OK for host in infrastructure.hosts)
    inventory = declared(infrastructure)
    seen = {host.name: visit_of(host, inventory) for host in infrastructure.hosts}
    if inventory.lifetime is not None and infrastructure.lifetime is not None:
        seen[LIFETIME_API] = visit_of_lifetime(inventory.lifetime, infrastructure.lifetime)
    return seen


class _Direct:
    """Stands where the connection stands, and takes the answers of the model as they are."""

    is_out_of_time = False

    def __init__(self, model: ModelledLifeTime) -> None:
        self._model = model
        self.requests = 0

    def get(self, call: object, key: object = None, *, question: str) -> Answered:
        self.requests += 1
        status, content = self._model.answer(target_of(call, key))
        return Answered(status, [] if content is None else content, True)


def visit_of_lifetime(api: LifeTimeApi, model: ModelledLifeTime) -> Visit:
    """Return the visit to a modelled LifeTime, whose token must not have expired."""
    transport = LifeTimeTransport(_Direct(model), LifeTimeFailures(api.url), b"k")
    reply = transport.ask(Request(questions_of_lifetime(api)))
    now = datetime.now(UTC)
    answers = arrived(reply.answers, b"k")
    return Visit(LIFETIME_API, now, now, reply.channel, reply.platform, answers, requests=reply.requests)


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
    return {host.name: read_host(host, visits[host.name]) for host in inventory.asked}


def judged(
    inventory: Inventory,
    visits: dict[str, Visit],
    read: dict[str, HostReading] | None = None,
    previous: EarlierScan | None = None,
    reference: Reference | None = None,
) -> Judgement:
    """Return the judgement, by default against the built-in reference; `read` saves reading unchanged hosts again."""
    read = readings(inventory, visits) if read is None else read
    judged_at = max(visit.observed_at for visit in visits.values())
    return judge_readings(
        inventory, reference or load_reference(None), visits, read, rules(), judged_at=judged_at, previous=previous
    )


def as_earlier(judgement: Judgement) -> EarlierScan:
    """Return a judgement as the scan before, judged against the built-in reference."""
    return EarlierScan(judgement.facts, judgement.rules.digest, load_reference(None).digest)
