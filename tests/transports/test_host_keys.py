"""known_hosts as people have it: hashed, patterned, damaged, with marks; and adding to it in one step."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import FailureKind, UsageError
from auditor.model.question import Outcome
from auditor.transports import ssh
from auditor.transports.host_keys import (
    HostKey,
    KnownHosts,
    KnownHostsFiles,
    add_host_key,
    known_hosts_name,
    known_hosts_path,
    read_known_hosts,
)
from tests.peers.openssh import OpenSSHServer, make_key
from tests.peers.ssh_visits import LIMITS, NO_SECRETS, endpoint_of, failure, visit


def public(key: Path) -> str:
    return " ".join(Path(f"{key}.pub").read_text().split()[:2])


def host_key(key: Path, name: str) -> HostKey:
    kind, encoded = public(key).split()
    line = read_lines(key.parent, f"{name} {kind} {encoded}\n")
    return HostKey(name, kind, line.lines[0].blob)


def read_lines(folder: Path, text: str) -> KnownHosts:
    path = folder / "some_known_hosts"
    path.write_text(text)
    return read_known_hosts(path)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_key(tmp_path_factory.mktemp("keys") / "key")


def test_the_fingerprint_is_the_one_that_ssh_keygen_prints(key: Path) -> None:
    printed = subprocess.run(["ssh-keygen", "-l", "-f", str(key)], capture_output=True, text=True, check=True).stdout
    assert host_key(key, "web-1").fingerprint == printed.split()[1]


def test_a_port_other_than_22_stands_in_the_name() -> None:
    assert known_hosts_name("Web-1.Example", 22) == "web-1.example"
    assert known_hosts_name("Web-1.Example", 2222) == "[web-1.example]:2222"


def test_a_name_hashed_by_ssh_keygen_is_recognised(key: Path, tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(f"web-1 {public(key)}\n[web-2]:2222 {public(key)}\n")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(path)], check=True, capture_output=True)
    known = read_known_hosts(path)
    assert "web-1" not in path.read_text()
    assert [len(known.trusted(name)) for name in ("web-1", "[web-2]:2222", "web-2", "web-3")] == [1, 1, 0, 0]


@pytest.mark.parametrize(
    ("names", "name", "matches"),
    [
        ("web-1,10.0.0.1", "10.0.0.1", True),
        ("*.example.org", "web.example.org", True),
        ("web-?", "web-1", True),
        ("web-?", "web-10", False),
        ("*,!web-1", "web-1", False),
        ("*,!web-1", "web-2", True),
        ("[web-1]:2222", "[web-1]:2222", True),
        ("[w]eb-1", "web-1", False),
        ("WEB-1", "web-1", True),
        ("|1|damaged", "web-1", False),
    ],
)
def test_names_and_patterns_match_as_in_openssh(
    key: Path, tmp_path: Path, names: str, name: str, matches: bool
) -> None:
    assert bool(read_lines(tmp_path, f"{names} {public(key)}\n").trusted(name)) is matches


@pytest.mark.parametrize("name", ["web-1", "10.0.0.1", "[web-2]:2222", "web.example.org", "web-9", "nobody"])
def test_a_server_is_given_the_lines_that_are_for_it_in_the_order_of_the_file(
    key: Path, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "known_hosts"
    names = ("WEB-1,10.0.0.1", "*,!web-9,!nobody", "[web-2]:2222", "web-1", "*.example.org", "|1|damaged")
    path.write_text("".join(f"{line} {public(key)}\n" for line in names) + "\xff damaged\n")
    whole = read_known_hosts(path)
    given = KnownHostsFiles().lines_for(path, name)
    assert given.trusted(name) == whole.trusted(name) == given.lines
    assert (given.path, given.skipped) == (path, 1)


def test_a_file_is_read_once_in_a_run(key: Path, tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(f"web-1 {public(key)}\n")
    files = KnownHostsFiles()
    assert files.lines_for(path, "web-1").lines
    path.unlink()
    assert files.lines_for(path, "web-1").lines
    assert not KnownHostsFiles().lines_for(path, "web-1").lines


def test_lines_that_cannot_be_read_are_counted_and_the_rest_is_kept(key: Path, tmp_path: Path) -> None:
    text = (
        f"@cert-authority *.example.org {public(key)}\n# a comment\n\nweb-1 ssh-ed25519\n"
        f"web-1 ssh-ed25519 not!base64\nweb-1 ssh-rsa {public(key).split()[1]}\n\xff\x00 binary\n"
        f"web-1 {public(key)} a comment\n"
    )
    known = read_lines(tmp_path, text)
    assert known.skipped == 5
    assert [line.number for line in known.trusted("web-1")] == [8]


@given(st.binary(max_size=300))
def test_no_content_makes_reading_fail(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "known_hosts"
        path.write_bytes(content)
        known = read_known_hosts(path)
    assert known.trusted("web-1") == ()
    assert known.skipped + len(known.lines) <= len(content)


def test_a_file_that_does_not_exist_knows_nobody(tmp_path: Path) -> None:
    assert read_known_hosts(tmp_path / "none").lines == ()
    assert known_hosts_path(None) == Path.home() / ".ssh" / "known_hosts"


def test_a_key_is_added_once_with_the_rest_and_the_rights_kept(key: Path, tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(f"web-0 {public(key)}")
    path.chmod(0o640)
    added = host_key(key, "[web-1]:2222")
    assert add_host_key(path, added) is True
    assert add_host_key(path, added) is False
    assert path.read_text() == f"web-0 {public(key)}\n{added.line}\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [file.name for file in tmp_path.iterdir()] == ["known_hosts"]


def test_a_new_file_and_its_folder_belong_to_the_user_alone(key: Path, tmp_path: Path) -> None:
    path = tmp_path / ".ssh" / "known_hosts"
    assert add_host_key(path, host_key(key, "web-1")) is True
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_link_stays_a_link(key: Path, tmp_path: Path) -> None:
    (tmp_path / "real").write_text("")
    link = tmp_path / "known_hosts"
    link.symlink_to("real")
    add_host_key(link, host_key(key, "web-1"))
    assert link.is_symlink()
    assert "web-1" in (tmp_path / "real").read_text()


def test_a_changed_key_is_never_added_beside_the_old_one(key: Path, tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    add_host_key(path, host_key(make_key(tmp_path / "old"), "web-1"))
    before = path.read_bytes()
    with pytest.raises(UsageError, match=r"line 1, knows another key of web-1; remove it with: ssh-keygen -R 'web-1'"):
        add_host_key(path, host_key(key, "web-1"))
    assert path.read_bytes() == before


def test_a_file_that_cannot_be_written_is_said(key: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        add_host_key(tmp_path / "file" / "known_hosts", host_key(key, "web-1"))


def test_an_unknown_host_is_refused_before_any_sign_in_with_its_fingerprint(tmp_path: Path, key: Path) -> None:
    with OpenSSHServer(tmp_path / "server", authorized=(key,)) as server:
        unknown = endpoint_of(server, key_file=str(key), known_hosts=str(tmp_path / "none"))
        error = failure(FailureKind.HOST_KEY_UNKNOWN, unknown)
        shown = ssh.fetch_host_key("web-1", unknown, NO_SECRETS, LIMITS, keys=ssh.KeyRing(), gate=ssh.SignInGate())
        assert shown.fingerprint in error.sentence
        assert "osaudit hosts trust web-1" in error.sentence
        assert server.count("Accepted publickey") == 0
        assert server.count("userauth-request") == 0
        add_host_key(tmp_path / "none", shown)
        assert visit(unknown).answers["time"].outcome is Outcome.OK


def test_a_changed_key_is_loud_and_nothing_is_sent(tmp_path: Path, key: Path) -> None:
    with OpenSSHServer(tmp_path / "old") as old:
        pass
    with OpenSSHServer(tmp_path / "new", authorized=(key,), port=old.port) as new:
        endpoint = endpoint_of(new, key_file=str(key), known_hosts=str(old.known_hosts()))
        error = failure(FailureKind.HOST_KEY_CHANGED, endpoint)
        assert "HAS CHANGED" in error.sentence
        assert error.sentence.count("SHA256:") == 2
        assert f"ssh-keygen -R '[127.0.0.1]:{new.port}'" in error.sentence
        assert new.count("Accepted") + new.count("Failed") == 0


def test_a_server_that_no_longer_shows_the_known_type_has_changed(tmp_path: Path, key: Path) -> None:
    with OpenSSHServer(tmp_path / "old", host_key_kinds=("ecdsa",)) as old:
        pass
    with OpenSSHServer(tmp_path / "new", authorized=(key,), port=old.port) as new:
        failure(FailureKind.HOST_KEY_CHANGED, endpoint_of(new, key_file=str(key), known_hosts=str(old.known_hosts())))


def test_of_several_host_keys_the_known_one_is_asked_for(tmp_path: Path, key: Path) -> None:
    with OpenSSHServer(tmp_path / "server", authorized=(key,), host_key_kinds=("ed25519", "ecdsa", "rsa")) as server:
        for kind in ("ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"):
            known = tmp_path / kind
            known.write_text(
                "".join(line for line in server.known_hosts_lines().splitlines(keepends=True) if f" {kind} " in line)
            )
            endpoint = endpoint_of(server, key_file=str(key), known_hosts=str(known))
            assert visit(endpoint).answers["time"].outcome is Outcome.OK


def test_a_revoked_key_is_refused_although_it_is_known(tmp_path: Path, key: Path) -> None:
    with OpenSSHServer(tmp_path / "server", authorized=(key,)) as server:
        endpoint = endpoint_of(server, key_file=str(key))
        with server.known_hosts().open("a") as file:
            file.write(f"@revoked * {public(server.host_keys[0])}\n")
        assert "REVOKED" in failure(FailureKind.HOST_KEY_CHANGED, endpoint).sentence


def test_lines_passed_over_are_noted_in_the_reply(tmp_path: Path, key: Path) -> None:
    with OpenSSHServer(tmp_path / "server", authorized=(key,)) as server:
        endpoint = endpoint_of(server, key_file=str(key))
        with server.known_hosts().open("a") as file:
            file.write(f"@cert-authority * {public(key)}\n")
        assert visit(endpoint).notes == (f"1 lines of {endpoint.known_hosts} could not be read and were passed over.",)


def test_a_known_hosts_that_cannot_be_read_recognises_nobody(tmp_path: Path, key: Path) -> None:
    with OpenSSHServer(tmp_path / "server", authorized=(key,)) as server:
        endpoint = replace(endpoint_of(server, key_file=str(key)), known_hosts=str(tmp_path))
        assert "cannot be read" in failure(FailureKind.HOST_KEY_UNKNOWN, endpoint).sentence
