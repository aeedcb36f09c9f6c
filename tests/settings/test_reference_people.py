"""The section of a reference that says who is who among the IT users of LifeTime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.errors import DocumentError
from auditor.model.reference import Group, People, PeopleGroup
from auditor.settings.reference import load_reference
from auditor.store.encoding import dump_reference
from auditor.store.encoding import load_reference as stored_reference

Write = Callable[..., Path]


def document(people: str) -> str:
    return f"author: Somebody\nreason: Who is who.\ndate: 2026-01-31\npeople: {people}\n"


def test_groups_become_values_and_a_group_that_is_left_out_is_unknown_not_empty(write: Write) -> None:
    text = "{operations: {roles: [Operations]}, maintenance: {teams: [Night], users: [d.moreau]}, administrators: {}}"
    reference = load_reference(write(document(text)))

    assert reference.people == People(
        operations=PeopleGroup(roles=("Operations",)),
        maintenance=PeopleGroup(teams=("Night",), users=("d.moreau",)),
        administrators=PeopleGroup(),
    )
    assert reference.people.of(Group.DEVELOPMENT) is None
    assert reference.adjustments
    assert stored_reference(dump_reference(reference)) == reference


def test_who_is_who_is_part_of_what_identifies_a_reference(write: Write) -> None:
    one = load_reference(write(document("{operations: {roles: [Operations]}}")))
    other = load_reference(write(document("{operations: {roles: [Others]}}")))

    assert len({load_reference(None).digest, one.digest, other.digest}) == 3


@pytest.mark.parametrize(
    ("people", "key", "sentence"),
    [
        ("{operators: {}}", "people.operators", "'operators' is not a known key; did you mean operations?"),
        ("{operations: {role: [X]}}", "people.operations.role", "'role' is not a known key; did you mean roles?"),
        (
            "{operations: {roles: Operations}}",
            "people.operations.roles",
            "found 'Operations'; expected a list: lines that start with a hyphen, or [one, two].",
        ),
        ("{operations: {roles: ['']}}", "people.operations.roles[0]", "found an empty text; expected some words."),
        (
            "{development: {users: [d.moreau@corp.example]}}",
            "people.development.users[0]",
            "found a mail address; expected the part before the @: addresses are never kept.",
        ),
        (
            "{development: {users: [a, b, A]}}",
            "people.development.users[2]",
            "stands twice in this list; name it once.",
        ),
        (
            "{operations: {roles: [Boss]}, maintenance: {roles: [boss]}}",
            "people.maintenance.roles[0]",
            "stands in operations too; what makes somebody a member of Operations cannot make a member of this group.",
        ),
    ],
)
def test_a_mistake_is_located_and_told_in_a_sentence(write: Write, people: str, key: str, sentence: str) -> None:
    with pytest.raises(DocumentError) as caught:
        load_reference(write(document(people)))

    ((location, told),) = caught.value.problems
    assert (location.line, location.key, told) == (4, key, sentence)


def test_one_person_may_be_of_two_groups_and_administrators_may_be_of_operations(write: Write) -> None:
    text = "{operations: {roles: [Boss], users: [a]}, development: {users: [a]}, administrators: {roles: [Boss]}}"

    assert load_reference(write(document(text))).people.administrators == PeopleGroup(roles=("Boss",))
