"""The vocabulary of facts: every fact that a reader may give and a check may ask for.

Windows services, paths and registry names are compared without regard to case by whoever uses them; facts keep the
spelling that was found.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from auditor.model.fact import Drift, FactKey
from auditor.model.lifetime_facts import (
    DEPLOYMENT_ZONES,
    IT_ROLES,
    IT_TEAMS,
    IT_USERS,
    MANAGED_APPLICATIONS,
    REGISTERED_ENVIRONMENTS,
)
from auditor.model.version import Version


@dataclass(frozen=True, slots=True)
class Volume:
    """A local volume; sizes in bytes."""

    name: str
    size: int
    free: int


@dataclass(frozen=True, slots=True)
class RoughVolume:
    """What is compared of a volume: free space changes every night, its band does not."""

    name: str
    size: int
    free: str


@dataclass(frozen=True, slots=True)
class Service:
    """A Windows service. `state` running/stopped/..., `start_mode` auto/manual/disabled, both in lower case.

    `exit_code` is the Windows error code of its last start or stop, None where Windows does not tell it.
    """

    name: str
    display_name: str
    state: str
    start_mode: str
    delayed: bool
    account: str
    image_path: str
    process: int
    exit_code: int | None = None


@dataclass(frozen=True, slots=True)
class DevelopmentTool:
    """Service Studio or Integration Studio; `executable_exists` is None where it could not be looked up."""

    major: str
    version: str | None
    folder: str | None
    executable_exists: bool | None


@dataclass(frozen=True, slots=True)
class UninstallEntry:
    """A row of Programs and Features."""

    name: str
    version: str
    publisher: str


@dataclass(frozen=True, slots=True)
class Application:
    """An application of an IIS site: `path` as in the URL, `physical_path` of its root virtual directory."""

    site: str
    path: str
    pool: str
    physical_path: str


@dataclass(frozen=True, slots=True)
class Site:
    """An IIS site; `starts` is whether it is set to start with IIS, not whether it runs now."""

    name: str
    identifier: int
    starts: bool


@dataclass(frozen=True, slots=True)
class Pool:
    """An application pool; `starts` as for a site, `identity` the kind of its account as IIS spells it."""

    name: str
    starts: bool
    identity: str


@dataclass(frozen=True, slots=True)
class Connection:
    """One attempt to connect; `result` is `Open` or what .NET calls the error, `NoPort` where no port is told."""

    target: str
    host: str
    port: int
    result: str


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """What a page answered; `status` None where nothing came, and `problem` is then what .NET calls it."""

    status: int | None
    location: str
    problem: str


class Authority(StrEnum):
    """Who vouches for a certificate: NOT_FOUND where no chain of issuers is whole on the server."""

    PUBLIC = "public"
    PRIVATE = "private"
    SELF_SIGNED = "self-signed"
    NOT_FOUND = "not-found"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate; `authority` is one of `Authority`, times are UTC."""

    subject: str
    issuer: str
    starts: datetime
    ends: datetime
    authority: str
    has_private_key: bool


@dataclass(frozen=True, slots=True)
class HttpsBinding:
    """What Windows shows under an `address:port` or `name:port`; no certificate where its store has none such.

    `central` ones take theirs from a central store, by the name that a client asks for.
    """

    endpoint: str
    central: bool
    certificate: Certificate | None


@dataclass(frozen=True, slots=True)
class Binding:
    """A binding of an IIS site."""

    site: str
    protocol: str
    information: str


@dataclass(frozen=True, slots=True)
class DatabaseSection:
    """One database section of server.hsconf, without passwords.

    `server` is host (and port) for Oracle, `catalog` the service or schema. The session section has only one user, who
    is its `runtime_user`.
    """

    section: str
    provider: str
    server: str
    catalog: str
    authentication: str
    admin_user: str | None = None
    runtime_user: str | None = None


