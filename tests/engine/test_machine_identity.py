from __future__ import annotations

import random
from itertools import combinations, product
from typing import Any

import pytest

from auditor.check import Host, Reason, SameMachine, Sighting, find_same_machines
from tests.engine.example_checks import hosts_of, material

MARKS = ("machine.uuid", "machine.guid", "machine.macs")
Result = Sighting[SameMachine | Host]


def compare(uuid: str, guid: str, macs: str) -> Result:
    """Compare hosts a and b; the words say how the marks of b relate to those of a."""
    spelled: dict[str, Any] = {}
    for mark, relation in zip(MARKS, (uuid, guid, macs), strict=True):
        same = ["AA:BB"] if mark == "machine.macs" else f"{mark} of a"
        none = [] if mark == "machine.macs" else {"absent": True}
        spelled[mark] = {"same": same, "other": ["cc"] if mark == "machine.macs" else "b", "none": none,
                         "unread": {"unknown": "denied"}}[relation]  # fmt: skip
    own = {"machine.uuid": "machine.uuid of A", "machine.guid": "machine.guid of a", "machine.macs": ["aa:bb", "x"]}
    hosts = hosts_of(material({"hosts": {"a": {"facts": own}, "b": {"facts": spelled}}}))
    forwards = find_same_machines([[hosts["a"]], [hosts["b"]]])
    backwards = find_same_machines([[hosts["b"]], [hosts["a"]]])
    assert told(forwards) == told(backwards)
    return forwards


def told(result: Result) -> bool | None:
    """Whether both are one machine; None where that is not known."""
    return None if result.unseen else bool(result.found)


@pytest.mark.parametrize(
    ("uuid", "guid", "macs", "expected"),
    [
        ("same", "same", "same", True),
        ("same", "same", "other", True),
        ("same", "other", "same", True),
        ("other", "same", "same", True),
        ("same", "same", "unread", True),
        ("same", "none", "same", True),
        ("other", "same", "other", False),
        ("same", "other", "other", False),
        ("other", "other", "other", False),
        ("other", "other", "unread", False),
        ("other", "none", "none", False),
    ],
)
def test_two_of_three_marks_decide(uuid: str, guid: str, macs: str, expected: bool) -> None:
    assert told(compare(uuid, guid, macs)) is expected


@pytest.mark.parametrize(
    ("uuid", "guid", "macs", "reason"),
    [
        ("same", "unread", "unread", Reason.DENIED),
        ("other", "unread", "none", Reason.DENIED),
        ("unread", "unread", "unread", Reason.DENIED),
        ("same", "other", "none", Reason.CONTRADICTORY),
        ("same", "none", "none", Reason.CONTRADICTORY),
        ("none", "none", "none", Reason.CONTRADICTORY),
    ],
)
def test_one_mark_alone_proves_nothing_and_the_host_that_lacks_marks_is_named(
    uuid: str, guid: str, macs: str, reason: Reason
) -> None:
    result = compare(uuid, guid, macs)

    assert result.found == ()
    assert [(item.name, why.not_known.reason) for item, why in result.unseen] == [("b", reason)]


def test_hiding_a_mark_never_turns_one_machine_into_two_or_two_into_one() -> None:
    for relations in product(("same", "other", "none"), repeat=3):
        whole = told(compare(*relations))
        for hidden in range(3):
            fewer = ["unread" if index == hidden else item for index, item in enumerate(relations)]
            assert told(compare(*fewer)) in (whole, None), (relations, hidden)


def are_same(one: dict[str, Any], other: dict[str, Any]) -> bool | None:
    """The rule as a person would apply it to two hosts: two of three marks decide."""
    agree = differ = unread = 0
    for mark in MARKS:
        mine, theirs = one[mark], other[mark]
        if isinstance(mine, dict) or isinstance(theirs, dict):
            unread += {"unknown": "denied"} in (mine, theirs)
        elif mine and theirs:
            same = bool(set(mine) & set(theirs)) if mark == "machine.macs" else mine == theirs
            agree, differ = agree + same, differ + (not same)
    if agree >= 2:
        return True
    return False if differ >= 2 or (differ and not agree and not unread) else None


def some_marks(dice: random.Random) -> dict[str, Any]:
    """Marks from so few values that hosts often agree, some of them absent or unread."""
    marks: dict[str, Any] = {}
    for mark in MARKS:
        drawn = dice.choice(["known"] * 5 + ["absent", "unread"])
        value = [dice.choice("pqrs"), dice.choice("pqrs")] if mark == "machine.macs" else dice.choice("pqrs")
        absent: Any = [] if mark == "machine.macs" else {"absent": True}
        marks[mark] = {"known": value, "absent": absent, "unread": {"unknown": "denied"}}[drawn]
    return marks


@pytest.mark.parametrize("seed", range(150))
def test_the_index_finds_what_comparing_everybody_with_everybody_finds(seed: int) -> None:
    dice = random.Random(seed)
    number = dice.randint(2, 9)
    marks = {f"h{index}": some_marks(dice) for index in range(number)}
    side = {name: dice.randint(0, 2) for name in marks}
    declared = {pair for pair in combinations(marks, 2) if dice.random() < 0.1}
    hosts = hosts_of(material({"hosts": {name: {"facts": facts} for name, facts in marks.items()}}))

    def is_declared(one: Host, other: Host) -> bool:
        return (one.name, other.name) in declared or (other.name, one.name) in declared

    result = find_same_machines(
        [[hosts[name] for name in marks if side[name] == number] for number in range(3)], is_declared
    )

    pairs = [pair for pair in combinations(marks, 2) if side[pair[0]] != side[pair[1]] and pair not in declared]
    verdicts = {pair: are_same(marks[pair[0]], marks[pair[1]]) for pair in pairs}
    one_machine = {name for pair, same in verdicts.items() if same for name in pair}
    unseen = {item.name for item, _ in result.unseen}
    assert {host.name for item in result.found if isinstance(item, SameMachine) for host in item.hosts} == one_machine
    # Of each pair that is not decided at least one is named, and nobody is named who is in no such pair.
    undecided = [pair for pair, same in verdicts.items() if same is None]
    assert all(unseen & set(pair) for pair in undecided)
    assert unseen <= {name for pair in undecided for name in pair}


def test_clones_of_a_template_are_told_apart_and_one_without_a_card_is_named() -> None:
    spelled: dict[str, Any] = {f"clone-{index}": {"facts": {"machine.guid": "template"}} for index in range(9)}
    spelled["clone-4"]["facts"]["machine.macs"] = []
    hosts = hosts_of(material({"hosts": spelled}))

    result = find_same_machines([host] for host in hosts.values())

    assert result.found == ()
    ((host, why),) = result.unseen
    assert (host.name, why.not_known.reason) == ("clone-4", Reason.CONTRADICTORY)
