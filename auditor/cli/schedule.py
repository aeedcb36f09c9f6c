"""`osaudit schedule`."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from auditor.schedules.plan import Plan


class System(StrEnum):
    """What starts a planned scan."""

    SYSTEMD = "systemd"
    WINDOWS = "windows"
    CRON = "cron"


SystemOption = Annotated[
    System | None, typer.Option("--system", help="What starts the scan; by default what this computer has.")
]
app = typer.Typer(
    help="Show, install or remove the planned scan of this computer.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)


@app.command("show")
def show(context: typer.Context, system: SystemOption = None) -> None:
    """Print what would be installed; nothing is changed."""
    from auditor.schedules import cron, systemd, windows

    match system or present_system():
        case System.SYSTEMD:
            for name, text in systemd.units(planned(context, System.SYSTEMD)).items():
                typer.echo(f"# {systemd.FOLDER}/{name}\n{text}")
        case System.WINDOWS:
            typer.echo(windows.task(planned(context, System.WINDOWS)), nl=False)
        case System.CRON:
            typer.echo(cron.block(planned(context, System.CRON)), nl=False)


@app.command("install")
def install(context: typer.Context, system: SystemOption = None) -> None:
    """Have this computer scan as osaudit.yaml plans it; an earlier schedule of the same name is replaced."""
    from auditor.cli import installing

    chosen = system or present_system()
    plan = planned(context, chosen)
    match chosen:
        case System.SYSTEMD:
            installing.install_units(plan)
        case System.WINDOWS:
            installing.install_task(plan)
        case System.CRON:
            installing.install_lines(plan)
    typer.echo(f"{plan.schedule.name} is installed; try it now with: {_trial(chosen, plan)}")


@app.command("remove")
def remove(context: typer.Context, system: SystemOption = None) -> None:
    """Take the planned scan away; store, reports and osaudit.yaml stay."""
    from auditor.cli import installing
    from auditor.cli.configured import configuration_of

    schedule = configuration_of(context).schedule
    name = schedule.name if schedule else "osaudit"
    match system or present_system():
        case System.SYSTEMD:
            installing.remove_units(name)
        case System.WINDOWS:
            installing.remove_task(name)
        case System.CRON:
            installing.remove_lines(name)
    typer.echo(f"{name} is removed.")


def present_system() -> System:
    """Return what this computer starts planned work with."""
    import sys
    from pathlib import Path

    if sys.platform == "win32":
        return System.WINDOWS
    return System.SYSTEMD if Path("/run/systemd/system").is_dir() else System.CRON


def planned(context: typer.Context, system: System) -> Plan:
    """Return what osaudit.yaml plans, as only the file says it: options and variables of today are gone at night."""
    import getpass
    from pathlib import Path

    from auditor.cli.configured import configuration_of
    from auditor.cli.options import DEFAULT_SCAN_SECONDS
    from auditor.errors import UsageError
    from auditor.schedules.plan import Plan

    configuration = configuration_of(context)
    schedule, file = configuration.schedule, configuration.file
    if schedule is None or file is None:
        raise UsageError('No schedule is declared; write schedule: {at: "02:00"} into osaudit.yaml.')
    account = schedule.account or (getpass.getuser() if system is System.CRON else None)
    if account is None:
        raise UsageError(f"{file}: schedule.account is missing; name the account that scans.")
    if system is System.CRON and account != getpass.getuser():
        raise UsageError(f"A crontab belongs to its account; run this as {account}.")
    settings = {key: setting.value for key, setting in configuration.settings.items()}
    files = ("store", "scan.report", "log", "journal")
    written = [settings[key] for key in files if "://" not in settings.get(key, "://")]
    return Plan(
        schedule=schedule,
        account=account,
        command=(*_program(), "--config", str(file), "scan"),
        folder=str(file.parent),
        writable=tuple(sorted({str(file.parent), *(str(Path(item).parent) for item in written)})),
        scan_seconds=int(settings.get("scan.scan_seconds", DEFAULT_SCAN_SECONDS)),
    )


def _program() -> tuple[str, ...]:
    """Return the osaudit that runs now, with its full path."""
    import sys
    from pathlib import Path

    beside = Path(sys.executable).with_name("osaudit.exe" if sys.platform == "win32" else "osaudit")
    return (str(beside),) if beside.is_file() else (sys.executable, "-m", "auditor")


def _trial(system: System, plan: Plan) -> str:
    import shlex

    match system:
        case System.SYSTEMD:
            return f"systemctl start {plan.schedule.name}.service"
        case System.WINDOWS:
            return f"schtasks /Run /TN {plan.schedule.name}"
        case System.CRON:
            return f"cd {shlex.quote(plan.folder)} && {shlex.join(plan.command)}"
