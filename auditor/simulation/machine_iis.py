"""IIS of a modelled server: applicationHost.config, its registry keys and the folders of its applications."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import quoteattr

from auditor.simulation import machine_planted as planted
from auditor.simulation.machine_document import Iis, Pool, Site

CONFIGURATION = r"%windir%\System32\inetsrv\config\applicationHost.config"
MODULE = r"%ProgramFiles%\IIS\Asp.Net Core Module\V2\aspnetcorev2.dll"
_COMPONENTS = {
    "Web-Server": "W3SVC", "Web-Default-Doc": "DefaultDocument", "Web-Dir-Browsing": "DirectoryBrowse",
    "Web-Http-Errors": "HttpErrors", "Web-Static-Content": "StaticContent", "Web-Http-Logging": "HttpLogging",
    "Web-Request-Monitor": "RequestMonitor", "Web-Stat-Compression": "HttpCompressionStatic",
    "Web-Dyn-Compression": "HttpCompressionDynamic", "Web-Filtering": "RequestFiltering",
    "Web-Windows-Auth": "WindowsAuthentication", "Web-Net-Ext45": "NetFxExtensibility45",
    "Web-Asp-Net45": "ASPNET45", "Web-ISAPI-Ext": "ISAPIExtensions", "Web-ISAPI-Filter": "ISAPIFilter",
    "Web-Metabase": "Metabase", "WAS-Config-APIs": "WASConfigurationAPI", "WAS-Process-Model": "ProcessModel",
    "Web-Mgmt-Console": "ManagementConsole",
}  # fmt: skip
FEATURES = tuple(_COMPONENTS)
_DISM = {
    "Web-Server": "IIS-WebServerRole", "Web-Default-Doc": "IIS-DefaultDocument",
    "Web-Dir-Browsing": "IIS-DirectoryBrowsing", "WAS-Config-APIs": "WAS-ConfigurationAPI",
    "WAS-Process-Model": "WAS-ProcessModel",
}  # fmt: skip
_ENABLED, _DISABLED, _UNKNOWN = 1, 2, 4


def optional_features(section: Iis | None, features: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the rows of Win32_OptionalFeature; without IIS all are there, but not installed."""
    usual = "Available" if section is None else "Installed"
    states = {"Installed": _ENABLED, "Available": _DISABLED, "InstallPending": _UNKNOWN}
    return [
        {
            "Name": _DISM.get(name, f"IIS-{component}"), "InstallState": states[features.get(name, usual)],
            "Caption": name, "Description": None, "InstallDate": None, "Status": None,
        }
        for name, component in _COMPONENTS.items()
    ] + [
        {
            "Name": "TelnetClient", "InstallState": _DISABLED,
            "Caption": "Telnet Client", "Description": None, "InstallDate": None, "Status": None,
        }
    ]  # fmt: skip


def all_sites(section: Iis) -> dict[str, Site]:
    """Return the sites by name, the Default Web Site with the applications given beside it."""
    if section.default_site is None:
        return dict(section.sites)
    default = section.default_site.model_copy(update={"applications": section.applications})
    return {"Default Web Site": default, **section.sites}


def registry_keys(section: Iis, features: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return the registry keys of IIS; a feature that is not installed has no component value."""
    major, _, minor = section.version.partition(".")
    setup = r"HKLM\SOFTWARE\Microsoft\InetStp"
    installed = [name for name in FEATURES if features.get(name, "Installed") == "Installed"]
    return {
        setup: {
            "MajorVersion": int(major),
            "MinorVersion": int(minor or 0),
            "VersionString": f"Version {section.version}",
            "InstallPath": r"C:\Windows\system32\inetsrv",
            "PathWWWRoot": r"C:\inetpub\wwwroot",
        },
        rf"{setup}\Components": {_COMPONENTS[name]: 1 for name in installed},
    }


def application_host_text(section: Iis) -> str:
    """Return applicationHost.config with a planted password in the process model of every pool."""
    pools = {"DefaultAppPool": Pool(), **section.pools}
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<configuration>", "  <system.applicationHost>"]
    lines += ["    <applicationPools>"]
    for name, pool in pools.items():
        lines.append(
            f"      <add name={quoteattr(name)} autoStart={quoteattr(str(pool.started).lower())} "
            f"managedRuntimeVersion={quoteattr(pool.runtime)} managedPipelineMode={quoteattr(pool.pipeline)}>"
        )
        identity = pool.identity if pool.user is None else "SpecificUser"
        lines.append(
            f"        <processModel identityType={quoteattr(identity)} userName={quoteattr(pool.user or '')} "
            f'password="{planted.POOL_PASSWORD}" />'
        )
        lines.append("      </add>")
    lines += ["      <applicationPoolDefaults />", "    </applicationPools>", "    <sites>"]
    for name, site in all_sites(section).items():
        lines += _site_lines(name, site)
    lines += ["    </sites>", "  </system.applicationHost>", "  <system.webServer>", "    <globalModules>"]
    lines += [r'      <add name="UriCacheModule" image="%windir%\System32\inetsrv\cachuri.dll" />']
    if section.aspnetcore_module:
        lines.append(f"      <add name={quoteattr('AspNetCoreModuleV2')} image={quoteattr(MODULE)} />")
    lines += ["    </globalModules>", "    <security>", "      <requestFiltering>"]
    lines += [f'        <requestLimits maxAllowedContentLength="{section.max_allowed_content_length}" />']
    lines += ["      </requestFiltering>", "    </security>", "  </system.webServer>", "</configuration>"]
    return "\r\n".join(lines) + "\r\n"


def _site_lines(name: str, site: Site) -> list[str]:
    applications = {"/": ("DefaultAppPool", site.root)}
    applications |= {path: (item.pool, item.folder) for path, item in site.applications.items()}
    lines = [f'      <site name={quoteattr(name)} id="{site.id}" serverAutoStart="{str(site.started).lower()}">']
    for path, (pool, folder) in applications.items():
        lines += [
            f"        <application path={quoteattr(path)} applicationPool={quoteattr(pool)}>",
            f'          <virtualDirectory path="/" physicalPath={quoteattr(folder)} '
            f'userName="" password="{planted.POOL_PASSWORD}" />',
            "        </application>",
        ]
    lines.append("        <bindings>")
    for key, information in site.bindings.items():
        protocol = key.rstrip("0123456789")
        lines.append(f'          <binding protocol="{protocol}" bindingInformation={quoteattr(information)} />')
    return [*lines, "        </bindings>", "      </site>"]
