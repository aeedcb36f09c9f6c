"""`osaudit diff`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from auditor.cli.options import DEFAULT_STORE, ChecksFolders, DiffForm, ReportLanguage, StoreLocation
from auditor.model.language import Language

if TYPE_CHECKING:
    from auditor.model.scan import ScanRecord
    from auditor.store import Store


def diff(
    before: Annotated[int | None, typer.Argument(help="The earlier scan; by default the last but one.")] = None,
    after: Annotated[int | None, typer.Argument(help="The later scan; by default the last complete one.")] = None,
    baseline: Annotated[
        int | None, typer.Option(help="The earlier scan; a number without an option is then the later one.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            help="The earlier scan is the last one that ended by this date or time, like 2026-03-31 or "
            "2026-03-31T18:00, in the time zone of this computer unless it names another.",
        ),
    ] = None,
    store: StoreLocation = DEFAULT_STORE,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file; needed for html.")] = None,
    form: Annotated[DiffForm, typer.Option("--format", help="In which form.")] = DiffForm.TEXT,
    lang: ReportLanguage = Language.ENGLISH,
    further: ChecksFolders = [],  # noqa: B006 - Typer reads the default, nobody changes it
) -> None:
    """Say what changed between two scans: findings, components, versions, hosts."""
    from functools import cache

    from auditor import bundled
    from auditor.cli.loading import load_rules, write_text
    from auditor.cli.printing import print_difference
    from auditor.cli.stored import open_store
    from auditor.comparing import compared
    from auditor.reporting.diff_view import build_diff_view
    from auditor.reporting.html import html_diff
    from auditor.reporting.json import json_diff
    from auditor.reporting.language import speaking

    chosen = _chosen(before, after, baseline, since)
    rules = cache(lambda: load_rules(further))
    with open_store(store) as opened:
        earlier, later = _two_scans(opened, chosen)
        difference = compared(opened, earlier, later, rules)
    if form is DiffForm.TEXT:
        print_difference(difference)
        return
    if form is DiffForm.JSON:
        text = json_diff(difference)
    else:
        with speaking(lang):
            view = build_diff_view(difference, earlier, later, rules().texts)
            text = html_diff(view, bundled.templates_folder())
    target = output or (Path(f"osaudit-{earlier.id}-{later.id}.html") if form is DiffForm.HTML else None)
    if target is None:
        typer.echo(text, nl=False)
        return
    write_text(target, text)
    typer.echo(str(target))


def _chosen(
    before: int | None, after: int | None, baseline: int | None, since: str | None
) -> tuple[int | datetime | None, int | None]:
    """Return what names the earlier scan, and the number of the later one; None for the default of each."""
    from auditor.errors import UsageError

    if baseline is None and since is None:
        return before, after
    if baseline is not None and since is not None:
        raise UsageError("--baseline and --since both name the earlier scan; give one of them.")
    if after is not None:
        option = "--baseline" if since is None else "--since"
        raise UsageError(f"{option} names the earlier scan, so only one number, that of the later scan, can follow.")
    return baseline if since is None else _moment(since), before


def _moment(text: str) -> datetime:
    from auditor.errors import UsageError

    try:
        # A moment without a zone is one of this computer's.
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f"--since takes a date or a time, like 2026-03-31 or 2026-03-31T18:00; {text[:40]!r} is none."
        ) from None


def _two_scans(opened: Store, chosen: tuple[int | datetime | None, int | None]) -> tuple[ScanRecord, ScanRecord]:
    from auditor.cli.stored import complete_scan
    from auditor.errors import UsageError

    first, last = chosen
    later = complete_scan(opened, last)
    if isinstance(first, datetime):
        return _ended_by(opened, first, later), later
    earlier = opened.complete_scan(first) if first is not None else opened.scan_before(later.id)
    if earlier is None:
        raise UsageError(f"Scan {later.id} is the first complete one of {later.inventory.infrastructure}; scan again.")
    return earlier, later


def _ended_by(opened: Store, moment: datetime, later: ScanRecord) -> ScanRecord:
    """Return the last complete scan that had ended at this moment, and say which one that is."""
    from auditor.cli.loading import say
    from auditor.errors import UsageError

    infrastructure = later.inventory.infrastructure
    when = f"{moment:%Y-%m-%d %H:%M:%S %Z}"
    ended = [
        (scan.finished_at, scan.id) for scan in opened.scans(infrastructure) if scan.finished_at and scan.id <= later.id
    ]
    by_then = [scan for finished_at, scan in ended if finished_at <= moment]
    if not by_then:
        first, number = ended[0]
        raise UsageError(
            f"No complete scan of {infrastructure} had ended by {when}; the first one, scan {number}, ended at "
            f"{first.astimezone():%Y-%m-%d %H:%M:%S %Z}."
        )
    if by_then[-1] == later.id:
        raise UsageError(f"Scan {later.id} had ended by {when} itself; name an earlier date, or a later scan.")
    say(f"Since {when}: the last scan that had ended by then is scan {by_then[-1]}.")
    return opened.complete_scan(by_then[-1])
