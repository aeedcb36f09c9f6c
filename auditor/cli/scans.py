"""`osaudit scans`."""

from __future__ import annotations

import typer

from auditor.cli.options import DEFAULT_STORE, StoreLocation


def scans(store: StoreLocation = DEFAULT_STORE) -> None:
    """List the stored scans."""
    from auditor.cli.loading import say
    from auditor.cli.printing import print_rows
    from auditor.cli.stored import open_store, tell_incomplete

    with open_store(store) as opened:
        stored = opened.scans()
        if not stored:
            say("The store holds no scan yet; run `osaudit scan`.")
            raise typer.Exit
        rows = [
            (
                str(scan.id),
                scan.infrastructure,
                f"{scan.started_at:%Y-%m-%d %H:%M}",
                f"{scan.finished_at:%Y-%m-%d %H:%M}" if scan.finished_at else "incomplete",
                str(scan.hosts_visited),
                ", ".join(scan.changes),
            )
            for scan in stored
        ]
        print_rows(("Scan", "Infrastructure", "Began (UTC)", "Ended (UTC)", "Hosts", "During"), rows)
        tell_incomplete(opened)
