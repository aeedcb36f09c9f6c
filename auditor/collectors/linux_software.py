"""Packages and units of OutSystems, RabbitMQ and Erlang on a Linux host."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from auditor.collectors.base import Collector, FactMap, Observations
from auditor.collectors.reading import (
    Answers,
    IllTyped,
    command_exit_code,
    command_text,
    distinct,
    fact,
    facts,
    lines,
    one_line,
)
from auditor.collectors.rights import ANY_LINUX_USER
from auditor.model.fact import Reason
from auditor.model.known_facts import ERLANG_VERSIONS, PACKAGES, UNITS, SystemdUnit
from auditor.model.question import Outcome, Platform, Question, Verb

# Debian splits Erlang into many packages, of which this one is the base; others deliver it as a whole.
_ERLANG = re.compile(r"(?:erlang-base|erlang|esl-erlang) (?:\d{1,9}:)?(\d{1,9}(?:\.\d{1,9}){0,5})(?![.\d])")

PACKAGE_NAMES = Question(
    id="linux_software.packages",
    verb=Verb.COMMAND,
    platform=Platform.LINUX,
    why="Tells which packages of OutSystems, RabbitMQ and Erlang are installed.",
    rights=ANY_LINUX_USER,
    arguments={"name": "packages"},
)
UNIT_STATES = Question(
    id="linux_software.units",
    verb=Verb.COMMAND,
    platform=Platform.LINUX,
    why="Tells whether the services of a former Java stack, of RabbitMQ or of a load balancer run.",
    rights=ANY_LINUX_USER,
    arguments={"name": "units"},
)
SYSTEMD = Question(
    id="linux_software.systemd",
    verb=Verb.DIRECTORY,
    platform=Platform.LINUX,
    why="Tells whether systemd runs at all: where it does not, none of its units can.",
    rights=ANY_LINUX_USER,
    arguments={"path": "/run/systemd/system", "limit": 1},
)


def read(observations: Observations) -> FactMap:
    """Give packages, the versions of Erlang among them, and units."""
    return facts(
        fact(observations, PACKAGES, _packages),
        fact(observations, ERLANG_VERSIONS, _erlang_versions),
        fact(observations, UNITS, _units),
    )


def _packages(answers: Answers) -> tuple[str, ...]:
    return distinct(lines(command_text(answers.whole(PACKAGE_NAMES)) or ""))


def _erlang_versions(answers: Answers) -> tuple[str, ...]:
    matches = (_ERLANG.match(package) for package in _packages(answers))
    return distinct(match.group(1) for match in matches if match)


def _units(answers: Answers) -> tuple[SystemdUnit, ...]:
    value = answers.whole(UNIT_STATES)
    # systemctl cannot answer where systemd is not the first process; then no unit exists. Where it is, an account that
    # has no systemctl, or may not speak to systemd, has seen nothing.
    if (value is None or command_exit_code(value) != 0) and _systemd_is_missing(answers):
        return ()
    if value is None:
        raise answers.refusal(Reason.DENIED, "systemd runs, but the account has no systemctl to ask for its units.")
    blocks = tuple(_blocks(command_text(value) or ""))
    if not blocks:
        raise IllTyped("no unit, not even an unknown one")
    found = {unit.name: unit for unit in _loaded(blocks)}
    return tuple(found[name] for name in sorted(found))


def _systemd_is_missing(answers: Answers) -> bool:
    return answers.observation(SYSTEMD).answer.outcome is Outcome.MISSING


def _blocks(printed: str) -> Iterator[Mapping[str, str]]:
    """Give what is shown of each unit that was asked for."""
    for block in printed.replace("\r\n", "\n").split("\n\n"):
        pairs = (line.partition("=") for line in block.splitlines())
        shown = {name.strip(): one_line(words) for name, sign, words in pairs if sign}
        if shown.get("Id"):
            yield shown


def _loaded(blocks: Iterable[Mapping[str, str]]) -> Iterator[SystemdUnit]:
    """Give the units that are loaded; systemd also shows those that it does not know."""
    for shown in blocks:
        if shown.get("LoadState") != "not-found":
            name = shown["Id"].removesuffix(".service")
            yield SystemdUnit(name, shown.get("ActiveState", ""), shown.get("UnitFileState", ""))


COLLECTOR = Collector("linux_software", Platform.LINUX, (PACKAGE_NAMES, UNIT_STATES, SYSTEMD), read)
