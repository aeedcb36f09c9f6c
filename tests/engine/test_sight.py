from __future__ import annotations

import pytest

from auditor.engine.sight import Unknowable, name_few, search, unread_hosts
from auditor.model.fact import NotKnown, Reason


def look(name: str) -> bool:
    if name.startswith("silent"):
        raise Unknowable(NotKnown(Reason.UNREACHABLE, f"{name} does not answer."))
    return name.startswith("bad")


def test_a_search_asks_everybody_whatever_happens_at_the_others() -> None:
    sighting = search(["silent-1", "bad-1", "good-1", "silent-2", "bad-2"], look)

    assert sighting.found == ("bad-1", "bad-2")
    assert [name for name, _ in sighting.unseen] == ["silent-1", "silent-2"]
    assert sighting.names == "bad-1, bad-2"
    assert sighting.unseen_note == " Not seen: silent-1, silent-2."


def test_complete_sight_is_demanded_with_names_and_the_first_cause() -> None:
    with pytest.raises(Unknowable) as error:
        search(["good-1", "silent-1", "silent-2"], look).demand_complete_sight()

    assert error.value.not_known.reason is Reason.UNREACHABLE
    assert error.value.not_known.sentence == "Not known for silent-1, silent-2: silent-1 does not answer."


def test_a_cause_that_names_the_one_thing_unseen_is_not_introduced() -> None:
    with pytest.raises(Unknowable) as error:
        search(["good-1", "silent-1"], look).demand_complete_sight()

    assert error.value.not_known.sentence == "silent-1 does not answer."


def test_one_cause_for_all_aspects_of_a_host_is_said_once() -> None:
    def refuse(_: str) -> bool:
        raise Unknowable(NotKnown(Reason.DENIED, "web-1 denied it."))

    gap = search(["roles", "scheduler"], refuse).gap

    assert gap is not None
    assert gap.not_known.sentence == "web-1 denied it."


def visit(name: str) -> bool:
    if name.startswith("unread"):
        raise unread_hosts(Reason.DENIED, (name,))
    return look(name)


def test_hosts_that_could_not_be_read_are_named_with_the_check_that_tells_why() -> None:
    sighting = search(["bad-1", *(f"unread-{number}" for number in range(8))], visit)

    assert sighting.gap is not None
    assert sighting.gap.unread == tuple(f"unread-{number}" for number in range(8))
    sentence = "unread-0, unread-1, unread-2, unread-3, unread-4 and 3 more could not be read (see DATA-001)."
    assert sighting.gap.not_known == NotKnown(Reason.DENIED, sentence)
    assert sighting.unseen_note.endswith("unread-4 and 3 more (see DATA-001).")


def test_unread_hosts_stand_apart_from_other_causes() -> None:
    gap = search(["unread-1", "silent-1"], visit).gap

    assert gap is not None
    assert gap.unread == ()
    assert gap.not_known.sentence == "silent-1 does not answer. unread-1 could not be read (see DATA-001)."


def test_a_search_in_a_search_names_the_hosts_that_could_not_be_read_once() -> None:
    def environment(_: str) -> bool:
        search(["unread-1"], visit).demand_complete_sight()
        return False

    gap = search(["Quality", "Quality again"], environment).gap

    assert gap is not None
    assert gap.not_known.sentence == "unread-1 could not be read (see DATA-001)."


@pytest.mark.parametrize(
    ("names", "expected"),
    [([], ""), (["a"], "a"), (list("abcde"), "a, b, c, d, e"), (list("abcdefg"), "a, b, c, d, e and 2 more"),
     (list("aaaaaab"), "a, b")],
)  # fmt: skip
def test_of_many_names_few_are_said(names: list[str], expected: str) -> None:
    assert name_few(names) == expected


def test_complete_sight_is_given_when_everybody_answered() -> None:
    sighting = search(["good-1", "bad-1"], look)

    sighting.demand_complete_sight()
    assert sighting.unseen_note == ""


def test_a_search_over_nothing_finds_nothing_and_misses_nothing() -> None:
    nobody: list[str] = []
    sighting = search(nobody, look)

    sighting.demand_complete_sight()
    assert (sighting.found, sighting.unseen, sighting.names) == ((), (), "")


def test_a_mistake_in_a_predicate_is_not_taken_for_something_unseen() -> None:
    with pytest.raises(ZeroDivisionError):
        search(["good-1"], lambda name: 1 / 0 > 0)
