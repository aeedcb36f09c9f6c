"""The healthy infrastructure from which every case starts, so that a case says only what differs.

Everything here has the form in which a case file would spell it: tables of plain values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditor.model.inventory import Purpose, Role

VERSION = "11.38.0.47000"
LIFETIME_VERSION = "11.28.0.1200"
FOLDER = r"C:\Program Files\OutSystems\Platform Server"

_GB = 2**30
_APPLICATIONS = ("ServiceCenter", "server.api", "server.identity", "Users")
_LIFETIME_APPLICATIONS = ("lifetime", "PerformanceMonitor", "LifeTimeSDK")
_SECTIONS = ("PlatformDatabaseConfiguration", "LoggingDatabaseConfiguration", "SessionDatabaseConfiguration")


def healthy_host(name: str, number: int, hosts: Mapping[str, Any], environments: Mapping[str, Any]) -> dict[str, Any]:
    """Return facts, components and reading of a host that is as it should be.

    A host declared controller or front-end carries Platform Server, the controller also the bundled broker, a
    front-end Service Center, the hosts of a LifeTime environment LifeTime; any other host carries nothing of these.
    `number` makes its addresses its own.
    """
    host = hosts[name]
    environment = environments.get(host.get("environment", ""), {})
    roles = set(host.get("roles", ()))
    facts = _identity(name, number) | _system(host.get("endpoint") == "ssh")
    components: dict[str, Any] = {}
    if Role.CACHE_BROKER in roles or Role.DEPLOYMENT_CONTROLLER in roles:
        components["rabbitmq"] = {"state": "present", "version": "4.1.2"}
    platform_roles = sorted(roles & {Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END})
    if platform_roles:
        is_lifetime = environment.get("purpose") == Purpose.LIFETIME
        front_end = Role.FRONT_END in roles
        facts |= _platform_server(host["environment"], _controller(name, hosts), front_end, is_lifetime)
        components |= _platform_components(front_end, is_lifetime)
    passive = bool(host.get("passive", False))
    reading = {
        "intended": platform_roles,
        "actual": platform_roles,
        "runs_scheduler": Role.FRONT_END in roles and not passive,
        "passive": passive,
    }
    return {"facts": facts, "components": components, "reading": reading}


def _identity(name: str, number: int) -> dict[str, Any]:
    return {
        "host.name": name,
        "host.names": [name, f"{name}.corp.example"],
        "host.addresses": [f"10.0.{number // 200}.{number % 200 + 10}"],
        "machine.uuid": f"uuid-of-{name}",
        "machine.guid": f"guid-of-{name}",
        "machine.macs": [f"00:15:5D:00:{number // 256:02X}:{number % 256:02X}"],
        "clock.offset": 0.4,
        "account.is_administrator": True,
    }


def _system(is_linux: bool) -> dict[str, Any]:
    """Return hardware and system: a Linux host has less to tell."""
    hardware: dict[str, Any] = {"hardware.processors": 4, "hardware.memory": 16 * _GB}
    if is_linux:
        return hardware | {"os.family": "linux"}
    return hardware | {
        "hardware.volumes": [{"name": "C:", "size": 300 * _GB, "free": 200 * _GB}],
        "os.family": "windows",
        "os.name": "Microsoft Windows Server 2022 Standard",
        "os.version": "10.0.20348",
        "os.is_server": True,
        "dotnet.release": 528449,
        "dotnet.hosting_bundles": ["8.0.11.24521"],
    }


def _controller(name: str, hosts: Mapping[str, Any]) -> str:
    """Return how the host's configuration names its controller."""
    environment = hosts[name].get("environment")
    beside = [other for other, host in hosts.items() if host.get("environment") == environment]
    controllers = [other for other in beside if Role.DEPLOYMENT_CONTROLLER in hosts[other].get("roles", ())]
    return "localhost" if len(beside) == 1 or not controllers else controllers[0]


def _platform_server(environment: str, controller: str, front_end: bool, is_lifetime: bool) -> dict[str, Any]:
    catalog = f"outsystems_{environment.lower()}"
    names = (*_APPLICATIONS, *(_LIFETIME_APPLICATIONS if is_lifetime else ())) if front_end else ()
    return {
        "platform_server.version": VERSION,
        "platform_server.folder": FOLDER,
        "platform_server.folder_exists": True,
        "server_configuration.exists": True,
        "private_key.exists": True,
        "private_key.digest": f"digest-of-{environment}",
        "iis.applications": [
            {"site": "Default Web Site", "path": f"/{name}", "pool": name,
             "physical_path": rf"{FOLDER}\running\{name}.1"}
            for name in names
        ],
        "server_configuration": {
            "controller_host": controller,
            "controller_port": 12000,
            "cache_host": controller,
            "cache_port": 5672,
            "cache_tls": False,
            "platform_version": VERSION,
            "installation_folder": FOLDER,
            "databases": [
                {"section": section, "provider": "SqlServer", "server": "sql-1", "catalog": catalog,
                 "authentication": "Database Authentication"}
                for section in _SECTIONS
            ],
        },
    }  # fmt: skip


def _platform_components(front_end: bool, is_lifetime: bool) -> dict[str, Any]:
    components: dict[str, Any] = {"platform-server": {"state": "present", "version": VERSION}}
    if front_end:
        components["service-center"] = {"state": "present", "version": VERSION}
    if is_lifetime:
        components["lifetime-payload"] = {"state": "present", "version": LIFETIME_VERSION}
        if front_end:
            components["lifetime"] = {"state": "present", "version": LIFETIME_VERSION}
    return components
