"""Mistakes in an inventory: all at once, each with file, line, key, what was found and what was expected."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.errors import DocumentError
from auditor.settings.inventory import load_inventory

Write = Callable[..., Path]

HOST = "{name: dev-1, user: audit}"


def inventory(
    hosts: str = f"[{HOST}]",
    *,
    defaults: str = "{}",
    environment: str = "",
    top: str = "",
    purpose: str = "development",
) -> str:
    return (
        f"infrastructure: Example\ndefaults: {defaults}\n{top}"
        f"environments:\n  - name: Development\n    purpose: {purpose}\n{environment}    hosts: {hosts}\n"
    )


def mistakes(path: Path) -> list[tuple[int | None, str, str]]:
    with pytest.raises(DocumentError) as caught:
        load_inventory(path)
    assert all(location.file == str(path) for location, _ in caught.value.problems)
    return [(location.line, location.key, sentence) for location, sentence in caught.value.problems]


def only_mistake(path: Path) -> tuple[str, str]:
    found = mistakes(path)
    assert len(found) == 1, found
    return found[0][1], found[0][2]


def test_all_mistakes_are_told_at_once_with_line_and_key(write: Write) -> None:
    path = write(
        textwrap.dedent("""\
        infrastructure: Example
        colour: blue
        defaults:
          user: audit
        environments:
          - name: Development
            purpose: developmnt
            hosts:
              - name: dev-1
                transprt: ssh
              - name: dev-2
                port: 99999
              - name: dev-2
                sign_in: basic
                https: false
                https: false
        """)
    )
    assert mistakes(path) == [
        (
            2,
            "colour",
            "'colour' is not a known key; expected infrastructure, defaults, environments, other_hosts or lifetime.",
        ),
        (
            7,
            "environments[0].purpose",
            "found 'developmnt'; expected development, quality, production, lifetime or other. "
            "Did you mean development?",
        ),
        (10, "environments[0].hosts[0].transprt", "'transprt' is not a known key; did you mean transport?"),
        (12, "environments[0].hosts[1].port", "found the number 99999; expected at most 65535."),
        (
            13,
            "environments[0].hosts[2].name",
            "the host 'dev-2' exists already, at environments[0].hosts[1].name; names are unique.",
        ),
        (13, "environments[0].hosts[2].password", "is missing, and basic needs one; "
         "write it at this host or under defaults.winrm."),
        (
            14,
            "environments[0].hosts[2].sign_in",
            "basic without TLS would give the secret away; expected https: true.",
        ),
        (16, "environments[0].hosts[2]", "the key 'https' stands twice (first in line 15); keep one of them."),
    ]  # fmt: skip


def test_the_message_names_file_line_and_key(write: Write) -> None:
    path = write(inventory("[{name: dev-1, user: audit, port: high}]"))
    with pytest.raises(DocumentError) as caught:
        load_inventory(path)
    assert str(caught.value) == (f"{path}:6: environments[0].hosts[0].port: found 'high'; expected a whole number.")


@pytest.mark.parametrize(
    ("host", "key", "sentence"),
    [
        ("{user: a}", "name", "is missing; expected text."),
        ("{name: x, user: a, https: 'yes'}", "https", "found 'yes'; expected true or false."),
        ("{name: x, user: a, passive: 1}", "passive", "found the number 1; expected true or false."),
        ("{name: x, user: a, port: true}", "port", "found true; expected a whole number."),
        ("{name: x, user: a, port: 0}", "port", "found the number 0; expected at least 1."),
        (
            "{name: x, user: a, roles: front-end}",
            "roles",
            "found 'front-end'; expected a list: lines that start with a hyphen, or [one, two].",
        ),
        ("{name: 5, user: a}", "name", "found the number 5; expected text; put it in quotes if it is meant literally."),
        ("{name: , user: a}", "name", "found nothing; expected text."),
        ("{name: x, user: a, transport: telnet}", "transport", "found 'telnet'; expected winrm or ssh."),
        (
            "{name: x, user: a, sign_in: kerberoz}",
            "sign_in",
            "found 'kerberoz'; expected kerberos, ntlm, negotiate, basic, certificate or credssp. "
            "Did you mean kerberos?",
        ),
        (
            "{name: x, user: a, bastion: there}",
            "bastion",
            "found 'there'; expected a group of settings: lines of `key: value` below it.",
        ),
        (
            "{name: x, user: a, proxy: 'http://u:hunter2@p:1'}",
            "proxy",
            "expected a proxy such as http://proxy.example.com:3128, without user and password.",
        ),
        (
            "{name: x, user: a, path: wsman}",
            "path",
            "found 'wsman'; expected a path that starts with a slash, such as /wsman.",
        ),
        (
            "{name: x, user: a, ca_file: ~root/ca.pem}",
            "ca_file",
            "found the home folder of another user; expected a full path.",
        ),
        (
            "{name: x, user: a, <<: {}}",
            "<<",
            "merging with << is not understood; write what hosts have in common under defaults.",
        ),
        ("{name: x, user: '  '}", "user", "found an empty text; expected some words."),
        ('{name: x, user: "a\\tb"}', "user", "found a control character; expected one line of plain text."),
    ],
)
def test_a_mistake_says_what_was_found_and_expected(write: Write, host: str, key: str, sentence: str) -> None:
    assert only_mistake(write(inventory(f"[{host}]"))) == (f"environments[0].hosts[0].{key}", sentence)


@pytest.mark.parametrize(
    "address",
    ["a b", "a/b", "..", "a..b", "-oProxyCommand", "a\\u0000", "a\\nb", "https://a/", "a:22", "a_\\u202eb", "exämple",
     "", "[::1", "1.2.3.4/8", "a" * 300, "fe80::1%a b"],
)  # fmt: skip
@pytest.mark.parametrize("key", ["name", "address"])
def test_what_is_no_host_name_and_no_address_is_refused(write: Write, key: str, address: str) -> None:
    host = {"name": "x", "user": "a", key: address}
    text = ", ".join(f'{name}: "{value}"' for name, value in host.items())
    place, sentence = only_mistake(write(inventory(f"[{{{text}}}]")))
    assert place == f"environments[0].hosts[0].{key}"
    assert "expected a host name or an IP address" in sentence


def test_a_port_in_the_address_is_said_to_be_a_key_of_its_own(write: Write) -> None:
    _, sentence = only_mistake(write(inventory("[{name: x, user: a, address: 'server:5986'}]")))
    assert sentence.endswith("the port is a key of its own.")


@pytest.mark.parametrize(
    "text",
    [
        "hunter2",
        "'$SECRET'",
        "{hunter2}",
        "{hunter2: x}",
        "[hunter2]",
        "{environment: 'hunter2 !'}",
        "{keyring: hunter2}",
        "{command: hunter2}",
        "{command: ['']}",
        "{file: 5, prompt: hunter2}",
        "{environment: X, file: hunter2}",
        "{}",
        "{environment: }",
        "{hunter2, hunter2}",
        "4711",
        "{environment: {hunter2: 1}}",
        "{prompt: [hunter2]}",
        '"hunter2\\n"',
        '{command: ["a\\u0000hunter2"]}',
        '{file: "a\\u0000hunter2"}',
        "{file: ~hunter2/x}",
    ],
)
@pytest.mark.parametrize("key", ["password", "key_passphrase", "bastion.password"])
def test_a_secret_in_the_file_is_refused_and_never_repeated(write: Write, key: str, text: str) -> None:
    outer, _, inner = key.partition(".")
    setting = f"{outer}: {{address: b, user: u, {inner}: {text}}}" if inner else f"{outer}: {text}"
    path = write(inventory(f"[{{name: x, user: a, transport: ssh, use_agent: true, {setting}}}]"))
    found = mistakes(path)
    said = str(found)
    assert "hunter" not in said and "4711" not in said and "SECRET" not in said
    assert all(key in place for _, place, _ in found)
    assert any("expected" in sentence for _, _, sentence in found)


def test_a_literal_password_is_told_where_to_keep_it(write: Write) -> None:
    _, sentence = only_mistake(write(inventory(defaults="{password: hunter2}")))
    assert sentence == (
        "a secret may not stand in the file; expected where it is kept, for example {environment: OSAUDIT_PASSWORD}."
    )


def test_a_misspelled_password_key_does_not_show_its_value(write: Write) -> None:
    _, sentence = only_mistake(write(inventory(defaults="{pasword: hunter2}")))
    assert sentence == "'pasword' is not a known key; did you mean password?"


@pytest.mark.parametrize("address", ["AKIAIOSFODNN7EXAMPLEKEY0123456789", "p@ss!word", "-----BEGIN KEY"])
def test_what_looks_like_a_secret_is_not_repeated_from_any_place(write: Write, address: str) -> None:
    path = write(inventory(f"[{{name: x, user: a, transport: '{address}'}}]"))
    _, sentence = only_mistake(path)
    assert address not in sentence
    assert f"found a text of {len(address)} characters" in sentence


def test_connection_settings_at_an_environment_are_shown_their_place(write: Write) -> None:
    path = write(inventory(environment="    user: a\n"))
    assert only_mistake(path) == (
        "environments[0].user",
        "'user' is not a known key; such a setting stands under defaults, or at a host.",
    )


@pytest.mark.parametrize(
    ("host", "key", "words"),
    [
        ("{name: x}", "user", "is missing, and negotiate needs one"),
        ("{name: x, user: a, sign_in: ntlm}", "password", "is missing, and ntlm needs one"),
        ("{name: x, user: a, sign_in: credssp}", "password", "is missing, and credssp needs one"),
        ("{name: x, sign_in: certificate, client_key: k}", "client_certificate", "needs both its files"),
        ("{name: x, sign_in: certificate, client_certificate: c}", "client_key", "needs both its files"),
        (
            "{name: x, sign_in: certificate, client_certificate: c, client_key: k, https: false}",
            "sign_in",
            "without TLS",
        ),
        ("{name: x, user: a, password: {prompt: P}, sign_in: basic, port: 5985}", "sign_in", "without TLS"),
        ("{name: x, user: a, platform: linux}", "platform", "runs windows"),
        ("{name: x, user: a, transport: ssh}", "key_file", "there is no way to sign in"),
        ("{name: x, transport: ssh, use_agent: true}", "user", "is missing, and SSH needs one"),
        ("{name: x, transport: ssh, use_agent: true, user: a, https: true}", "https", "reached over SSH"),
        ("{name: x, user: a, key_file: k}", "key_file", "reached over WinRM"),
        ("{name: x, user: a, bastion: {address: b}}", "bastion.address", "reached over WinRM"),
        (
            "{name: x, transport: ssh, key_file: k, user: a, bastion: {address: b, key_file: k}}",
            "bastion.user",
            "is missing",
        ),
        (
            "{name: x, transport: ssh, key_file: k, user: a, bastion: {user: b, key_file: k}}",
            "bastion.address",
            "is missing",
        ),
        (
            "{name: x, transport: ssh, use_agent: true, user: a, bastion: {user: b, address: b}}",
            "bastion.key_file",
            "the agent is not used for it",
        ),
    ],
)
def test_a_connection_that_cannot_work_or_is_unsafe_is_refused(write: Write, host: str, key: str, words: str) -> None:
    place, sentence = only_mistake(write(inventory(f"[{host}]")))
    assert place == f"environments[0].hosts[0].{key}"
    assert words in sentence


def test_a_mistake_in_the_defaults_is_told_once_for_all_hosts(write: Write) -> None:
    path = write(
        inventory("[{name: a}, {name: b}]", defaults="{user: x, sign_in: basic, https: false, password: {prompt: P}}")
    )
    assert only_mistake(path)[0] == "defaults.sign_in"


def test_names_are_compared_without_regard_to_case(write: Write) -> None:
    path = write(
        inventory("[{name: Dev-1, user: a, aliases: [x]}, {name: b, user: a, aliases: [DEV-1, X]}]")
        + "  - {name: DEVELOPMENT, purpose: quality, hosting: cloud}\nother_hosts: [{name: DEV-1, user: a}]\n"
    )
    assert {(key, sentence.split(",")[0]) for _, key, sentence in mistakes(path)} == {
        ("environments[1].name", "the environment 'DEVELOPMENT' exists already"),
        ("other_hosts[0].name", "the host 'DEV-1' exists already"),
        ("environments[0].hosts[1].aliases[0]", "the host or alias 'DEV-1' exists already"),
        ("environments[0].hosts[1].aliases[1]", "the host or alias 'X' exists already"),
    }


def test_two_spellings_of_one_ipv6_address_are_one_name(write: Write) -> None:
    path = write(inventory("[{name: '::1', user: a}, {name: '[0:0::1]', user: a}]"))
    assert only_mistake(path)[0] == "environments[0].hosts[1].name"


def test_a_host_said_to_be_the_same_machine_must_exist(write: Write) -> None:
    path = write(inventory("[{name: dev-1, user: a, same_machine_as: [dev-3, dev-1, zzz]}, {name: dev-2, user: a}]"))
    assert [sentence for _, _, sentence in mistakes(path)] == [
        "there is no host 'dev-3'; did you mean dev-2?",
        "a host is always the same machine as itself; name another host.",
        "there is no host 'zzz'; expected the name of a host of this file.",
    ]


def test_an_environment_on_premises_needs_a_host_and_one_in_the_cloud_does_not(write: Write) -> None:
    assert only_mistake(write(inventory("[]")))[1] == "has no host; expected at least one, or hosting: cloud."
    loaded = load_inventory(write(inventory("[]", environment="    hosting: cloud\n")))
    assert loaded.environments[0].hosts == ()


@pytest.mark.parametrize("text", ["", "# nothing\n"])
def test_an_empty_inventory_is_a_mistake(write: Write, text: str) -> None:
    assert only_mistake(write(text)) == ("", "the file is empty; `osaudit init` writes an example.")


def test_an_inventory_that_is_a_list_is_a_mistake(write: Write) -> None:
    assert "expected a group of settings" in only_mistake(write("- a\n"))[1]


def test_no_environment_is_a_mistake(write: Write) -> None:
    path = write("infrastructure: Example\nenvironments: []\n")
    assert only_mistake(path) == ("environments", "found an empty list; expected at least one entry.")
