"""`osaudit store`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from auditor.cli.options import DEFAULT_STORE, StoreLocation

_MOST = 20

app = typer.Typer(
    help="Back up the store, and check that nothing in it is damaged.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)


@app.callback()
def _group() -> None:
    """Back up the store, and check that nothing in it is damaged."""


@app.command("backup")
def backup(
    file: Annotated[Path, typer.Argument(help="The file; it must not be there yet.")],
    store: StoreLocation = DEFAULT_STORE,
) -> None:
    """Copy the store into a file, also while a scan is at work; the copy is a store itself."""
    from auditor.cli.loading import say
    from auditor.cli.stored import open_store

    with open_store(store) as opened:
        complete = opened.back_up(file)
    typer.echo(str(file))
    say(f"Backed up {complete} complete scan{'s' * (complete != 1)}.")


@app.command("check")
def check(store: StoreLocation = DEFAULT_STORE) -> None:
    """Read everything that is in the store, and say what is damaged; exit code 2 if anything is."""
    from auditor.cli.stored import open_store
    from auditor.errors import StoreError
    from auditor.store import file_of

    with open_store(store) as opened:
        problems = opened.check()
        if not problems:
            scans = len(opened.scans())
            typer.echo(f"{store} is whole: {scans} scan{'s' * (scans != 1)} can be read.")
            return
    if file_of(store) is None:
        what_to_do = f"{store} is damaged; keep a copy of the database, and restore its last good backup."
    else:
        what_to_do = (
            f"{store} is damaged; keep it aside, with the files -wal and -shm beside it, and put the last good backup "
            "in its place."
        )
    shown = problems[:_MOST]
    more = [f"And {len(problems) - _MOST} more of the kind."] if len(problems) > _MOST else []
    raise StoreError("\n".join((*shown, *more, what_to_do)))
