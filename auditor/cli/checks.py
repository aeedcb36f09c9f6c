"""`osaudit checks`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from auditor.cli.options import ChecksFolders

app = typer.Typer(
    help="List, explain and begin checks.", no_args_is_help=True, rich_markup_mode=None, add_completion=False
)


@app.command("list")
def list_checks(further: ChecksFolders = []) -> None:  # noqa: B006 - Typer reads the default, nobody changes it
    """List all checks."""
    from auditor.cli.loading import load_rules

    rules = load_rules(further)
    for check in rules.checks:
        typer.echo(f"{check.id:<9} {check.severity:<9} {check.level:<15} {check.title}")
    typer.echo(f"{len(rules.checks)} checks, rule set {rules.rule_set.digest}", err=True)
    typer.echo(rules.tables.age_line, err=True)


@app.command("explain")
def explain_check(
    name: Annotated[str, typer.Argument(help="Id or slug, for example TOPO-006.")],
    further: ChecksFolders = [],  # noqa: B006
) -> None:
    """Explain one check: why it matters, how it is decided, how to fix it."""
    from auditor.cli.loading import load_rules
    from auditor.errors import UsageError

    for check in load_rules(further).checks:
        if name.casefold() in {other.casefold() for other in (check.id, check.slug, *check.formerly)}:
            typer.echo(f"{check.id} {check.slug} ({check.severity})\n{check.title}.")
            for heading, text in check.sections.items():
                typer.echo(f"\n{heading}\n{text}")
            return
    raise UsageError(f"There is no check {name}; `osaudit checks list` shows all.")


@app.command("new")
def new_check(
    check_id: Annotated[str, typer.Argument(help="The id, for example VER-001.")],
    slug: Annotated[str, typer.Argument(help="The compliant condition in snake_case; file, function and cases.")],
    area: Annotated[str, typer.Option(help="The folder below checks/.")],
    root: Annotated[Path, typer.Option(help="The folder that holds checks/ and fixtures/checks/.")] = Path(),
) -> None:
    """Begin a new check: writes the check file and its cases, nothing else."""
    from auditor.cli.loading import write_text
    from auditor.engine.scaffolding import new_check_files
    from auditor.errors import UsageError

    files = new_check_files(check_id, slug, area)
    taken = [name for name in files if (root / name).exists()]
    if taken:
        raise UsageError(f"{root / taken[0]} exists already; choose another slug.")
    for name, text in files.items():
        write_text(root / name, text)
        typer.echo(str(root / name))


@app.command("pages")
def write_pages(
    folder: Annotated[Path, typer.Argument(help="The folder to write to; made where it does not exist.")],
    further: ChecksFolders = [],  # noqa: B006
) -> None:
    """Write one Markdown page for each check, and an index by group, severity and source."""
    from auditor.cli.loading import load_rules, write_text

    pages = load_rules(further).pages
    for name, text in pages.items():
        write_text(folder / name, text)
    typer.echo(f"{len(pages)} pages in {folder}", err=True)
