"""What an attempt to connect proves, and how a sentence tells it."""

from __future__ import annotations

from auditor.engine.sight import Unknowable
from auditor.engine.subjects import Host
from auditor.model.fact import NotKnown, Reason
from auditor.model.known_facts import Connection

_OPEN = "Open"
# What .NET calls the errors of a connection that cannot be made from here.
_CLOSED = {
    "AccessDenied": "forbidden by this server itself",
    "ConnectionAborted": "ended at once",
    "ConnectionRefused": "refused",
    "ConnectionReset": "ended at once",
    "HostDown": "no such host answers",
    "HostNotFound": "its name is not known here",
    "HostUnreachable": "no way there",
    "NetworkDown": "no network",
    "NetworkUnreachable": "no way there",
    "NoData": "its name has no address here",
    "TimedOut": "no answer",
    "TryAgain": "its name is not known here",
}


def is_open(host: Host, connection: Connection) -> bool:
    """Whether the port accepted a connection from this host; raises `Unknowable` where that was not tried."""
    if connection.result in _CLOSED:
        return False
    if connection.result == _OPEN:
        return True
    if connection.result == "NoPort":
        sentence = (
            f"{host.name} names {connection.host} without a port, which only its SQL Server Browser could tell, so "
            "whether it is reached was not tried."
        )
        raise Unknowable(NotKnown(Reason.NOT_ASKED, sentence))
    sentence = f"Whether {host.name} reaches {place_of(connection)} could not be tried ({connection.result})."
    raise Unknowable(NotKnown(Reason.PARSE_ERROR, sentence))


def place_of(connection: Connection) -> str:
    """Return host and port as people write them."""
    return f"{connection.host}:{connection.port}"


def in_words(connection: Connection) -> str:
    """Return what came of an attempt: `prd-ctl:12000 (refused)`."""
    told = "open" if connection.result == _OPEN else _CLOSED.get(connection.result, connection.result)
    return f"{place_of(connection)} ({told})"
