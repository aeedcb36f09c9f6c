"""Scans of simulated infrastructures, through real protocols, as the command line makes them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from auditor import bundled
from auditor.evaluating import Rules
from auditor.model.inventory import Asked, Inventory
from auditor.model.observation import Visit
from auditor.model.reference import Reference
from auditor.model.scan import ScanRecord
from auditor.model.waiver import Waiver
from auditor.scanning import Bounds, ScanPlan, scan
from auditor.settings.inventory import load_inventory
from auditor.settings.reference import load_reference
from auditor.simulation.infrastructure import ModelledInfrastructure, load_infrastructure
from auditor.simulation.options import WSManOptions
from auditor.simulation.serving import ServedInfrastructure, serve_infrastructure
from auditor.store import open_store
from auditor.transports.base import Limits, Secrets
from auditor.transports.opening import Connections

PASSWORD = "Planted-Sign-In-7431"
FAST = Limits(connect=2.0, sign_in=2.0, question=5.0, visit=6.0, pause=0.0)


@functools.cache
def rules() -> Rules:
    return Rules.load((bundled.checks_folder(),))


def modelled(name: str) -> ModelledInfrastructure:
    return load_infrastructure(bundled.infrastructures_folder() / name)


def names() -> list[str]:
    return sorted(folder.name for folder in bundled.infrastructures_folder().iterdir() if folder.is_dir())


class Quiet:
    """Notes the visits, shows nothing."""

    def __init__(self) -> None:
        self.visits: list[Visit] = []

    def began(self, hosts: int, already_done: int) -> None:
        self.hosts, self.already_done = hosts, already_done

    def visited(self, visit: Visit) -> None:
        self.visits.append(visit)


def clock() -> datetime:
    return datetime.now(UTC)


def secrets(host: Asked) -> Secrets:
    return Secrets(password=PASSWORD, token=PASSWORD)


@dataclass(frozen=True)
class Scanned:
    record: ScanRecord
    served: ServedInfrastructure


@contextmanager
def serving(
    infrastructure: ModelledInfrastructure,
    folder: Path,
    options: Mapping[str, WSManOptions] | None = None,
    otherwise: WSManOptions | None = None,
) -> Iterator[tuple[ServedInfrastructure, Inventory]]:
    """Serve it, and load the inventory that reaches it as a person's file would be loaded."""
    with serve_infrastructure(
        infrastructure, folder, password=PASSWORD, options=options, otherwise=otherwise
    ) as served:
        file = folder / "inventory.yaml"
        file.write_text(served.inventory_text(), encoding="utf-8")
        yield served, load_inventory(file)


def scan_once(
    inventory: Inventory,
    folder: Path,
    *,
    limits: Limits = FAST,
    reference: Reference | None = None,
    waivers: tuple[Waiver, ...] = (),
    progress: Quiet | None = None,
    given: Callable[[Asked], Secrets] = secrets,
) -> ScanRecord:
    """Scan into the store of this folder and return the sealed scan as it was stored."""
    plan = ScanPlan(inventory, reference or load_reference(None), rules(), waivers, Bounds(limits.visit))
    with open_store(str(folder / "osaudit.db"), create=True) as store:
        return scan(
            plan, store, Connections(limits), given, clock=clock, digest_key=b"k" * 32, progress=progress or Quiet()
        )
