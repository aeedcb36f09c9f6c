"""The stated subset of ~/.ssh/config, compared with what the real ssh makes of the same file."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from auditor.transports.ssh_config import SSHSettings, load_ssh_config

TEXT = """\
# people write it like this
User everywhere-else-not

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
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "config"
    file.write_text(TEXT.replace("User everywhere-else-not\n\n", ""))
    file.chmod(0o600)
    return file


def test_the_first_value_found_wins_and_paths_are_expanded(path: Path) -> None:
    assert load_ssh_config(path).settings("web-1") == SSHSettings(
        host_name="10.0.0.1",
        port=2222,
        user="first",
        identity_file=str(Path.home() / "keys" / "a key"),
        proxy_jump="admin@bastion:2200",
    )


def test_patterns_exclusions_and_names_in_values_work(path: Path) -> None:
    config = load_ssh_config(path)
    assert config.settings("app.example.org") == SSHSettings(
        host_name="app.example.org.internal", known_hosts=str(Path.home() / ".ssh" / "known_example")
    )
    assert config.settings("secret.example.org") == SSHSettings()
    assert config.settings("db-1") == SSHSettings()


def test_what_is_not_in_the_subset_is_named_and_a_match_block_holds_for_nobody(path: Path) -> None:
    config = load_ssh_config(path)
    assert config.settings("web-9") == SSHSettings()
    assert [text.split(": ")[1] for text in config.ignored] == ["ForwardAgent", "Match", "Compression"]
    assert all(text.startswith("line ") for text in config.ignored)


def test_lines_before_the_first_block_hold_for_everybody(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("User anybody\nHost web-1\nUser somebody\n")
    assert load_ssh_config(tmp_path / "config").settings("web-1").user == "anybody"


@pytest.mark.parametrize("name", ["web-1", "web-1.example.org", "app.example.org", "secret.example.org", "db-1"])
def test_ssh_itself_reads_the_same(path: Path, name: str) -> None:
    printed = subprocess.run(
        ["ssh", "-G", "-F", str(path), name], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    real: dict[str, str] = {}
    for line in printed:
        keyword, _, value = line.partition(" ")
        real.setdefault(keyword, value)
    settings = load_ssh_config(path).settings(name)
    assert (settings.host_name or name, settings.port or 22, settings.proxy_jump) == (
        real["hostname"],
        int(real["port"]),
        real.get("proxyjump"),
    )
    assert settings.user is None or settings.user == real["user"]


@pytest.mark.parametrize(
    "text", ["", "Host\n", "= 3\n", 'User "unended\n', "Port x\nHost *\n", "\0\xff\n", "Host [\nPort 1"]
)
def test_damaged_lines_say_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "config").write_text(text)
    assert load_ssh_config(tmp_path / "config").settings("web-1").port is None


def test_a_file_that_does_not_exist_says_nothing(tmp_path: Path) -> None:
    assert load_ssh_config(tmp_path / "none").settings("web-1") == SSHSettings()
