"""What hosts name in their configuration: controller, cache broker, databases; resolved to declared hosts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from auditor.model.fact import Facts, Known
from auditor.model.inventory import Host, Inventory
from auditor.model.known_facts import HOST_ADDRESSES, HOST_NAMES, SERVER_CONFIGURATION, DatabaseSection
from auditor.reporting.findings import short

_ITSELF = frozenset({"localhost", "127.0.0.1", "::1", "."})


@dataclass(frozen=True, slots=True)
class Named:
    """A host that a configuration names; `host` is the declared host it resolves to, None if there is none."""

    text: str
    host: str | None


@dataclass(frozen=True, slots=True)
class Database:
    """A catalog, schema or service that hosts use, and the sections that name it."""

    server: str
    catalog: str
    provider: str
    sections: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str]:
        """What identifies it: names of servers and catalogs have no case."""
        return self.server.casefold(), self.catalog.casefold()

    @property
    def words(self) -> str:
        """Server and catalog."""
        return f"{short(self.server)} / {short(self.catalog)}" if self.catalog else short(self.server)


@dataclass(frozen=True, slots=True)
class Naming:
    """What one host names; `known` is False where its configuration could not be read."""

    known: bool
    controller: Named | None = None
    broker: Named | None = None
    databases: tuple[Database, ...] = ()


def namings(inventory: Inventory, facts: Mapping[str, Facts]) -> dict[str, Naming]:
    """Return for every host what its configuration names."""
    names = _Names(inventory, facts)
    return {host.name: _naming(host, facts.get(host.name), names) for host in inventory.hosts}


def _naming(host: Host, facts: Facts | None, names: _Names) -> Naming:
    fact = facts.get(SERVER_CONFIGURATION) if facts is not None else None
    if not isinstance(fact, Known):
        return Naming(known=False)
    configuration = fact.value
    if configuration is None:
        return Naming(known=True)
    broker = configuration.cache_host
    text = f"{broker}:{configuration.cache_port}" if broker and configuration.cache_port else broker
    return Naming(
        known=True,
        controller=_named(configuration.controller_host, configuration.controller_host, host, names),
        broker=_named(broker, text, host, names),
        databases=_databases(configuration.databases),
    )


def _named(name: str | None, text: str | None, host: Host, names: _Names) -> Named | None:
    return Named(short(text or name), names.resolve(name, host)) if name else None


def _databases(sections: tuple[DatabaseSection, ...]) -> tuple[Database, ...]:
    found: dict[tuple[str, str], list[DatabaseSection]] = {}
    for section in sections:
        found.setdefault((section.server.casefold(), section.catalog.casefold()), []).append(section)
    return tuple(
        Database(items[0].server, items[0].catalog, items[0].provider, tuple(sorted(item.section for item in items)))
        for _, items in sorted(found.items())
    )


class _Names:
    """All names of the declared hosts; a name that two hosts claim resolves within one environment or not at all."""

    def __init__(self, inventory: Inventory, facts: Mapping[str, Facts]) -> None:
        self._environments = {host.name: host.environment for host in inventory.hosts}
        self._owners: dict[str, set[str]] = {}
        for host in inventory.hosts:
            known = facts.get(host.name)
            found = (*known.value(HOST_NAMES, ()), *known.value(HOST_ADDRESSES, ())) if known is not None else ()
            for name in (host.name, *host.aliases, host.endpoint.address, *found):
                if name.casefold() not in _ITSELF:
                    self._owners.setdefault(name.casefold(), set()).add(host.name)

    def resolve(self, name: str, asking: Host) -> str | None:
        if name.casefold() in _ITSELF:
            return asking.name
        owners = self._owners.get(name.casefold(), set())
        near = {owner for owner in owners if self._environments[owner] == asking.environment}
        for candidates in (near, owners):
            if len(candidates) == 1:
                return next(iter(candidates))
        return None
