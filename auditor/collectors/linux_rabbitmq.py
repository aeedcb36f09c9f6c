"""The version of RabbitMQ on a Linux host."""

from __future__ import annotations

from auditor.collectors.base import Collector, FactMap, Observations
from auditor.collectors.reading import Answers, command_text, fact, one_line
from auditor.collectors.rights import ANY_LINUX_USER
from auditor.model.known_facts import RABBITMQ_VERSION
from auditor.model.question import Platform, Question, Verb

VERSION = Question(
    id="linux_rabbitmq.version",
    verb=Verb.COMMAND,
    platform=Platform.LINUX,
    why="Tells the version of RabbitMQ, to compare with what the platform's version needs.",
    rights=ANY_LINUX_USER,
    arguments={"name": "rabbitmq_version"},
)


def read(observations: Observations) -> FactMap:
    """Give the version; None where neither a package nor the program exists."""
    return fact(observations, RABBITMQ_VERSION, _version)


def _version(answers: Answers) -> str | None:
    return one_line(command_text(answers.whole(VERSION)) or "", 64) or None


COLLECTOR = Collector("linux_rabbitmq", Platform.LINUX, (VERSION,), read)
