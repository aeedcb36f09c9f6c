from __future__ import annotations

import pytest

from auditor.engine.sight import Unknowable, search
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


def test_complete_sight_is_demanded_with_names_and_the_first_reason() -> None:
    with pytest.raises(Unknowable) as error:
        search(["good-1", "silent-1", "silent-2"], look).demand_complete_sight()

    assert error.value.not_known.reason is Reason.UNREACHABLE
    assert "silent-1, silent-2" in error.value.not_known.sentence


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
