"""`osaudit site`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from auditor.cli.options import DEFAULT_STORE, ChecksFolders, ReportLanguage, StoreLocation
from auditor.model.language import Language


def site(
    folder: Annotated[Path, typer.Argument(help="The folder; made if it is not there.")],
    store: StoreLocation = DEFAULT_STORE,
    lang: ReportLanguage = Language.ENGLISH,
    further: ChecksFolders = [],  # noqa: B006 - Typer reads the default, nobody changes it
) -> None:
    """Write all reports and diffs to a folder for a web server; only what is missing or changed."""
    from auditor.cli.loading import load_rules, say
    from auditor.cli.stored import open_store, tell_incomplete
    from auditor.publishing import publish

    rules = load_rules(further)
    with open_store(store) as opened:
        tell_incomplete(opened)
        done = publish(opened, folder, rules, language=lang)
    typer.echo(str(folder / "index.html"))
    say(f"{done.written} written, {done.kept} unchanged, {done.removed} removed.")
