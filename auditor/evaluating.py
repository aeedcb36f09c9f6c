"""Judging: from the visits of a scan to its facts, portraits and findings. A function of its input."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from auditor import __version__
from auditor.collectors import read_facts
from auditor.collectors.redaction import secrets_found
from auditor.detection import portray
from auditor.engine.check_pages import check_pages
from auditor.engine.declaration import Check
from auditor.engine.discovery import load_checks, rules_digest
from auditor.engine.runner import run_checks
from auditor.engine.subjects import Material
from auditor.engine.tables import Tables, load_tables
from auditor.engine.waiving import JUDGES_WAIVERS, check_names, lay_waivers
from auditor.model.component import Portrait
from auditor.model.fact import Facts
from auditor.model.inventory import Asked, Host, Inventory
from auditor.model.observation import Visit
from auditor.model.reference import Reference
from auditor.model.scan import EarlierScan, Judgement, RuleSet, ScanRecord
from auditor.model.waiver import Waiver
from auditor.reporting.view import CheckText


@dataclass(frozen=True, slots=True)
class Rules:
    """The checks of some folders and their tables of figures, with the digest that identifies both."""

    checks: tuple[Check, ...]
    rule_set: RuleSet
    sources: Mapping[str, tuple[str, str]]
    tables: Tables

    @classmethod
    def load(cls, folders: tuple[Path, ...]) -> Rules:
        """Load all checks below the folders, their figures, and the titles and addresses of what they rest on."""
        rule_set = RuleSet(rules_digest(folders), __version__)
        return cls(load_checks(folders), rule_set, _load_sources(folders), load_tables(folders))

    @property
    def texts(self) -> Mapping[str, CheckText]:
        """The pages of the checks by id, for reports."""
        return {check.id: self._text(check) for check in self.checks}

    @property
    def pages(self) -> Mapping[str, str]:
        """The pages of the checks as Markdown by file name, with an index."""
        return check_pages(self.checks, self.sources)

    def age_of_figures(self, record: ScanRecord) -> str:
        """How old the figures are by which a scan was judged, in one line; empty where other rules judged it."""
        judged_by = record.judgement.rules if record.judgement else None
        return self.tables.age_line if judged_by == self.rule_set else ""

    def _text(self, check: Check) -> CheckText:
        references = tuple(self.sources.get(key, (key, "")) for key in check.sources)
        return CheckText(check.id, check.slug, check.title, check.severity, dict(check.sections), references)


def _load_sources(folders: tuple[Path, ...]) -> dict[str, tuple[str, str]]:
    files = [folder / "sources.toml" for folder in folders]
    rows = [tomllib.loads(file.read_text(encoding="utf-8")) for file in files if file.is_file()]
    return {key: (row["title"], row["url"]) for table in rows for key, row in table.items()}


@dataclass(frozen=True, slots=True)
class HostReading:
    """What one visit says, before anything is compared with what was declared; LifeTime's API has no portrait."""

    facts: Facts
    portrait: Portrait | None
    secrets_found: tuple[str, ...]


def read_host(host: Asked, visit: Visit) -> HostReading:
    """Read the answers of one visit into facts, and recognise components and roles of a host."""
    facts = read_facts(visit)
    portrait = portray(host, facts) if isinstance(host, Host) else None
    return HostReading(facts, portrait, secrets_found(visit))


def judge(
    inventory: Inventory,
    reference: Reference,
    visits: Mapping[str, Visit],
    rules: Rules,
    *,
    waivers: tuple[Waiver, ...] = (),
    judged_at: datetime,
    previous: EarlierScan | None = None,
) -> Judgement:
    """Read, recognise, check, and lay the waivers beside.

    `visits` has one visit for each host of the inventory, and for LifeTime's API where it is asked. `previous` is the
    last complete scan before this one.
    """
    readings = {host.name: read_host(host, visits[host.name]) for host in inventory.asked}
    return judge_readings(
        inventory, reference, visits, readings, rules, waivers=waivers, judged_at=judged_at, previous=previous
    )


def judge_readings(
    inventory: Inventory,
    reference: Reference,
    visits: Mapping[str, Visit],
    readings: Mapping[str, HostReading],
    rules: Rules,
    *,
    waivers: tuple[Waiver, ...] = (),
    judged_at: datetime,
    previous: EarlierScan | None = None,
) -> Judgement:
    """Check what was read of all hosts, and lay the waivers beside."""
    facts = {host: reading.facts for host, reading in sorted(readings.items())}
    portraits = {host: reading.portrait for host, reading in sorted(readings.items()) if reading.portrait is not None}
    names = check_names(rules.checks)
    material = Material(
        inventory=inventory,
        reference=reference,
        visits=visits,
        facts=facts,
        portraits=portraits,
        judged_at=judged_at,
        waivers=waivers,
        check_names=names,
        secrets_found={host: reading.secrets_found for host, reading in readings.items()},
        tables=rules.tables,
        rules=rules.rule_set.digest,
        previous=previous,
    )
    findings = lay_waivers(run_checks(rules.checks, material), waivers, inventory, judged_at.date(), names)
    return Judgement(facts, portraits, findings, rules.rule_set)


def judged_again(record: ScanRecord, rules: Rules, reference: Reference, previous: EarlierScan | None) -> Judgement:
    """Judge the answers of a sealed scan as these rules and this reference would have judged them on its day.

    `previous` is the complete scan before it, with its answers read again too. No waiver is laid beside, and what a
    check says of waivers is kept, because a scan does not keep those that covered nothing.
    """
    judgement = judge(
        record.inventory,
        reference,
        record.visits,
        rules,
        judged_at=record.finished_at or record.started_at,
        previous=previous,
    )
    stored = record.judgement.findings if record.judgement else ()
    kept = [finding for finding in stored if finding.check in JUDGES_WAIVERS]
    others = [finding for finding in judgement.findings if finding.check not in JUDGES_WAIVERS]
    ordered = sorted((*others, *kept), key=lambda finding: (finding.check, finding.subject))
    return replace(judgement, findings=tuple(ordered))


def read_again(record: ScanRecord, visits: Mapping[str, Visit]) -> EarlierScan:
    """Return what a later scan is compared with; `visits` are the last ones that read its hosts, up to this scan."""
    facts = {host: read_facts(visit) for host, visit in visits.items()}
    return EarlierScan(facts, record.judgement.rules.digest if record.judgement else "", record.reference.digest)
