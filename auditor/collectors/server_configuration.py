"""server.hsconf: the elements that an audit needs, by an allow list. Of secrets only whether they are there."""

from __future__ import annotations

from typing import Any

from auditor.collectors.base import Collector, FactMap, Observations
from auditor.collectors.places import in_install_folder
from auditor.collectors.reading import IllTyped, distinct, fact, facts, member, place_exists
from auditor.collectors.rights import INSTALL_FOLDER
from auditor.collectors.rights import SERVER_CONFIGURATION as CONFIGURATION_RIGHT
from auditor.collectors.xml_nodes import Node, attribute, below, content, root
from auditor.model.known_facts import (
    CLEAR_TEXT_SECRETS,
    CONFIGURATION_FILE_EXISTS,
    SERVER_CONFIGURATION,
    DatabaseSection,
    ServerConfiguration,
)
from auditor.model.question import Platform, Question, Verb

_ROOT = "EnvironmentConfiguration"
# A section and the element that names the owner of its schema, which is what tells two Oracle databases apart.
_DATABASES = {
    "PlatformDatabaseConfiguration": "AdminUser",
    "LoggingDatabaseConfiguration": "AdminUser",
    "SessionDatabaseConfiguration": "SessionUser",
}
_RUNTIME_USERS = {
    "PlatformDatabaseConfiguration": "RuntimeUser",
    "LoggingDatabaseConfiguration": "RuntimeUser",
    "SessionDatabaseConfiguration": "SessionUser",
}
_DATABASE_ELEMENTS = ("Server", "Catalog", "Host", "Port", "ServiceName", "TNSName", "UsedAuthenticationMode")
_ELEMENTS = (
    "ServiceConfiguration/CompilerServerHostname",
    "ServiceConfiguration/CompilerServerPort",
    "ServiceConfiguration/DeploymentServerPort",
    "NetworkConfiguration/OutgoingIPAddress",
    "CacheInvalidationConfiguration/ServiceHost",
    "CacheInvalidationConfiguration/ServicePort",
    "CacheInvalidationConfiguration/ServiceUsername",
    "CacheInvalidationConfiguration/TlsEnabled",
    "CacheInvalidationConfiguration/VirtualHost",
    "OtherConfigurations/InstallationDir",
    "OtherConfigurations/PlatformVersion",
)
_SECRETS = (
    *(f"{section}/AdminPassword" for section in _DATABASES),
    *(f"{section}/RuntimePassword" for section in _DATABASES),
    *(f"{section}/LogPassword" for section in _DATABASES),
    "SessionDatabaseConfiguration/SessionPassword",
    "CacheInvalidationConfiguration/ServicePassword",
    "ServerConfiguration/PlatformServerAdminPassword",
)


def _allow_list() -> list[dict[str, Any]]:
    sections = [{"path": f"{_ROOT}/{section}", "attributes": ["ProviderKey"]} for section in _DATABASES]
    values = [f"{section}/{element}" for section in _DATABASES for element in _DATABASE_ELEMENTS]
    users = dict.fromkeys(f"{section}/{user}" for of in (_DATABASES, _RUNTIME_USERS) for section, user in of.items())
    return [
        *sections,
        *({"path": f"{_ROOT}/{path}", "text": "value"} for path in (*values, *users, *_ELEMENTS)),
        *({"path": f"{_ROOT}/{path}", "attributes": ["encrypted"], "text": "presence"} for path in _SECRETS),
    ]


FILE = Question(
    id="server_configuration.file",
    verb=Verb.FILE,
    platform=Platform.WINDOWS,
    why="Tells whether the platform was configured on this server, without reading the configuration.",
    rights=INSTALL_FOLDER,
    arguments=in_install_folder("server.hsconf"),
)
CONTENT = Question(
    id="server_configuration.content",
    verb=Verb.XML,
    platform=Platform.WINDOWS,
    why="Tells controller, cache service and databases of the environment; of passwords only whether they are there.",
    rights=CONFIGURATION_RIGHT,
    arguments=in_install_folder("server.hsconf", take=_allow_list()),
)


def read(observations: Observations) -> FactMap:
    """Give the configuration; None where the file is proved not to exist."""
    return facts(
        fact(observations, CONFIGURATION_FILE_EXISTS, lambda answers: place_exists(answers.value(FILE))),
        fact(observations, SERVER_CONFIGURATION, lambda answers: _configuration(answers.whole(CONTENT))),
        fact(observations, CLEAR_TEXT_SECRETS, lambda answers: _clear_text(answers.whole(CONTENT))),
    )


def _configuration(value: Any) -> ServerConfiguration | None:
    if value is None:
        return None
    node = root(value, _ROOT)
    return ServerConfiguration(
        controller_host=content(node, "ServiceConfiguration/CompilerServerHostname"),
        controller_port=_port(content(node, "ServiceConfiguration/CompilerServerPort")),
        cache_host=content(node, "CacheInvalidationConfiguration/ServiceHost"),
        cache_port=_port(content(node, "CacheInvalidationConfiguration/ServicePort")),
        cache_tls=_switch(content(node, "CacheInvalidationConfiguration/TlsEnabled")),
        platform_version=content(node, "OtherConfigurations/PlatformVersion"),
        installation_folder=content(node, "OtherConfigurations/InstallationDir"),
        outgoing_address=content(node, "NetworkConfiguration/OutgoingIPAddress"),
        databases=tuple(_database(section, found) for section in _DATABASES for found in below(node, section)[:1]),
        cache_virtual_host=content(node, "CacheInvalidationConfiguration/VirtualHost"),
        deployment_port=_port(content(node, "ServiceConfiguration/DeploymentServerPort")),
        cache_user=content(node, "CacheInvalidationConfiguration/ServiceUsername"),
    )


def _database(section: str, node: Node) -> DatabaseSection:
    server, catalog = content(node, "Server"), content(node, "Catalog")
    if server is None:
        host, port = content(node, "Host"), content(node, "Port")
        server = f"{host}:{port}" if host and port else host or content(node, "TNSName") or ""
    if catalog is None:
        service, owner = content(node, "ServiceName") or "", content(node, _DATABASES[section]) or ""
        catalog = f"{service}/{owner}" if owner else service
    return DatabaseSection(
        section=section,
        provider=attribute(node, "ProviderKey"),
        server=server,
        catalog=catalog,
        authentication=content(node, "UsedAuthenticationMode") or "",
        admin_user=content(node, "AdminUser"),
        runtime_user=content(node, _RUNTIME_USERS[section]),
    )


def _port(words: str | None) -> int | None:
    if words is None:
        return None
    if not (words.isascii() and words.isdigit() and int(words[:6]) <= 65535 and len(words) <= 5):
        raise IllTyped("no port")
    return int(words)


def _switch(words: str | None) -> bool | None:
    if words is None:
        return None
    switches = {"true": True, "1": True, "false": False, "0": False}
    if words.casefold() not in switches:
        raise IllTyped("neither true nor false")
    return switches[words.casefold()]


def _clear_text(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    node = root(value, _ROOT)
    return distinct(
        path
        for path in _SECRETS
        for found in below(node, path)
        if member(found, "text") is True and attribute(found, "encrypted").casefold() != "true"
    )


COLLECTOR = Collector("server_configuration", Platform.WINDOWS, (FILE, CONTENT), read)
