"""Through a bastion: two real servers, both host keys checked, one connection for all targets."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.errors import FailureKind, TransportError
from auditor.model.inventory import Bastion, CredentialKind, CredentialReference, SSHEndpoint
from auditor.model.question import Outcome
from auditor.transports import ssh
from auditor.transports.base import Limits, Secrets
from tests.peers.openssh import OpenSSHServer, free_port, make_key
from tests.peers.ssh_visits import LIMITS, NO_SECRETS, clock_request, endpoint_of, failure, visit

REFERENCE = CredentialReference(CredentialKind.ENVIRONMENT, "OSAUDIT_TEST")


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_key(tmp_path_factory.mktemp("keys") / "key")


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory, key: Path) -> Iterator[OpenSSHServer]:
    with OpenSSHServer(tmp_path_factory.mktemp("target"), address="127.0.0.2", authorized=(key,)) as server:
        yield server


@pytest.fixture
def bastion(tmp_path: Path, key: Path) -> Iterator[OpenSSHServer]:
    with OpenSSHServer(tmp_path / "bastion", authorized=(key,)) as server:
        yield server


def through(bastion: OpenSSHServer, target: OpenSSHServer, key: Path) -> SSHEndpoint:
    return endpoint_of(
        target,
        key_file=str(key),
        known_hosts=str(bastion.known_hosts(target)),
        bastion=Bastion(bastion.address, bastion.port, "root", key_file=str(key)),
    )


def test_a_target_is_read_through_the_bastion(bastion: OpenSSHServer, target: OpenSSHServer, key: Path) -> None:
    before = target.count("Connection from")
    assert visit(through(bastion, target, key)).answers["time"].outcome is Outcome.OK
    assert target.count("Connection from", before + 1) == before + 1
    assert bastion.count("Accepted publickey", 1) == 1


def test_all_targets_share_one_connection_to_the_bastion(
    bastion: OpenSSHServer, target: OpenSSHServer, key: Path
) -> None:
    endpoint, ring = through(bastion, target, key), ssh.KeyRing()
    outcomes: list[Outcome] = []
    with ssh.SignInGate() as gate:

        def one(number: int) -> None:
            with ssh.connect(f"web-{number}", endpoint, NO_SECRETS, LIMITS, keys=ring, gate=gate) as transport:
                outcomes.append(transport.ask(clock_request()).answers["time"].outcome)

        threads = [threading.Thread(target=one, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert outcomes == [Outcome.OK] * 20
    assert bastion.count("Accepted publickey", 1) == 1


def test_a_bastion_that_refuses_is_asked_once_for_all(
    bastion: OpenSSHServer, target: OpenSSHServer, key: Path, tmp_path: Path
) -> None:
    stranger = make_key(tmp_path / "stranger")
    endpoint = through(bastion, target, key)
    assert endpoint.bastion is not None
    endpoint = replace(endpoint, bastion=replace(endpoint.bastion, key_file=str(stranger)))
    with ssh.SignInGate() as gate:
        for host in ("web-1", "web-2"):
            with (
                pytest.raises(TransportError) as caught,
                ssh.connect(host, endpoint, NO_SECRETS, LIMITS, keys=ssh.KeyRing(), gate=gate),
            ):
                pass
            assert (caught.value.host, caught.value.kind) == (host, FailureKind.SIGN_IN_REFUSED)
            assert caught.value.sentence.startswith(f"The bastion 127.0.0.1:{bastion.port} refused")
    assert bastion.count("Connection from", 1) == 1


def test_a_bastion_that_was_lost_is_connected_anew(bastion: OpenSSHServer, target: OpenSSHServer, key: Path) -> None:
    endpoint = through(bastion, target, key)
    with ssh.SignInGate() as gate:
        for _ in range(2):
            with ssh.connect("web-1", endpoint, NO_SECRETS, LIMITS, keys=ssh.KeyRing(), gate=gate) as transport:
                assert transport.ask(clock_request()).answers["time"].outcome is Outcome.OK
            bastion.stop()
            bastion.start()


def test_the_password_of_the_bastion_is_its_own(bastion: OpenSSHServer, target: OpenSSHServer, key: Path) -> None:
    endpoint = through(bastion, target, key)
    endpoint = replace(endpoint, bastion=Bastion(bastion.address, bastion.port, "root", password=REFERENCE))
    error = failure(FailureKind.CREDENTIAL_UNAVAILABLE, endpoint, Secrets(password="of the target"))
    assert "the bastion" in error.sentence
    error = failure(FailureKind.SIGN_IN_REFUSED, endpoint, Secrets(bastion_password="wrong"))
    assert error.sentence.startswith("The bastion")
    assert bastion.count("Failed password", 1) == 1


def test_the_key_of_the_bastion_is_checked_too(
    bastion: OpenSSHServer, target: OpenSSHServer, key: Path, tmp_path: Path
) -> None:
    endpoint = replace(through(bastion, target, key), known_hosts=str(target.known_hosts()))
    error = failure(FailureKind.HOST_KEY_UNKNOWN, endpoint)
    assert f"the bastion 127.0.0.1:{bastion.port}" in error.sentence
    assert endpoint.bastion is not None
    shown = ssh.fetch_bastion_key("web-1", endpoint.bastion, LIMITS, gate=ssh.SignInGate())
    assert shown.fingerprint in error.sentence
    assert shown.name == f"[127.0.0.1]:{bastion.port}"
    assert bastion.count("Accepted") == 0


def test_the_key_of_the_target_is_checked_under_its_own_name(
    bastion: OpenSSHServer, target: OpenSSHServer, key: Path
) -> None:
    endpoint = replace(through(bastion, target, key), known_hosts=str(bastion.known_hosts()))
    error = failure(FailureKind.HOST_KEY_UNKNOWN, endpoint)
    with ssh.SignInGate() as gate:
        shown = ssh.fetch_host_key("web-1", endpoint, NO_SECRETS, LIMITS, keys=ssh.KeyRing(), gate=gate)
    assert shown.fingerprint in error.sentence
    assert shown.name == f"[127.0.0.2]:{target.port}"


def test_forwarding_that_is_forbidden_is_said(tmp_path: Path, target: OpenSSHServer, key: Path) -> None:
    with OpenSSHServer(tmp_path / "bastion", authorized=(key,), options=("AllowTcpForwarding no",)) as bastion:
        error = failure(FailureKind.FORWARDING_FORBIDDEN, through(bastion, target, key))
    assert "AllowTcpForwarding" in error.sentence
    assert error.sentence.startswith("The bastion")


def test_a_target_that_the_bastion_cannot_reach_is_said(
    bastion: OpenSSHServer, target: OpenSSHServer, key: Path
) -> None:
    endpoint = replace(through(bastion, target, key), port=free_port("127.0.0.2"))
    error = failure(FailureKind.BASTION_CANNOT_REACH, endpoint)
    assert error.sentence.startswith(
        f"The bastion 127.0.0.1:{bastion.port} cannot reach web-1 (127.0.0.2:{endpoint.port})"
    )


def test_a_target_that_drops_connections_behind_the_bastion_is_said(
    bastion: OpenSSHServer, target: OpenSSHServer, key: Path
) -> None:
    with socket.create_server(("127.0.0.3", 0), backlog=0) as full:
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        endpoint = replace(through(bastion, target, key), address="127.0.0.3", port=full.getsockname()[1])
        error = failure(FailureKind.BASTION_CANNOT_REACH, endpoint, limits=Limits(connect=1, sign_in=5, visit=10))
        for one in waiting:
            one.close()
    assert "no answer" in error.sentence


def test_a_silent_target_behind_the_bastion_is_silent(bastion: OpenSSHServer, target: OpenSSHServer, key: Path) -> None:
    with socket.create_server(("127.0.0.3", 0)) as silent:
        endpoint = replace(through(bastion, target, key), address="127.0.0.3", port=silent.getsockname()[1])
        failure(FailureKind.SILENT, endpoint, limits=Limits(connect=1, sign_in=1, visit=10))


def test_a_bastion_on_which_nothing_listens_is_refused_by_its_own_name(
    bastion: OpenSSHServer, target: OpenSSHServer, key: Path
) -> None:
    port = free_port()
    endpoint = replace(through(bastion, target, key), bastion=Bastion("127.0.0.1", port, "root", key_file=str(key)))
    assert f"the bastion 127.0.0.1:{port}" in failure(FailureKind.REFUSED, endpoint).sentence