@dataclass(frozen=True, slots=True)
class ServerConfiguration:
    """The allow-listed elements of server.hsconf; None for an element that the file does not have."""

    controller_host: str | None
    controller_port: int | None
    cache_host: str | None
    cache_port: int | None
    cache_tls: bool | None
    platform_version: str | None
    installation_folder: str | None
    outgoing_address: str | None
    databases: tuple[DatabaseSection, ...]
    cache_virtual_host: str | None = None
    deployment_port: int | None = None
    cache_user: str | None = None


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening TCP port and the name of the process behind it, empty where it could not be read."""

    address: str
    port: int
    process: str


@dataclass(frozen=True, slots=True)
class BrokerPermission:
    """What a user of RabbitMQ may do on a virtual host: for each right the pattern of names for which he has it."""

    user: str
    configure: str
    write: str
    read: str


@dataclass(frozen=True, slots=True)
class VirtualHost:
    """A virtual host of RabbitMQ; `permissions` is None where they were not listed."""

    name: str
    permissions: tuple[BrokerPermission, ...] | None


@dataclass(frozen=True, slots=True)
class SystemdUnit:
    """A Linux service."""

    name: str
    active_state: str
    enabled_state: str


@dataclass(frozen=True, slots=True)
class ProtocolSetting:
    """What the registry says of one side, client or server, of an old protocol; None for a value that is not there."""

    protocol: str
    side: str
    enabled: int | None
    disabled_by_default: int | None


@dataclass(frozen=True, slots=True)
class WindowsFeature:
    """An optional feature of Windows by its DISM name; `state` enabled, disabled, absent or unknown."""

    name: str
    state: str


_GIB = 2**30
# From here on Windows gives ports to whoever asks, above all to RPC; they are others after each start.
_FIRST_DYNAMIC_PORT = 49152
# Started with Windows, these stop when they have nothing to do.
_STOPPING_BY_THEMSELVES = frozenset(
    {
        "bits",
        "cdpsvc",
        "edgeupdate",
        "gupdate",
        "mapsbroker",
        "remoteregistry",
        "sppsvc",
        "trustedinstaller",
        "wuauserv",
    }
)
_OF_A_SESSION = re.compile(r"(?P<template>.+)_[0-9a-f]{4,}", re.IGNORECASE)
_OF_A_PUBLICATION = re.compile(r"(?P<application>.+)\.[0-9a-f]{3,}", re.IGNORECASE)


def _rough_volumes(volumes: tuple[Volume, ...]) -> tuple[RoughVolume, ...]:
    return tuple(RoughVolume(volume.name, volume.size, _free_band(volume)) for volume in volumes)


def _free_band(volume: Volume) -> str:
    # The limits of HW-004.
    if volume.free * 100 < volume.size * 10 or volume.free < 10 * _GIB:
        return "less than 10 % or 10 GiB"
    return "10 to 20 %" if volume.free * 100 < volume.size * 20 else "20 % or more"


def _lasting_services(services: tuple[Service, ...]) -> tuple[Service, ...]:
    """Leave out the services of a session, and whether a service runs that is started and stopped as it is needed."""
    names = {service.name.casefold() for service in services}
    return tuple(
        service if _is_meant_to_run(service) else replace(service, state="as needed")
        for service in services
        if not ((match := _OF_A_SESSION.fullmatch(service.name)) and match["template"].casefold() in names)
    )


def _is_meant_to_run(service: Service) -> bool:
    return service.start_mode != "manual" and service.name.casefold() not in _STOPPING_BY_THEMSELVES


def _lasting_listeners(listeners: tuple[Listener, ...]) -> tuple[Listener, ...]:
    return tuple(listener for listener in listeners if listener.port < _FIRST_DYNAMIC_PORT)


def _application(folder: str) -> str:
    """Return the name or path of a folder without the ending that every publication makes anew."""
    match = _OF_A_PUBLICATION.fullmatch(folder)
    return match["application"] if match else folder


def _applications(folders: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({_application(folder) for folder in folders}))


def _lasting_paths(applications: tuple[Application, ...]) -> tuple[Application, ...]:
    return tuple(replace(item, physical_path=_application(item.physical_path)) for item in applications)


_CHANGES_BY_ITSELF = Drift(told=False)
_BY_NAME = Drift(by=("name",))
_FOLDERS = Drift(as_compared=_applications)

OS_FAMILY = FactKey[str](
    "os.family", str, "The family of the operating system: windows, linux, or what the kernel calls itself"
)
OS_NAME = FactKey[str]("os.name", str, "The name of the operating system")
OS_VERSION = FactKey[Version]("os.version", Version, "The version of the operating system")
OS_IS_SERVER = FactKey[bool]("os.is_server", bool, "Whether Windows is a server edition")
OS_IS_64_BIT = FactKey[bool]("os.is_64_bit", bool, "Whether Windows, and so the processor too, is 64-bit")
OS_HAS_DESKTOP = FactKey[bool]("os.has_desktop", bool, "Whether Windows has a desktop, which Server Core has not")
OS_FIPS_ENABLED = FactKey[bool]("os.fips_enabled", bool, "Whether the FIPS policy of Windows is on")
OS_FEATURES = FactKey[tuple[WindowsFeature, ...]](
    "os.features", tuple[WindowsFeature, ...], "The optional features of Windows that belong to IIS", drift=_BY_NAME
)
OS_LAST_BOOT = FactKey[datetime]("os.last_boot", datetime, "The time of the last start", drift=_CHANGES_BY_ITSELF)
HOST_NAME = FactKey[str]("host.name", str, "The name that the host gives itself")
HOST_NAMES = FactKey[tuple[str, ...]]("host.names", tuple[str, ...], "All names of the host: short, DNS and full")
HOST_ADDRESSES = FactKey[tuple[str, ...]]("host.addresses", tuple[str, ...], "The IP addresses of the host")
MACHINE_UUID = FactKey[str | None]("machine.uuid", str | None, "The UUID of the hardware")
MACHINE_GUID = FactKey[str | None]("machine.guid", str | None, "The GUID of the installation of the operating system")
MACHINE_MACS = FactKey[tuple[str, ...]]("machine.macs", tuple[str, ...], "The hardware addresses of the network cards")
PROCESSORS = FactKey[int]("hardware.processors", int, "The number of logical processors")
MEMORY = FactKey[int]("hardware.memory", int, "The memory in bytes")
MODEL = FactKey[str]("hardware.model", str, "Maker and model of the hardware")
VOLUMES = FactKey[tuple[Volume, ...]](
    "hardware.volumes", tuple[Volume, ...], "The local volumes", drift=Drift(by=("name",), as_compared=_rough_volumes)
)
CLOCK_OFFSET = FactKey[float](
    "clock.offset", float, "Seconds by which the host's UTC clock leads the collector's", drift=_CHANGES_BY_ITSELF
)
CLOCK_ZONE = FactKey[str]("clock.zone", str, "The time zone")
CLOCK_SOURCE = FactKey[str | None](
    "clock.time_source", str | None, "The kind of time source that the Windows time service is set to"
)
SECURITY_PROTOCOLS = FactKey[tuple[ProtocolSetting, ...]](
    "security.protocols",
    tuple[ProtocolSetting, ...],
    "What the registry says of SSL 2.0 and SSL 3.0",
    drift=Drift(by=("protocol", "side")),
)
ACCOUNT_IS_ADMINISTRATOR = FactKey[bool](
    "account.is_administrator", bool, "Whether the account that asks has administrator rights"
)

PLATFORM_VERSION = FactKey[str | None](
    "platform_server.version", str | None, "The Platform Server version in the registry"
)
PLATFORM_FOLDER = FactKey[str | None](
    "platform_server.folder", str | None, "The install folder of Platform Server in the registry"
)
PLATFORM_FOLDER_EXISTS = FactKey[bool](
    "platform_server.folder_exists", bool, "Whether the install folder of Platform Server exists"
)
INSTALL_FOLDER = FactKey[str | None](
    "platform_server.install_folder", str | None, "The folder on disk that was looked at as the install folder"
)
PLATFORM_FILE_VERSION = FactKey[str | None](
    "platform_server.file_version", str | None, "The Platform Server version in version.txt"
)
PLATFORM_MACHINE_NAME = FactKey[str | None](
    "platform_server.machine_name", str | None, "The machine name that the platform recorded"
)
PLATFORM_SERIAL = FactKey[str | None](
    "platform_server.serial", str | None, "The first and last group of the platform's serial number"
)
SERVICE_CENTER_REGISTERED_VERSION = FactKey[str | None](
    "service_center.registered_version", str | None, "The Service Center version noted in the registry"
)
SYSTEM_COMPONENTS_REGISTERED_VERSION = FactKey[str | None](
    "system_components.registered_version", str | None, "The System Components version noted in the registry"
)
LIFETIME_PAYLOAD_VERSION = FactKey[str | None](
    "lifetime.payload_version", str | None, "The version of the LifeTime payload in the registry"
)
LIFETIME_PUBLISHED_VERSION = FactKey[str | None](
    "lifetime.published_version", str | None, "The version of the published LifeTime noted in the registry"
)
LIFETIME_SOLUTION_EXISTS = FactKey[bool](
    "lifetime.solution_exists", bool, "Whether Lifetime.osp is in the install folder"
)
SERVICE_STUDIOS = FactKey[tuple[DevelopmentTool, ...]](
    "development_tools.service_studio",
    tuple[DevelopmentTool, ...],
    "The registered Service Studios",
    drift=Drift(by=("major",)),
)
INTEGRATION_STUDIOS = FactKey[tuple[DevelopmentTool, ...]](
    "development_tools.integration_studio",
    tuple[DevelopmentTool, ...],
    "The registered Integration Studios",
    drift=Drift(by=("major",)),
)
UNINSTALL_ENTRIES = FactKey[tuple[UninstallEntry, ...]](
    "programs.entries",
    tuple[UninstallEntry, ...],
    "The programs of OutSystems, RabbitMQ and Erlang, and the build tools",
    drift=_BY_NAME,
)
PLATFORM_VARIABLES = FactKey[tuple[str, ...]](
    "platform_server.variables", tuple[str, ...], "The names of the system variables of the bundled broker"
)

SERVICES = FactKey[tuple[Service, ...]](
    "services",
    tuple[Service, ...],
    "The Windows services",
    drift=Drift(by=("name",), noise=frozenset({"process"}), as_compared=_lasting_services),
)
IIS_VERSION = FactKey[str | None]("iis.version", str | None, "The version of IIS")
IIS_APPLICATIONS = FactKey[tuple[Application, ...]](
    "iis.applications",
    tuple[Application, ...],
    "The applications of IIS",
    drift=Drift(by=("site", "path"), as_compared=_lasting_paths),
)
IIS_SITES = FactKey[tuple[Site, ...]]("iis.sites", tuple[Site, ...], "The sites of IIS", drift=_BY_NAME)
IIS_POOLS = FactKey[tuple[Pool, ...]]("iis.pools", tuple[Pool, ...], "The application pools of IIS", drift=_BY_NAME)
# By site, and within a site in the order of the file, which matters.
IIS_BINDINGS = FactKey[tuple[Binding, ...]](
    "iis.bindings", tuple[Binding, ...], "The bindings of IIS", drift=Drift(ordered=True)
)
ASPNETCORE_MODULE = FactKey[bool]("iis.aspnetcore_module", bool, "Whether IIS knows the ASP.NET Core module")
ASPNETCORE_MODULE_FILE = FactKey[bool](
    "iis.aspnetcore_module_file", bool, "Whether the library of the ASP.NET Core module exists"
)
HTTPS_BINDINGS = FactKey[tuple[HttpsBinding, ...]](
    "https.bindings",
    tuple[HttpsBinding, ...],
    "The certificates that Windows shows for HTTPS",
    drift=Drift(by=("endpoint",)),
)
CONFIGURED_CONNECTIONS = FactKey[tuple[Connection, ...] | None](
    "network.configured",
    tuple[Connection, ...] | None,
    "Whether the servers that server.hsconf names accept a connection",
    drift=Drift(by=("target", "host", "port")),
)
DECLARED_CONNECTIONS = FactKey[tuple[Connection, ...]](
    "network.declared",
    tuple[Connection, ...],
    "Whether the servers that the inventory names accept a connection",
    drift=Drift(by=("target", "host", "port")),
)
LOCALHOST_ADDRESSES = FactKey[tuple[str, ...]](
    "network.localhost",
    tuple[str, ...],
    "The addresses of localhost, in the order of the resolver",
    drift=Drift(ordered=True),
)
SERVICE_CENTER_PAGE = FactKey[PageAnswer](
    "local_web.service_center", PageAnswer, "What the ping page of Service Center answers on the server itself"
)
SERVER_API_PAGE = FactKey[PageAnswer](
    "local_web.server_api", PageAnswer, "What the health page of Server.API answers on the server itself"
)
SERVER_IDENTITY_PAGE = FactKey[PageAnswer](
    "local_web.server_identity", PageAnswer, "What the health page of Server.Identity answers on the server itself"
)
SERVER_CONFIGURATION = FactKey[ServerConfiguration | None](
    "server_configuration",
    ServerConfiguration | None,
    "The allow-listed content of server.hsconf",
    drift=Drift(by=("section",)),
)
CONFIGURATION_FILE_EXISTS = FactKey[bool](
    "server_configuration.exists", bool, "Whether server.hsconf is in the install folder"
)
CLEAR_TEXT_SECRETS = FactKey[tuple[str, ...]](
    "server_configuration.clear_text_secrets",
    tuple[str, ...],
    "The names of the elements of server.hsconf that hold a secret that is not encrypted",
)
PRIVATE_KEY_EXISTS = FactKey[bool]("private_key.exists", bool, "Whether private.key is in the install folder")
# `name of the key:digest`; a scan that was resumed has made its digests with two keys.
PRIVATE_KEY_DIGEST = FactKey[str | None](
    "private_key.digest",
    str | None,
    "The keyed digest of private.key, comparable only with digests of the same key",
    drift=_CHANGES_BY_ITSELF,
)
RUNNING_FOLDERS = FactKey[tuple[str, ...]](
    "platform_server.running_folders",
    tuple[str, ...],
    "The names of the folders of running applications",
    drift=_FOLDERS,
)
CONSOLE_FOLDERS = FactKey[tuple[str, ...]](
    "platform_server.console_folders",
    tuple[str, ...],
    "The names of those folders of running applications that begin with ServiceCenter or LifeTime",
    drift=_FOLDERS,
)
SHARE_FOLDERS = FactKey[tuple[str, ...]](
    "platform_server.share_folders", tuple[str, ...], "The names of the folders of application sources", drift=_FOLDERS
)
INSTALL_FOLDER_ENTRIES = FactKey[tuple[str, ...]](
    "platform_server.entries", tuple[str, ...], "The names in the install folder"
)
BUNDLED_BROKER_VERSIONS = FactKey[tuple[str, ...]](
    "rabbitmq.bundled_versions", tuple[str, ...], "The versions of the bundled RabbitMQ"
)
RABBITMQ_REGISTERED = FactKey[bool](
    "rabbitmq.registered", bool, "Whether RabbitMQ is registered as a service of Erlang in the registry"
)
ERLANG_VERSIONS = FactKey[tuple[str, ...]](
    "rabbitmq.erlang_versions", tuple[str, ...], "The versions of the installed Erlang"
)
VIRTUAL_HOSTS = FactKey[tuple[VirtualHost, ...] | None](
    "rabbitmq.virtual_hosts",
    tuple[VirtualHost, ...] | None,
    "The virtual hosts of RabbitMQ on Linux and who has which permissions on them",
)
RABBITMQ_VERSION = FactKey[str | None]("rabbitmq.version", str | None, "The version of the installed RabbitMQ on Linux")
MACHINE_CONFIG_KEYS = FactKey[tuple[str, ...]](
    "dotnet.machine_config_keys", tuple[str, ...], "The names of OutSystems settings in machine.config"
)
DOTNET_RELEASE = FactKey[int | None]("dotnet.release", int | None, "The release number of .NET Framework 4")
HOSTING_BUNDLES = FactKey[tuple[str, ...]](
    "dotnet.hosting_bundles", tuple[str, ...], "The versions of the installed .NET hosting bundles"
)
LISTENERS = FactKey[tuple[Listener, ...]](
    "listeners",
    tuple[Listener, ...],
    "The listening TCP ports",
    drift=Drift(by=("address", "port"), as_compared=_lasting_listeners),
)

JAVA_STACK_VERSION = FactKey[str | None](
    "java_stack.version", str | None, "The version of the Java stack's platform folder"
)
JAVA_STACK_MARKER = FactKey[bool]("java_stack.marker", bool, "Whether /etc/sysconfig/outsystems exists")
JAVA_STACK_CONTROLLER = FactKey[bool | None](
    "java_stack.controller", bool | None, "Whether the Java stack's controller is enabled"
)
JAVA_STACK_SERVICES = FactKey[tuple[str, ...]](
    "java_stack.services", tuple[str, ...], "The services that are enabled in the Java stack's os.services.conf"
)
PACKAGES = FactKey[tuple[str, ...]](
    "linux.packages", tuple[str, ...], "The installed packages of OutSystems, RabbitMQ and Erlang, name and version"
)
UNITS = FactKey[tuple[SystemdUnit, ...]](
    "linux.units", tuple[SystemdUnit, ...], "The units that matter", drift=_BY_NAME
)

__all__ = [
    "DEPLOYMENT_ZONES",
    "IT_ROLES",
    "IT_TEAMS",
    "IT_USERS",
    "MANAGED_APPLICATIONS",
    "REGISTERED_ENVIRONMENTS",
]

KEYS: Mapping[str, FactKey[Any]] = {key.name: key for key in list(vars().values()) if isinstance(key, FactKey)}
