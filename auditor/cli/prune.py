"""`osaudit prune`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from auditor.cli.options import DEFAULT_STORE, StoreLocation

if TYPE_CHECKING:
    from auditor.model.unattended import Retention
    from auditor.store import ScanSummary


def prune(
    store: StoreLocation = DEFAULT_STORE,
    keep_days: Annotated[
        int | None, typer.Option(envvar="OSAUDIT_KEEP_DAYS", min=1, max=36500, help="Keep the scans of so many days.")
    ] = None,
    keep_scans: Annotated[
        int | None, typer.Option(envvar="OSAUDIT_KEEP_SCANS", min=1, help="Keep the last so many scans.")
    ] = None,
    keep: Annotated[
        list[int],
        typer.Option(envvar="OSAUDIT_KEEP", min=1, help="Keep the scan of this number; can be given more than once."),
    ] = [],  # noqa: B006 - Typer reads the default, nobody changes it
    compare_with: Annotated[
        int | None,
        typer.Option(
            "--baseline",
            envvar="OSAUDIT_BASELINE",
            min=1,
            help="Keep also this scan, with which `osaudit scan` compares.",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be removed.")] = False,
) -> None:
    """Remove old scans from the store, and give their room back to the disk."""
    from auditor.cli.loading import now, say
    from auditor.cli.stored import open_store
    from auditor.errors import UsageError

    retention = _retention(keep_days, keep_scans, keep, compare_with)
    if not retention.is_limited:
        raise UsageError("Say how long scans are kept: --keep-days, --keep-scans, or retention in osaudit.yaml.")
    if not dry_run:
        _remove(store, retention)
        return
    with open_store(store) as opened:
        scans, old = opened.scans(), opened.expendable(retention, now())
    if old:
        _list(old)
    say(f"{_of(len(old), len(scans))} would be removed.")


def configured_retention(context: typer.Context) -> Retention:
    """Return how long scans are kept by osaudit.yaml and the environment."""
    from auditor.cli.configured import settings_of

    with settings_of(context, "prune") as called:
        given = called.params
    return _retention(given["keep_days"], given["keep_scans"], given["keep"], given["compare_with"])


def _retention(keep_days: int | None, keep_scans: int | None, keep: list[int], compare_with: int | None) -> Retention:
    from auditor.model.unattended import Retention

    return Retention(keep_days, keep_scans, (*keep, *([] if compare_with is None else [compare_with])))


def prune_after(store: str, retention: Retention) -> None:
    """Prune after a scan where that is configured. What goes wrong is said, and never changes how the scan ended."""
    from auditor.cli.loading import say
    from auditor.errors import OsauditError

    if not retention.is_limited:
        return
    try:
        _remove(store, retention)
    except OsauditError as error:
        say(f"Old scans could not be removed: {error}")


def _remove(store: str, retention: Retention) -> None:
    from auditor.cli.loading import now, say
    from auditor.cli.stored import open_store
    from auditor.store import file_of, scanning_alone

    holder = f"osaudit prune, process {os.getpid()}, since {now():%Y-%m-%d %H:%M:%S} UTC"
    file = file_of(store)
    with open_store(store) as opened, scanning_alone(store, holder):
        scans, old = opened.scans(), opened.expendable(retention, now())
        size = file.stat().st_size if file else 0
        removed = opened.remove([scan.id for scan in old]) if old else None
        opened.shrink()
    if removed is None:
        say(f"Nothing was removed: all {len(scans)} scans are kept.")
        return
    documents = f"{removed.documents} document{'s' * (removed.documents != 1)} that nothing else needs"
    shrunk = f"; {file} went from {_megabytes(size)} to {_megabytes(file.stat().st_size)}" if file else ""
    say(f"{_of(removed.scans, len(scans))} removed, with {documents}{shrunk}.")


def _of(some: int, all_: int) -> str:
    return f"{some} of {all_} scan{'s' * (all_ != 1)}"


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"


def _list(scans: tuple[ScanSummary, ...]) -> None:
    from auditor.cli.printing import print_rows

    rows = [
        (
            str(scan.id),
            scan.infrastructure,
            f"{scan.started_at:%Y-%m-%d %H:%M}",
            f"{scan.finished_at:%Y-%m-%d %H:%M}" if scan.finished_at else "incomplete",
            str(scan.hosts_visited),
        )
        for scan in scans
    ]
    print_rows(("Scan", "Infrastructure", "Began (UTC)", "Ended (UTC)", "Hosts"), rows)
