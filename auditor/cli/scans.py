"""`osaudit scans`."""

from __future__ import annotations

import typer

from auditor.cli.options import DEFAULT_STORE, StoreLocation


def scans(store: StoreLocation = DEFAULT_STORE) -> None:
    """List the stored scans."""
    from auditor.store import open_store

    with open_store(store) as opened:
        for scan in opened.scans():
            ended = f"{scan.finished_at:%Y-%m-%d %H:%M}" if scan.finished_at else "incomplete     "
            began = f"{scan.started_at:%Y-%m-%d %H:%M}"
            typer.echo(f"{scan.id:>5}  {began} to {ended} UTC  {scan.hosts_visited:>4} hosts  {scan.infrastructure}")
