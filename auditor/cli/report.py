"""`osaudit report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from auditor.cli.options import DEFAULT_STORE, ChecksFolders, ReportForm, StoreLocation


def report(
    scan: Annotated[int | None, typer.Argument(help="The scan; by default the last complete one.")] = None,
    store: StoreLocation = DEFAULT_STORE,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file; by default osaudit-SCAN.html.")
    ] = None,
    form: Annotated[ReportForm, typer.Option("--format", help="In which form.")] = ReportForm.HTML,
    further: ChecksFolders = [],  # noqa: B006 - Typer reads the default, nobody changes it
) -> None:
    """Write the report of a stored scan: one file, complete without network and without JavaScript."""
    from auditor import bundled
    from auditor.cli.loading import load_rules, say, write_text
    from auditor.cli.printing import print_summary
    from auditor.cli.stored import complete_scan
    from auditor.reporting.html import html_report
    from auditor.reporting.json import json_report
    from auditor.reporting.view import build_view
    from auditor.store import open_store

    rules = load_rules(further)
    with open_store(store) as opened:
        record = complete_scan(opened, scan)
        previous = opened.scan_before(record.id)
    difference = None
    if previous is not None:
        from auditor.diffing import compare

        difference = compare(previous, record)
    view = build_view(record, rules.texts, difference, figures=rules.age_of_figures(record))
    if form is ReportForm.TEXT:
        print_summary(view)
        return
    text = html_report(view, bundled.templates_folder()) if form is ReportForm.HTML else json_report(view)
    if output is None and form is ReportForm.JSON:
        typer.echo(text, nl=False)
        return
    target = output or Path(f"osaudit-{record.id}.html")
    write_text(target, text)
    typer.echo(str(target))
    say(f"Report of scan {record.id} of {record.inventory.infrastructure}.")
