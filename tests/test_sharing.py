"""The collectors of several zones fill one scan; it is sealed when all are in, or after its deadline."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from auditor.errors import FailureKind
from auditor.model.inventory import Asked, Host, Inventory, WinRMEndpoint, WinRMSignIn
from auditor.model.observation import Failure, Visit
from auditor.model.reference import Reference
from auditor.model.scan import ScanState
from auditor.scanning import Bounds, ScanPlan, scan
from auditor.sharing import ZoneScan, end_overdue, identity_of, scan_zone
from auditor.store import Store, open_store
from auditor.transports.base import Limits, Secrets
from auditor.transports.opening import Connections
from tests.end_to_end.simulated import Quiet, rules

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def host(name: str, zone: str, port: int = 9) -> Host:
    # Nothing listens there, so each visit ends at once, and a host that could not be read is in all the same.
    return Host(name, None, WinRMEndpoint("127.0.0.1", port, False, WinRMSignIn.NTLM, "auditor"), zone=zone)


HOSTS = (host("d-1", "dmz"), host("d-2", "dmz"), host("o-1", "office"), host("i-1", "internal"))


@dataclass
class Collectors:
    """Whoever reads a zone of this store, at this moment; each run has a key of its own."""

    store: Store
    plan: ScanPlan
    now: datetime = NOW
    read: list[str] = field(default_factory=list)
    runs: int = 0

    def clock(self) -> datetime:
        return self.now

    def secrets(self, host: Asked) -> Secrets:
        self.read.append(host.name)
        return Secrets(password="x")

    def scan(self, zone: str) -> ZoneScan:
        self.runs += 1
        with Connections(Limits(connect=1.0)) as connections:
            return scan_zone(
                self.plan, zone, self.store, connections, self.secrets,
                clock=self.clock, digest_key=bytes([self.runs]) * 32, progress=Quiet(),
            )  # fmt: skip


@pytest.fixture
def collectors(location: str) -> Iterator[Collectors]:
    inventory = Inventory("Example", (), HOSTS, digest="d")
    with open_store(location, create=True) as store:
        yield Collectors(store, ScanPlan(inventory, Reference(), rules(), bounds=Bounds(5.0, 3600.0)))


def test_the_last_zone_that_is_in_seals_the_scan(collectors: Collectors) -> None:
    first, second, last = (collectors.scan(zone) for zone in ("dmz", "office", "internal"))

    assert [(scan.shared.id, scan.sealed, scan.record.missing_zones) for scan in (first, second, last)] == [
        (1, False, ("internal", "office")),
        (1, False, ("internal",)),
        (1, True, ()),
    ]
    assert last.record.state is ScanState.COMPLETE
    assert {visit.failure and visit.failure.kind for visit in last.record.visits.values()} == {FailureKind.REFUSED}
    assert list(last.record.visits) == sorted(host.name for host in HOSTS)
    assert collectors.read == ["d-1", "d-2", "o-1", "i-1"]


def test_all_collectors_of_a_scan_make_their_digests_with_one_key_that_goes_when_it_is_sealed(
    collectors: Collectors,
) -> None:
    keys = {collectors.scan(zone).shared.digest_key for zone in ("dmz", "office")}

    assert keys == {bytes([1]) * 32}
    assert str(keys.pop()) not in repr(collectors.store.shared_scans("Example"))
    collectors.scan("internal")
    assert collectors.store.shared_scans("Example") == ()
    assert collectors.scan("dmz").shared.digest_key == bytes([4]) * 32


def test_a_zone_that_is_in_is_not_read_again(collectors: Collectors) -> None:
    collectors.scan("dmz")
    collectors.scan("dmz")

    assert collectors.read == ["d-1", "d-2"]


def test_only_what_is_missing_of_a_zone_is_read(collectors: Collectors) -> None:
    scan = collectors.scan("office").shared.id
    collectors.store.record(scan, Visit("d-1", NOW, NOW, failure=Failure(FailureKind.DROPPED, "As before.")))

    assert collectors.scan("dmz").record.visits["d-1"].failure == Failure(FailureKind.DROPPED, "As before.")
    assert collectors.read == ["o-1", "d-2"]


def test_after_the_deadline_a_scan_is_sealed_and_says_which_zone_was_not_in(collectors: Collectors) -> None:
    collectors.scan("dmz")
    assert end_overdue(collectors.plan, collectors.store, collectors.clock) == ()
    collectors.now = LATER
    (ended,) = end_overdue(collectors.plan, collectors.store, collectors.clock)

    assert (ended.id, ended.state, ended.finished_at) == (1, ScanState.COMPLETE, LATER)
    assert ended.visits["o-1"].failure == Failure(
        FailureKind.TIMED_OUT, "The scan's deadline passed before the collector of the zone office had read the host."
    )
    assert ended.visits["d-1"].failure != ended.visits["o-1"].failure
    assert end_overdue(collectors.plan, collectors.store, collectors.clock) == ()
    assert collectors.scan("office").shared.id == 2


def test_one_computer_can_read_what_is_missing_of_all_zones(collectors: Collectors) -> None:
    collectors.scan("dmz")
    with Connections(Limits(connect=1.0)) as connections:
        record = scan(
            collectors.plan, collectors.store, connections, collectors.secrets,
            clock=collectors.clock, digest_key=b"k" * 32, progress=Quiet(), resume=True,
        )  # fmt: skip

    assert (record.id, record.state) == (1, ScanState.COMPLETE)
    assert collectors.read == [host.name for host in HOSTS]
    assert collectors.store.shared_scans("Example") == ()


def test_a_collector_that_comes_after_the_end_changes_nothing(collectors: Collectors) -> None:
    scan = collectors.scan("dmz").shared.id
    collectors.now = LATER
    (ended,) = end_overdue(collectors.plan, collectors.store, collectors.clock)

    assert not collectors.store.record(scan, Visit("o-1", NOW, NOW, requests=5))
    assert collectors.store.scan(scan).visits == ended.visits


def test_a_zone_has_no_longer_than_the_scan(collectors: Collectors) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        hosts = (host("d-1", "dmz"), host("o-1", "office", silent.getsockname()[1]))
        collectors.plan = replace(collectors.plan, inventory=Inventory("Example", (), hosts, digest="d"))
        collectors.scan("dmz")
        collectors.now = LATER
        late = collectors.scan("office")

    assert late.record.visits["o-1"].failure == Failure(
        FailureKind.TIMED_OUT, "The scan's deadline of 0 s passed before the host was read."
    )


@pytest.mark.parametrize("other", [{"inventory": Inventory("Example", (), HOSTS, digest="e")}, {"reference": "x"}])
def test_collectors_with_other_files_do_not_meet(collectors: Collectors, other: dict[str, object]) -> None:
    if "reference" in other:
        other = {"reference": replace(collectors.plan.reference, digest="x")}
    collectors.scan("dmz")
    collectors.plan = replace(collectors.plan, **other)  # type: ignore[arg-type]
    collectors.scan("office")

    assert [scan.id for scan in collectors.store.shared_scans("Example")] == [1, 2]


def test_collectors_with_other_rules_or_another_osaudit_do_not_meet(collectors: Collectors) -> None:
    plan = collectors.plan
    other_rules = replace(plan.rules.rule_set, digest="0" * 16)
    other_tool = replace(plan.rules.rule_set, tool_version="9.9.9")
    plans = [plan, *(replace(plan, rules=replace(plan.rules, rule_set=other)) for other in (other_rules, other_tool))]

    assert len({identity_of(one) for one in plans}) == 3
