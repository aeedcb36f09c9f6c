"""The files of the former Java stack of OutSystems, which ended with OutSystems 10."""

from __future__ import annotations

import re

from auditor.collectors.base import Collector, FactMap, Observations
from auditor.collectors.reading import Answers, distinct, fact, facts, lines, member, place_exists
from auditor.collectors.rights import ANY_LINUX_USER, OUTSYSTEMS_GROUP
from auditor.model.known_facts import (
    JAVA_STACK_CONTROLLER,
    JAVA_STACK_MARKER,
    JAVA_STACK_SERVICES,
    JAVA_STACK_VERSION,
)
from auditor.model.question import Platform, Question, Verb

MARKER = Question(
    id="java_stack.marker",
    verb=Verb.FILE,
    platform=Platform.LINUX,
    why="Tells whether the Java stack is installed; the file's content is not read.",
    rights=ANY_LINUX_USER,
    arguments={"path": "/etc/sysconfig/outsystems"},
)
VERSION_FILE = Question(
    id="java_stack.version_file",
    verb=Verb.FILE,
    platform=Platform.LINUX,
    why="Tells the version of the Java stack.",
    rights=ANY_LINUX_USER,
    arguments={"path": "/opt/outsystems/platform/version.txt", "text": 256},
)
SERVICES_FILE = Question(
    id="java_stack.services_file",
    verb=Verb.FILE,
    platform=Platform.LINUX,
    why="Tells which services of the Java stack are enabled, and with them the roles of the host.",
    rights=OUTSYSTEMS_GROUP,
    arguments={"path": "/etc/outsystems/os.services.conf", "text": 4096},
)

_CONTROLLER = "CONTROLLER"


def read(observations: Observations) -> FactMap:
    """Give version, marker and enabled services."""
    return facts(
        fact(observations, JAVA_STACK_MARKER, lambda answers: place_exists(answers.value(MARKER))),
        fact(observations, JAVA_STACK_VERSION, _version),
        fact(observations, JAVA_STACK_SERVICES, lambda answers: _enabled(_settings(answers))),
        fact(observations, JAVA_STACK_CONTROLLER, _controller),
    )


def _version(answers: Answers) -> str | None:
    value = answers.value(VERSION_FILE)
    return None if value is None else next(iter(lines(member(value, "text"))), None)


def _settings(answers: Answers) -> dict[str, str] | None:
    """Return service -> ENABLED or what else stands there; None where the file does not exist. Read, never run."""
    value = answers.value(SERVICES_FILE)
    if value is None:
        return None
    pairs = (re.fullmatch(r"""\s*([A-Za-z_]+)\s*=\s*["']?(\w*)["']?\s*""", line) for line in _lines(value))
    return {pair[1].upper(): pair[2].upper() for pair in pairs if pair}


def _lines(value: object) -> tuple[str, ...]:
    return lines(member(value, "text"))


def _enabled(settings: dict[str, str] | None) -> tuple[str, ...]:
    return distinct(name for name, word in (settings or {}).items() if word == "ENABLED")


def _controller(answers: Answers) -> bool | None:
    settings = _settings(answers)
    return None if settings is None else settings.get(_CONTROLLER) == "ENABLED"


COLLECTOR = Collector("java_stack", Platform.LINUX, (MARKER, VERSION_FILE, SERVICES_FILE), read)
