"""Taking an answer away never proves anything: absence needs evidence, and so does presence."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.collectors import questions_for, read_facts
from auditor.detection import portray
from auditor.model.component import Component, Portrait, RoleReading, State
from auditor.model.fact import NotKnown
from auditor.model.observation import Visit
from auditor.model.question import Answer, Outcome, Platform
from tests.detection.modelled_hosts import NOW, answers_of, declared, model, portrait_of, visit

MODELS = (
    "p01-development",
    "p03b-controller",
    "p03-front-end-1",
    "p04-lifetime",
    "p05a-lifetime-payload",
    "p06-no-service-center",
    "p08-disk-behind",
    "p09-leftover",
    "p10-outsystems-10",
    "p11-java-stack",
    "p12b-integration-studio",
    "p13-plain",
    "p13c-domain-controller",
    "p14-services-hidden",
    "p15-detached",
    "p17-rabbitmq",
    "p17-front-end-1",
    "linux-plain",
)


def _denied(answer: Answer) -> Answer:
    return Answer(answer.question, Outcome.DENIED, detail="access denied")


def _failed(answer: Answer) -> Answer:
    return Answer(answer.question, Outcome.FAILED, detail="out of time")


def _truncated(answer: Answer) -> Answer:
    return dataclasses.replace(answer, value=_emptied(answer.value), complete=False)


def _corrupted(answer: Answer) -> Answer:
    return dataclasses.replace(answer, outcome=Outcome.OK, value={"unexpected": [answer.question]})


def _emptied(value: Any) -> Any:
    """Take everything out of the lists of an answer, as a cut at the first element would."""
    if not isinstance(value, dict):
        return [] if isinstance(value, list) else value
    return {key: {} if key == "subkeys" else _emptied(item) for key, item in value.items()}


def _dropped(answers: dict[str, Answer], lost: set[str]) -> dict[str, Answer]:
    return {name: answer for name, answer in answers.items() if name not in lost}


def _losing(change: Callable[[Answer], Answer] | None, lost: set[str]) -> Callable[[dict[str, Answer]], Any]:
    def apply(answers: dict[str, Answer]) -> dict[str, Answer]:
        if change is None:
            return _dropped(answers, lost)
        return {name: change(answer) if name in lost else answer for name, answer in answers.items()}

    return apply


CHANGES: dict[str, Callable[[Answer], Answer] | None] = {
    "denied": _denied,
    "failed": _failed,
    "truncated": _truncated,
    "corrupted": _corrupted,
    "dropped": None,
}


def _wrong_conclusions(before: Portrait, after: Portrait) -> Iterator[tuple[Component, Component]]:
    for was, now in zip(before.components, after.components, strict=True):
        from_nothing = was.state is State.ABSENT and now.state not in (State.ABSENT, State.UNKNOWN)
        to_nothing = was.state is not State.ABSENT and now.state is State.ABSENT
        buried = was.can_run and now.state is State.LEFTOVER
        revived = was.state is State.LEFTOVER and now.state in (State.PRESENT, State.BROKEN)
        if from_nothing or to_nothing or buried or revived:
            yield was, now


@pytest.mark.parametrize("name", MODELS)
def test_losing_any_single_answer_never_turns_a_component_into_another_truth(name: str) -> None:
    _, before = portrait_of(name)
    for question in questions_for(model(name).platform):
        for how, change in CHANGES.items():
            _, after = portrait_of(name, _losing(change, {question.id}))
            assert list(_wrong_conclusions(before, after)) == [], (how, question.id)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_losing_any_set_of_answers_never_proves_absence(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(MODELS))
    names = sorted(answers_of(name))
    lost = data.draw(st.sets(st.sampled_from(names)))
    how = data.draw(st.sampled_from(sorted(CHANGES)))
    _, before = portrait_of(name)
    _, after = portrait_of(name, _losing(CHANGES[how], lost))
    assert list(_wrong_conclusions(before, after)) == []


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_losing_answers_never_gives_a_host_a_role_that_it_has_not(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(MODELS))
    names = sorted(answers_of(name))
    lost = data.draw(st.sets(st.sampled_from(names), min_size=1))
    how = data.draw(st.sampled_from(["denied", "failed", "dropped"]))
    before, after = portrait_of(name)[1].roles, portrait_of(name, _losing(CHANGES[how], lost))[1].roles
    if isinstance(after, RoleReading):
        assert isinstance(before, RoleReading)
        assert after.actual <= before.actual and after.intended <= before.intended


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64) | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
# Arbitrary values below the names that readers look for, so that they get deeper than the first look.
NAMES = st.sampled_from(
    ["rows", "values", "subkeys", "names", "entries", "name", "folder", "root", "children", "attributes", "text",
     "path", "listeners", "address", "port", "process", "utc", "zone", "digest", "exit_code", "administrator",
     "Name", "State", "StartMode", "PathName", "Server", "", "Size", "FreeSpace", "DeviceID", "Version", "Caption"]
)  # fmt: skip
SHAPED = st.recursive(
    JSON | st.sampled_from(["configuration", "EnvironmentConfiguration", "running", "11.38.0.47000", 0, True]),
    lambda inner: st.dictionaries(NAMES, inner, max_size=5) | st.lists(inner, max_size=4),
    max_leaves=25,
)


@settings(max_examples=300, deadline=None)
@given(
    platform=st.sampled_from(list(Platform)),
    values=st.lists(JSON | SHAPED, min_size=1, max_size=12),
    outcomes=st.lists(st.sampled_from(list(Outcome)), min_size=1, max_size=7),
    detail=st.text(max_size=60),
)
def test_no_answer_whatever_it_holds_makes_a_reader_or_detection_raise(
    platform: Platform, values: list[Any], outcomes: list[Outcome], detail: str
) -> None:
    answers = {}
    for number, question in enumerate(questions_for(platform)):
        value, outcome = values[number % len(values)], outcomes[number % len(outcomes)]
        answers[question.id] = Answer(question.id, outcome, value, detail, complete=number % 5 != 0)
    facts = read_facts(visit(answers, platform))
    assert all(len(fact.sentence) < 2000 for _, fact in facts if isinstance(fact, NotKnown))
    portray(declared("dev-1", platform), facts)


@settings(max_examples=200, deadline=None)
@given(name=st.sampled_from(MODELS), data=st.data())
def test_a_true_answer_with_one_part_replaced_never_makes_a_reader_or_detection_raise(
    name: str, data: st.DataObject
) -> None:
    machine = model(name)
    answers = answers_of(name)
    question = data.draw(st.sampled_from(sorted(answers)))
    value = _with_part_replaced(answers[question].value, data)
    answers[question] = dataclasses.replace(answers[question], outcome=Outcome.OK, value=value)
    portray(declared(machine.name, machine.platform), read_facts(visit(answers, machine.platform)))


def _with_part_replaced(value: Any, data: st.DataObject) -> Any:
    if isinstance(value, dict) and value and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(value)))
        return {**value, key: _with_part_replaced(value[key], data)}
    if isinstance(value, list) and value and data.draw(st.booleans()):
        place = data.draw(st.integers(0, len(value) - 1))
        return [*value[:place], _with_part_replaced(value[place], data), *value[place + 1 :]]
    return data.draw(JSON)


@pytest.mark.parametrize("name", ["p01-development", "p17-rabbitmq"])
def test_a_visit_without_platform_brings_nothing(name: str) -> None:
    nothing = Visit("dev-1", NOW, NOW, answers=answers_of(name))
    assert list(read_facts(nothing)) == []
