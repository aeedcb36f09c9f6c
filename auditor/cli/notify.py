"""`osaudit notify`."""

from __future__ import annotations

from typing import Annotated

import typer

from auditor.cli.options import ReportLanguage
from auditor.model.language import Language

app = typer.Typer(
    help="Try whether those who are told of a scan can be reached.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)


@app.callback()
def _group() -> None:
    """Try whether those who are told of a scan can be reached."""


@app.command("test")
def test(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(help="Names of targets; all when none is given.")] = None,
    lang: ReportLanguage = Language.ENGLISH,
) -> None:
    """Send a test message to the targets of osaudit.yaml."""
    from auditor.cli.configured import configuration_of
    from auditor.cli.telling import told
    from auditor.errors import UsageError
    from auditor.reporting.language import speaking
    from auditor.reporting.notice import trial

    targets = {target.name.casefold(): target for target in configuration_of(context).targets}
    if not targets:
        raise UsageError("No target is declared; write notifications.targets into osaudit.yaml.")
    wanted = dict.fromkeys(name.casefold() for name in names or targets)
    for name in wanted:
        if name not in targets:
            raise UsageError(f"osaudit.yaml has no target {name!r}; `osaudit config show` shows all.")
    with speaking(lang):
        message = trial()
    problems = []
    for name in wanted:
        problem = told(targets[name], message)
        if problem:
            problems.append(problem)
        else:
            typer.echo(f"Notified: {targets[name].name}.")
    if problems:
        raise UsageError("\n".join(problems))
