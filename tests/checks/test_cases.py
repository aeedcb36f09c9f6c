"""Every case of every check, and over all of them: no evidence, no pass."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import pytest

from auditor.bundled import checks_folder
from auditor.engine.cases import Case, checks_for, load_cases, run_case
from auditor.engine.discovery import load_checks
from auditor.engine.runner import run_checks
from auditor.engine.subjects import Material
from auditor.errors import FailureKind
from auditor.model.component import Portrait, State
from auditor.model.fact import Facts, NotKnown, Reason
from auditor.model.finding import Finding, Severity, Status, Subject
from auditor.model.observation import Failure
from auditor.model.question import Answer, Outcome

T = TypeVar("T")

CASES_FOLDER = Path(__file__).parents[2] / "fixtures" / "checks"
CHECKS = load_checks([checks_folder()])
CASES = [case for file in sorted(CASES_FOLDER.glob("*.toml")) for case in load_cases(file)]
HIDDEN = NotKnown(Reason.DENIED, "It was hidden by the test.")

each_case = pytest.mark.parametrize("case", CASES, ids=[f"{case.slug}: {case.name}" for case in CASES])


@each_case
def test_the_verdicts_of_a_case_are_as_expected(case: Case) -> None:
    assert run_case(case, CHECKS) == []


@each_case
def test_no_check_breaks_and_every_verdict_is_a_whole_sentence(case: Case) -> None:
    for finding in run_checks(CHECKS, case.material(CHECKS)):
        verdict = finding.verdict
        assert verdict.status is not Status.ERROR, verdict.sentence
        assert verdict.sentence.endswith("."), verdict.sentence
        assert (verdict.status is Status.UNKNOWN) == (verdict.reason is not None), verdict
        if verdict.status is Status.FAIL:
            assert verdict.expected, verdict
            assert verdict.found, verdict
            assert finding.severity is not Severity.INFO


@each_case
def test_hiding_one_fact_or_component_never_gives_a_pass(case: Case) -> None:
    checks, material = checks_for(case.slug, CHECKS), case.material(CHECKS)
    before = run_checks(checks, material)
    looked_at = sorted({evidence for finding in before for evidence in finding.evidence})
    for evidence in looked_at:
        after = run_checks(checks, _hide(material, evidence.host, evidence.question))
        assert _turned_to_pass(before, after) == [], f"without {evidence.question} of {evidence.host}"


@each_case
def test_a_host_that_falls_silent_never_gives_a_pass(case: Case) -> None:
    material = case.material(CHECKS)
    before = run_checks(CHECKS, material)
    for name in material.visits:
        after = run_checks(CHECKS, _silence(material, name))
        assert _turned_to_pass(before, after) == [], f"{name} silent"


def test_a_host_that_falls_silent_makes_something_unknown_in_most_cases() -> None:
    """The property above would hold for checks that never look at anything."""
    lost = [case.slug for case in CASES if _loses_sight(case)]

    assert len(set(lost)) > len(CHECKS) * 2 // 3


def _loses_sight(case: Case) -> bool:
    material = case.material(CHECKS)
    silent = material
    for name in material.visits:
        silent = _silence(silent, name)
    checks = checks_for(case.slug, CHECKS)
    before, after = run_checks(checks, material), run_checks(checks, silent)
    return any(
        one.slug == case.slug and one.verdict.status is not Status.UNKNOWN and other.verdict.status is Status.UNKNOWN
        for one, other in zip(before, after, strict=True)
    )


def _turned_to_pass(before: tuple[Finding, ...], after: tuple[Finding, ...]) -> list[str]:
    earlier: dict[tuple[str, Subject], Status] = {(item.check, item.subject): item.verdict.status for item in before}
    return [
        f"{item.check} of {item.subject.name}: {earlier[item.check, item.subject]} became pass: {item.verdict.sentence}"
        for item in after
        if item.verdict.status is Status.PASS and earlier[item.check, item.subject] is not Status.PASS
    ]


def _with(mapping: Mapping[str, T], key: str, value: T) -> dict[str, T]:
    return {**mapping, key: value}


def _hide(material: Material, host: str, question: str) -> Material:
    """Hide one thing; in cases a question has the name of its fact, component.<kind>, or roles."""
    portrait = material.portraits.get(host, Portrait(host, (), HIDDEN))
    if question == "roles":
        changed = dataclasses.replace(portrait, roles=HIDDEN)
    elif question.startswith("component."):
        changed = _without_component(portrait, question.removeprefix("component."))
    elif question in dict(material.facts[host]):
        facts = Facts(host, _with(dict(material.facts[host]), question, HIDDEN), material.facts[host].otherwise)
        return dataclasses.replace(material, facts=_with(material.facts, host, facts))
    else:
        # An answer that a check of the audit itself judges by its outcome.
        visit = material.visits[host]
        denied = Answer(question, Outcome.DENIED) if question in visit.answers else None
        assert denied is not None, f"{question} is neither a fact nor an answer"
        visit = dataclasses.replace(visit, answers=_with(visit.answers, question, denied))
        return dataclasses.replace(material, visits=_with(material.visits, host, visit))
    return dataclasses.replace(material, portraits=_with(material.portraits, host, changed))


def _without_component(portrait: Portrait, kind: str) -> Portrait:
    components = tuple(
        dataclasses.replace(item, state=State.UNKNOWN, not_known=HIDDEN) if item.kind == kind else item
        for item in portrait.components
    )
    return dataclasses.replace(portrait, components=components)


def _silence(material: Material, host: str) -> Material:
    silence = NotKnown(Reason.UNREACHABLE, f"{host} fell silent.")
    portraits = material.portraits
    if host in portraits:
        portrait: Any = dataclasses.replace(portraits[host], roles=silence)
        for component in portrait.components:
            portrait = _without_component(portrait, component.kind)
        portraits = _with(portraits, host, portrait)
    visit = dataclasses.replace(
        material.visits[host], answers={}, channel=None, failure=Failure(FailureKind.DROPPED, f"{host} fell silent.")
    )
    return dataclasses.replace(
        material,
        visits=_with(material.visits, host, visit),
        facts=_with(material.facts, host, Facts(host, {}, silence)),
        portraits=portraits,
    )
