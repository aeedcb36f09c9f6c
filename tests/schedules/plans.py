"""Plans that the tests of all systems share."""

from __future__ import annotations

from datetime import time

from auditor.model.unattended import Schedule, Weekday
from auditor.schedules.plan import Plan


def plan(
    folder: str = "/srv/osaudit",
    *,
    program: str = "/usr/bin/true",
    days: tuple[Weekday, ...] = tuple(Weekday),
    account: str = "daemon",
    name: str = "osaudit",
) -> Plan:
    command = (program, "--config", f"{folder}/osaudit.yaml", "scan")
    return Plan(Schedule(time(2, 30), days, account, name), account, command, folder, (folder,), 3600)
