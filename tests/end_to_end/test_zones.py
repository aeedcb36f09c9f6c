"""Collectors of three zones write into one PostgreSQL store at once; one is killed and started again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from auditor.model.finding import Status
from auditor.model.known_facts import PRIVATE_KEY_DIGEST
from auditor.model.scan import ScanRecord, ScanState
from auditor.simulation.options import Step, WSManOptions, hang
from auditor.simulation.serving import ServedInfrastructure
from auditor.store import open_store
from tests.cli.program import Begun, Ended, osaudit, refused
from tests.end_to_end.conclusions import compared
from tests.end_to_end.simulated import modelled, serving
from tests.peers.postgresql import PostgreSQL

ZONES = {"dmz": ("prd-fe1", "prd-fe2"), "internal": ("prd-ctl", "mq-1", "dev-1"), "office": ("qa-1", "lt-1")}
# It never answers the first time it is asked, so its collector is at work until it is killed.
HANGING = "prd-fe2"
# It ended long ago, and so it is a finding of its own: the gate of the scan is shut.
WAIVERS = """waivers:
  - {check: TOPO-006, reason: r, owner: o, approver: a, date: 2020-01-01, until: 2020-03-01, host: dev-1}
"""


@dataclass(frozen=True)
class Site:
    folder: Path
    served: ServedInfrastructure
    location: str
    server: PostgreSQL

    def osaudit(self, *arguments: str) -> Ended:
        return osaudit(self.folder, *arguments, "-s", self.location, **self.server.environment)

    def begin(self, zone: str) -> Begun:
        arguments = ("scan", "--zone", zone, "-s", self.location, "--change", zone, "--fail-on", "medium")
        return Begun(self.folder, *arguments, **self.server.environment)

    def sign_ins(self) -> dict[str, int]:
        return {name: len(server.users) for name, server in self.served.servers.items()}


def named_zones(folder: Path) -> None:
    file = folder / "inventory.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    zone_of = {host: zone for zone, hosts in ZONES.items() for host in hosts}
    for environment in content["environments"]:
        for host in environment["hosts"]:
            host["zone"] = zone_of[host["name"]]
    file.write_text(yaml.safe_dump(content), encoding="utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, postgresql: PostgreSQL) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("zones")
    trouble = {HANGING: WSManOptions(troubles={Step.RECEIVE: hang(times=1)})}
    with pytest.MonkeyPatch.context() as patch, serving(modelled("demo"), folder, trouble) as (served, _):
        patch.setenv("PGPASSWORD", postgresql.password)
        named_zones(folder)
        (folder / "waivers.yaml").write_text(WAIVERS, encoding="utf-8")
        yield Site(folder, served, postgresql.new_database(), postgresql)


@pytest.fixture(scope="module")
def scanned(site: Site) -> ScanRecord:
    """The scan after all of it: three collectors begin, two end, one is killed and begins again."""
    collectors = {zone: site.begin(zone) for zone in ZONES}
    killed = collectors.pop("dmz")
    killed.wait_for("1/2 prd-fe1")
    for zone, collector in collectors.items():
        ended = collector.end()
        assert ended.code == 0, ended.err
        hosts = f"{len(ZONES[zone])} of its {len(ZONES[zone])} hosts"
        assert f"The zone {zone} is in: scan 1 holds {hosts}, waits for " in ended.err
        assert ended.out == ""
    at_work = site.osaudit("status")
    assert re.search(
        rf"A scan is at work \(process {killed.process.pid}, since .* UTC, zone dmz, from 127\.0\.0\.1\)\.", at_work.out
    ), at_work
    assert "Scan 1 waits for zones: dmz." in at_work.out
    said = f"Another run writes into the store {site.location} (process {killed.process.pid}, since "
    refused(site.osaudit("scan"), said)
    with open_store(site.location) as store:
        assert store.scan(1).state is ScanState.RUNNING
    killed.process.kill()
    killed.end()

    last = site.begin("dmz").end()
    assert (last.code, "1 open finding is medium or worse." in last.err) == (10, True), last.err
    assert "Reading 1 of 2 hosts; 1 are read already." in last.err
    assert "The zone" not in last.err
    with open_store(site.location) as store:
        return store.scan(1)


def test_nothing_is_lost_and_nothing_is_doubled(site: Site, scanned: ScanRecord) -> None:
    hosts = {host for zone in ZONES.values() for host in zone}
    rows = {
        table: site.server.run(f"select count(*) from {table}", site.location.rpartition("/")[2])[0][0]
        for table in ("scan", "visit", "judgement", "shared_scan")
    }

    assert rows == {"scan": 1, "visit": len(hosts), "judgement": 1, "shared_scan": 0}
    assert set(scanned.visits) == hosts
    assert {visit.failure for visit in scanned.visits.values()} == {None}
    assert {name: number for name, number in site.sign_ins().items() if number != 1} == {HANGING: 2}
    assert sorted(scanned.changes) == sorted(ZONES)


def test_the_findings_are_those_of_one_plain_scan(site: Site, scanned: ScanRecord) -> None:
    plain = osaudit(site.folder, "scan", "-s", "plain.db")
    assert plain.code == 0, plain.err
    with open_store(str(site.folder / "plain.db")) as store:
        assert compared(scanned) == compared(store.scan(1))


def test_servers_of_different_zones_are_compared_by_digests_of_one_key(scanned: ScanRecord) -> None:
    assert scanned.judgement is not None
    (finding,) = [
        finding
        for finding in scanned.judgement.findings
        if finding.check == "CONF-006" and finding.subject.environment == "Production"
    ]
    facts = [scanned.judgement.facts[host].get(PRIVATE_KEY_DIGEST) for host in ("prd-ctl", "prd-fe1", "prd-fe2")]

    assert finding.verdict.status is Status.PASS
    assert len({str(getattr(fact, "value", fact)) for fact in facts}) == 1


def test_commands_judge_tell_and_publish_as_from_a_file(site: Site, scanned: ScanRecord) -> None:
    assert site.osaudit("evaluate", "1").code == 0
    status, page = site.osaudit("status"), site.osaudit("site", "pages")

    assert (status.code, page.code) == (0, 0), (status, page)
    assert "at work" not in status.out
    assert (site.folder / "pages" / "scan-1.html").is_file()
    said = "".join(text for ended in (status, page) for text in (ended.out, ended.err))
    assert site.server.password not in said
