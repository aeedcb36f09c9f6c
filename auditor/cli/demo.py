"""`osaudit demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    folder: Annotated[Path, typer.Argument(help="Where the results go; made if it is not there.")] = Path(
        "osaudit-demo"
    ),
) -> None:
    """Show the main job on a simulated infrastructure: scan, drift, scan again, report and diff."""
    import os
    import secrets
    import shutil

    from auditor import bundled
    from auditor.cli.loading import say, write_text
    from auditor.errors import UsageError
    from auditor.simulation.infrastructure import load_infrastructure
    from auditor.simulation.serving import serve_infrastructure

    if folder.exists() and not (folder / "inventory.yaml").exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} holds other files; name another folder.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    before = load_infrastructure(bundled.infrastructures_folder() / "demo")
    after = load_infrastructure(bundled.infrastructures_folder() / "demo-drifted")
    password = os.environ["OSAUDIT_SIMULATION_PASSWORD"] = secrets.token_urlsafe(12)
    with serve_infrastructure(before, folder, password=password) as served:
        inventory = folder / "inventory.yaml"
        write_text(inventory, served.inventory_text())
        say(f"Simulated servers of {len(before.hosts)} hosts listen on 127.0.0.1 and answer from machine models.")
        say("\nFirst scan: the reference, healthy.")
        _scan(inventory, folder)
        say("\nA day later: LifeTime is also on dev-1, prd-fe2 fell behind, qa-1 is silent. Second scan.")
        served.become(after)
        _scan(inventory, folder)
    _write_results(folder)


def _scan(inventory: Path, folder: Path) -> None:
    from auditor.cli.concluding import Gate, conclude
    from auditor.cli.exit_codes import ExitCode
    from auditor.cli.scan import ScanSettings, perform
    from auditor.transports.base import Limits

    limits = Limits(sign_in=5.0, visit=30.0)
    settings = ScanSettings(inventory, None, None, str(folder / "osaudit.db"), False, None, 120.0, limits, [])
    try:
        done = perform(settings)
        conclude(done.record, done.rules, Gate())
    except typer.Exit as ended:
        typer.echo(f"A scheduled scan would end with exit code {ended.exit_code} ({ExitCode(ended.exit_code).name}).")


def _write_results(folder: Path) -> None:
    from auditor.cli.diff import diff
    from auditor.cli.options import DiffForm, ReportForm
    from auditor.cli.report import report

    store = str(folder / "osaudit.db")
    typer.echo("\nReport of the second scan, and what changed since the first:")
    report(store=store, output=folder / "report.html", form=ReportForm.HTML)
    diff(store=store, output=folder / "diff.html", form=DiffForm.HTML)
    typer.echo()
    diff(store=store, form=DiffForm.TEXT)
