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
)
from auditor.model.language import Language

if TYPE_CHECKING:
    from auditor.evaluating import Rules
    from auditor.model.inventory import Inventory
    from auditor.model.scan import ScanRecord
    from auditor.store import ScanSummary, Store
    from auditor.transports.base import Limits

_LONGEST_CHANGE = 80


def scan(
    context: typer.Context,
    inventory: InventoryPath = DEFAULT_INVENTORY,
    reference: ReferencePath = None,
    waivers: WaiversPath = None,
    store: StoreLocation = DEFAULT_STORE,
    resume: Annotated[bool, typer.Option("--resume", help="Complete the last scan, which was interrupted.")] = False,
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
    from auditor.cli.concluding import Gate, conclude
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
    )
    record, rules = perform(settings)
    gate = Gate(fail_on, fail_on_new, compare_with, min_coverage)
    try:
        conclude(record, rules, gate, form=form, report=report, store=store, lang=lang)
    finally:
        # However the scan ended, and also where its report could not be written.
        tell_of(record, rules, store, configuration_of(context), NotifyWhen(notify.value), lang)
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


def perform(settings: ScanSettings) -> tuple[ScanRecord, Rules]:
    """Scan with a progress display, and return the sealed scan with the rules that judged it."""
    from auditor.cli import loading

    # What a person has to correct is told before anything slow is loaded.
    declared, reference, waivers = loading.load_declared(settings.inventory, settings.reference, settings.waivers)

    from auditor.cli.progress import scan_progress
    from auditor.cli.stored import baseline, open_store
    from auditor.scanning import Bounds, ScanPlan, new_digest_key
    from auditor.scanning import scan as run_scan
    from auditor.store import scanning_alone
    from auditor.transports.opening import Connections

    rules = loading.load_rules(settings.further)
    bounds = Bounds(settings.limits.visit, settings.scan_seconds, settings.concurrency)
    plan = ScanPlan(declared, reference, rules, waivers, bounds, settings.changes)
    holder = f"process {os.getpid()}, since {loading.now():%Y-%m-%d %H:%M:%S} UTC"
    with (
        loading.kept_journal(settings.journal) as journal,
        open_store(settings.store, create=True) as opened,
        scanning_alone(settings.store, holder),
    ):
        if settings.compare_with is not None:
            # Before any server is asked: a night's work is not lost to a number that the store does not have.
            baseline(opened, settings.compare_with, declared.infrastructure)
        if not settings.resume:
            _tell_left_behind(opened, declared)
        try:
            with Connections(settings.limits, journal) as connections, scan_progress() as progress:
                record = run_scan(
                    plan,
                    opened,
                    connections,
                    loading.secrets_source(),
                    clock=loading.now,
                    digest_key=new_digest_key(),
                    progress=progress,
                    resume=settings.resume,
                )
        except KeyboardInterrupt:
            loading.say(f"osaudit: stopped; {_how_to_go_on(opened, declared)}")
            raise typer.Exit(ExitCode.CRASH) from None
    return record, rules


def _unfinished(opened: Store, inventory: Inventory) -> ScanSummary | None:
    from auditor.model.scan import ScanState

    scans = opened.scans(inventory.infrastructure)
    return scans[-1] if scans and scans[-1].state is ScanState.RUNNING else None


def _tell_left_behind(opened: Store, inventory: Inventory) -> None:
    from auditor.cli.loading import say

    left = _unfinished(opened, inventory)
    if left is not None:
        say(f"Scan {left.id} was not finished and stays incomplete: this is a new one. To complete it, use --resume.")


def _how_to_go_on(opened: Store, inventory: Inventory) -> str:
    left = _unfinished(opened, inventory)
    if left is None:
        return "no host had been asked."
    return (
        f"{left.hosts_visited} of {len(inventory.asked)} hosts are read and stored as scan {left.id}; "
        "`osaudit scan --resume` with the same options reads the others."
    )
