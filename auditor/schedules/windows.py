"""A task for the Task Scheduler of Windows, as XML after Microsoft's published schema of tasks."""

from __future__ import annotations

import subprocess
from datetime import date
from xml.sax.saxutils import escape

from auditor.schedules.plan import Plan

# A task needs a day to begin with; one that has passed means from now on.
_SINCE = date(2026, 1, 1)


def task(plan: Plan) -> str:
    """Return the task, without an XML declaration, so that it may be written in any encoding of Unicode.

    The time has no zone: it is the local time of the computer. The logon type Password is the one for a named account
    and for a group managed service account alike; of the latter nobody gives the password.
    """
    schedule = plan.schedule
    days = "".join(f"<{day.capitalize()} />" for day in schedule.days)
    return f"""\
<Task version="1.3" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>osaudit: scan of the OutSystems servers declared in {escape(plan.folder)}</Description>
  </RegistrationInfo>
  <Triggers>
    <CalendarTrigger>
      <Enabled>true</Enabled>
      <StartBoundary>{_SINCE}T{schedule.at:%H:%M:%S}</StartBoundary>
      <ScheduleByWeek>
        <WeeksInterval>1</WeeksInterval>
        <DaysOfWeek>{days}</DaysOfWeek>
      </ScheduleByWeek>
    </CalendarTrigger>
  </Triggers>
  <Principals>
    <Principal id="Account">
      <UserId>{escape(plan.account)}</UserId>
      <LogonType>Password</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <ExecutionTimeLimit>PT{plan.limit_seconds}S</ExecutionTimeLimit>
    <Enabled>true</Enabled>
  </Settings>
  <Actions Context="Account">
    <Exec>
      <Command>%SystemRoot%\\System32\\cmd.exe</Command>
      <Arguments>{escape(_arguments(plan))}</Arguments>
      <WorkingDirectory>{escape(plan.folder)}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
"""


def _arguments(plan: Plan) -> str:
    """Return what cmd.exe is told: to keep what the last run said, because a task has no other place for it."""
    log = subprocess.list2cmdline([f"{plan.schedule.name}.log"])
    return f'/d /s /c "{subprocess.list2cmdline(plan.command)} > {log} 2>&1"'


def document(plan: Plan) -> bytes:
    """Return the task as a file, in the encoding that Windows itself writes."""
    return ('<?xml version="1.0" encoding="UTF-16"?>\n' + task(plan)).encode("utf-16")


def is_managed(account: str) -> bool:
    """Whether it is a managed service account: its password is the domain's matter, and nobody types it."""
    return account.endswith("$")
