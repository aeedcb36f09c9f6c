"""A scan that the collectors of several zones share: each reads its hosts, and who finds all hosts read seals it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from auditor.errors import FailureKind
from auditor.model.inventory import Asked
from auditor.model.observation import Failure, Visit
from auditor.model.scan import ScanRecord
from auditor.scanning import Clock, Connections, Progress, ScanPlan, seal, visit_all
from auditor.store import SharedScan, Store
from auditor.transports.base import Secrets


@dataclass(frozen=True, slots=True)
class ZoneScan:
    """The scan into which a zone was read, as it is now; `sealed` says that it was sealed by this collector."""

    shared: SharedScan
    record: ScanRecord
    sealed: bool


def identity_of(plan: ScanPlan) -> str:
    """Return what the collectors of one scan must have in common: what they ask, of whom, and how it is judged."""
    rules = plan.rules.rule_set
    return " ".join((plan.inventory.digest, plan.reference.digest, rules.digest, rules.tool_version))


def scan_zone(
    plan: ScanPlan,
    zone: str,
    store: Store,
    connections: Connections,
    secrets: Callable[[Asked], Secrets],
    *,
    clock: Clock,
    digest_key: bytes,
    progress: Progress,
) -> ZoneScan:
    """Read the hosts of a zone that have no visit yet into the scan that is shared, and seal it if all hosts are in.

    The scan is begun if there is none; then its deadline and its digest key are those of this collector.
    """
    began = clock()
    shared = store.join(
        plan.inventory,
        plan.reference,
        began,
        plan.changes,
        identity=identity_of(plan),
        ends_at=began + timedelta(seconds=plan.bounds.scan_seconds),
        digest_key=digest_key,
    )
    hosts = [host for host in plan.inventory.asked if host.zone == zone]
    visited = store.visited(shared.id)
    waiting = [host for host in hosts if host.name not in visited]
    left = max(0.0, (shared.ends_at - began).total_seconds())
    bounds = replace(plan.bounds, scan_seconds=min(plan.bounds.scan_seconds, left))
    visits = visit_all(waiting, plan.inventory, connections, secrets, bounds, clock=clock, digest_key=shared.digest_key)
    progress.began(len(hosts), len(hosts) - len(waiting))
    for visit in visits:
        if store.record(shared.id, visit):
            progress.visited(visit)
    is_whole = store.visited(shared.id) >= {host.name for host in plan.inventory.asked}
    sealed = is_whole and seal(store, shared.id, plan, clock)
    return ZoneScan(shared, store.scan(shared.id), sealed)


def end_overdue(plan: ScanPlan, store: Store, clock: Clock) -> tuple[ScanRecord, ...]:
    """Seal the shared scans of this infrastructure whose deadline passed; what nobody read is not read."""
    ended = []
    for shared in store.shared_scans(plan.inventory.infrastructure):
        now = clock()
        if now < shared.ends_at:
            continue
        record = store.scan(shared.id)
        for host in record.inventory.asked:
            if host.name not in record.visits:
                sentence = f"The scan's deadline passed before the collector of the zone {host.zone} had read the host."
                # A collector that comes late after all finds the place taken, so nothing changes while it is judged.
                store.record(shared.id, Visit(host.name, now, now, failure=Failure(FailureKind.TIMED_OUT, sentence)))
        if seal(store, shared.id, plan, clock):
            ended.append(store.scan(shared.id))
    return tuple(ended)
