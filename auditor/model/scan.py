"""A whole scan, as it is stored and as it is read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from auditor.model.component import Portrait
from auditor.model.fact import Facts
from auditor.model.finding import Finding
from auditor.model.inventory import Inventory
from auditor.model.observation import Visit
from auditor.model.reference import Reference


class ScanState(StrEnum):
    """A scan is complete only when it was sealed."""

    RUNNING = "running"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Which rules judged: the digest of all check files, and the version of osaudit that brought them."""

    digest: str
    tool_version: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """All that was concluded from the visits of one scan, sorted."""

    facts: Mapping[str, Facts]
    portraits: Mapping[str, Portrait]
    findings: tuple[Finding, ...]
    rules: RuleSet


@dataclass(frozen=True, slots=True)
class EarlierScan:
    """What a scan is compared with: the last complete one before, and the digests it was judged by.

    `facts` are by host those of the last complete scan that read it, so that a host that could not be read for a night
    is not a new one. A host that this one does not have, or that none read, has none.
    """

    facts: Mapping[str, Facts]
    rules: str
    reference: str


@dataclass(frozen=True, slots=True)
class ScanRecord:
    """One stored scan. `judgement` is None as long as the scan was not sealed.

    `changes` are the announced changes during which it was made, as the operator named them.
    """

    id: int
    started_at: datetime
    finished_at: datetime | None
    state: ScanState
    inventory: Inventory
    reference: Reference
    visits: Mapping[str, Visit]
    judgement: Judgement | None
    changes: tuple[str, ...] = ()

    @property
    def missing_zones(self) -> tuple[str, ...]:
        """The zones of the inventory of which not every host has a visit."""
        hosts = self.inventory.asked
        return tuple(sorted({host.zone for host in hosts if host.zone and host.name not in self.visits}))
