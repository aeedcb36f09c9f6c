"""Database catalogs in server.hsconf: which a server uses, and whether two sections mean the same one."""

from __future__ import annotations

import dataclasses

from auditor.engine.host_names import OF_THE_HOST_ITSELF
from auditor.engine.sight import Unknowable
from auditor.engine.subjects import Host
from auditor.model.fact import NotKnown, Reason
from auditor.model.known_facts import DatabaseSection


def database_catalogs(host: Host) -> tuple[DatabaseSection, ...]:
    """Return the sections that name a catalog; a database server on the host itself goes by the host's name.

    Raises `Unknowable` where the file is not known, does not exist, or names no catalog at all.
    """
    sections = tuple(section for section in host.configuration.databases if section.catalog)
    if not sections:
        raise Unknowable(NotKnown(Reason.PARSE_ERROR, f"server.hsconf of {host.name} names no database."))
    return tuple(_from_outside(section, host.name) for section in sections)


def is_same_catalog(one: DatabaseSection, other: DatabaseSection) -> bool:
    """Whether two sections mean one catalog by their text, without regard to case; aliases in DNS are not resolved.

    For Oracle the catalog is `service/owner`. Where `lacks_schema`, the same service does not prove the same schema.
    """
    if one.catalog.casefold() != other.catalog.casefold():
        return False
    (server, rest), (other_server, other_rest) = _server(one), _server(other)
    if rest != other_rest:
        return False
    if "." in server and "." in other_server:
        return server == other_server
    return server.partition(".")[0] == other_server.partition(".")[0]


def lacks_schema(section: DatabaseSection) -> bool:
    """Whether an Oracle section tells only the service; with its owner the catalog reads `service/owner`."""
    return "oracle" in section.provider.casefold() and "/" not in section.catalog


def _from_outside(section: DatabaseSection, name: str) -> DatabaseSection:
    server, rest = _server(section)
    return dataclasses.replace(section, server=f"{name}{rest}") if server in OF_THE_HOST_ITSELF else section


def _server(section: DatabaseSection) -> tuple[str, str]:
    """Split `tcp:name.domain\\instance,port` into the name and what makes it another instance."""
    text = section.server.casefold().strip().removeprefix("tcp:").removesuffix(",1433").removesuffix("\\mssqlserver")
    if text in OF_THE_HOST_ITSELF:
        return text, ""
    for index, character in enumerate(text):
        if character in "\\,:":
            return text[:index], text[index:]
    return text, ""
