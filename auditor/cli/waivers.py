"""`osaudit waivers`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from auditor.cli.options import (
    DEFAULT_INVENTORY,
    DEFAULT_STORE,
    ChecksFolders,
    InventoryPath,
    StoreLocation,
    SummaryForm,
    WaiversPath,
    beside,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.model.finding import Finding
    from auditor.model.scan import ScanRecord
    from auditor.model.waiver import Waiver

app = typer.Typer(
    help="List, add and check the deviations that somebody accepted.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)

FILE = "waivers.yaml"


@app.command("list")
def list_waivers(
    waivers: WaiversPath = None,
    inventory: InventoryPath = DEFAULT_INVENTORY,
    store: StoreLocation = DEFAULT_STORE,
    form: Annotated[SummaryForm, typer.Option("--format", help="What to print.")] = SummaryForm.TEXT,
    further: ChecksFolders = [],  # noqa: B006 - Typer reads the default, nobody changes it
) -> None:
    """List the waivers with their state: as of today, beside the findings of the last complete scan."""
    from auditor.cli.loading import now, say, taken
    from auditor.cli.printing import print_rows
    from auditor.cli.stored import complete_scan
    from auditor.engine.standing import standings
    from auditor.reporting.waivers import HEADERS, waiver_rows, waivers_json
    from auditor.settings.waivers import load_waivers
    from auditor.store import open_store

    accepted = load_waivers(taken(inventory, waivers, FILE))
    names = _check_names(further)
    with open_store(store) as opened:
        record = complete_scan(opened, None)
    today = now().date()
    states = standings(accepted, _findings(record), record.inventory, today, names)
    if form is SummaryForm.JSON:
        typer.echo(waivers_json(states, today, record.inventory.infrastructure, record.id), nl=False)
    elif states:
        print_rows(HEADERS, waiver_rows(states))
        say(f"As of {today}, beside scan {record.id} of {record.inventory.infrastructure}.")
    else:
        say("There are no waivers; `osaudit waivers add` writes one.")


@app.command("add")
def add_waiver(
    check: Annotated[str, typer.Argument(help="The check whose findings are accepted, by id or name.")],
    reason: Annotated[str, typer.Option(help="Why they are accepted.")],
    owner: Annotated[str, typer.Option(help="Who has to remove the deviation.")],
    approver: Annotated[str, typer.Option(help="Who accepted it.")],
    until: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="The last day, like 2026-12-31.")
    ],
    host: Annotated[str | None, typer.Option(help="Only on this host.")] = None,
    environment: Annotated[str | None, typer.Option(help="Only in this environment.")] = None,
    purpose: Annotated[str | None, typer.Option(help="Only in environments with this purpose.")] = None,
    infrastructure: Annotated[bool, typer.Option("--infrastructure", help="Everywhere.")] = False,
    waivers: WaiversPath = None,
    inventory: InventoryPath = DEFAULT_INVENTORY,
    store: StoreLocation = DEFAULT_STORE,
    further: ChecksFolders = [],  # noqa: B006
) -> None:
    """Accept findings of the last complete scan as they are: appends a waiver to waivers.yaml."""
    from dataclasses import replace

    from auditor.cli.loading import now, say, write_bytes
    from auditor.cli.stored import complete_scan
    from auditor.errors import UsageError
    from auditor.model.waiver import NEVER_WAIVED, Waiver
    from auditor.reporting.waiving import entry
    from auditor.settings.waivers_file import with_entry
    from auditor.store import open_store

    if infrastructure and (host or environment or purpose):
        raise UsageError("--infrastructure is everywhere; give it without --host, --environment and --purpose.")
    if not (infrastructure or host or environment or purpose):
        raise UsageError("Say where: --host, --environment, --purpose, or --infrastructure for everywhere.")
    names = _check_names(further)
    if check not in names:
        raise UsageError(f"There is no check {check}; `osaudit checks list` shows all.")
    if names[check] in NEVER_WAIVED:
        raise UsageError(f"{names[check]} is never waived: it says whether the audit itself can be trusted.")
    wanted = _by_the_rules(
        Waiver(names[check], reason, owner, approver, now().date(), until.date(), host, environment, purpose)
    )
    with open_store(store) as opened:
        record = complete_scan(opened, None)
    accepted = _to_accept(wanted, record, names)
    _refuse_too_long(wanted, accepted)
    evidence = tuple(dict.fromkeys(item.evidence_fingerprint for item in accepted))
    file = beside(inventory, waivers, FILE) or inventory.parent / FILE
    # A link stays a link, and what it leads to is replaced.
    target = file.resolve()
    content, written = with_entry(target, entry(replace(wanted, evidence=evidence)))
    write_bytes(target, content, **({"mode": target.stat().st_mode & 0o777} if target.exists() else {}))
    typer.echo(str(file.parent / written.place))
    covered = ", ".join(dict.fromkeys(item.subject.name for item in accepted))
    say(f"{written.check} is accepted until {written.until} as scan {record.id} found it on: {covered}.")


@app.command("check")
def check_file(
    waivers: WaiversPath = None,
    inventory: InventoryPath = DEFAULT_INVENTORY,
    further: ChecksFolders = [],  # noqa: B006
) -> None:
    """Say whether waivers.yaml fits to the checks and to the inventory; needs no scan."""
    from auditor.cli.loading import load_rules, say, taken
    from auditor.engine.waiving import check_names
    from auditor.errors import UsageError
    from auditor.model.finding import Severity
    from auditor.model.waiver import MONTHS_WHEN_CRITICAL, months_later
    from auditor.settings.inventory import load_inventory
    from auditor.settings.waivers_file import check_waivers

    file = taken(inventory, waivers, FILE)
    if file is None:
        raise UsageError(f"There is no {inventory.parent / FILE}; `osaudit waivers add` writes one.")
    checks = load_rules(further).checks
    names = check_names(checks)
    accepted = check_waivers(file, load_inventory(inventory), names)
    critical = {check.id for check in checks if check.severity is Severity.CRITICAL}
    for waiver in accepted:
        if names[waiver.check] in critical and waiver.until > months_later(waiver.granted, MONTHS_WHEN_CRITICAL):
            say(
                f"{waiver.place}: {waiver.check} can be critical, and a waiver for a critical finding holds "
                f"{MONTHS_WHEN_CRITICAL} months at most."
            )
    typer.echo(f"{file}: {len(accepted)} {'waiver is' if len(accepted) == 1 else 'waivers are'} well-formed.")


def _check_names(further: list[Path]) -> Mapping[str, str]:
    from auditor.cli.loading import load_rules
    from auditor.engine.waiving import check_names

    return check_names(load_rules(further).checks)


def _findings(record: ScanRecord) -> tuple[Finding, ...]:
    return record.judgement.findings if record.judgement else ()


def _to_accept(wanted: Waiver, record: ScanRecord, names: Mapping[str, str]) -> list[Finding]:
    """Return the failures in the scope of a waiver, or the verdicts that could not be given where nothing failed."""
    from auditor.engine.standing import needing
    from auditor.engine.waiving import match_waivers
    from auditor.errors import UsageError
    from auditor.model.finding import Status

    purposes = {environment.name: environment.purpose.value for environment in record.inventory.environments}
    ((_, matching),) = match_waivers([wanted], _findings(record), purposes, names)
    found = needing(matching)
    if not found:
        raise UsageError(f"Scan {record.id} has no finding of {wanted.check} there that needs a waiver.")
    return [item for item in found if item.verdict.status is Status.FAIL] or found


def _by_the_rules(wanted: Waiver) -> Waiver:
    """Return the waiver as the file would give it; UsageError with each option that breaks a rule of the file."""
    from auditor.errors import DocumentError, UsageError
    from auditor.reporting.waiving import entry
    from auditor.settings.waivers_file import load_entry

    try:
        return load_entry(entry(wanted))
    except DocumentError as error:
        options = [location.key.replace("waivers[0].", "--") for location, _ in error.problems]
        told = [f"{option}: {sentence}" for option, (_, sentence) in zip(options, error.problems, strict=True)]
        raise UsageError("\n".join(told)) from error


def _refuse_too_long(waiver: Waiver, accepted: list[Finding]) -> None:
    from auditor.errors import UsageError
    from auditor.model.finding import Severity
    from auditor.model.waiver import MONTHS_WHEN_CRITICAL, months_later

    last = months_later(waiver.granted, MONTHS_WHEN_CRITICAL)
    if waiver.until > last and any(item.severity is Severity.CRITICAL for item in accepted):
        raise UsageError(
            f"--until: found {waiver.until}; expected {last} at the latest: a waiver for a critical finding holds "
            f"{MONTHS_WHEN_CRITICAL} months at most."
        )
