"""`osaudit diff`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from auditor.cli.options import DEFAULT_STORE, ChecksFolders, DiffForm, StoreLocation


def diff(
    before: Annotated[int | None, typer.Argument(help="The earlier scan; by default the last but one.")] = None,
    after: Annotated[int | None, typer.Argument(help="The later scan; by default the last complete one.")] = None,
    store: StoreLocation = DEFAULT_STORE,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file; needed for html.")] = None,
    form: Annotated[DiffForm, typer.Option("--format", help="In which form.")] = DiffForm.TEXT,
    further: ChecksFolders = [],  # noqa: B006 - Typer reads the default, nobody changes it
) -> None:
    """Say what changed between two scans: findings, components, versions, hosts."""
    from auditor import bundled
    from auditor.cli.loading import load_rules, write_text
    from auditor.cli.printing import print_difference
    from auditor.cli.stored import complete_scan
    from auditor.diffing import compare
    from auditor.errors import UsageError
    from auditor.reporting.diff_view import build_diff_view
    from auditor.reporting.html import html_diff
    from auditor.reporting.json import json_diff
    from auditor.store import open_store

    with open_store(store) as opened:
        later = complete_scan(opened, after)
        earlier = opened.complete_scan(before) if before is not None else opened.scan_before(later.id)
    if earlier is None:
        raise UsageError(f"Scan {later.id} is the first complete one of {later.inventory.infrastructure}; scan again.")
    difference = compare(earlier, later)
    if form is DiffForm.TEXT:
        print_difference(difference)
        return
    if form is DiffForm.JSON:
        text = json_diff(difference)
    else:
        view = build_diff_view(difference, earlier, later, load_rules(further).texts)
        text = html_diff(view, bundled.templates_folder())
    target = output or (Path(f"osaudit-{earlier.id}-{later.id}.html") if form is DiffForm.HTML else None)
    if target is None:
        typer.echo(text, nl=False)
        return
    write_text(target, text)
    typer.echo(str(target))
