"""Windows services of a modelled server, and the ports that their processes listen on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auditor.model.version import Version
from auditor.simulation.machine_document import MachineDocument, ServiceRow

CONTROLLER = "OutSystems Deployment Controller Service"
DEPLOYMENT = "OutSystems Deployment Service"
SCHEDULER = "OutSystems Scheduler Service"

# Name: (executable, first version that has it in a subfolder, first port, newer port and its first version)
_PLATFORM: dict[str, tuple[str, str, int, int, str]] = {
    CONTROLLER: ("CompilerService", "11.25.0", 12000, 12100, "11.25.0"),
    DEPLOYMENT: ("DeployService", "11.24.0", 12001, 12101, "11.24.0"),
    SCHEDULER: ("Scheduler", "11.11.1", 12002, 12102, "11.21.0"),
    "OutSystems Log Service": ("LogServer", "99", 12003, 0, "99"),
    "OutSystems SMS Connector Service": ("SmsConnector", "99", 12004, 0, "99"),
}
_WINDOWS = {
    "W3SVC": (r"C:\Windows\system32\svchost.exe -k iissvcs", "World Wide Web Publishing Service"),
    "WAS": (r"C:\Windows\system32\svchost.exe -k iissvcs", "Windows Process Activation Service"),
    "Winmgmt": (r"C:\Windows\system32\svchost.exe -k netsvcs -p", "Windows Management Instrumentation"),
    "WSearch": (r"C:\Windows\system32\SearchIndexer.exe /Embedding", "Windows Search"),
    "W32Time": (r"C:\Windows\system32\svchost.exe -k LocalService", "Windows Time"),
    "WinRM": (r"C:\Windows\System32\svchost.exe -k NetworkService -p", "Windows Remote Management (WS-Management)"),
    "MSMQ": (r"C:\Windows\system32\mqsvc.exe", "Message Queuing"),
}
_STATES = {"running": "Running", "stopped": "Stopped", "paused": "Paused"}
_MODES = {"auto": "Auto", "manual": "Manual", "disabled": "Disabled", "boot": "Boot", "system": "System"}


@dataclass(frozen=True, slots=True)
class ListeningPort:
    """A listening TCP port with the process behind it."""

    address: str
    port: int
    process: str
    pid: int


def service_rows(document: MachineDocument) -> list[dict[str, Any]]:
    """Return the rows of Win32_Service, sorted by name."""
    names = sorted(document.services, key=str.casefold)
    return [_row(name, document.services[name], document, 600 + 4 * n) for n, name in enumerate(names)]


def _row(name: str, row: ServiceRow, document: MachineDocument, pid: int) -> dict[str, Any]:
    running = row.state == "running"
    image, display = row.image, row.display or name
    if name in _WINDOWS:
        image, display = image or _WINDOWS[name][0], row.display or _WINDOWS[name][1]
    image = image or _image(name, document)
    return {
        "Name": name,
        "DisplayName": display,
        "Caption": display,
        "Description": display,
        "State": _STATES.get(row.state, row.state),
        "Status": "OK",
        "Started": running,
        "StartMode": _MODES[row.mode],
        "DelayedAutoStart": row.delayed,
        "StartName": row.account or _account(name, document),
        "PathName": image,
        "ProcessId": pid if running else 0,
        "ExitCode": (0 if running else 1077) if row.exit_code is None else row.exit_code,
        "ServiceSpecificExitCode": 0,
        "ServiceType": "Own Process",
        "AcceptStop": running,
        "AcceptPause": False,
        "DesktopInteract": False,
        "ErrorControl": "Normal",
        "SystemName": document.name.upper(),
        "CreationClassName": "Win32_Service",
        "SystemCreationClassName": "Win32_ComputerSystem",
        "TagId": 0,
        "CheckPoint": 0,
        "WaitHint": 0,
        "InstallDate": None,
    }


def platform_version(document: MachineDocument) -> Version:
    """Return the version by which the layout is chosen: the leading numbers, since a model may hold a damaged one."""
    written = document.platform_server.version if document.platform_server else ""
    leading = re.match(r"\d+(\.\d+)*", written)
    return Version.parse(leading[0] if leading else "0")


def executable(name: str, document: MachineDocument) -> str | None:
    """Return the path of a platform service's executable below the install folder, or None for another service."""
    if name not in _PLATFORM:
        return None
    program, in_subfolder_since = _PLATFORM[name][:2]
    inside = platform_version(document) >= Version.parse(in_subfolder_since)
    return rf"{program}\{program}.exe" if inside else f"{program}.exe"


def _image(name: str, document: MachineDocument) -> str:
    below = executable(name, document)
    if below and document.platform_server:
        return f'"{document.platform_server.folder}\\{below}"'
    if name == "RabbitMQ" and document.rabbitmq and document.platform_server:
        erlang = rf"{document.platform_server.folder}\thirdparty\Erlang"
        return rf'"{erlang}\erts-15.2.6\bin\erlsrv.exe"'
    return rf"C:\Windows\system32\{name}.exe"


def _account(name: str, document: MachineDocument) -> str:
    version = platform_version(document)
    if name in (CONTROLLER, SCHEDULER):
        if version >= Version.parse("11.18.0"):
            return rf"NT Service\{name}"
        if version >= Version.parse("11.12.0"):
            return r".\OSControllerUser" if name == CONTROLLER else r".\OSSchedulerUser"
    return "LocalSystem"


def listening_ports(document: MachineDocument, rows: list[dict[str, Any]]) -> list[ListeningPort]:
    """Return what the running services listen on, with the ports that the model names beside them, sorted."""
    ports = {(item.address, item.port): item for item in _service_ports(document, rows)}
    pid = 4000
    for place, process in document.listeners.items():
        address, port = address_and_port(place)
        pid += 4
        ports[address, port] = ListeningPort(address, port, process, pid)
    return sorted(ports.values(), key=lambda item: (item.port, item.address))


def address_and_port(place: str) -> tuple[str, int]:
    """Return what `8080`, `10.0.0.1:80` or `[::]:80` names; a port alone is on all IPv4 addresses."""
    address, _, port = place.rpartition(":")
    return address.strip("[]") or "0.0.0.0", int(port)  # noqa: S104 - modelled


def _service_ports(document: MachineDocument, rows: list[dict[str, Any]]) -> list[ListeningPort]:
    found = []
    version = platform_version(document)
    running: Mapping[str, int] = {row["Name"]: row["ProcessId"] for row in rows if row["Started"]}
    for name, pid in running.items():
        if name in _PLATFORM:
            program, _, port, newer, since = _PLATFORM[name]
            found.append(ListeningPort("0.0.0.0", port, program, pid))  # noqa: S104 - modelled
            if version >= Version.parse(since):
                found.append(ListeningPort("0.0.0.0", newer, program, pid))  # noqa: S104 - modelled
        elif name == "RabbitMQ":
            found.append(ListeningPort("::", 5672, "erl", pid))
    if "W3SVC" in running and document.iis:
        found += [ListeningPort("::", port, "System", 4) for port in (80, 443)]
    return found
