"""`osaudit init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def init(
    folder: Annotated[Path, typer.Argument(help="Where to write; made if it is not there.")] = Path(),
) -> None:
    """Write commented examples of inventory, reference, waivers and configuration."""
    from auditor.cli.loading import say, write_text
    from auditor.errors import UsageError
    from auditor.settings.examples import examples

    texts = examples()
    present = [name for name in sorted(texts) if (folder / name).exists()]
    if present:
        raise UsageError(f"{folder / present[0]} exists already and is left as it is; name another folder.")
    for name, text in sorted(texts.items()):
        write_text(folder / name, text)
        typer.echo(str(folder / name))
    say("Edit the inventory, then try it with `osaudit hosts ping`.")
