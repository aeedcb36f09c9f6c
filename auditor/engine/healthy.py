"""The healthy infrastructure from which every case starts, so that a case says only what differs.

Everything here has the form in which a case file would spell it: tables of plain values.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from auditor.model.inventory import Purpose, Role

VERSION = "11.43.0.51000"
LIFETIME_VERSION = "11.30.1.1500"
FOLDER = r"C:\Program Files\OutSystems\Platform Server"

_GB = 2**30
_APPLICATIONS = ("ServiceCenter", "server.api", "server.identity", "Users")
_FEATURES = (
    "IIS-WebServerRole", "IIS-DefaultDocument", "IIS-DirectoryBrowsing", "IIS-HttpErrors", "IIS-StaticContent",
    "IIS-HttpLogging", "IIS-RequestMonitor", "IIS-HttpCompressionStatic", "IIS-HttpCompressionDynamic",
    "IIS-RequestFiltering", "IIS-WindowsAuthentication", "IIS-NetFxExtensibility45", "IIS-ASPNET45",
    "IIS-ISAPIExtensions", "IIS-ISAPIFilter", "IIS-Metabase", "WAS-ConfigurationAPI", "WAS-ProcessModel",
    "IIS-ManagementConsole",
)  # fmt: skip
_MODULES = (
    "ServiceCenter", "ADAuthProvider", "appfeedbackapi", "AppFeedbackPlugin", "ChartingServicesCore", "DBCleaner_API",
    "ECT_Provider", "EPA_Taskbox", "LDAPAuthProvider", "NativeAppBuilder", "PerformanceProbe", "PreviewInDevices",
    "RESTDevService", "RichWidgets", "SAPDevService", "SecurityUtils", "SOAPDevService", "TemplateManager", "Users",
    "UsersServices",
)  # fmt: skip
_PERMISSION = {"user": "outsystems", "configure": ".*", "write": ".*", "read": ".*"}
_POOL = "OutSystemsApplications"
_POOLS = {
    "ServiceCenter": "ServiceCenterAppPool", "server.api": "OutSystemsServerApiAppPool",
    "server.identity": "OutSystemsServerIdentityAppPool",
    **dict.fromkeys(("lifetime", "PerformanceMonitor", "LifeTimeSDK"), "LifeTimeAppPool"),
}  # fmt: skip
_LIFETIME_APPLICATIONS = ("lifetime", "PerformanceMonitor", "LifeTimeSDK")
# The database sections of server.hsconf with their users.
_SECTIONS: dict[str, dict[str, str]] = {
    "PlatformDatabaseConfiguration": {"admin_user": "OSADMIN", "runtime_user": "OSRUNTIME"},
    "LoggingDatabaseConfiguration": {"admin_user": "OSADMIN_LOG", "runtime_user": "OSRUNTIME_LOG"},
    "SessionDatabaseConfiguration": {"runtime_user": "OSSTATE"},
}


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
        facts["rabbitmq.erlang_versions"] = ["27.3.4"]
        if host.get("endpoint") == "ssh":
            facts["rabbitmq.virtual_hosts"] = [{"name": "/outsystems", "permissions": [_PERMISSION]}]
    platform_roles = sorted(roles & {Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END})
    if platform_roles:
        is_lifetime = environment.get("purpose") == Purpose.LIFETIME
        front_end = Role.FRONT_END in roles
        facts |= _platform_server(host["environment"], _controller(name, hosts), front_end, is_lifetime)
        facts["network.declared"] = _declared(name, hosts, environments)
        facts["services"] = _services(roles, bool(host.get("passive", False)))
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
        "clock.zone": "UTC",
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
        "os.last_boot": datetime(2026, 3, 1, 3, 0, tzinfo=UTC),
        "os.is_64_bit": True,
        "os.has_desktop": True,
        "os.fips_enabled": False,
        "os.features": [{"name": name, "state": "enabled"} for name in _FEATURES],
        "clock.time_source": "NT5DS",
        "security.protocols": [],
        "dotnet.release": 528449,
        "dotnet.hosting_bundles": ["8.0.11.24521"],
    }


def _controller(name: str, hosts: Mapping[str, Any]) -> str:
    """Return how the host's configuration names its controller."""
    environment = hosts[name].get("environment")
    beside = [other for other, host in hosts.items() if host.get("environment") == environment]
    controllers = [other for other in beside if Role.DEPLOYMENT_CONTROLLER in hosts[other].get("roles", ())]
    return "localhost" if len(beside) == 1 or not controllers else controllers[0]


