"""Which line of an ssh config holds for a name, compared with what the real ssh makes of the same file."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.settings.ssh_config import MAXIMUM_BYTES, load_ssh_config, parse_ssh_config

Write = Callable[..., Path]

TEXT = """\
# people write it like this
Host web-1 web-1.example.org
    HostName 10.0.0.1
    Port=2222
    user "first"
    User second
    IdentityFile "~/keys/a key"
    ProxyJump admin@bastion:2200
    ForwardAgent yes

host *.example.org !secret.example.org
    HostName %h.internal
    UserKnownHostsFile ~/.ssh/known_example

Match host web-9
    Port 99

Host db-*
    ProxyJump none
    Compression yes # quick

Match all
    User everybody
"""


def words(text: str, name: str, keyword: str) -> tuple[str, ...] | None:
    entry = parse_ssh_config(text).first(name, keyword)
    return None if entry is None else entry.words


def real(path: Path, name: str) -> dict[str, str]:
    """Return what ssh itself would use, by keyword in lower case; raises `CalledProcessError` when it refuses."""
    printed = subprocess.run(["ssh", "-G", "-F", str(path), name], capture_output=True, text=True, check=True).stdout
    found: dict[str, str] = {}
    for line in printed.splitlines():
        keyword, _, value = line.partition(" ")
        found.setdefault(keyword, value)
    return found


def test_the_first_line_that_holds_for_a_name_wins() -> None:
    config = parse_ssh_config(TEXT)
    entry = config.first("web-1", "user")
    assert entry is not None
    assert (entry.number, entry.keyword, entry.words, entry.is_certain) == (5, "user", ("first",), True)
    assert words(TEXT, "web-1", "identityfile") == ("~/keys/a key",)
    assert words(TEXT, "db-1", "user") == ("everybody",)
    assert config.damaged == ()


def test_patterns_and_exclusions_are_followed_and_case_counts() -> None:
    assert words(TEXT, "app.example.org", "hostname") == ("%h.internal",)
    assert words(TEXT, "secret.example.org", "hostname") is None
    assert words(TEXT, "WEB-1", "hostname") is None
    assert words("Host web-?\nPort 1\n", "web-12", "port") is None


def test_a_line_in_a_match_block_may_hold_for_everybody_and_is_not_certain() -> None:
    for name in ("web-9", "db-1"):
        entry = parse_ssh_config(TEXT).first(name, "port")
        assert entry is not None and not entry.is_certain
    assert words(TEXT, "web-1", "port") == ("2222",)


def test_lines_before_the_first_block_hold_for_everybody() -> None:
    assert words("User anybody\nHost web-1\nUser somebody\n", "web-1", "user") == ("anybody",)


def test_of_competing_keywords_the_first_line_is_found() -> None:
    entry = parse_ssh_config("ProxyCommand none\nProxyJump b\n").first("web-1", "proxyjump", "proxycommand")
    assert entry is not None and entry.keyword == "proxycommand"


@pytest.mark.parametrize("name", ["web-1", "web-1.example.org", "app.example.org", "secret.example.org", "db-1", "x"])
def test_ssh_itself_finds_the_same_lines(write: Write, name: str) -> None:
    # Conditions are not looked at, so the block that has one is left out here.
    text = TEXT.replace("Match host web-9\n    Port 99\n", "")
    found = real(write(text), name)
    assert found["hostname"] == (words(text, name, "hostname") or (name,))[0].replace("%h", name)
    assert found["port"] == (words(text, name, "port") or ("22",))[0]
    assert found["user"] == (words(text, name, "user") or ("",))[0]
    assert found.get("proxyjump", "none") == (words(text, name, "proxyjump") or ("none",))[0]


@pytest.mark.parametrize(
    ("written", "user"),
    [
        ("User plain", "plain"), ("  User\t= plain  ", "plain"), ("User=plain\r", "plain"), ('"User" plain', "plain"),
        ("User 'a b'", "a b"), ('User a"b c"d', "ab cd"), ("User a#b", "a#b"), ("User a # b", "a"),
        ("User a '#b'", None),
        ("User EXAMPLE\\audit", "EXAMPLE\\audit"), ("User a\\ b", "a b"), ('User "a\\ b"', "a\\ b"),
        ("User a\\\\b", "a\\b"), ('User "a\\"b"', 'a"b'), ("User 'a\"b'", 'a"b'), ("User a b", None),
    ],
)  # fmt: skip
def test_words_are_taken_apart_as_ssh_does(write: Write, written: str, user: str | None) -> None:
    path = write("")
    path.write_bytes((written + "\n").encode())
    found = parse_ssh_config(path.read_bytes().decode()).first("x", "user")
    assert found is not None
    if user is None:
        assert len(found.words) == 2
        with pytest.raises(subprocess.CalledProcessError):
            real(path, "x")
    else:
        assert found.words == (user,)
        assert real(path, "x")["user"] == user


@pytest.mark.parametrize(
    "text",
    ["Host\n", "= 3\n", 'User "unended\n', "User 'unended\n", "Port=\n", "Port # 3\n", "\ufeffHost x\n", "\fPort 3\n"],
)  # fmt: skip
def test_a_line_that_ssh_refuses_to_read_is_named(write: Write, text: str) -> None:
    assert parse_ssh_config(f"User a\n{text}Port 1\n").damaged == (2,)
    with pytest.raises(subprocess.CalledProcessError):
        real(write(text), "x")


@pytest.mark.parametrize(
    "data", [b"", b"\n\n", b"#\n  # Host x\n", b"PKCS11Provider /x\n", b"User \xff\n", b"Host *\r\n"]
)
def test_harmless_lines_are_no_damage(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "config").write_bytes(data)
    assert load_ssh_config(tmp_path / "config").damaged == ()


def test_a_file_that_is_missing_or_endless_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_ssh_config(tmp_path / "none")
    (tmp_path / "large").write_bytes(b"#" * (MAXIMUM_BYTES + 1))
    with pytest.raises(OSError, match="large"):
        load_ssh_config(tmp_path / "large")
