"""What Windows knows of RabbitMQ beyond its service."""

from __future__ import annotations

from auditor.collectors.base import Collector, FactMap, Observations
from auditor.collectors.reading import fact, key_exists
from auditor.collectors.rights import REGISTRY
from auditor.model.known_facts import RABBITMQ_REGISTERED
from auditor.model.question import Platform, Question, Verb

# Only the default value is asked for: the key's other values are the start arguments, which may hold secrets.
REGISTERED = Question(
    id="rabbitmq.registered",
    verb=Verb.REGISTRY,
    platform=Platform.WINDOWS,
    why="Tells whether RabbitMQ was registered as a service of Erlang; its start arguments are not read.",
    rights=REGISTRY,
    arguments={"key": r"HKLM\SOFTWARE\Ericsson\Erlang\ErlSrv\1.1\RabbitMQ", "values": [""]},
)
REGISTERED_32 = Question(
    id="rabbitmq.registered_32",
    verb=Verb.REGISTRY,
    platform=Platform.WINDOWS,
    why="Tells the same for a 32-bit Erlang.",
    rights=REGISTRY,
    arguments={"key": r"HKLM\SOFTWARE\Ericsson\Erlang\ErlSrv\1.1\RabbitMQ", "view": 32, "values": [""]},
)


def read(observations: Observations) -> FactMap:
    """Give the one fact; false only where both views were read."""
    return fact(
        observations,
        RABBITMQ_REGISTERED,
        lambda answers: any(key_exists(answers.value(view)) for view in (REGISTERED, REGISTERED_32)),
    )


COLLECTOR = Collector("rabbitmq", Platform.WINDOWS, (REGISTERED, REGISTERED_32), read)
