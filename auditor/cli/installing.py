"""Handing a planned scan to the system of this computer, and taking it back."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from auditor.errors import UsageError
from auditor.schedules import cron, systemd, windows
from auditor.schedules.plan import Plan

_READ_BY_ALL = 0o644


def install_units(plan: Plan, folder: Path = Path(systemd.FOLDER)) -> None:
    """Write service and timer and start the timer; UsageError where that is not allowed."""
    for name, text in systemd.units(plan).items():
        try:
            (folder / name).write_text(text, encoding="utf-8")
            (folder / name).chmod(_READ_BY_ALL)
        except OSError as error:
            raise UsageError(f"{folder / name} cannot be written: {error.strerror}; run this as root.") from error
    _run(("systemctl", "daemon-reload"))
    _run(("systemctl", "enable", "--now", f"{plan.schedule.name}.timer"))


def remove_units(name: str, folder: Path = Path(systemd.FOLDER)) -> None:
    """Stop the timer and delete both units; UsageError where there are none."""
    units = [folder / f"{name}.timer", folder / f"{name}.service"]
    if not any(unit.exists() for unit in units):
        raise UsageError(f"There is no {units[0]}; nothing was removed.")
    _run(("systemctl", "disable", "--now", f"{name}.timer"))
    for unit in units:
        try:
            unit.unlink(missing_ok=True)
        except OSError as error:
            raise UsageError(f"{unit} cannot be deleted: {error.strerror}; run this as root.") from error
    _run(("systemctl", "daemon-reload"))


def install_task(plan: Plan) -> None:
    """Register the task; schtasks asks for the password of a named account itself, so that we never know it."""
    # An empty password is the way to say that the domain manages it.
    password = "" if windows.is_managed(plan.account) else "*"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "task.xml"
        file.write_bytes(windows.document(plan))
        name = plan.schedule.name
        _run(("schtasks", "/Create", "/F", "/TN", name, "/XML", str(file), "/RU", plan.account, "/RP", password))


def remove_task(name: str) -> None:
    """Take the task away."""
    _run(("schtasks", "/Delete", "/F", "/TN", name))


def install_lines(plan: Plan) -> None:
    """Put the lines into the crontab of this account, in place of earlier ones."""
    kept = cron.without(_crontab(), plan.schedule.name)
    separated = kept if not kept or kept.endswith("\n") else f"{kept}\n"
    _run(("crontab", "-"), separated + cron.block(plan))


def remove_lines(name: str) -> None:
    """Take the lines out of the crontab of this account; UsageError where there are none."""
    before = _crontab()
    kept = cron.without(before, name)
    if kept == before:
        raise UsageError(f"The crontab of this account holds no planned scan {name}; nothing was removed.")
    _run(("crontab", "-"), kept)


def _crontab() -> str:
    """Return the crontab of this account, empty where there is none yet."""
    try:
        done = subprocess.run(["crontab", "-l"], capture_output=True, text=True, check=False)  # noqa: S607
    except OSError as error:
        raise UsageError("There is no crontab on this computer; choose another --system.") from error
    return done.stdout if done.returncode == 0 else ""


def _run(command: Sequence[str], typed: str | None = None) -> None:
    """Run a program of the system; what it says goes to the person as it is."""
    try:
        ended = subprocess.run(command, input=typed, text=True, check=False)  # noqa: S603 - words of ours, no shell
    except OSError as error:
        raise UsageError(f"There is no {command[0]} on this computer; choose another --system.") from error
    if ended.returncode:
        raise UsageError(f"{' '.join(command[:2])} ended with {ended.returncode}; it says above why.")
