"""Everything that can be wrong before anybody signs in, each told apart at a peer that really does it."""

from __future__ import annotations

import http.server
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import paramiko
import pytest

from auditor.errors import FailureKind
from auditor.model.inventory import SSHEndpoint
from auditor.model.question import Outcome, Platform
from auditor.transports import ssh
from auditor.transports.base import Limits
from tests.peers.openssh import OpenSSHServer, free_port, make_key
from tests.peers.ssh_visits import LIMITS, NO_SECRETS, clock_request, endpoint_of, failure, visit

SHORT = Limits(connect=1.0, sign_in=1.0, question=5.0, visit=10.0)
SSH_BANNER = b"SSH-2.0-OpenSSH_9.2\r\n"


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_key(tmp_path_factory.mktemp("keys") / "key")


def endpoint_at(port: int, key: Path, address: str = "127.0.0.1") -> SSHEndpoint:
    return SSHEndpoint(
        address, port, "root", Platform.LINUX, key_file=str(key), known_hosts=str(key.with_name("nobody-known"))
    )


@contextmanager
def listener(behave: Callable[[socket.socket], None]) -> Iterator[tuple[int, list[float]]]:
    """A server of a few lines: each connection gets the behaviour; the list has the time of each."""
    connections: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                connections.append(time.monotonic())
                threading.Thread(target=behave, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(server.getsockname()[1]), connections
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def stay_silent(connection: socket.socket) -> None:
    with connection:
        while connection.recv(4096):
            pass


def close_at_once(connection: socket.socket) -> None:
    connection.close()


def reset_at_once(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()


def say(words: bytes, then: Callable[[socket.socket], None]) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        connection.sendall(words)
        then(connection)

    return behave


def close_after_reading(connection: socket.socket) -> None:
    connection.recv(100)
    connection.close()


def test_a_name_that_does_not_exist_is_unknown(key: Path) -> None:
    error = failure(FailureKind.NAME_UNKNOWN, endpoint_at(22, key, "no-such-host.invalid"), limits=SHORT)
    assert "no-such-host.invalid" in error.sentence


def test_a_port_on_which_nothing_listens_is_refused(key: Path) -> None:
    port = free_port()
    assert f"127.0.0.1:{port}" in failure(FailureKind.REFUSED, endpoint_at(port, key), limits=SHORT).sentence


def test_a_port_that_does_not_answer_is_dropped_within_the_time_for_connecting(key: Path) -> None:
    # A full queue of connections that nobody accepts answers nothing, as a firewall that drops.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        time.sleep(0.1)
        started = time.monotonic()
        error = failure(FailureKind.DROPPED, endpoint_at(full.getsockname()[1], key), limits=SHORT)
        assert time.monotonic() - started < 2.5
        for one in waiting:
            one.close()
    assert "firewall" in error.sentence


def test_an_address_without_a_way_is_unreachable(key: Path) -> None:
    # A link-local address without its interface leads nowhere, and nothing is sent for it.
    failure(FailureKind.UNREACHABLE, endpoint_at(22, key, "fe80::1"), limits=SHORT)


def test_a_web_server_on_the_port_is_not_ssh(key: Path) -> None:
    class Quiet(http.server.BaseHTTPRequestHandler):
        def log_message(self, format: str, *_: object) -> None:
            """Write nothing to stderr."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        error = failure(FailureKind.NOT_SSH, endpoint_at(server.server_address[1], key), limits=SHORT)
        server.shutdown()
    assert "does not speak SSH" in error.sentence


def test_a_mail_server_on_the_port_is_quoted(key: Path) -> None:
    with listener(say(b"220 mail.example.org ESMTP\x1b[31m\r\n", stay_silent)) as (port, _):
        assert (
            "220 mail.example.org ESMTP" in failure(FailureKind.NOT_SSH, endpoint_at(port, key), limits=SHORT).sentence
        )


def test_a_silent_server_is_told_from_one_that_closes(key: Path) -> None:
    with listener(stay_silent) as (port, connections):
        started = time.monotonic()
        failure(FailureKind.SILENT, endpoint_at(port, key), limits=SHORT)
        assert 0.9 < time.monotonic() - started < 3
        assert len(connections) == 1


@pytest.mark.parametrize("behaviour", [close_at_once, reset_at_once, close_after_reading])
def test_a_server_that_closes_at_once_gets_exactly_one_further_try(
    key: Path, behaviour: Callable[[socket.socket], None]
) -> None:
    with listener(behaviour) as (port, connections):
        failure(FailureKind.CLOSED_AT_ONCE, endpoint_at(port, key), limits=SHORT, gate=ssh.SignInGate(pause=0.3))
        assert len(connections) == 2
        assert connections[1] - connections[0] >= 0.3


def test_a_server_that_closes_after_its_banner_has_lost_the_connection(key: Path) -> None:
    with listener(say(SSH_BANNER, close_after_reading)) as (port, connections):
        failure(FailureKind.LOST, endpoint_at(port, key), limits=SHORT)
        assert len(connections) == 1


def test_a_server_that_hangs_after_its_banner_hangs(key: Path) -> None:
    with listener(say(SSH_BANNER, stay_silent)) as (port, _):
        assert "hung" in failure(FailureKind.HUNG, endpoint_at(port, key), limits=SHORT).sentence


def test_a_server_of_the_first_protocol_has_nothing_in_common(key: Path) -> None:
    with listener(say(b"SSH-1.5-1.2.27\r\n", stay_silent)) as (port, _):
        error = failure(FailureKind.NO_COMMON_ALGORITHM, endpoint_at(port, key), limits=SHORT)
    assert "older than 2" in error.sentence


@pytest.mark.parametrize(
    ("option", "missing"),
    [
        (
            "KexAlgorithms diffie-hellman-group1-sha1",
            "key exchange in common, it offers only diffie-hellman-group1-sha1",
        ),
        ("Ciphers chacha20-poly1305@openssh.com", "cipher in common, it offers only chacha20-poly1305@openssh.com"),
    ],
)
def test_the_algorithm_that_is_missing_is_named(tmp_path: Path, key: Path, option: str, missing: str) -> None:
    with OpenSSHServer(tmp_path / "server", authorized=(key,), options=(option,)) as server:
        error = failure(FailureKind.NO_COMMON_ALGORITHM, endpoint_of(server, key_file=str(key)))
    assert missing in error.sentence


def test_a_server_with_only_an_rsa_key_is_accepted_with_its_newer_signatures(tmp_path: Path, key: Path) -> None:
    with OpenSSHServer(tmp_path / "server", authorized=(key,), host_key_kinds=("rsa",)) as server:
        assert visit(endpoint_of(server, key_file=str(key))).answers["time"].outcome is Outcome.OK


def occupied(server: OpenSSHServer) -> socket.socket:
    """A client that begins a sign-in and does not go on."""
    client = socket.create_connection((server.address, server.port))
    assert client.recv(4) == b"SSH-"
    return client


def test_a_busy_server_is_told_after_one_pause(tmp_path: Path, key: Path) -> None:
    with OpenSSHServer(tmp_path / "server", authorized=(key,), options=("MaxStartups 1",)) as server, occupied(server):
        before = server.count("drop connection")
        error = failure(FailureKind.TOO_BUSY, endpoint_of(server, key_file=str(key)), gate=ssh.SignInGate(pause=0.2))
        assert "MaxStartups" in error.sentence
        assert not error.permanent
        assert server.count("drop connection", before + 1) - before in (1, 2)


def test_a_server_that_is_busy_for_a_moment_is_read_all_the_same(tmp_path: Path, key: Path) -> None:
    with OpenSSHServer(tmp_path / "server", authorized=(key,), options=("MaxStartups 1",)) as server:
        blocker = occupied(server)
        threading.Timer(0.5, blocker.close).start()
        reply = visit(endpoint_of(server, key_file=str(key)), gate=ssh.SignInGate(pause=1.5))
        assert reply.answers["time"].outcome is Outcome.OK


def test_many_visits_at_a_time_never_overrun_a_server(tmp_path: Path, key: Path) -> None:
    with (
        OpenSSHServer(tmp_path / "server", authorized=(key,), options=("MaxStartups 10", "MaxSessions 1")) as server,
        ssh.SignInGate() as gate,
    ):
        ring = ssh.KeyRing()
        endpoint = endpoint_of(server, key_file=str(key))
        outcomes: list[Outcome] = []

        def one() -> None:
            with ssh.connect("web-1", endpoint, NO_SECRETS, LIMITS, keys=ring, gate=gate) as transport:
                outcomes.append(transport.ask(clock_request()).answers["time"].outcome)

        threads = [threading.Thread(target=one) for _ in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert outcomes == [Outcome.OK] * 24
        assert server.count("drop connection") == 0


def test_failed_connections_leave_nothing_on_stderr(key: Path) -> None:
    with listener(say(b"SSH-2.0-OpenSSH_9.2\r\n\0\0\0\x0cgarbage that is no packet", close_after_reading)) as (port, _):
        code = (
            "import sys\n"
            "from auditor.errors import TransportError\n"
            "from tests.peers.ssh_visits import visit\n"
            "from auditor.model.inventory import SSHEndpoint\n"
            "from auditor.model.question import Platform\n"
            f"endpoint = SSHEndpoint('127.0.0.1', {port}, 'root', Platform.LINUX, key_file={str(key)!r})\n"
            "try:\n"
            "    visit(endpoint)\n"
            "except TransportError as error:\n"
            "    print(error.kind)\n"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout.strip(), done.stderr) == ("lost", "")


def test_the_server_of_another_platform_is_told_before_any_credential(tmp_path: Path, key: Path) -> None:
    host_key = paramiko.Ed25519Key.from_private_key_file(str(make_key(tmp_path / "host")))
    tried: list[str] = []

    class Windows(paramiko.ServerInterface):
        def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
            tried.append(username)
            return paramiko.common.AUTH_FAILED

    def serve(connection: socket.socket) -> None:
        transport = paramiko.Transport(connection)
        transport.local_version = "SSH-2.0-OpenSSH_for_Windows_8.1"
        transport.add_server_key(host_key)
        transport.start_server(event=threading.Event(), server=Windows())

    with listener(serve) as (port, _):
        known = tmp_path / "known_hosts"
        known.write_text(f"[127.0.0.1]:{port} {host_key.get_name()} {host_key.get_base64()}\n")
        endpoint = SSHEndpoint("127.0.0.1", port, "root", Platform.LINUX, key_file=str(key), known_hosts=str(known))
        error = failure(FailureKind.WRONG_PLATFORM, endpoint)
    assert "OpenSSH_for_Windows_8.1" in error.sentence
    assert not tried
