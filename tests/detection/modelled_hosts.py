"""Asking machine models: the way from questions over a model's answers to facts and portrait."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from auditor.collectors import questions_for, read_facts
from auditor.detection import portray
from auditor.model.component import Portrait
from auditor.model.fact import Facts
from auditor.model.inventory import Host, SSHEndpoint, WinRMEndpoint, WinRMSignIn
from auditor.model.observation import ChannelName, Visit
from auditor.model.question import Answer, Outcome, Platform, Question, Verb
from auditor.scanning import arrived
from auditor.simulation.machine import Machine, load_machine

MACHINES = Path(__file__).parents[2] / "fixtures" / "machines"
NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
DIGEST_KEY = b"a key of one run"
# How a Linux interpreter is given its arguments: words in this order.
_WORDS = {Verb.FILE: ("path", "text"), Verb.DIRECTORY: ("path", "like", "limit"), Verb.COMMAND: ("name",)}

Answers = Mapping[str, Answer]


@cache
def model(name: str) -> Machine:
    """Load a model of fixtures/machines by the name of its file."""
    return load_machine(MACHINES / f"{name}.yaml")


def ask(machine: Machine) -> dict[str, Answer]:
    """Put all questions to the model and return its answers by question id."""
    document = machine.answer(
        {
            "osaudit": 1,
            "digest_key": base64.b64encode(DIGEST_KEY).decode(),
            "questions": [
                {"id": question.id, "verb": question.verb.value, "arguments": _arguments(question)}
                for question in questions_for(machine.platform)
            ],
        }
    )
    answers = {
        row["id"]: Answer(
            question=row["id"],
            outcome=Outcome(row["outcome"]),
            value=row["value"],
            detail=row["detail"],
            complete=row["complete"],
        )
        for row in document["answers"]
    }
    return arrived(answers, DIGEST_KEY)


def _arguments(question: Question) -> object:
    if question.platform is Platform.WINDOWS:
        return dict(question.arguments)
    values = [question.arguments.get(name) for name in _WORDS.get(question.verb, ())]
    return ["" if value is None else str(value) for value in values]


def visit(answers: Answers, platform: Platform, host: str = "dev-1", channel: ChannelName | None = None) -> Visit:
    """Return a visit that brought these answers."""
    usual = ChannelName.POWERSHELL_OVER_WINRM if platform is Platform.WINDOWS else ChannelName.SH_OVER_SSH
    return Visit(host, NOW, NOW, channel or usual, platform, answers)


def declared(name: str, platform: Platform, address: str = "192.0.2.1", aliases: tuple[str, ...] = ()) -> Host:
    """Return a host as an inventory declares it; the address is one that no model has."""
    if platform is Platform.WINDOWS:
        return Host(name, None, WinRMEndpoint(address, 5986, True, WinRMSignIn.NTLM, "auditor"), aliases=aliases)
    return Host(name, None, SSHEndpoint(address, 22, "auditor", platform), aliases=aliases)


@cache
def _answers_of(name: str) -> Answers:
    return ask(model(name))


def answers_of(name: str) -> dict[str, Answer]:
    """Return the answers of a model; it is asked once."""
    return dict(_answers_of(name))


def portrait_of(name: str, change: Callable[[dict[str, Answer]], Answers] = dict) -> tuple[Facts, Portrait]:
    """Change the answers of a model, read and recognise."""
    machine = model(name)
    facts = read_facts(visit(change(answers_of(name)), machine.platform, machine.name))
    return facts, portray(declared(machine.name, machine.platform), facts)
