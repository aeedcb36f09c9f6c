"""Signing in at a real sshd, in every way that an inventory can name."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.errors import FailureKind
from auditor.model.inventory import CredentialKind, CredentialReference
from auditor.model.observation import ChannelName
from auditor.model.question import Outcome
from auditor.transports.base import Limits, Secrets
from tests.peers.openssh import Account, OpenSSHServer, account, certify, make_key
from tests.peers.ssh_visits import endpoint_of, failure, visit

REFERENCE = CredentialReference(CredentialKind.ENVIRONMENT, "OSAUDIT_TEST")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sign-in")


@pytest.fixture(scope="module")
def key(folder: Path) -> Path:
    return make_key(folder / "key")


@pytest.fixture(scope="module")
def person(folder: Path) -> Iterator[Account]:
    folder.chmod(0o755)
    with account(folder) as made:
        yield made


@pytest.fixture(scope="module")
def server(folder: Path, key: Path) -> Iterator[OpenSSHServer]:
    with OpenSSHServer(folder / "server", authorized=(key,), options=("KbdInteractiveAuthentication no",)) as running:
        yield running


@pytest.mark.parametrize(
    ("kind", "bits", "passphrase"),
    [
        ("ed25519", None, ""),
        ("ed25519", None, "open sesame"),
        ("ecdsa", 256, ""),
        ("ecdsa", 521, ""),
        ("rsa", 2048, ""),
    ],
)
def test_a_key_of_each_kind_signs_in(tmp_path: Path, kind: str, bits: int | None, passphrase: str) -> None:
    key = make_key(tmp_path / "key", kind, passphrase, bits)
    with OpenSSHServer(tmp_path / "server", authorized=(key,)) as server:
        reply = visit(endpoint_of(server, key_file=str(key)), Secrets(key_passphrase=passphrase or None))
    assert reply.channel is ChannelName.SH_OVER_SSH
    assert reply.requests == 1
    assert reply.answers["time"].outcome is Outcome.OK


def test_a_certificate_beside_the_key_signs_in_where_the_plain_key_would_not(tmp_path: Path) -> None:
    authority, key = make_key(tmp_path / "authority"), make_key(tmp_path / "key")
    certify(authority, key, "root")
    with OpenSSHServer(tmp_path / "server", options=(f"TrustedUserCAKeys {authority}.pub",)) as server:
        assert visit(endpoint_of(server, key_file=str(key))).answers["time"].outcome is Outcome.OK
        assert server.count("Accepted certificate ID") + server.count("ED25519-CERT") > 0


def test_a_plain_key_signs_in_although_a_certificate_that_is_not_trusted_lies_beside_it(tmp_path: Path) -> None:
    authority, key = make_key(tmp_path / "authority"), make_key(tmp_path / "key")
    certify(authority, key, "root")
    with OpenSSHServer(tmp_path / "server", authorized=(key,)) as server:
        assert visit(endpoint_of(server, key_file=str(key))).answers["time"].outcome is Outcome.OK


def test_a_password_signs_in(server: OpenSSHServer, person: Account) -> None:
    endpoint = endpoint_of(server, user=person.name, password=REFERENCE)
    assert visit(endpoint, Secrets(password=person.password)).answers["time"].outcome is Outcome.OK


def test_a_password_answers_keyboard_interactive(tmp_path: Path, person: Account) -> None:
    options = ("KbdInteractiveAuthentication yes", "PasswordAuthentication no")
    with OpenSSHServer(tmp_path / "server", options=options) as server:
        endpoint = endpoint_of(server, user=person.name, password=REFERENCE)
        assert visit(endpoint, Secrets(password=person.password)).answers["time"].outcome is Outcome.OK
        wrong = failure(FailureKind.SIGN_IN_REFUSED, endpoint, Secrets(password="wrong"))
        assert "wrong" not in wrong.sentence
        assert server.count("Failed keyboard-interactive", 1) == 1


def test_a_server_that_wants_key_and_password_gets_both(tmp_path: Path, key: Path, person: Account) -> None:
    options = ("AuthenticationMethods publickey,password", "KbdInteractiveAuthentication no")
    with OpenSSHServer(tmp_path / "server", authorized=(key,), options=options) as server:
        endpoint = endpoint_of(server, user=person.name, key_file=str(key), password=REFERENCE)
        assert visit(endpoint, Secrets(password=person.password)).answers["time"].outcome is Outcome.OK
        only_key = endpoint_of(server, user=person.name, key_file=str(key))
        assert "would take: password" in failure(FailureKind.SIGN_IN_REFUSED, only_key).sentence


def test_a_wrong_password_is_tried_once_and_never_again(server: OpenSSHServer, person: Account) -> None:
    before = server.count("Failed password")
    endpoint = endpoint_of(server, user=person.name, password=REFERENCE)
    error = failure(FailureKind.SIGN_IN_REFUSED, endpoint, Secrets(password="not-the-password"))
    assert server.count("Failed password", before + 1) == before + 1
    assert person.name in error.sentence
    assert "the password" in error.sentence
    assert "publickey" in error.sentence
    assert "not-the-password" not in str(error)
    assert error.permanent


def test_a_key_that_is_not_authorized_is_refused_by_name(server: OpenSSHServer, tmp_path: Path) -> None:
    stranger = make_key(tmp_path / "stranger")
    error = failure(FailureKind.SIGN_IN_REFUSED, endpoint_of(server, key_file=str(stranger)))
    assert str(stranger) in error.sentence


def test_a_kind_of_sign_in_that_is_not_offered_is_said_without_trying(tmp_path: Path, key: Path) -> None:
    options = ("PasswordAuthentication no", "KbdInteractiveAuthentication no")
    with OpenSSHServer(tmp_path / "server", authorized=(key,), options=options) as server:
        endpoint = endpoint_of(server, password=REFERENCE)
        error = failure(FailureKind.SIGN_IN_KIND_NOT_OFFERED, endpoint, Secrets(password="secret"))
        assert "takes only publickey" in error.sentence
        assert server.count("Failed password") == 0


def test_a_server_that_allows_one_try_hangs_up_and_that_is_a_refusal(tmp_path: Path, person: Account) -> None:
    options = ("MaxAuthTries 1", "KbdInteractiveAuthentication no")
    with OpenSSHServer(tmp_path / "server", options=options) as server:
        endpoint = endpoint_of(server, user=person.name, password=REFERENCE)
        error = failure(FailureKind.SIGN_IN_REFUSED, endpoint, Secrets(password="wrong"))
        assert "hung up" in error.sentence


def test_an_expired_password_is_not_answered_with_the_old_one(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    options = ("KbdInteractiveAuthentication yes", "PasswordAuthentication no")
    with account(tmp_path) as person, OpenSSHServer(tmp_path / "server", options=options) as server:
        subprocess.run(["chage", "-d", "0", person.name], check=True)
        endpoint = endpoint_of(server, user=person.name, password=REFERENCE)
        error = failure(FailureKind.SIGN_IN_REFUSED, endpoint, Secrets(password=person.password))
        assert "more than a password" in error.sentence


def test_a_server_that_does_not_answer_the_sign_in_in_time_hangs(tmp_path: Path, person: Account) -> None:
    with OpenSSHServer(tmp_path / "server", options=("KbdInteractiveAuthentication no",)) as server:
        endpoint = endpoint_of(server, user=person.name, password=REFERENCE)
        # A wrong password is answered after about two seconds.
        error = failure(FailureKind.HUNG, endpoint, Secrets(password="wrong"), Limits(connect=3, sign_in=0.8, visit=20))
        assert "not tried again" in error.sentence


def test_a_missing_credential_is_said_before_anything_is_connected(server: OpenSSHServer) -> None:
    before = server.count("Connection from")
    error = failure(FailureKind.CREDENTIAL_UNAVAILABLE, endpoint_of(server, password=REFERENCE))
    assert "environment OSAUDIT_TEST" in error.sentence
    error = failure(FailureKind.CREDENTIAL_UNAVAILABLE, endpoint_of(server))
    assert "key_file" in error.sentence
    assert server.count("Connection from") == before


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    place = tmp_path / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(place)], stdout=subprocess.DEVNULL)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(place))
    for _ in range(100):
        if place.exists():
            break
        time.sleep(0.02)
    yield place
    process.terminate()
    process.wait(timeout=10)


def test_the_agent_is_used_only_when_asked_for(server: OpenSSHServer, key: Path, agent: Path, tmp_path: Path) -> None:
    subprocess.run(["ssh-add", "-q", str(key)], check=True, env={**os.environ, "SSH_AUTH_SOCK": str(agent)})
    assert visit(endpoint_of(server, use_agent=True)).answers["time"].outcome is Outcome.OK
    stranger = make_key(tmp_path / "stranger")
    failure(FailureKind.SIGN_IN_REFUSED, endpoint_of(server, key_file=str(stranger)))


def test_an_agent_full_of_other_keys_leaves_the_password_its_turn(
    server: OpenSSHServer, person: Account, agent: Path, tmp_path: Path
) -> None:
    for number in range(8):
        other = make_key(tmp_path / f"other{number}")
        subprocess.run(["ssh-add", "-q", str(other)], check=True, env={**os.environ, "SSH_AUTH_SOCK": str(agent)})
    endpoint = endpoint_of(server, user=person.name, use_agent=True, password=REFERENCE)
    assert visit(endpoint, Secrets(password=person.password)).answers["time"].outcome is Outcome.OK


def test_an_empty_agent_is_a_credential_that_is_not_there(server: OpenSSHServer, agent: Path) -> None:
    assert agent.exists()
    assert "ssh-add" in failure(FailureKind.CREDENTIAL_UNAVAILABLE, endpoint_of(server, use_agent=True)).sentence


def test_an_account_without_a_shell_may_not_run_the_script(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with (
        account(tmp_path, shell="/usr/sbin/nologin") as person,
        OpenSSHServer(tmp_path / "server", options=("KbdInteractiveAuthentication no",)) as server,
    ):
        endpoint = endpoint_of(server, user=person.name, password=REFERENCE)
        error = failure(FailureKind.RIGHT_MISSING, endpoint, Secrets(password=person.password))
        assert "not available" in error.sentence
