"""A Windows in another language gives the same facts: nothing is recognised by a word that is translated."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from auditor.bundled import machines_folder
from auditor.collectors import read_facts
from auditor.model.fact import Facts, Known
from auditor.model.inventory import Inventory, Role
from auditor.model.known_facts import SERVICES
from auditor.simulation.infrastructure import ModelledHost
from auditor.simulation.machine import load_machine
from tests.end_to_end.offline import visit_of

LANGUAGES = ("german", "french", "portuguese")
# Names for people and of accounts that belong to Windows; no check rests on them.
TRANSLATED = {"W3SVC", "WAS", "Winmgmt", "W32Time", "WinRM"}


def facts_of(model: str) -> Facts:
    machine = load_machine(machines_folder() / f"{model}.yaml")
    roles = frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END})
    return read_facts(visit_of(ModelledHost("dev-1", "Development", roles, machine), Inventory("Example", ())))


def comparable(facts: Facts) -> dict[str, Any]:
    """Return the facts by name without the words that are translated, and without the time that passes."""
    found: dict[str, Any] = dict(facts)
    services = found[SERVICES.name]
    assert isinstance(services, Known)
    found[SERVICES.name] = tuple(
        dataclasses.replace(service, display_name="", account="") if service.name in TRANSLATED else service
        for service in services.value
    )
    del found["clock.offset"]
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_facts_are_those_of_an_english_windows(language: str) -> None:
    assert comparable(facts_of(f"language-{language}")) == comparable(facts_of("p01-development"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_model_is_in_another_language(language: str) -> None:
    found, english = facts_of(f"language-{language}").get(SERVICES), facts_of("p01-development").get(SERVICES)

    assert isinstance(found, Known)
    assert isinstance(english, Known)
    names, originals = ({item.name: item.display_name for item in known.value} for known in (found, english))
    assert {name for name in names if names[name] != originals[name]} >= TRANSLATED - {"WinRM"}
