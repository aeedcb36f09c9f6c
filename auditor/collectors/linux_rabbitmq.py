"""RabbitMQ on a Linux host: its version, its virtual hosts and who may use them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from auditor.collectors.base import Collector, FactMap, Observations
from auditor.collectors.reading import (
    Answers,
    IllTyped,
    command_exit_code,
    command_text,
    fact,
    facts,
    items,
    member,
    one_line,
    text,
)
from auditor.collectors.rights import ANY_LINUX_USER, BROKER_OWNER
from auditor.model.fact import Reason
from auditor.model.known_facts import RABBITMQ_VERSION, VIRTUAL_HOSTS, BrokerPermission, VirtualHost
from auditor.model.question import Platform, Question, Verb

_MARK = "vhost\t"
# With this code the script ends for an account that RabbitMQ does not serve. The answer counts as given: a scan is not
# incomplete because an account has no more rights than it needs for everything else.
_NO_PERMISSION = 77

VERSION = Question(
    id="linux_rabbitmq.version",
    verb=Verb.COMMAND,
    platform=Platform.LINUX,
    why="Tells the version of RabbitMQ, to compare with what the platform's version needs.",
    rights=ANY_LINUX_USER,
    arguments={"name": "rabbitmq_version"},
)
PERMISSIONS = Question(
    id="linux_rabbitmq.permissions",
    verb=Verb.COMMAND,
    platform=Platform.LINUX,
    why="Tells whether the virtual host of server.hsconf exists and its user has all rights on it.",
    rights=BROKER_OWNER,
    arguments={"name": "rabbitmq_permissions"},
)


def read(observations: Observations) -> FactMap:
    """Give both facts; None for a version where neither package nor program exists, for the other without program."""
    return facts(
        fact(observations, RABBITMQ_VERSION, _version),
        fact(observations, VIRTUAL_HOSTS, _virtual_hosts),
    )


def _version(answers: Answers) -> str | None:
    return one_line(command_text(answers.whole(VERSION)) or "", 64) or None


def _virtual_hosts(answers: Answers) -> tuple[VirtualHost, ...] | None:
    value = answers.whole(PERMISSIONS)
    if value is not None and command_exit_code(value) == _NO_PERMISSION:
        raise answers.refusal(Reason.DENIED, f"RabbitMQ was not asked for its virtual hosts; it takes {BROKER_OWNER}.")
    printed = command_text(value)
    if printed is None:
        return None
    found = {host.name: host for host in _parts(printed)}
    if not found:
        # A broker always has one; nothing printed is no proof that there is none.
        raise IllTyped("no virtual host")
    return tuple(found[name] for name in sorted(found))


def _parts(printed: str) -> Iterator[VirtualHost]:
    """Give each virtual host: its name stands in a line with a mark, below it what was listed of it."""
    before, *parts = f"\n{printed}".replace("\r\n", "\n").split(f"\n{_MARK}")
    if before.strip():
        raise IllTyped("words before the first virtual host")
    for part in parts:
        name, _, listed = part.partition("\n")
        yield VirtualHost(one_line(name), _permissions(listed) if listed.strip() else None)


def _permissions(listed: str) -> tuple[BrokerPermission, ...]:
    try:
        rows = items(json.loads(listed))
    except (ValueError, RecursionError):
        raise IllTyped("no JSON") from None
    return tuple(_permission(row) for row in rows)


def _permission(row: Any) -> BrokerPermission:
    user, configure, write, read = (text(member(row, name)) for name in ("user", "configure", "write", "read"))
    return BrokerPermission(user, configure, write, read)


COLLECTOR = Collector("linux_rabbitmq", Platform.LINUX, (VERSION, PERMISSIONS), read)
