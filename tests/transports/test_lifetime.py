"""LifeTime's API over real HTTPS: what is asked, what is kept, and what is told when it goes wrong."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from auditor.collectors.lifetime import ENVIRONMENTS, ZONES
from auditor.errors import FailureKind, TransportError
from auditor.model.inventory import LifeTimeApi
from auditor.model.question import Answer, Outcome
from auditor.simulation.certificates import Authority
from auditor.simulation.lifetime_model import BASE, Access, key_of
from auditor.simulation.lifetime_server import Canned, LifeTimeOptions, serve_lifetime
from auditor.simulation.options import Step, drop, hang, status
from auditor.transports.base import Limits
from auditor.transports.lifetime import MOST_KEYS
from auditor.transports.lifetime_calls import ForbiddenCall
from tests.transports.lifetime_visits import FAST, TOKEN, Served, environment, lifetime, model
from tests.transports.test_lifetime_allowed_calls import forbidden

HTML = Canned(200, b"<html>Sign in</html>", {"Content-Type": "text/html"})


def canned(path: str, content: Any = None, *, status: int = 200, **headers: str) -> LifeTimeOptions:
    body = b"" if content is None else content if isinstance(content, bytes) else json.dumps(content).encode()
    return LifeTimeOptions(canned={f"{BASE}{path}": Canned(status, body, headers)})


def failure(served: Served, **how: Any) -> TransportError:
    with pytest.raises(TransportError) as caught:
        served.ask(**how)
    assert TOKEN not in str(caught.value)
    return caught.value


def answer(served: Served, name: str, **how: Any) -> Answer:
    return served.ask(**how).answers[f"lifetime.{name}"]


def rows(answer: Answer) -> list[dict[str, Any]]:
    assert answer.outcome is Outcome.OK, answer
    return list(answer.value["rows"])


def test_one_visit_makes_each_call_once_and_one_for_each_environment(tmp_path: Path) -> None:
    with lifetime(tmp_path) as served:
        reply = served.ask()

    assert [line.partition("?")[0] for line in served.server.command_lines] == [
        f"GET {BASE}/environments/",
        *(f"GET {BASE}/environments/{key_of('environment', name)}/deploymentzones/"
          for name in ("Development", "Production")),
        f"GET {BASE}/applications/",
        f"GET {BASE}/roles/",
        f"GET {BASE}/users/",
        f"GET {BASE}/teams/",
    ]  # fmt: skip
    assert reply.requests == 7
    assert served.server.connections == 1
    assert {answer.outcome for answer in reply.answers.values()} == {Outcome.OK}


def test_of_a_record_only_what_the_question_names_is_kept(tmp_path: Path) -> None:
    with lifetime(tmp_path) as served:
        reply = served.ask()

    users = rows(reply.answers["lifetime.users"])
    assert users[0] == {
        "Key": key_of("user", "o.perez"),
        "Username": "o.perez",
        "IsActive": True,
        "RoleKey": key_of("role", "Administrator"),
        "RoleName": "Administrator",
        "Teams": [],
        "ApplicationRoles": [],
    }
    # The domain of a name in the form of a mail address is dropped.
    assert users[1]["Username"] == "d.moreau"
    assert "lanted" not in repr(reply.answers)
    assert "corp.example" not in repr(reply.answers)


def test_with_pseudonyms_no_name_is_kept_and_they_last_as_long_as_the_token(tmp_path: Path) -> None:
    with lifetime(tmp_path, pseudonymise=True) as served:
        first, second = rows(answer(served, "users")), rows(answer(served, "users"))

    names = [row["Username"] for row in first]
    assert names == [row["Username"] for row in second]
    assert len(set(names)) == 2
    assert all(name.startswith("person-") for name in names)
    assert "moreau" not in repr(first)


def test_without_identities_nobody_asks_for_people(tmp_path: Path) -> None:
    with lifetime(tmp_path, identities=False) as served:
        reply = served.ask()

    assert sorted(reply.answers) == ["lifetime.applications", "lifetime.environments", "lifetime.zones"]
    assert not any(kind in line for line in served.server.command_lines for kind in ("users", "roles", "teams"))


def test_the_weak_token_is_denied_what_it_may_not_see_and_tells_the_rest(tmp_path: Path) -> None:
    with lifetime(tmp_path, model(Access.WEAK)) as served:
        reply = served.ask()

    outcomes = {name.removeprefix("lifetime."): item.outcome for name, item in reply.answers.items()}
    assert {name for name, outcome in outcomes.items() if outcome is Outcome.DENIED} == {"roles", "users", "teams"}
    assert {name for name, outcome in outcomes.items() if outcome is Outcome.OK} == {
        "environments", "zones", "applications",
    }  # fmt: skip
    assert reply.answers["lifetime.users"].detail == "HTTP 403, No permission to manage users and roles."


def test_an_expired_token_ends_the_visit_with_its_first_call(tmp_path: Path) -> None:
    with lifetime(tmp_path, model(Access.EXPIRED)) as served:
        error = failure(served)

    assert error.kind is FailureKind.SIGN_IN_REFUSED
    assert "it has expired, was replaced, or is not LifeTime's" in error.sentence
    assert len(served.server.command_lines) == 1


def test_a_wrong_token_is_tried_once(tmp_path: Path) -> None:
    with lifetime(tmp_path) as served:
        error = failure(served, token="another")

    assert error.kind is FailureKind.SIGN_IN_REFUSED
    assert served.server.requests[Step.REFUSED] == 1


def test_an_authentication_that_failed_with_403_hints_at_the_load_balancer(tmp_path: Path) -> None:
    body = {"Errors": ["Authentication failed"], "StatusCode": 403}
    with lifetime(tmp_path, options=canned("/environments/", body, status=403)) as served:
        error = failure(served)

    assert error.kind is FailureKind.SIGN_IN_REFUSED
    assert "older than 11.21.0 behind a load balancer" in error.sentence


@pytest.mark.parametrize("token", [None, "", "two words", "line\nbreak", "ümlaut"])
def test_what_can_be_no_token_is_not_sent(tmp_path: Path, token: str | None) -> None:
    with lifetime(tmp_path) as served:
        assert failure(served, token=token).kind is FailureKind.CREDENTIAL_UNAVAILABLE

    assert served.server.connections == 0


@pytest.mark.parametrize("code", [404, 405, 501])
def test_a_call_that_this_lifetime_does_not_know_is_not_supported(tmp_path: Path, code: int) -> None:
    body = {"Errors": ["No such thing"], "StatusCode": code}
    with lifetime(tmp_path, options=canned("/roles/", body, status=code)) as served:
        told = answer(served, "roles")

    assert told.outcome is Outcome.UNSUPPORTED
    assert told.detail == f"HTTP {code}, No such thing: this LifeTime does not know the call"


def test_a_bad_request_is_a_failure_with_the_words_of_lifetime(tmp_path: Path) -> None:
    body = {"Errors": ["Parameters of planted@mail.example.org do not fit"], "StatusCode": 400}
    with lifetime(tmp_path, options=canned("/applications/", body, status=400)) as served:
        told = answer(served, "applications")

    assert (told.outcome, told.detail) == (Outcome.FAILED, "HTTP 400, Parameters of … do not fit")


def test_a_server_that_fails_is_asked_three_times_in_all(tmp_path: Path) -> None:
    with lifetime(tmp_path, options=canned("/teams/", {"Errors": ["Broken"]}, status=500)) as served:
        told = answer(served, "teams")

    assert (told.outcome, told.detail) == (Outcome.FAILED, "HTTP 500, Broken")
    assert sum("/teams/" in line for line in served.server.command_lines) == 3


def test_a_server_that_fails_once_is_forgiven(tmp_path: Path) -> None:
    with lifetime(tmp_path, options=LifeTimeOptions(troubles={Step.CALL: status(503, times=1)})) as served:
        assert rows(answer(served, "environments"))


def test_a_connection_that_breaks_once_is_forgiven_and_for_ever_ends_the_visit(tmp_path: Path) -> None:
    with lifetime(tmp_path, options=LifeTimeOptions(troubles={Step.CALL: drop(times=1)})) as served:
        assert rows(answer(served, "environments"))
    with lifetime(tmp_path, options=LifeTimeOptions(troubles={Step.CALL: drop()})) as served:
        assert failure(served).kind is FailureKind.CLOSED_AT_ONCE
    with lifetime(tmp_path, options=LifeTimeOptions(troubles={Step.CALL: drop(skip=1)})) as served:
        assert failure(served).kind is FailureKind.LOST


def test_nothing_to_list_is_an_empty_list(tmp_path: Path) -> None:
    with lifetime(tmp_path, model(environments=[])) as served:
        reply = served.ask()

    assert rows(reply.answers["lifetime.environments"]) == []
    assert rows(reply.answers["lifetime.zones"]) == []


def test_a_server_that_says_nothing_is_given_up(tmp_path: Path) -> None:
    brief = Limits(connect=2.0, question=0.2, visit=1.0, pause=0.0)
    with lifetime(tmp_path, options=LifeTimeOptions(troubles={Step.CALL: hang()})) as served:
        error = failure(served, limits=brief)

    assert error.kind is FailureKind.SILENT


def test_a_call_that_takes_too_long_costs_itself_alone(tmp_path: Path) -> None:
    brief = Limits(connect=2.0, question=0.5, visit=30.0, pause=0.0)
    with lifetime(tmp_path, options=LifeTimeOptions(troubles={Step.CALL: hang(skip=3, times=1)})) as served:
        reply = served.ask(limits=brief)

    answers = dict(reply.answers)
    applications = answers.pop("lifetime.applications")
    assert (applications.outcome, applications.detail) == (Outcome.FAILED, "out of time")
    assert {item.outcome for item in answers.values()} == {Outcome.OK}


def test_what_comes_after_the_deadline_of_the_visit_is_not_asked(tmp_path: Path) -> None:
    brief = Limits(connect=2.0, question=0.5, visit=0.5, pause=0.0)
    with lifetime(tmp_path, options=LifeTimeOptions(troubles={Step.CALL: hang(skip=3)})) as served:
        reply = served.ask(limits=brief)

    late = [reply.answers[f"lifetime.{name}"] for name in ("applications", "roles", "users", "teams")]
    assert {(item.outcome, item.detail) for item in late} == {(Outcome.FAILED, "out of time")}


@pytest.mark.parametrize("path", ["/environments/", "/roles/"])
def test_a_page_in_the_place_of_an_answer_says_that_this_is_not_the_api(tmp_path: Path, path: str) -> None:
    with lifetime(tmp_path, options=LifeTimeOptions(canned={f"{BASE}{path}": HTML})) as served:
        error = failure(served)

    assert error.kind is FailureKind.NOT_LIFETIME
    assert "something that is not JSON" in error.sentence


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirection_is_not_followed_and_the_token_goes_nowhere(tmp_path: Path, code: int) -> None:
    with serve_lifetime(model(), token=TOKEN) as elsewhere:
        target = f"https://127.0.0.1:{elsewhere.port}{BASE}/environments/"
        with lifetime(tmp_path, options=canned("/environments/", status=code, Location=target)) as served:
            error = failure(served)

    assert error.kind is FailureKind.NOT_LIFETIME
    assert elsewhere.connections == 0
    assert len(served.server.command_lines) == 1


def test_keys_and_links_of_an_answer_lead_nowhere_else(tmp_path: Path) -> None:
    with serve_lifetime(model(), token=TOKEN) as elsewhere:
        link = f"https://127.0.0.1:{elsewhere.port}/"
        hostile = ["../../../users", link, "x/../../deployments/1", key_of("environment", "Production"), None, 7]
        environments = [{"Key": key, "Name": "Production", "DetailsURL": link, "HostName": link} for key in hostile]
        with lifetime(tmp_path, options=canned("/environments/", environments)) as served:
            reply = served.ask()

    assert elsewhere.connections == 0
    # The only one of the keys that is one leads to its own zones.
    assert [line for line in served.server.command_lines if "deploymentzones" in line] == [
        f"GET {BASE}/environments/{key_of('environment', 'Production')}/deploymentzones/"
    ]
    assert rows(reply.answers["lifetime.zones"])


def test_a_question_for_a_call_that_is_not_listed_raises_before_anything_is_sent(tmp_path: Path) -> None:
    for arguments in ({"call": "deployments"}, {"call": f"/deployments/{key_of('plan', '1')}/"}, {}):
        with lifetime(tmp_path) as served, pytest.raises(ForbiddenCall):
            served.ask((forbidden(**arguments),))
        assert served.server.connections == 0


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:{port}", "https://127.0.0.1:{port}/elsewhere", "https://user@127.0.0.1:{port}", "ftp://x", ""],
)
def test_whatever_the_url_says_plain_http_and_other_paths_are_not_asked(tmp_path: Path, url: str) -> None:
    with serve_lifetime(model(), token=TOKEN, https=False) as server:
        served = Served(server, LifeTimeApi(url.format(port=server.port)))
        assert failure(served).kind is FailureKind.CLEAR_TEXT_REFUSED

    assert server.connections == 0


def test_proxies_of_the_environment_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_lifetime(model(), token=TOKEN, https=False) as proxy:
        for name in ("https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "")
        with lifetime(tmp_path) as served:
            assert rows(answer(served, "environments"))

    assert proxy.connections == 0


def test_who_the_server_is_must_be_proved(tmp_path: Path) -> None:
    ours, another = tmp_path / "ours", tmp_path / "another"
    for folder in (ours, another):
        folder.mkdir()
    authority, stranger = Authority.create(ours), Authority.create(another, "Stranger")
    shown = {
        FailureKind.TLS_UNKNOWN_ISSUER: stranger.issue(),
        FailureKind.TLS_NAME_MISMATCH: authority.issue(("lifetime.example.com",)),
        FailureKind.TLS_EXPIRED: authority.issue(ends=timedelta(days=-1)),
        FailureKind.TLS_SELF_SIGNED: None,
    }
    for kind, certificate in shown.items():
        with serve_lifetime(model(), token=TOKEN, certificate=certificate) as server:
            api = LifeTimeApi(f"https://127.0.0.1:{server.port}", ca_file=str(authority.file))
            error = failure(Served(server, api))
        assert error.kind is kind
        assert server.command_lines == []


def test_a_server_that_does_not_speak_tls_and_a_port_that_nobody_has_are_told(tmp_path: Path) -> None:
    with serve_lifetime(model(), token=TOKEN, https=False) as server:
        served = Served(server, LifeTimeApi(f"https://127.0.0.1:{server.port}"))
        assert failure(served).kind is FailureKind.TLS_NOT_SPOKEN
    assert failure(served).kind is FailureKind.REFUSED
    assert failure(Served(server, LifeTimeApi("https://host.invalid"))).kind is FailureKind.NAME_UNKNOWN


def test_a_ca_file_that_is_none_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("nothing", encoding="ascii")
    for name in ("no.pem", "missing.pem"):
        with lifetime(tmp_path, ca_file=str(tmp_path / name)) as served:
            assert failure(served).kind is FailureKind.KEY_UNREADABLE
        assert served.server.connections == 0


def test_an_answer_that_is_too_large_or_too_deep_costs_itself_alone(tmp_path: Path) -> None:
    narrow = Limits(connect=2.0, question=2.0, visit=10.0, pause=0.0, answer_bytes=100_000)
    deep: Any = []
    for _ in range(FAST.depth + 1):
        deep = [deep]
    bottomless = b"[" * 90_000
    cases = {
        "the answer has more than 100000 bytes": b'["' + b"x" * 200_000 + b'"]',
        "the answer is nested too deep": json.dumps(deep).encode(),
    }
    for detail, body in (*cases.items(), ("the answer is nested too deep", bottomless)):
        with lifetime(tmp_path, options=canned("/users/", body)) as served:
            reply = served.ask(limits=narrow)
        users = reply.answers["lifetime.users"]
        assert (users.outcome, users.detail) == (Outcome.FAILED, detail)
        assert rows(reply.answers["lifetime.teams"])


def test_a_packed_answer_is_not_unfolded(tmp_path: Path) -> None:
    options = LifeTimeOptions(
        canned={f"{BASE}/environments/": Canned(200, b"\x1f\x8b\x08", {"Content-Encoding": "gzip"})}
    )
    with lifetime(tmp_path, options=options) as served:
        assert failure(served).kind is FailureKind.NOT_LIFETIME


@pytest.mark.parametrize("content", [[1, 2], ["text"], "text", 7, [{"Key": "k"}, []], [{"key": "k", "order": 10**40}]])
def test_an_answer_of_another_form_is_a_failure_of_its_question(tmp_path: Path, content: Any) -> None:
    with lifetime(tmp_path, options=canned("/environments/", content)) as served:
        reply = served.ask()

    assert reply.answers["lifetime.environments"].outcome is Outcome.FAILED
    zones = reply.answers["lifetime.zones"]
    assert (zones.outcome, zones.detail) == (Outcome.FAILED, "the list that this call goes through is not known")


def test_the_marks_at_the_beginning_of_a_text_and_one_record_alone_are_understood(tmp_path: Path) -> None:
    body = b"\xef\xbb\xbf" + json.dumps({"KEY": "k", "NAME": "Administrator", "more": {"x": 1}}).encode()
    with lifetime(tmp_path, options=canned("/roles/", body)) as served:
        assert rows(answer(served, "roles")) == [{"Key": "k", "Name": "Administrator"}]


def test_zones_of_which_some_are_denied_are_not_complete_and_all_denied_are_denied(tmp_path: Path) -> None:
    paths = [f"{BASE}/environments/{key_of('environment', name)}/deploymentzones/"
             for name in ("Development", "Production")]  # fmt: skip
    refused = Canned(403, json.dumps({"Errors": ["Not licensed"]}).encode())
    with lifetime(tmp_path, options=LifeTimeOptions(canned={paths[0]: refused})) as served:
        part = answer(served, "zones")
    with lifetime(tmp_path, options=LifeTimeOptions(canned=dict.fromkeys(paths, refused))) as served:
        none = answer(served, "zones")

    assert (len(rows(part)), part.complete) == (1, False)
    assert (none.outcome, none.detail) == (Outcome.DENIED, "HTTP 403, Not licensed")


def test_no_more_environments_are_gone_through_than_an_infrastructure_can_have(tmp_path: Path) -> None:
    many = [environment(f"E{number}") for number in range(MOST_KEYS + 3)]
    with lifetime(tmp_path, model(environments=many)) as served:
        zones = answer(served, "zones", questions=(ENVIRONMENTS, ZONES))

    assert not zones.complete
    assert sum("deploymentzones" in line for line in served.server.command_lines) == MOST_KEYS