def _declared(name: str, hosts: Mapping[str, Any], environments: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the connections to all that the inventory lets this host be asked for; each is open."""
    own = hosts[name]["environment"]
    is_lifetime = environments[own].get("purpose") == Purpose.LIFETIME
    targets = [
        (f"environment/{other}", item["address"], 443)
        for other, item in environments.items()
        if "address" in item and other != own and (item.get("purpose") == Purpose.LIFETIME) != is_lifetime
    ]
    if Role.DEPLOYMENT_CONTROLLER in hosts[name].get("roles", ()):
        targets += [
            (f"host/{other}", other, port)
            for other, host in hosts.items()
            if other != name and host.get("environment") == own and Role.FRONT_END in host.get("roles", ())
            for port in (12001, 12101)
        ]
    return [{"target": target, "host": host, "port": port, "result": "Open"} for target, host, port in targets]


def _platform_server(environment: str, controller: str, front_end: bool, is_lifetime: bool) -> dict[str, Any]:
    catalog = f"outsystems_{environment.lower()}"
    names = (*_APPLICATIONS, *(_LIFETIME_APPLICATIONS if is_lifetime else ())) if front_end else ()
    return {
        "platform_server.version": VERSION,
        "platform_server.file_version": VERSION,
        "platform_server.folder": FOLDER,
        "platform_server.folder_exists": True,
        "platform_server.running_folders": [f"{module}.a1b2c3" for module in _MODULES] if front_end else [],
        "server_configuration.exists": True,
        "server_configuration.clear_text_secrets": [],
        "private_key.exists": True,
        "private_key.digest": f"a1b2c3d4:digest-of-{environment}",
        "iis.version": "10.0",
        "iis.aspnetcore_module": True,
        "iis.aspnetcore_module_file": True,
        "iis.applications": [
            {"site": "Default Web Site", "path": f"/{name}", "pool": _POOLS.get(name, _POOL),
             "physical_path": rf"{FOLDER}\running\{name}.1"}
            for name in names
        ],
        "iis.sites": [{"name": "Default Web Site", "identifier": 1, "starts": True}],
        "iis.bindings": [
            {"site": "Default Web Site", "protocol": "http", "information": "*:80:"},
            {"site": "Default Web Site", "protocol": "https", "information": "*:443:"},
        ],
        "iis.pools": [
            {"name": name, "starts": True, "identity": "ApplicationPoolIdentity"}
            for name in sorted({_POOL, *(_POOLS.get(name, _POOL) for name in names)})
        ],
        "https.bindings": [{
            "endpoint": "0.0.0.0:443", "central": False,
            "certificate": {
                "subject": "CN=outsystems.example.com", "issuer": "CN=Example Issuing Authority", "authority": "public",
                "starts": datetime(2025, 6, 1, tzinfo=UTC), "ends": datetime(2027, 6, 1, tzinfo=UTC),
                "has_private_key": True,
            },
        }],
        "network.localhost": ["127.0.0.1", "::1"],
        "network.configured": [
            {"target": target, "host": host, "port": port, "result": "Open"}
            for target, host, port in (
                ("controller", controller, 12000), ("controller-newer", controller, 12100),
                ("broker", controller, 5672), *((section, "sql-1", 1433) for section in _SECTIONS),
            )
        ],
        **{
            f"local_web.{page}": {"status": 200, "location": "", "problem": ""}
            for page in ("service_center", "server_api", "server_identity")
        },
        "server_configuration": {
            "controller_host": controller,
            "controller_port": 12000,
            "cache_host": controller,
            "cache_port": 5672,
            "cache_tls": False,
            "cache_virtual_host": "/outsystems",
            "deployment_port": 12001,
            "cache_user": "outsystems",
            "platform_version": VERSION,
            "installation_folder": FOLDER,
            "databases": [
                {"section": section, "provider": "SqlServer", "server": "sql-1", "catalog": catalog,
                 "authentication": "Database Authentication", **users}
                for section, users in _SECTIONS.items()
            ],
        },
    }  # fmt: skip


def _services(roles: set[str], passive: bool) -> list[dict[str, Any]]:
    """Return the Windows services of a host with these roles, which has Platform Server 11.18 or later."""
    controller, front_end = Role.DEPLOYMENT_CONTROLLER in roles, Role.FRONT_END in roles
    names = {name: f"OutSystems {name} Service" for name in ("Deployment Controller", "Deployment", "Scheduler")}
    deployment, scheduler = names["Deployment"], names["Scheduler"]
    return [
        _service(names["Deployment Controller"], controller, rf"NT Service\{names['Deployment Controller']}"),
        _service(deployment, front_end),
        _service(scheduler, front_end and not passive, rf"NT Service\{scheduler}"),
        *([_service("RabbitMQ", True)] if controller or Role.CACHE_BROKER in roles else []),
        _service("W3SVC", True),
        _service("WAS", True) | {"start_mode": "manual"},
    ]


def _service(name: str, runs: bool, account: str = "LocalSystem") -> dict[str, Any]:
    return {
        "name": name, "display_name": name, "state": "running" if runs else "stopped",
        "start_mode": "auto" if runs else "disabled", "delayed": False, "account": account,
        "image_path": "", "process": 1000 if runs else 0,
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
