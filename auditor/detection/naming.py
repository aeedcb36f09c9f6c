"""Whether a name or address in a configuration means this host."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from auditor.model.fact import Facts, Known
from auditor.model.inventory import Host
from auditor.model.known_facts import HOST_ADDRESSES, HOST_NAME, HOST_NAMES, SERVER_CONFIGURATION

_LOCAL = frozenset({"localhost", "localhost.localdomain", "."})


@dataclass(frozen=True, slots=True)
class Naming:
    """The reading of one name: `here` is None where it cannot be decided; the sentence says on what it rests."""

    here: bool | None
    statement: str
    questions: tuple[str, ...] = ()


def naming_of(host: Host, facts: Facts, text: str) -> Naming:
    """Decide whether `text` names the host; local names do, on every host.

    Names are compared short and full and without regard to case, with the names and addresses that the host gives
    itself and those that the inventory declares. Nothing is resolved.
    """
    name = text.strip().rstrip(".").casefold() or text.strip()
    if not name:
        return Naming(None, "The name is empty.")
    if is_local(text):
        return Naming(True, f"{text} means every host itself.")
    address = _address(name)
    return _of_name(host, facts, text, name) if address is None else _of_address(host, facts, text, address)


def names_host(host: Host, facts: Facts, text: str) -> bool | None:
    """Whether `text` names the host; None where it cannot be decided."""
    return naming_of(host, facts, text).here


def controller_naming(host: Host, facts: Facts) -> Naming:
    """Decide whether server.hsconf names this host as its environment's deployment controller."""
    configuration = facts.get(SERVER_CONFIGURATION)
    if not isinstance(configuration, Known):
        return Naming(None, configuration.sentence, configuration.questions)
    if configuration.value is None:
        return Naming(None, f"{facts.host} has no server.hsconf.", configuration.questions)
    named = configuration.value.controller_host
    if named is None:
        return Naming(None, f"server.hsconf of {facts.host} names no controller.", configuration.questions)
    naming = naming_of(host, facts, named)
    statement = f"server.hsconf of {facts.host} names {named} as controller. {naming.statement}"
    questions = tuple(dict.fromkeys((*configuration.questions, *naming.questions)))
    return Naming(naming.here, statement, questions)


def controller_is_here(host: Host, facts: Facts) -> bool | None:
    """Whether server.hsconf names this host as controller; None where it cannot be read or decided."""
    return controller_naming(host, facts).here


def is_local(text: str) -> bool:
    """Whether the text means every host itself: localhost or a loopback address."""
    name = text.strip().rstrip(".").casefold()
    address = _address(name)
    return text.strip().casefold() in _LOCAL or name in _LOCAL or (address is not None and address.is_loopback)


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name.strip("[]").partition("%")[0])
    except ValueError:
        return None


def _declared(host: Host) -> tuple[str, ...]:
    return (host.name, *host.aliases, host.endpoint.address)


def _of_address(host: Host, facts: Facts, text: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> Naming:
    if address in {_address(name) for name in _declared(host)}:
        return Naming(True, f"The inventory declares {text} for {host.name}.")
    own = facts.get(HOST_ADDRESSES)
    if not isinstance(own, Known):
        return Naming(None, f"Whether {text} is {host.name} cannot be told: {own.sentence}", own.questions)
    if address in {_address(name) for name in own.value}:
        return Naming(True, f"{text} is an address of {host.name}.", own.questions)
    return Naming(False, f"{text} is no address of {host.name}.", own.questions)


def _of_name(host: Host, facts: Facts, text: str, name: str) -> Naming:
    declared = {item.strip().rstrip(".").casefold() for item in _declared(host) if _address(item) is None}
    if _is_one_of(name, declared):
        return Naming(True, f"The inventory declares {text} for {host.name}.")
    fact = facts.get(HOST_NAMES)
    if not isinstance(fact, Known):
        return Naming(None, f"Whether {text} is {host.name} cannot be told: {fact.sentence}", fact.questions)
    single = facts.get(HOST_NAME)
    known = (*fact.value, single.value) if isinstance(single, Known) else fact.value
    own = {item.rstrip(".").casefold() for item in known}
    if _is_one_of(name, own):
        return Naming(True, f"{text} is a name of {host.name}.", fact.questions)
    short = name.partition(".")[0]
    if "." in name and short in {item.partition(".")[0] for item in own | declared}:
        # The same host name in another domain may be this host or a namesake.
        sentence = f"{text} has the host name of {host.name} in another domain; declare it as an alias if it is meant."
        return Naming(None, sentence, fact.questions)
    return Naming(False, f"{text} is no name of {host.name}.", fact.questions)


def _is_one_of(name: str, names: set[str]) -> bool:
    """Compare: a short name with the beginnings of full ones, a full name with full ones, or short ones alone."""
    if name in names:
        return True
    if "." not in name:
        return name in {item.partition(".")[0] for item in names}
    return not any("." in item for item in names) and name.partition(".")[0] in names
