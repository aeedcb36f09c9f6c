"""Software of a modelled Windows server, expanded into registry keys, files and folders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

from auditor.model.version import Version
from auditor.simulation import machine_planted as planted
from auditor.simulation.machine_document import FileRow, MachineDocument, PlatformServer
from auditor.simulation.machine_hsconf import hsconf_text
from auditor.simulation.machine_iis import CONFIGURATION as IIS_CONFIGURATION
from auditor.simulation.machine_iis import MODULE, all_sites, application_host_text
from auditor.simulation.machine_services import CONTROLLER, DEPLOYMENT, SCHEDULER, executable, platform_version

Keys = dict[str, dict[str, Any]]
Files = dict[str, FileRow]

_UNINSTALL = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"
_UNINSTALL_32 = r"HKLM\SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall"
_MACHINE_CONFIG = r"%windir%\Microsoft.NET\{0}\v4.0.30319\Config\machine.config"


def registry_keys(document: MachineDocument) -> Keys:
    """Return the registry keys of all software of the model but IIS."""
    keys: Keys = {r"HKLM\SOFTWARE\OutSystems": {}} if document.platform_server or document.tools else {}
    if document.platform_server:
        keys |= _platform_keys(document, document.platform_server)
    for name, tool in document.tools.items():
        keys[rf"HKLM\SOFTWARE\OutSystems\Installer\{name}"] = {"": tool.folder, name: tool.version}
        keys[rf"{_UNINSTALL}\OutSystems {name}"] = _program(f"OutSystems {name}", tool.version, "OutSystems")
    keys |= _dotnet_keys(document)
    if document.rabbitmq:
        keys |= _rabbitmq_keys(document)
    for name, values in document.uninstall.items():
        keys[rf"{_UNINSTALL}\{name}"] = dict(values)
    return keys


def _program(name: str, version: str, publisher: str) -> dict[str, Any]:
    return {
        "DisplayName": name, "DisplayVersion": version, "Publisher": publisher, "InstallDate": "20260110",
        "UninstallString": f"C:\\uninstall.exe {planted.COMMAND_LINE}",
    }  # fmt: skip


def _platform_keys(document: MachineDocument, section: PlatformServer) -> Keys:
    if not section.registered:
        return {}
    server = {
        "": section.folder, "Server": section.version, "ServiceCenter": section.service_center,
        "SystemComponents": section.system_components, "LifeTime": section.lifetime,
        "LifetimePublished": section.lifetime_published,
    }  # fmt: skip
    keys: Keys = {
        r"HKLM\SOFTWARE\OutSystems\Installer\Server": {n: value for n, value in server.items() if value is not None},
        r"HKLM\SOFTWARE\OutSystems\Platform Server": {
            "MachineName": section.machine_name or document.name,
            "SerialNumber": section.serial or planted.serial_of(document.name),
        },
    }
    if section.on_disk:
        name = "OutSystems Platform Server"
        keys[rf"{_UNINSTALL}\{name}"] = _program(name, section.version, "OutSystems")
    return keys


def _dotnet_keys(document: MachineDocument) -> Keys:
    keys: Keys = {}
    if document.dotnet.release is not None:
        full = {"Release": document.dotnet.release, "Version": "4.8.04161", "Install": 1}
        for root in (r"HKLM\SOFTWARE", r"HKLM\SOFTWARE\WOW6432Node"):
            keys[rf"{root}\Microsoft\NET Framework Setup\NDP\v4\Full"] = dict(full)
            keys[rf"{root}\Microsoft\.NETFramework\v4.0.30319"] = {"SchUseStrongCrypto": 1}
    for version, package in document.dotnet.bundles.items():
        name = f"Microsoft .NET {version} - Windows Server Hosting"
        keys[rf"HKLM\SOFTWARE\WOW6432Node\Microsoft\Updates\.NET\{name}"] = {"PackageVersion": package}
        keys[rf"{_UNINSTALL_32}\{name}"] = _program(name, package, "Microsoft Corporation")
    return keys


def _rabbitmq_keys(document: MachineDocument) -> Keys:
    assert document.rabbitmq is not None
    section = document.rabbitmq
    keys: Keys = {
        r"HKLM\SOFTWARE\Ericsson\Erlang\ErlSrv\1.1\RabbitMQ": {
            "Machine": rf"{_thirdparty(document)}\Erlang\bin\erl.exe",
            "Args": f"-setcookie {planted.ERLANG_COOKIE}",
            "Name": f"rabbit@{document.name}",
        },
        rf"HKLM\SOFTWARE\WOW6432Node\Ericsson\Erlang\{section.erlang}": {"": rf"{_thirdparty(document)}\Erlang"},
    }
    if section.files:
        rabbit, erlang = f"RabbitMQ Server {section.version}", f"Erlang OTP {section.erlang}"
        keys[rf"{_UNINSTALL_32}\RabbitMQ"] = _program(rabbit, section.version, "Broadcom Inc.")
        keys[rf"{_UNINSTALL}\{erlang}"] = _program(erlang, section.erlang, "Ericsson AB")
    return keys


def _thirdparty(document: MachineDocument) -> str:
    folder = document.platform_server.folder if document.platform_server else r"C:\Program Files"
    return rf"{folder}\thirdparty"


def variables(document: MachineDocument) -> dict[str, str]:
    """Return the system environment variables that software of the model sets."""
    if document.rabbitmq is None:
        return {}
    return {
        "ERLANG_HOME": rf"{_thirdparty(document)}\Erlang",
        "RABBITMQ_BASE": r"C:\ProgramData\RabbitMQ",
        "RABBITMQ_NODENAME": "rabbit@localhost",
        "OUTSYSTEMS_RABBITMQ": rf"{_thirdparty(document)}\RabbitMQ Server",
    }


def files(document: MachineDocument) -> Files:
    """Return the files of all software of the model, by path."""
    found: Files = {}
    section = document.platform_server
    if section and section.on_disk:
        found |= _platform_files(document, section)
    if section and section.in_machine_config:
        found |= dict.fromkeys(
            (_MACHINE_CONFIG.format("Framework64"), _MACHINE_CONFIG.format("Framework")), _machine_config()
        )
    else:
        plain = FileRow(text="<configuration><appSettings /></configuration>\r\n")
        found |= dict.fromkeys((_MACHINE_CONFIG.format("Framework64"), _MACHINE_CONFIG.format("Framework")), plain)
    if document.iis:
        found |= _iis_files(document)
    for name, tool in document.tools.items():
        if tool.executable:
            program = "ServiceStudio" if name.startswith("Service") else "IntegrationStudio"
            found[rf"{tool.folder}\{program}.exe"] = FileRow(size=4194304, version=tool.version)
    if document.rabbitmq and document.rabbitmq.files:
        found |= _rabbitmq_files(document)
    return found


def _platform_files(document: MachineDocument, section: PlatformServer) -> Files:
    base = section.folder
    version = section.version if section.version_file is None else section.version_file
    names = ["ConfigurationTool.exe", "ConfigurationTool.com", "SCInstaller.exe"]
    services = [executable(name, document) for name in (CONTROLLER, DEPLOYMENT, SCHEDULER)]
    if platform_version(document) < Version.parse("11"):
        services += ["LogServer.exe", "SmsConnector.exe"]
    binary = FileRow(size=262144, version=version or section.version)
    found = {rf"{base}\{name}": binary for name in [*names, *(name for name in services if name)]}
    for name in ("ServiceCenter.oml", "System_Components.osp", *(["Lifetime.osp"] if section.lifetime else [])):
        found[rf"{base}\{name}"] = FileRow(size=1048576)
    if version:
        found[rf"{base}\version.txt"] = FileRow(text=f"{version}\r\n")
    for name in ("SqlServer", "Oracle", "PostgreSQL"):
        found[rf"{base}\docs\{name}_template.hsconf"] = FileRow(text="<EnvironmentConfiguration />\r\n")
    if document.hsconf:
        text = hsconf_text(document.hsconf, section.folder, section.version)
        found[rf"{base}\server.hsconf"] = FileRow(text=text, bom=True)
    if section.private_key:
        found[rf"{base}\private.key"] = FileRow(text=planted.private_key_text(section.private_key))
    return found


def _machine_config() -> FileRow:
    return FileRow(
        text="<configuration>\r\n  <appSettings>\r\n"
        f'    <add key="OutSystems.HubEdition.SettingsKeyPath" value="{planted.SETTINGS_VALUE}" />\r\n'
        f'    <add key="OutSystems.DB.ConnectionString" value="{planted.CONNECTION_STRING}" />\r\n'
        '    <add key="Vendor.Other" value="1" />\r\n'
        "  </appSettings>\r\n</configuration>\r\n"
    )


def _iis_files(document: MachineDocument) -> Files:
    assert document.iis is not None
    folder = (
        document.platform_server.folder if document.platform_server else r"C:\Program Files\OutSystems\Platform Server"
    )
    # `<I>` is a word of the models; the configuration of a server has the folder itself.
    text = application_host_text(document.iis).replace("&lt;I&gt;", escape(folder))
    found = {IIS_CONFIGURATION: FileRow(text=text, bom=True)}
    if document.iis.aspnetcore_module:
        found[MODULE] = FileRow(size=131072, version="18.0.24314.11")
    for site in all_sites(document.iis).values():
        for application in site.applications.values():
            if application.exists:
                settings = f'<appSettings><add key="x" value="{planted.CONNECTION_STRING}" /></appSettings>\r\n'
                found[rf"{application.folder}\web.config"] = FileRow(text="<configuration />\r\n")
                found[rf"{application.folder}\appSettings.config"] = FileRow(text=settings)
    return found


def _rabbitmq_files(document: MachineDocument) -> Files:
    assert document.rabbitmq is not None
    base = _thirdparty(document)
    server = rf"{base}\RabbitMQ Server\rabbitmq_server-{document.rabbitmq.version}"
    return {
        rf"{server}\sbin\rabbitmqctl.bat": FileRow(size=2048),
        rf"{base}\Erlang\bin\erl.exe": FileRow(size=65536),
        rf"{base}\Erlang\erts-15.2.6\bin\erlsrv.exe": FileRow(size=65536),
        r"%ALLUSERSPROFILE%\RabbitMQ\rabbitmq.conf": FileRow(text=f"default_pass = {planted.BROKER_PASSWORD}\n"),
        r"C:\Windows\System32\config\systemprofile\.erlang.cookie": FileRow(text=planted.ERLANG_COOKIE),
    }


def folders(document: MachineDocument) -> Iterator[str]:
    """Yield folders that exist without a file in them."""
    section = document.platform_server
    if section and section.on_disk:
        for name in ("running", "repository", "share", "logs", r"plugins\database"):
            yield rf"{section.folder}\{name}"
        for name, kept in section.modules.items():
            if kept:
                yield rf"{section.folder}\running\{name}"
        for name, kept in section.shares.items():
            if kept:
                yield rf"{section.folder}\share\{name}\full"
    for version in document.dotnet.bundles:
        yield rf"%ProgramFiles%\dotnet\shared\Microsoft.AspNetCore.App\{version}"
