"""`osaudit scan`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from auditor.cli.exit_codes import ExitCode
from auditor.cli.options import (
    DEFAULT_INVENTORY,
    DEFAULT_SCAN_SECONDS,
    DEFAULT_STORE,
    Baseline,
    ChecksFolders,
    FailOn,
    FailOnNew,
    InventoryPath,
    MinCoverage,
    NotifyAfter,
    NotifyName,
    ReferencePath,
    ReportLanguage,
    ScanSeconds,
    StoreLocation,
    SummaryForm,
    WaiversPath,
    ZoneOption,
)
from auditor.model.language import Language

if TYPE_CHECKING:
    from auditor.evaluating import Rules
    from auditor.model.inventory import Inventory
    from auditor.model.scan import ScanRecord
    from auditor.scanning import ScanPlan
    from auditor.sharing import ZoneScan
    from auditor.store import ScanSummary, Store
    from auditor.transports.base import Limits
    from auditor.transports.journal import Journal

_LONGEST_CHANGE = 80


def scan(
    context: typer.Context,
    inventory: InventoryPath = DEFAULT_INVENTORY,
    reference: ReferencePath = None,
    waivers: WaiversPath = None,
    store: StoreLocation = DEFAULT_STORE,
    resume: Annotated[bool, typer.Option("--resume", help="Complete the last scan, which was interrupted.")] = False,
    zone: ZoneOption = None,
    fail_on: FailOn = None,
    fail_on_new: FailOnNew = False,
    compare_with: Baseline = None,
    min_coverage: MinCoverage = None,
    report: Annotated[
        Path | None, typer.Option(envvar="OSAUDIT_REPORT", help="Also write the HTML report to this file.")
    ] = None,
    form: Annotated[SummaryForm, typer.Option("--format", help="What to print.")] = SummaryForm.TEXT,
    lang: ReportLanguage = Language.ENGLISH,
    concurrency: Annotated[
        int | None,
        typer.Option(
            envvar="OSAUDIT_CONCURRENCY", min=1, max=1000, help="Hosts read at once; by default follows their number."
        ),
    ] = None,
    visit_seconds: Annotated[
        float, typer.Option(envvar="OSAUDIT_VISIT_SECONDS", min=1, help="Deadline of one host.")
    ] = 180.0,
    scan_seconds: ScanSeconds = DEFAULT_SCAN_SECONDS,
    notify: NotifyAfter = NotifyName.CHANGED,
    change: Annotated[
        list[str],
        typer.Option(help="A change during which the scan is made, like CHG1234; can be given more than once."),
    ] = [],  # noqa: B006 - Typer reads the default, nobody changes it
    further: ChecksFolders = [],  # noqa: B006 - Typer reads the default, nobody changes it
) -> None:
    """Read every host once, judge what was read, and store both."""
    from auditor.cli.concluding import Gate, conclude, conclude_zone
    from auditor.cli.configured import configuration_of
    from auditor.cli.loading import journal_of
    from auditor.cli.prune import configured_retention, prune_after
    from auditor.cli.telling import tell_of
    from auditor.model.unattended import NotifyWhen
    from auditor.transports.base import Limits

    retention = configured_retention(context)
    changes = _changes(change)
    limits = Limits(visit=visit_seconds)
    settings = ScanSettings(
        inventory,
        reference,
        waivers,
        store,
        resume,
        concurrency,
        scan_seconds,
        limits,
        further,
        changes,
        compare_with,
        journal_of(context),
        zone,
    )
    done = perform(settings)
    configuration, when = configuration_of(context), NotifyWhen(notify.value)
    for late in done.ended:
        tell_of(late, done.rules, store, configuration, when, lang)
    if done.open_zone is not None:
        conclude_zone(done.open_zone, zone or "")
        return
    gate = Gate(fail_on, fail_on_new, compare_with, min_coverage)
    try:
        conclude(done.record, done.rules, gate, form=form, report=report, store=store, lang=lang)
    finally:
        # However the scan ended, and also where its report could not be written.
        tell_of(done.record, done.rules, store, configuration, when, lang)
        prune_after(store, retention)


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """What one scan is made with; as the options of the command say."""

    inventory: Path
    reference: Path | None
    waivers: Path | None
    store: str
    resume: bool
    concurrency: int | None
    scan_seconds: float
    limits: Limits
    further: list[Path]
    changes: tuple[str, ...] = ()
    compare_with: int | None = None
    journal: Path | None = None
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Performed:
    """What a command did: a scan and the rules that judged it, and the shared scans that it ended at their deadline.

    `open_zone` is there when a zone was read and the scan was not sealed by that.
    """

    record: ScanRecord
    rules: Rules
    ended: tuple[ScanRecord, ...] = ()
    open_zone: ZoneScan | None = None


def _changes(given: list[str]) -> tuple[str, ...]:
    from auditor.errors import UsageError
    from auditor.reporting.plain import cut_line

    names = tuple(dict.fromkeys(name.strip() for name in given))
    for name in names:
        if not name or len(name) > _LONGEST_CHANGE or not name.isprintable():
            raise UsageError(
                f"--change takes the name of a change, 1 to {_LONGEST_CHANGE} visible characters, like CHG1234; "
                f"{cut_line(name, _LONGEST_CHANGE)!r} is none."
            )
    return names


def perform(settings: ScanSettings) -> Performed:
    """Scan, all or one zone, with a progress display."""
    from auditor.cli import loading

    # What a person has to correct is told before anything slow is loaded.
    declared, reference, waivers = loading.load_declared(settings.inventory, settings.reference, settings.waivers)
    if settings.zone is not None:
        loading.demand_zone(declared, settings.zone)

    from auditor.cli.stored import baseline, open_store
    from auditor.scanning import Bounds, ScanPlan
    from auditor.sharing import end_overdue
    from auditor.store import scanning_alone

    rules = loading.load_rules(settings.further)
    bounds = Bounds(settings.limits.visit, settings.scan_seconds, settings.concurrency)
    plan = ScanPlan(declared, reference, rules, waivers, bounds, settings.changes)
    holder = f"process {os.getpid()}, since {loading.now():%Y-%m-%d %H:%M:%S} UTC"
    if settings.zone is not None:
        holder += f", zone {settings.zone}"
    with (
        loading.kept_journal(settings.journal) as journal,
        open_store(settings.store, create=True) as opened,
        scanning_alone(settings.store, holder, settings.zone),
    ):
        if settings.compare_with is not None:
            # Before any server is asked: a night's work is not lost to a number that the store does not have.
            baseline(opened, settings.compare_with, declared.infrastructure)
        ended = () if settings.resume and settings.zone is None else end_overdue(plan, opened, loading.now)
        for late in ended:
            _tell_ended(late)
        if not settings.resume:
            _tell_left_behind(opened, plan, settings.zone)
        try:
            record, open_zone = _scanned(settings, plan, opened, journal)
        except KeyboardInterrupt:
            loading.say(f"osaudit: stopped; {_how_to_go_on(opened, declared, settings.zone)}")
            raise typer.Exit(ExitCode.CRASH) from None
    return Performed(record, rules, ended, open_zone)


def _scanned(
    settings: ScanSettings, plan: ScanPlan, opened: Store, journal: Journal | None
) -> tuple[ScanRecord, ZoneScan | None]:
    from auditor.cli import loading
    from auditor.cli.progress import scan_progress
    from auditor.scanning import new_digest_key
    from auditor.scanning import scan as run_scan
    from auditor.sharing import scan_zone
    from auditor.transports.opening import Connections

    secrets, key = loading.secrets_source(), new_digest_key()
    with Connections(settings.limits, journal) as connections, scan_progress() as progress:
        if settings.zone is None:
            record = run_scan(
                plan,
                opened,
                connections,
                secrets,
                clock=loading.now,
                digest_key=key,
                progress=progress,
                resume=settings.resume,
            )
            return record, None
        read = scan_zone(
            plan, settings.zone, opened, connections, secrets, clock=loading.now, digest_key=key, progress=progress
        )
    return read.record, None if read.sealed else read


def _unfinished(opened: Store, inventory: Inventory) -> ScanSummary | None:
    from auditor.model.scan import ScanState

    scans = opened.scans(inventory.infrastructure)
    return scans[-1] if scans and scans[-1].state is ScanState.RUNNING else None


def _tell_left_behind(opened: Store, plan: ScanPlan, zone: str | None) -> None:
    from auditor.cli.loading import say
    from auditor.sharing import identity_of

    shared = {scan.id: scan.identity for scan in opened.shared_scans(plan.inventory.infrastructure)}
    left = _unfinished(opened, plan.inventory)
    if left is not None and left.id not in shared:
        say(f"Scan {left.id} was not finished and stays incomplete: this is a new one. To complete it, use --resume.")
    for scan, identity in shared.items():
        if zone is None:
            say(f"Scan {scan} still waits for zones: this is a new one.")
        elif identity != identity_of(plan):
            say(
                f"Scan {scan} waits for zones with another inventory, reference, rules or osaudit: this is a new one. "
                "Give all collectors the same."
            )


def _tell_ended(late: ScanRecord) -> None:
    from auditor.cli.concluding import incomplete
    from auditor.cli.loading import say
    from auditor.engine.completeness import completeness

    say(f"Scan {late.id} was not finished at its deadline and is sealed now. {incomplete(completeness(late))}")


def _how_to_go_on(opened: Store, inventory: Inventory, zone: str | None) -> str:
    left = _unfinished(opened, inventory)
    if left is None:
        return "no host had been asked."
    again = "--resume" if zone is None else f"--zone {zone}"
    return (
        f"{left.hosts_visited} of {len(inventory.asked)} hosts are read and stored as scan {left.id}; "
        f"`osaudit scan {again}` with the same options reads the others."
    )
