"""The text of server.hsconf, with planted secrets in every place where a real one has them."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from auditor.simulation import machine_planted as planted
from auditor.simulation.machine_document import Hsconf


def hsconf_text(section: Hsconf, folder: str, version: str) -> str:
    """Return the file as the Configuration Tool writes it for this generation."""
    parts = [_platform_database(section)]
    if section.generation == 11:
        parts.append(_database("LoggingDatabaseConfiguration", section, f"{section.catalog}_log", ("Admin", "Runtime")))
    parts.append(_database("SessionDatabaseConfiguration", section, f"{section.catalog}_session", ("Session",)))
    parts.append(_services(section))
    parts.append(_network(section))
    if section.generation == 11:
        parts.append(_cache(section))
    parts.append(
        _section(
            "OtherConfigurations",
            _leaf("DBTimeout", "60"),
            _leaf("DBUpdateTimeout", "600"),
            _leaf("InstallationDir", section.installation_folder or folder),
            _leaf("InstanceName", "Default"),
            _leaf("PlatformVersion", section.platform_version or version),
        )
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\r\n<EnvironmentConfiguration>\r\n'
        + "".join(parts)
        + "</EnvironmentConfiguration>\r\n"
    )


def _leaf(name: str, text: str, *, encrypted: bool | None = None) -> str:
    mark = "" if encrypted is None else f' encrypted="{str(encrypted).lower()}"'
    return f"    <{name}{mark}>{escape(text)}</{name}>\r\n"


def _section(name: str, *leaves: str, provider: str | None = None) -> str:
    mark = "" if provider is None else f" ProviderKey={quoteattr(provider)}"
    return f"  <{name}{mark}>\r\n{''.join(leaves)}  </{name}>\r\n"


def _location(section: Hsconf, catalog: str) -> list[str]:
    leaves = [_leaf("UsedAuthenticationMode", section.authentication)]
    if section.provider == "Oracle":
        return [*leaves, _leaf("Host", section.server), _leaf("Port", "1521"), _leaf("ServiceName", catalog)]
    return [*leaves, _leaf("Server", section.server), _leaf("Catalog", catalog)]


def _platform_database(section: Hsconf) -> str:
    admin = planted.CLEAR_ADMIN_PASSWORD if section.clear_text else planted.ADMIN_PASSWORD
    leaves = [
        *_location(section, section.catalog),
        _leaf("AdminUser", "OSADMIN"),
        _leaf("AdminPassword", admin, encrypted=not section.clear_text),
        _leaf("RuntimeUser", "OSRUNTIME"),
        _leaf("RuntimePassword", planted.RUNTIME_PASSWORD, encrypted=True),
        _leaf("RuntimeAdvancedSettings", planted.ADVANCED_SETTINGS),
        _leaf("ServicesAdvancedSettings", planted.ADVANCED_SETTINGS),
    ]
    if section.generation == 10:
        leaves += [_leaf("LogUser", "OSLOG"), _leaf("LogPassword", planted.LOG_PASSWORD, encrypted=True)]
    return _section("PlatformDatabaseConfiguration", *leaves, provider=section.provider)


def _database(name: str, section: Hsconf, catalog: str, users: tuple[str, ...]) -> str:
    leaves = _location(section, catalog)
    for user in users:
        secret = planted.SESSION_PASSWORD if user == "Session" else planted.LOG_PASSWORD
        name_of_user = f"OS{user.upper()}" if user == "Session" else f"OS{user.upper()}_LOG"
        leaves += [_leaf(f"{user}User", name_of_user), _leaf(f"{user}Password", secret, encrypted=True)]
    return _section(name, *leaves, provider=section.provider)


def _services(section: Hsconf) -> str:
    return _section(
        "ServiceConfiguration",
        _leaf("CompilerServerHostname", section.controller),
        _leaf("CompilerServerPort", "12000"),
        _leaf("DeploymentServerPort", "12001"),
        _leaf("SchedulerServerPort", "12002"),
        _leaf("ServiceInitializationTimeoutInSeconds", "180"),
    ) + _section(
        "ServerConfiguration",
        _leaf("ApplicationServerPort", "80"),
        _leaf("ApplicationServerSecurePort", "443"),
        _leaf("MaxConcurrentTimers", "3"),
        *([_leaf("PlatformServerAdminPassword", planted.PLATFORM_ADMIN_PASSWORD)] if section.clear_text else []),
    )


def _network(section: Hsconf) -> str:
    return _section("NetworkConfiguration", _leaf("OutgoingIPAddress", section.outgoing or "127.0.0.1"))


def _cache(section: Hsconf) -> str:
    return _section(
        "CacheInvalidationConfiguration",
        _leaf("ServiceHost", section.cache_host),
        _leaf("ServicePort", str(section.cache_port)),
        _leaf("ServiceUsername", section.cache_user),
        _leaf("ServicePassword", planted.SERVICE_PASSWORD, encrypted=True),
        _leaf("VirtualHost", "/outsystems"),
        _leaf("TlsEnabled", str(section.cache_tls)),
        _leaf("TlsServerCanonicalName", section.cache_host if section.cache_tls else ""),
    )
