"""Whether a server reaches the others that it works with, and what it takes localhost for."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from auditor.collectors.base import Collector, FactMap, Observations
from auditor.collectors.places import in_install_folder
from auditor.collectors.reading import fact, facts, items, member, text, texts, whole_number
from auditor.collectors.rights import SERVER_CONFIGURATION, SIGN_IN
from auditor.model.inventory import Environment, Host, Inventory, Purpose, Role
from auditor.model.known_facts import CONFIGURED_CONNECTIONS, DECLARED_CONNECTIONS, LOCALHOST_ADDRESSES, Connection
from auditor.model.question import Platform, Question, Verb

_CONFIGURATION = "EnvironmentConfiguration"
_CONTROLLER = f"{_CONFIGURATION}/ServiceConfiguration/CompilerServerHostname"
_CACHE = f"{_CONFIGURATION}/CacheInvalidationConfiguration"
_DATABASES = ("PlatformDatabaseConfiguration", "LoggingDatabaseConfiguration", "SessionDatabaseConfiguration")
# Deployment service: its port of old, and that from 11.24.0 on (checks.md T6).
_DEPLOYMENT_PORTS = (12001, 12101)
_HTTPS = 443


def _configured() -> list[dict[str, Any]]:
    """Return whom server.hsconf names. A database has `Server` (SQL Server) or `Host` (Oracle), never both."""
    port = f"{_CONFIGURATION}/ServiceConfiguration/CompilerServerPort"
    targets: list[dict[str, Any]] = [
        {"name": "controller", "element": _CONTROLLER, "port": 12000, "port_element": port},
        # The newer interface of the controller; no element of the file names its port.
        {"name": "controller-newer", "element": _CONTROLLER, "port": 12100},
        {"name": "broker", "element": f"{_CACHE}/ServiceHost", "port": 5672, "port_element": f"{_CACHE}/ServicePort"},
    ]
    for section in _DATABASES:
        path = f"{_CONFIGURATION}/{section}"
        targets += [
            {"name": section, "element": f"{path}/Server", "port": 1433},
            {"name": section, "element": f"{path}/Host", "port": 1521, "port_element": f"{path}/Port"},
        ]
    return targets


CONFIGURED = Question(
    id="network.configured",
    verb=Verb.CONNECT,
    platform=Platform.WINDOWS,
    why="Tells whether the controller, broker and databases that server.hsconf names accept a connection from here.",
    rights=SERVER_CONFIGURATION,
    arguments=in_install_folder("server.hsconf", targets=_configured()),
)
DECLARED = Question(
    id="network.declared",
    verb=Verb.CONNECT,
    platform=Platform.WINDOWS,
    why="Tells whether a controller reaches its front-ends, and LifeTime the environments, by declared addresses.",
    rights=SIGN_IN,
    arguments={"targets": []},
)
LOCALHOST = Question(
    id="network.localhost",
    verb=Verb.RESOLVE,
    platform=Platform.WINDOWS,
    why="Tells which address this server takes for localhost first, over which the platform calls itself.",
    rights=SIGN_IN,
    arguments={"name": "localhost"},
)


def with_targets(question: Question, host: Host, inventory: Inventory) -> Question:
    """Return the question as it is put to this host: `DECLARED` gets its targets, every other stays as it is."""
    if question is not DECLARED:
        return question
    return dataclasses.replace(question, arguments={"targets": list(_declared(host, inventory))})


def _declared(host: Host, inventory: Inventory) -> Iterator[dict[str, Any]]:
    own = next((item for item in inventory.environments if item.name == host.environment), None)
    if own is None:
        return
    if Role.DEPLOYMENT_CONTROLLER in host.roles:
        for front_end in own.hosts:
            if Role.FRONT_END in front_end.roles and front_end is not host:
                for address in dict.fromkeys((front_end.endpoint.address, *front_end.aliases)):
                    for port in _DEPLOYMENT_PORTS:
                        yield {"name": f"host/{front_end.name}", "host": address, "port": port}
    for other in _partners(own, inventory):
        if other.address is not None:
            yield {"name": f"environment/{other.name}", "host": other.address, "port": _HTTPS}


def _partners(own: Environment, inventory: Inventory) -> Iterator[Environment]:
    """Give the environments that this one and LifeTime call each other in."""
    for other in inventory.environments:
        if other is not own and (own.purpose is Purpose.LIFETIME) != (other.purpose is Purpose.LIFETIME):
            yield other


def read(observations: Observations) -> FactMap:
    """Give the attempts to connect; None where server.hsconf is proved not to exist."""
    return facts(
        fact(observations, CONFIGURED_CONNECTIONS, lambda answers: _connections(answers.whole(CONFIGURED))),
        fact(observations, DECLARED_CONNECTIONS, lambda answers: _connections(answers.whole(DECLARED)) or ()),
        fact(observations, LOCALHOST_ADDRESSES, lambda answers: texts(member(answers.whole(LOCALHOST), "addresses"))),
    )


def _connections(value: Any) -> tuple[Connection, ...] | None:
    if value is None:
        return None
    found = (
        Connection(
            target=text(member(row, "target")),
            host=text(member(row, "host")),
            port=whole_number(member(row, "port")),
            result=text(member(row, "result")),
        )
        for row in items(member(value, "connections"))
    )
    return tuple(connection for connection in found if connection.result != "NoHost")


COLLECTOR = Collector("network", Platform.WINDOWS, (CONFIGURED, DECLARED, LOCALHOST), read)
