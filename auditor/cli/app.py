"""The application: its commands, and the one place where errors become sentences and exit codes."""

from __future__ import annotations

import sys

import typer

from auditor import __version__
from auditor.cli import checks, demo, diff, evaluate, explain, hosts, init, report, scan, scans, schema
from auditor.cli.exit_codes import ExitCode
from auditor.errors import OsauditError, TransportError

# Plain help: rich would double the time to the first letter.
app = typer.Typer(
    name="osaudit",
    help="Audit existing OutSystems 11 installations: read-only, over WinRM or SSH.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("init")(init.init)
app.command("scan")(scan.scan)
app.command("evaluate")(evaluate.evaluate)
app.command("report")(report.report)
app.command("diff")(diff.diff)
app.command("scans")(scans.scans)
app.add_typer(hosts.app, name="hosts")
app.add_typer(checks.app, name="checks")
app.command("explain")(explain.explain)
app.command("schema")(schema.schema)
app.command("demo")(demo.demo)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"osaudit {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None:
    """Audit existing OutSystems 11 installations: read-only, over WinRM or SSH."""


def main() -> None:
    """Run the command line; errors become one sentence on stderr and an exit code.

    A crash is left to Python: its traceback shows no locals, which may hold secrets, and its exit code is 1.
    """
    try:
        app()
    except OsauditError as error:
        for line in str(error).splitlines():
            typer.echo(f"osaudit: {line}", err=True)
        sys.exit(ExitCode.INCOMPLETE if isinstance(error, TransportError) else ExitCode.USAGE)
    except KeyboardInterrupt:
        typer.echo("osaudit: stopped; what was read so far is stored, `osaudit scan --resume` goes on.", err=True)
        sys.exit(ExitCode.CRASH)
