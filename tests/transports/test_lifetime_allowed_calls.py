"""What can be requested of LifeTime: the closed list, and nothing else, whatever anybody asks for or answers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.collectors.lifetime import COLLECTOR
from auditor.model.question import Platform, Question, Verb
from auditor.transports.lifetime_calls import CALLS, ForbiddenCall, target_of

GUID = "5f0c1d2e-1111-4a6b-9c10-0a0b0c0d0e01"
# The whole list, as a person signs it: a change of it has to be made here too.
REQUESTS = {
    "/lifetimeapi/rest/v2/environments/",
    f"/lifetimeapi/rest/v2/environments/{GUID}/deploymentzones/",
    "/lifetimeapi/rest/v2/roles/?IncludeEnvPermissions=true",
    "/lifetimeapi/rest/v2/users/?IncludeInactive=false&IncludeTeams=true&IncludeApplicationRoles=true",
    "/lifetimeapi/rest/v2/teams/?IncludeUsers=false&IncludeApplications=true",
    "/lifetimeapi/rest/v2/applications/?IncludeModules=false&IncludeEnvStatus=true",
}
ANYTHING = st.one_of(st.text(), st.none(), st.integers(), st.lists(st.text()), st.sampled_from(sorted(CALLS)))


def test_the_list_of_requests_is_this_one() -> None:
    assert {target_of(name, GUID if call.each else None) for name, call in CALLS.items()} == REQUESTS


@given(name=ANYTHING, key=st.one_of(ANYTHING, st.from_regex(r"[0-9a-fA-F-]{36}", fullmatch=True), st.just(GUID)))
def test_whatever_is_asked_for_a_request_of_the_list_comes_out_or_none(name: Any, key: Any) -> None:
    try:
        target = target_of(name, key)
    except ForbiddenCall:
        return
    assert re.sub(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", GUID, target) in REQUESTS


@pytest.mark.parametrize(
    "name",
    ["deployments", "deployment", "/deployments/{key}/", "users/x/blockedlogins", "auth/tokens", "../v1/environments",
     "environments/../deployments", "https://elsewhere.example.net/", "content", "maintenancemode", "", "ENVIRONMENTS"],
)  # fmt: skip
def test_a_call_that_is_not_listed_raises(name: str) -> None:
    with pytest.raises(ForbiddenCall):
        target_of(name)


@pytest.mark.parametrize(
    "key",
    [None, "", "../users", f"{GUID}/", f"{GUID}/../..", f"{GUID}?x=1", f"{GUID}\n", f" {GUID}", "%2e%2e", GUID[:-1],
     f"{GUID}#", "https://elsewhere.example.net", "5f0c1d2e-1111-4a6b-9c10-0a0b0c0d0eg1", GUID.replace("0", "٠")],
)  # fmt: skip
def test_only_a_key_is_put_into_a_path(key: str | None) -> None:
    with pytest.raises(ForbiddenCall):
        target_of("deployment_zones", key)


def test_every_question_asks_a_call_of_the_list_and_a_fixed_one() -> None:
    for question in COLLECTOR.questions:
        assert question.arguments["call"] in CALLS
        assert set(question.arguments) <= {"call", "keep", "persons"}


def test_no_question_keeps_a_mail_address_a_full_name_or_a_link() -> None:
    for question in COLLECTOR.questions:
        kept = {name for path in question.arguments["keep"] for name in path.casefold().split(".")}
        assert not kept & {"email", "detailsurl", "iconurl", "description", "notes", "createdby"}
    users = next(question for question in COLLECTOR.questions if question.id == "lifetime.users")
    assert "Name" not in users.arguments["keep"]
    assert users.arguments["persons"] == ["Username"]


def forbidden(**arguments: Any) -> Question:
    """Return a question that no collector asks."""
    return Question(
        "lifetime.forbidden", Verb.LIFETIME, Platform.LIFETIME, "Tells nothing.", "none", {"keep": [], **arguments}
    )
