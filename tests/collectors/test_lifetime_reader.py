"""What the reader makes of LifeTime's answers: lenient with what is left out, strict with what has another form."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.collectors import questions_of, read_facts
from auditor.collectors.lifetime import COLLECTOR, questions_of_lifetime
from auditor.errors import FailureKind
from auditor.model.fact import Known, NotKnown, Reason
from auditor.model.inventory import LIFETIME_API, Inventory, LifeTimeApi
from auditor.model.known_facts import IT_ROLES, IT_USERS, KEYS, REGISTERED_ENVIRONMENTS
from auditor.model.lifetime_facts import ItRole, ItUser, RegisteredEnvironment
from auditor.model.observation import ChannelName, Failure, Visit
from auditor.model.question import Answer, Outcome, Platform
from tests.detection.modelled_hosts import NOW

API = LifeTimeApi("https://lifetime.example.com")


def facts(name: str, rows: Any, *, complete: bool = True) -> Any:
    question = f"lifetime.{name}"
    answers = {question: Answer(question, Outcome.OK, {"rows": rows}, complete=complete)}
    return read_facts(Visit(LIFETIME_API, NOW, NOW, ChannelName.LIFETIME_API, Platform.LIFETIME, answers))


def test_what_a_record_leaves_out_is_not_known_and_not_empty() -> None:
    assert facts("environments", [{"Key": "1", "Name": "Production"}]).get(REGISTERED_ENVIRONMENTS) == Known(
        (RegisteredEnvironment("1", "Production"),), ("lifetime.environments",)
    )
    assert facts("roles", [{"Key": "1", "Name": "Developer"}]).get(IT_ROLES).value == (ItRole("1", "Developer"),)
    user = {"Key": "1", "Username": "a", "IsActive": True}
    assert facts("users", [user]).get(IT_USERS).value == (ItUser("1", "a", True, "", ""),)


def test_names_of_members_are_found_in_whatever_case_and_rows_are_sorted() -> None:
    rows = [{"KEY": "2", "name": "b"}, {"key": "1", "NAME": "A"}]

    assert [item.name for item in facts("environments", rows).get(REGISTERED_ENVIRONMENTS).value] == ["A", "b"]


def test_an_empty_type_says_nothing() -> None:
    (item,) = (
        facts("environments", [{"Key": "1", "Name": "A", "EnvironmentType": ""}]).get(REGISTERED_ENVIRONMENTS).value
    )

    assert item.kind is None


@pytest.mark.parametrize(
    "row",
    [
        {"Key": 1, "Name": "A"},
        {"Key": "1"},
        {"Name": "A"},
        {"Key": "1", "Name": "A", "Order": "first"},
        {"Key": "1", "Name": "A", "UseHTTPS": "yes"},
        {"Key": "1", "Name": "A", "IsOffline": 1},
        "text",
    ],
)
def test_a_record_of_another_form_makes_the_whole_list_unknown(row: Any) -> None:
    found = facts("environments", [{"Key": "2", "Name": "B"}, row]).get(REGISTERED_ENVIRONMENTS)

    assert isinstance(found, NotKnown)
    assert found.reason is Reason.PARSE_ERROR


def test_a_list_that_was_cut_proves_nothing() -> None:
    assert isinstance(facts("environments", [], complete=False).get(REGISTERED_ENVIRONMENTS), NotKnown)


@pytest.mark.parametrize(
    ("outcome", "detail", "reason", "sentence"),
    [
        (
            Outcome.DENIED,
            "HTTP 403, No permission",
            Reason.DENIED,
            "LifeTime API denied lifetime.users (HTTP 403, No permission); the account needs: a service account that "
            "may manage users and roles (osaudit-identity).",
        ),
        (
            Outcome.UNSUPPORTED,
            "HTTP 404: this LifeTime does not know the call",
            Reason.NOT_ASKED,
            "LifeTime API does not tell lifetime.users (HTTP 404: this LifeTime does not know the call).",
        ),
        (
            Outcome.FAILED,
            "HTTP 500, Broken",
            Reason.PARSE_ERROR,
            "LifeTime API could not answer lifetime.users (HTTP 500, Broken).",
        ),
        (
            Outcome.FAILED,
            "out of time",
            Reason.UNREACHABLE,
            "LifeTime API did not answer lifetime.users in time; scan again or give it more time.",
        ),
    ],
)
def test_why_something_is_not_known_is_told_in_a_sentence(
    outcome: Outcome, detail: str, reason: Reason, sentence: str
) -> None:
    answers = {"lifetime.users": Answer("lifetime.users", outcome, detail=detail)}
    read = read_facts(Visit(LIFETIME_API, NOW, NOW, ChannelName.LIFETIME_API, Platform.LIFETIME, answers))

    assert read.get(IT_USERS) == NotKnown(reason, sentence, ("lifetime.users",))


def test_a_visit_that_failed_tells_nothing_but_why() -> None:
    failure = Failure(FailureKind.SIGN_IN_REFUSED, "The token has expired.")
    read = read_facts(Visit(LIFETIME_API, NOW, NOW, failure=failure))

    assert {read.get(KEYS[name]) for name in ("lifetime.users", "lifetime.roles")} == {
        NotKnown(Reason.DENIED, "The token has expired.")
    }


def test_the_inventory_says_what_is_asked() -> None:
    asked = questions_of(API, Inventory("E", (), lifetime=API), Platform.LIFETIME)
    people = {
        question.id for question in asked if question not in questions_of_lifetime(LifeTimeApi("x", identities=False))
    }
    replaced = questions_of_lifetime(LifeTimeApi("x", pseudonymise=True))

    assert asked == COLLECTOR.questions
    assert people == {"lifetime.roles", "lifetime.users", "lifetime.teams"}
    assert [question.id for question in replaced if question.arguments.get("pseudonymise")] == ["lifetime.users"]
    assert [question.id for question in replaced] == [question.id for question in asked]
