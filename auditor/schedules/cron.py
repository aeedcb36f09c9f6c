"""A line for the crontab of the account that scans. What a scan prints goes to the log of the system."""

from __future__ import annotations

import re
import shlex

from auditor.model.unattended import Weekday
from auditor.schedules.plan import Plan


def block(plan: Plan) -> str:
    """Return the lines for a crontab, between two marks by which they are found again."""
    schedule = plan.schedule
    days = "*" if len(schedule.days) == len(Weekday) else ",".join(str(_number(day)) for day in schedule.days)
    command = f"cd {shlex.quote(plan.folder)} && {shlex.join(plan.command)} 2>&1 | logger -t {schedule.name}"
    # Cron takes a bare percent sign for the end of the command.
    line = f"{schedule.at.minute} {schedule.at.hour} * * {days} {command}".replace("%", "\\%")
    return f"{_begin(schedule.name)}\n{line}\n{_end(schedule.name)}\n"


def without(crontab: str, name: str) -> str:
    """Return a crontab without the schedule of this name; where one of its marks is gone, nothing is taken away."""
    return re.sub(rf"{re.escape(_begin(name))}\n.*?{re.escape(_end(name))}\n?", "", crontab, flags=re.DOTALL)


def _number(day: Weekday) -> int:
    return tuple(Weekday).index(day) + 1


def _begin(name: str) -> str:
    return f"# Begin of the planned scan {name}, written by osaudit schedule install."


def _end(name: str) -> str:
    return f"# End of the planned scan {name}."
