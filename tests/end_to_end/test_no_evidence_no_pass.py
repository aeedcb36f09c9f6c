"""No evidence, no pass: whatever answer is denied, dropped, cut or damaged, no verdict turns to pass."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from auditor.evaluating import read_host
from auditor.model.finding import EvidenceReference, Finding, Status, Subject
from auditor.model.observation import Visit
from auditor.model.question import Answer, Outcome
from auditor.simulation.infrastructure import Reach
from tests.end_to_end.judging_again import JudgingAgain, every_answer_read_once
from tests.end_to_end.offline import as_earlier, declared, judged, readings, visits
from tests.end_to_end.simulated import modelled, names

pytestmark = pytest.mark.usefixtures("reading_once")

Damage = Callable[[Answer], Answer | None]


@pytest.fixture
def reading_once() -> Iterator[None]:
    with every_answer_read_once():
        yield


def denied(answer: Answer) -> Answer:
    return Answer(answer.question, Outcome.DENIED, detail="access is denied")


def dropped(answer: Answer) -> None:
    return None


def cut(answer: Answer) -> Answer:
    """All lists emptied, and said to be incomplete."""
    return dataclasses.replace(answer, value=_emptied(answer.value), complete=False)


def _emptied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _emptied(item) for key, item in value.items()}
    return [] if isinstance(value, list) else value


def damaged(answer: Answer) -> Answer:
    """Every leaf of another type than it was."""
    return dataclasses.replace(answer, value=_turned(answer.value)) if answer.outcome is Outcome.OK else answer


def _turned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _turned(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_turned(item) for item in value]
    return ["?"] if isinstance(value, str | bool | int | float) else 7


DAMAGES: Mapping[str, Damage] = {function.__name__: function for function in (denied, dropped, cut, damaged)}


def with_damage(visit: Visit, question: str, damage: Damage) -> Visit:
    answers = dict(visit.answers)
    answer = damage(answers.pop(question))
    if answer is not None:
        answers[question] = answer
    return dataclasses.replace(visit, answers=answers)


# Checks that LifeTime's API alone tells; the demo has no LifeTime that is asked.
JUDGED_BY_LIFETIME = ("LT-", "TOPO-009", "TOPO-012", "TOPO-013", "COMP-009")
# Checks of the audit itself pass or fail by how questions ended, not by what was answered.
ABOUT_THE_AUDIT = ("DATA-",)


def _by_subject(findings: tuple[Finding, ...]) -> dict[tuple[str, Subject], Finding]:
    return {(item.check, item.subject): item for item in findings}


def _violated() -> list[str]:
    """For every check that a model violates, the first infrastructure that shows it, all of its hosts readable.

    What LifeTime's API answers is damaged in test_lifetime.
    """
    first: dict[str, str] = {}
    for name in names():
        infrastructure = modelled(name)
        if infrastructure.lifetime is None and all(
            host.reach is Reach.OK and host.machine.language_mode == "FullLanguage" for host in infrastructure.hosts
        ):
            for finding in infrastructure.expected.findings:
                if finding.status is Status.FAIL:
                    first.setdefault(finding.check, name)
    # A stopped web server makes the consoles broken, and only probable to whom the services are hidden.
    return sorted({*first.values(), "web-server-stopped"})


@pytest.mark.parametrize("name", _violated())
def test_a_violation_is_never_hidden_by_an_answer_that_is_missing(name: str) -> None:
    infrastructure = modelled(name)
    seen = visits(infrastructure)
    judging = JudgingAgain(declared(infrastructure), seen)
    before = _by_subject(judging.before.findings)
    reference = {host.name: host.machine for host in modelled("reference").hosts}
    peculiar = [host.name for host in infrastructure.hosts if host.machine != reference.get(host.name)]
    turned = []
    for host in peculiar:
        for question in seen[host].answers:
            for label, damage in DAMAGES.items():
                after = judging.after({host: with_damage(seen[host], question, damage)})
                for key, finding in _by_subject(after.findings).items():
                    if finding.verdict.status is Status.PASS and before[key].verdict.status is not Status.PASS:
                        turned.append((key[0], host, question, label, finding.verdict.sentence))
    assert turned == []


# Emptied lists take nothing from what rests on single values.
@pytest.mark.parametrize("label", [label for label in DAMAGES if label != "cut"])
def test_a_check_that_loses_all_it_rests_on_does_not_pass(label: str) -> None:
    infrastructure = modelled("demo")
    inventory, seen = declared(infrastructure), visits(infrastructure)
    judging = JudgingAgain(inventory, seen, previous=as_earlier(judged(inventory, seen)))
    resting_on: dict[tuple[EvidenceReference, ...], list[Finding]] = {}
    for finding in judging.before.findings:
        if finding.verdict.status is Status.PASS and finding.evidence:
            resting_on.setdefault(finding.evidence, []).append(finding)
    still_passing = []
    for evidence, findings in resting_on.items():
        mutated: dict[str, Visit] = {}
        for reference in evidence:
            visit = mutated.get(reference.host, seen[reference.host])
            if reference.question in visit.answers:
                mutated[reference.host] = with_damage(visit, reference.question, DAMAGES[label])
        after = _by_subject(judging.after(mutated).findings)
        for finding in findings:
            verdict = after[finding.check, finding.subject].verdict
            if verdict.status is Status.PASS:
                still_passing.append((finding.check, finding.subject.name, verdict.sentence))
    assert still_passing == []


def test_judging_again_gives_the_verdicts_that_judging_everything_gives() -> None:
    """Otherwise the properties above would say nothing."""
    infrastructure = modelled("demo")
    inventory, seen = declared(infrastructure), visits(infrastructure)
    read, previous = readings(inventory, seen), as_earlier(judged(inventory, seen))
    hosts = {host.name: host for host in inventory.hosts}
    judging = JudgingAgain(inventory, seen, previous)
    assert judging.before.findings == judged(inventory, seen, read, previous).findings
    damages = itertools.cycle(DAMAGES.values())
    # Every third question of each host is enough: the hosts begin with different ones.
    sample = [
        (name, question) for index, name in enumerate(seen) for question in list(seen[name].answers)[index % 3 :: 3]
    ]
    for host, question in sample:
        visit = with_damage(seen[host], question, next(damages))
        mutated, read_again = {**seen, host: visit}, {**read, host: read_host(hosts[host], visit)}
        whole, again = judged(inventory, mutated, read_again, previous), judging.after({host: visit})
        assert [_without_evidence(item) for item in again.findings] == [
            _without_evidence(item) for item in whole.findings
        ], (host, question)


def _without_evidence(finding: Finding) -> Finding:
    return dataclasses.replace(finding, evidence=())


def test_every_check_that_judges_a_server_passes_somewhere_with_evidence() -> None:
    """Otherwise the property above would say nothing about it."""
    infrastructure = modelled("demo")
    inventory, seen = declared(infrastructure), visits(infrastructure)
    findings = judged(inventory, seen, previous=as_earlier(judged(inventory, seen))).findings
    with_evidence = {item.check for item in findings if item.evidence}
    judging_servers = {item.check for item in findings if not item.check.startswith(ABOUT_THE_AUDIT)}
    # TOPO-010 and -011 judge what is declared, TOPO-017 records it, TOPO-018 concerns the cloud; what LifeTime's API
    # tells is the matter of test_lifetime.
    without = {"TOPO-010", "TOPO-011", "TOPO-017", "TOPO-018"}
    told_by_lifetime = {item.check for item in findings if item.check.startswith(JUDGED_BY_LIFETIME)}
    assert judging_servers - with_evidence <= without | told_by_lifetime
    assert not any(item.verdict.status is Status.PASS for item in findings if item.check in told_by_lifetime)
