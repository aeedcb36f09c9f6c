"""A service and a timer for systemd; the service reads what its account may read, and writes into its folders only."""

from __future__ import annotations

from auditor.model.unattended import Weekday
from auditor.schedules.plan import Plan

FOLDER = "/etc/systemd/system"

# Every line takes away what no scan needs. Not here: what would hide a home folder, because SSH keys and known hosts
# are there, and MemoryDenyWriteExecute, because the program that fetches a password may compile while it runs.
_HARDENING = """\
CapabilityBoundingSet=
LockPersonality=yes
NoNewPrivileges=yes
PrivateDevices=yes
PrivateMounts=yes
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=read-only
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
UMask=0077
"""


def units(plan: Plan) -> dict[str, str]:
    """Return the text of each unit by its file name."""
    return {f"{plan.schedule.name}.service": _service(plan), f"{plan.schedule.name}.timer": _timer(plan)}


def _service(plan: Plan) -> str:
    return f"""\
[Unit]
Description=osaudit: scan of the OutSystems servers declared in {_plain(plan.folder)}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
User={_plain(plan.account)}
WorkingDirectory={_plain(plan.folder)}
ExecStart={" ".join(_word(word) for word in plan.command)}
TimeoutStartSec={plan.limit_seconds}
# One that is not there yet (-) would keep systemd from starting the scan, which makes it.
ReadWritePaths={" ".join(_quoted(f"-{folder}") for folder in plan.writable)}
{_HARDENING}"""


def _timer(plan: Plan) -> str:
    schedule = plan.schedule
    days = "" if len(schedule.days) == len(Weekday) else ",".join(day[:3].capitalize() for day in schedule.days) + " "
    return f"""\
[Unit]
Description=osaudit: planned scan of the OutSystems servers declared in {_plain(plan.folder)}

[Timer]
OnCalendar={days}*-*-* {schedule.at:%H:%M}:00
AccuracySec=1min
# A scan that was missed because the computer was off is made up for.
Persistent=yes

[Install]
WantedBy=timers.target
"""


def _plain(text: str) -> str:
    """Return a text in which nothing is a specifier."""
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    escaped = _plain(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _word(text: str) -> str:
    # In a command a dollar sign begins a variable.
    return _quoted(text.replace("$", "$$"))
