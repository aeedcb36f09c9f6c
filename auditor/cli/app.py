"""The application: its commands, and the one place where errors become sentences and exit codes."""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from auditor import __version__
from auditor.cli.exit_codes import ExitCode

# Each command is a function, or a `Typer` of sub-commands, of the module `auditor.cli.<command>`. What help says of it
# stands here too, so that help starts without importing them; a test holds both to the same words.
COMMANDS = {
    "init": ("init", "Write commented examples of inventory, reference, waivers and configuration."),
    "scan": ("scan", "Read every host once, judge what was read, and store both."),
    "evaluate": (
        "evaluate",
        "Judge the stored answers of a scan again, by the checks of this osaudit; no host is contacted.",
    ),
    "report": (
        "report",
        "Write the report of a stored scan: one file, complete without network and without JavaScript.",
    ),
    "diff": ("diff", "Say what changed between two scans: findings, components, versions, hosts."),
    "scans": ("scans", "List the stored scans."),
    "site": ("site", "Write all reports and diffs to a folder for a web server; only what is missing or changed."),
    "hosts": ("app", "List hosts, try to read them, trust their SSH keys."),
    "checks": ("app", "List, explain and begin checks."),
    "waivers": ("app", "List, add and check the deviations that somebody accepted."),
    "explain": ("explain", "Print every question that is asked of a server: what, why, and the least right it needs."),
    "status": ("status", "Say when the last complete scan was, what it saw, and whether a planned one is missing."),
    "prune": ("prune", "Remove old scans from the store, and give their room back to the disk."),
    "store": ("app", "Back up the store, and check that nothing in it is damaged."),
    "schedule": ("app", "Show, install or remove the planned scan of this computer."),
    "notify": ("app", "Try whether those who are told of a scan can be reached."),
    "config": ("app", "Show which settings hold, and where each comes from."),
    "schema": ("schema", "Print the JSON Schema of a document, for editors that complete and check it."),
    "demo": ("demo", "Show the main job on a simulated infrastructure: scan, drift, scan again, report and diff."),
}


class Commands(TyperGroup):
    """The commands, each imported when it is called."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = {name: TyperCommand(name, help=summary) for name, (_, summary) in COMMANDS.items()}

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import a command and return it; None if there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        found = getattr(import_module(f"auditor.cli.{cmd_name}"), COMMANDS[cmd_name][0])
        if not isinstance(found, typer.Typer):
            alone = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
            alone.command(cmd_name)(found)
            found = alone
        return typer.main.get_command(found)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that is called, and lay osaudit.yaml under its options; help does without the file."""
        from auditor.cli.configured import CONFIGURED, configure

        if args[0] in CONFIGURED and not {"-h", "--help"} & set(args):
            configure(ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands into the help without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])

    def invoke(self, ctx: Any) -> Any:
        """Call the command that was asked for; Ctrl-C ends it with a sentence."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            typer.echo("osaudit: stopped.", err=True)
            raise typer.Exit(ExitCode.CRASH) from None


# Plain help: rich would double the time to the first letter.
app = typer.Typer(
    name="osaudit",
    cls=Commands,
    help="Audit existing OutSystems 11 installations: read-only, over WinRM or SSH.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"osaudit {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
    config: Annotated[
        Path | None,
        typer.Option(envvar="OSAUDIT_CONFIG", help="The configuration; by default osaudit.yaml, if there is one."),
    ] = None,
) -> None:
    """Audit existing OutSystems 11 installations: read-only, over WinRM or SSH."""


def main() -> None:
    """Run the command line; errors become one sentence on stderr and an exit code.

    A crash is left to Python: its traceback shows no locals, which may hold secrets, and its exit code is 1.
    """
    _never_fail_to_print()
    from auditor.errors import OsauditError, TransportError

    try:
        app(prog_name="osaudit")
    except OsauditError as error:
        for line in str(error).splitlines():
            typer.echo(f"osaudit: {line}", err=True)
        sys.exit(ExitCode.INCOMPLETE if isinstance(error, TransportError) else ExitCode.USAGE)


def _never_fail_to_print() -> None:
    """Show a letter that the encoding of the output lacks as a question mark, instead of crashing with the result."""
    for stream in (sys.stdout, sys.stderr):
        # Whoever replaced the streams answers for them.
        with suppress(AttributeError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
