"""The second guard: what looks like a secret is taken out, and what does not is left alone."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.collectors.redaction import MARK, redact, secrets_found
from auditor.model.observation import ChannelName, Visit
from auditor.model.question import Answer, Outcome, Platform
from tests.detection.modelled_hosts import NOW

KEY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"

SECRETS = [
    ("x password=hunter2! y", "hunter2!"),
    ("Pwd: 'hunter2'", "hunter2"),
    ('"AdminPassword": "hunter2"', "hunter2"),
    ("default_pass = x; rabbit_password=hunter2", "hunter2"),
    ("tool.exe --password hunter2 -v", "hunter2"),
    ("tool.exe /pwd:hunter2", "hunter2"),
    ("client_secret=hunter2hunter2", "hunter2hunter2"),
    ("api-key: hunter2", "hunter2"),
    ("Data Source=sql-1;Initial Catalog=db;User ID=sa;Password=hunter2", "hunter2"),
    ("Server=sql-1;Database=outsystems;Integrated Security=SSPI;", "outsystems"),
    ("$2$AbCdEf0123456789==", "AbCdEf0123456789"),
    (f"-----BEGIN RSA PRIVATE KEY-----\n{KEY}\n-----END RSA PRIVATE KEY-----", KEY),
    (f"-----BEGIN OPENSSH PRIVATE KEY-----\n{KEY}", KEY),
    ("--- private key ---\nq83vEjRWeJCrze8SNFZ4kA==\n", "q83vEjRWeJCrze8SNFZ4kA=="),
    (f"key {KEY}+x=", KEY),
    ("Authorization: Bearer abcdefghijklmnop.qrstuv", "abcdefghijklmnop.qrstuv"),
    ("Basic YWRtaW46aHVudGVyMg==", "YWRtaW46aHVudGVyMg=="),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N", "eyJzdWIiOiIxMjM0NTY3ODkwIn0"),
    ("AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
    ("amqp://admin:hunter2@mq-1/outsystems", "hunter2"),
]
HARMLESS = [
    r"C:\Program Files\OutSystems\Platform Server\running\ServiceCenter.a1b2c3",
    "HKLM denied: password policy prevents the sign-in",
    "11.38.0.47000",
    "7d30091dd648cd06668b9f890e7da804cdfc82a381b04e56850a0ebb6057f592",
    "555aed96-c5ac-5273-bc93-856f81860abe",
    "00:50:56:0E:AC:BE",
    "/etc/very/long/path/that/goes/on/and/on/into/the/Deep/Folder1/of/a/server/somewhere",
    "PublicKeyToken=31bf3856ad364e35",
    "OutSystems.HubEdition.SettingsKeyPath",
    r"NT Service\OutSystems Deployment Controller Service",
    "AAA-***-***-***-***-***-***-HHH",
    "basic authentication is off",
    "MemTotal:       16777216 kB",
    "amqp://mq-1:5672/outsystems",
    "[fe80::1]:5672",
    "",
]


def _answer(value: Any, detail: str = "") -> Answer:
    return Answer("a.question", Outcome.OK, value, detail)


def _visit(answer: Answer) -> Visit:
    return Visit("dev-1", NOW, NOW, ChannelName.SH_OVER_SSH, Platform.LINUX, {answer.question: answer})


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_a_secret_is_taken_out_wherever_it_stands(text: str, secret: str) -> None:
    for answer in (_answer({"rows": [{"Name": text}]}), _answer({"values": {text: 1}}), _answer(None, text)):
        cleaned = redact(answer)
        assert secret not in repr(cleaned) and MARK in repr(cleaned)
        assert secrets_found(_visit(answer)) == secrets_found(_visit(cleaned)) == ("a.question",)
        assert redact(cleaned) is cleaned


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_is_left_alone(text: str) -> None:
    answer = _answer({"rows": [{"Name": text, "List": [text, 1, None, True]}]}, text)
    assert redact(answer) is answer
    assert secrets_found(_visit(answer)) == ()


def test_a_value_under_the_name_of_a_secret_is_taken_out_whatever_it_looks_like() -> None:
    cleaned = redact(_answer({"values": {"AdminPassword": "abc", "PasswordIsSet": True, "Server": "11.38"}}))
    assert cleaned.value == {"values": {"AdminPassword": MARK, "PasswordIsSet": True, "Server": "11.38"}}


def test_the_text_of_an_element_with_the_name_of_a_secret_is_taken_out_but_its_presence_stays() -> None:
    node = {"name": "RuntimePassword", "attributes": {"encrypted": "false"}, "children": []}
    assert redact(_answer({"root": {**node, "text": "abc"}})).value["root"]["text"] == MARK
    presence = _answer({"root": {**node, "text": True}})
    assert redact(presence) is presence


def test_what_is_nested_too_deeply_to_be_looked_through_is_not_kept() -> None:
    value: Any = "password=hunter2"
    for _ in range(200):
        value = [value]
    assert "hunter2" not in repr(redact(_answer(value)))


def test_the_rest_of_an_answer_is_kept() -> None:
    answer = dataclasses.replace(_answer("x password=hunter2"), complete=False, milliseconds=7)
    cleaned = redact(answer)
    assert (cleaned.question, cleaned.outcome, cleaned.complete, cleaned.milliseconds) == (
        "a.question",
        Outcome.OK,
        False,
        7,
    )


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_cleaning_twice_changes_nothing_more(value: Any) -> None:
    cleaned = redact(_answer(value))
    assert redact(cleaned).value == cleaned.value


@pytest.mark.parametrize(
    "piece", ["password", "a", "=", ";", "server=x;", "$2$", "-----BEGIN ", "eyJ", "/", "://a:", "A1b"]
)
def test_long_hostile_text_is_looked_through_in_time(piece: str) -> None:
    text = piece * (60_000 // len(piece))
    begin = time.monotonic()
    redact(_answer({"text": text}))
    assert time.monotonic() - begin < 3


def test_a_serial_number_keeps_its_first_and_last_group_alone() -> None:
    answer = Answer(
        "platform_server.record", Outcome.OK, {"values": {"SerialNumber": "038-8FB-626-CA8-9A1-278-474-439"}}
    )

    stored = redact(answer)

    assert stored.value == {"values": {"SerialNumber": "038-***-***-***-***-***-***-439"}}
    assert redact(stored) is stored
