"""Documents are kept once and thinly, and always come back as they were."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from auditor.model.observation import Visit
from auditor.model.question import Answer, Outcome
from auditor.model.reference import Reference
from auditor.store import Store, encoding, open_store
from auditor.store.documents import document, keep
from auditor.store.opening import engine_at
from auditor.store.patching import difference, patched
from auditor.store.pruning import remove
from auditor.store.schema import Base, DocumentRow, ScanRow
from tests.store.test_store import NOW, execute, inventory, judgement, visit

LEAVES = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-2, 2) | st.text(max_size=3)
VALUES = st.recursive(
    LEAVES, lambda own: st.lists(own, max_size=4) | st.dictionaries(st.text(max_size=2), own, max_size=4)
)


@given(VALUES, VALUES)
def test_a_patch_makes_the_one_of_the_other_and_leaves_the_other_as_it_is(before: Any, after: Any) -> None:
    packed = encoding.pack(before)

    assert patched(before, difference(before, after)) == after
    assert encoding.pack(before) == packed


def test_a_patch_holds_what_differs_and_nothing_else() -> None:
    before = {"same": [1, 2, {"x": 1, "y": 2}], "moves": [1, {"a": 1, "b": 2}], "goes": 1}
    after = {"same": [1, 2, {"x": 1, "y": 2}], "moves": [1, {"a": 1, "b": 3}], "comes": 1}

    moved = ["~", {"1": ["~", {"b": ["=", 3]}, []]}, []]
    assert difference(before, after) == ["~", {"moves": moved, "comes": ["=", 1]}, ["goes"]]


@pytest.fixture
def session(location: str) -> Iterator[Session]:
    engine = engine_at(location)
    Base.metadata.create_all(engine)
    with Session(engine) as opened:
        yield opened
    engine.dispose()


def large(seed: int, **more: object) -> dict[str, object]:
    chance = random.Random(seed)
    return {f"key{number}": chance.random() for number in range(200)} | more


def body_of(session: Session, key: int) -> bytes:
    return session.get_one(DocumentRow, key).body


def test_a_document_that_is_much_like_another_is_kept_thinly_and_comes_back_whole(session: Session) -> None:
    whole = keep(session, large(1, moves=0))

    thin = keep(session, large(1, moves=1), near=whole)

    assert len(body_of(session, thin)) * 10 < len(body_of(session, whole))
    assert document(session, thin) == large(1, moves=1)
    assert document(session, whole) == large(1, moves=0)


def test_what_changes_every_night_is_told_of_one_whole_document(session: Session) -> None:
    first = keep(session, large(1, moves=0))
    keys = [first]
    for night in range(1, 5):
        keys.append(keep(session, large(1, moves=night), near=keys[-1]))

    assert [encoding.base_of(body_of(session, key)) for key in keys] == [None, first, first, first, first]
    assert [document(session, key)["moves"] for key in keys] == [0, 1, 2, 3, 4]


def drifting(night: int) -> dict[str, object]:
    """Return content of which one value moves each night, and more every fifth night for good."""
    changes = {f"change{number}": random.Random(number).random() for number in range(night // 5 * 20)}
    return large(1) | changes | {"moves": night}


def test_what_changed_for_good_is_paid_for_once(session: Session) -> None:
    keys = [keep(session, drifting(0))]
    for night in range(1, 40):
        keys.append(keep(session, drifting(night), near=keys[-1]))

    sizes = [len(body_of(session, key)) for key in keys]
    assert [night for night, size in enumerate(sizes) if size > 100] == [0, *range(5, 40, 5)]
    assert [document(session, key) for key in keys] == [drifting(night) for night in range(40)]


def test_few_documents_have_to_be_read_for_one(session: Session) -> None:
    keys = [keep(session, drifting(0))]
    for night in range(1, 100):
        keys.append(keep(session, drifting(night), near=keys[-1]))

    base = {key: encoding.base_of(body_of(session, key)) for key in keys}
    steps: dict[int | None, int] = {None: -1}
    for key in keys:
        steps[key] = steps[base[key]] + 1
    assert max(steps.values()) == 8
    assert [key for key in keys if base[key] is None][1:], "a whole one begins anew"
    assert [document(session, key) for key in keys] == [drifting(night) for night in range(100)]


def test_documents_that_are_like_one_another_in_a_circle_are_told(session: Session) -> None:
    first = keep(session, large(1, moves=0))
    thin = keep(session, large(1, moves=1), near=first)
    session.get_one(DocumentRow, first).body = body_of(session, thin).replace(first.to_bytes(8), thin.to_bytes(8))

    with pytest.raises(ValueError, match="come to no end"):
        document(session, thin)


def test_the_same_content_is_kept_once_whatever_it_was_compared_with(session: Session) -> None:
    first, other = keep(session, large(1, moves=0)), keep(session, large(2))
    thin = keep(session, large(1, moves=1), near=first)

    assert keep(session, large(1, moves=1), near=other) == thin
    assert keep(session, large(1, moves=1)) == thin
    assert keep(session, large(1, moves=0), near=thin) == first


def test_what_is_not_much_alike_or_small_is_kept_whole(session: Session) -> None:
    first, small = keep(session, large(1)), keep(session, {"a": 1})

    assert encoding.base_of(body_of(session, keep(session, large(2), near=first))) is None
    assert encoding.base_of(body_of(session, keep(session, {"a": 2}, near=small))) is None
    assert encoding.base_of(body_of(session, keep(session, [large(3)], near=first))) is None


@pytest.mark.parametrize(("before", "after"), [(1, True), (0, False), (1, 1.0), ([0], [0.0])])
def test_what_python_holds_to_be_equal_and_json_writes_otherwise_comes_back_as_it_was(
    before: object, after: object, session: Session
) -> None:
    first = keep(session, large(1, value=before))

    second = keep(session, large(1, value=after, moves=1), near=first)

    assert encoding.pack(document(session, second)) == encoding.pack(large(1, value=after, moves=1))


def night_visit(night: int) -> Visit:
    """Return a visit of which all but one answer stays as it was."""
    chance = random.Random(1)
    many = {f"x.{number}": Answer(f"x.{number}", Outcome.OK, chance.random()) for number in range(200)}
    moving = Answer("clock.now", Outcome.OK, {"utc": str(night)})
    return replace(visit(at=NOW + timedelta(days=night)), answers={"clock.now": moving, **many})


def filled(location: str, nights: int) -> Store:
    store = open_store(location, create=True)
    for night in range(nights):
        scan = store.begin(inventory(), Reference(), NOW + timedelta(days=night))
        store.record(scan, night_visit(night))
        store.seal(scan, judgement(), NOW + timedelta(days=night))
    return store


def test_a_night_costs_what_changed_in_it(location: str) -> None:
    store = filled(location, 6)

    with Session(store._engine) as session:
        sizes = [len(body) for body in session.scalars(select(DocumentRow.body).order_by(DocumentRow.id))]
    assert sum(size > 1000 for size in sizes) == 1
    assert [store.scan(scan).visits["dev-1"] for scan in range(1, 7)] == [night_visit(night) for night in range(6)]
    assert store.check() == ()


def test_pruning_keeps_what_a_thin_document_is_like(location: str) -> None:
    store = filled(location, 4)

    removed = store.remove([1, 2, 3])

    # Of the answers, the first are still needed, and the last.
    assert removed.documents == 2
    assert store.scan(4).visits["dev-1"] == night_visit(3)
    assert store.check() == ()
    scan = store.begin(inventory(), Reference(), NOW)
    store.record(scan, night_visit(9))
    store.seal(scan, judgement(), NOW)
    # The new one is like the first too.
    assert store.remove([4]).documents == 1


def test_pruning_keeps_all_that_leads_to_a_whole_document(session: Session) -> None:
    keys = [keep(session, drifting(0))]
    for night in range(1, 17):
        keys.append(keep(session, drifting(night), near=keys[-1]))
    row = ScanRow(infrastructure="x", state="complete", started_at=NOW, inventory=keys[-1], reference=keys[-1])
    session.add(row)
    session.flush()

    remove(session, [])

    assert list(session.scalars(select(DocumentRow.id).order_by(DocumentRow.id))) == [
        keys[0],
        keys[5],
        keys[10],
        keys[15],
        keys[16],
    ]
    assert document(session, keys[-1]) == drifting(16)


def test_damage_to_a_whole_document_is_told_of_all_that_are_like_it(location: str) -> None:
    store = filled(location, 3)
    assert execute(location, "update document set body = :body where length(body) > 1000", body=bytes(9)) == 1

    problems = store.check()

    assert [problem.partition("(")[2].partition(")")[0] for problem in problems] == [
        f"answers of scan {scan}" for scan in (1, 2, 3)
    ]
