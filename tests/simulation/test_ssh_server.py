"""The simulated SSH server is taken for a real one by paramiko and by OpenSSH's own client."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import paramiko
import pytest

from auditor.model.question import Platform, Question, Verb
from auditor.simulation.machine import Machine, load_machine
from auditor.simulation.options import DefaultShell, SSHOptions, Step, drop, fault, hang
from auditor.simulation.options import Fault as WSManFault
from auditor.simulation.ssh_server import SimulatedSSHServer, new_host_key, serve_ssh
from auditor.transports.base import Limits, Request
from auditor.transports.document import REQUEST_END, WINDOWS_START_UP, linux_script, read_document
from tests.simulation.wsman_visits import MACHINES, questions, read_answers, windows_machine, windows_text

USER, PASSWORD = "auditor", "correct horse battery"
ACCOUNTS = {USER: PASSWORD}
ENCODED = base64.b64encode(WINDOWS_START_UP.encode("utf-16-le")).decode()
POWERSHELL = f"powershell.exe -NoLogo -NoProfile -NonInteractive -EncodedCommand {ENCODED}"
LINUX_QUESTIONS = (
    Question("test.clock", Verb.CLOCK, Platform.LINUX, "test", "none"),
    Question("test.file", Verb.FILE, Platform.LINUX, "test", "none", {"path": "/etc/os-release", "text": 200}),
    Question("test.quote", Verb.FILE, Platform.LINUX, "test", "none", {"path": "/it's not there"}),
)


@pytest.fixture(scope="module")
def linux() -> Machine:
    return load_machine(MACHINES / "linux-plain.yaml")


@pytest.fixture(scope="module")
def windows() -> Machine:
    return windows_machine()


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("key") / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file)], check=True, timeout=20)
    return file


def linux_text() -> str:
    return linux_script(Request(LINUX_QUESTIONS), 120, 30)


@contextmanager
def connected(server: SimulatedSSHServer, **more: Any) -> Iterator[paramiko.SSHClient]:
    client = paramiko.SSHClient()
    client.get_host_keys().add(f"[{server.address}]:{server.port}", server.host_key.get_name(), server.host_key)
    settings: dict[str, Any] = {"username": USER, "password": PASSWORD, "timeout": 5, "banner_timeout": 5}
    settings |= {"auth_timeout": 5, "allow_agent": False, "look_for_keys": False, **more}
    try:
        client.connect(server.address, server.port, **settings)
        yield client
    finally:
        client.close()


def run(client: paramiko.SSHClient, command: str, script: str) -> tuple[bytes, bytes, int]:
    stdin, stdout, stderr = client.exec_command(command, timeout=10)
    stdin.write(script)
    stdin.channel.shutdown_write()
    return stdout.read(), stderr.read(), stdout.channel.recv_exit_status()


def openssh(server: SimulatedSSHServer, key: Path, folder: Path, command: list[str], script: str) -> tuple[bytes, int]:
    known_hosts = folder / "known_hosts"
    known_hosts.write_text(server.known_hosts_line)
    options = ["BatchMode=yes", "StrictHostKeyChecking=yes", "IdentitiesOnly=yes", f"UserKnownHostsFile={known_hosts}"]
    done = subprocess.run(
        [
            *("ssh", "-F", "none", "-T", "-i", str(key), "-p", str(server.port)),
            *(f"-o{option}" for option in options),
            *(f"{USER}@{server.address}", *command),
        ],
        check=False,
        input=script.encode(),
        capture_output=True,
        timeout=20,
    )
    return done.stdout, done.returncode


def keys_of(key: Path) -> dict[str, list[str]]:
    return {USER: [key.with_suffix(".pub").read_text()]}


def test_a_linux_machine_answers_a_script_on_standard_input(linux: Machine) -> None:
    with serve_ssh(linux, accounts=ACCOUNTS) as server, connected(server) as client:
        stdout, stderr, exit_code = run(client, "sh -s", linux_text())
        assert (stderr, exit_code) == (b"", 0)
        assert b"\r" not in stdout
        answers = read_document("test", stdout, Request(LINUX_QUESTIONS), Limits())
        assert [answer.outcome.value for answer in answers] == ["ok", "ok", "missing"]
        assert answers[1].value["path"] == "/etc/os-release"
        assert server.scripts == [linux_text()]


@pytest.mark.parametrize("shell", list(DefaultShell))
def test_a_windows_machine_answers_under_every_default_shell(windows: Machine, shell: DefaultShell) -> None:
    asked = questions(2)
    with serve_ssh(windows, accounts=ACCOUNTS, options=SSHOptions(shell=shell)) as server, connected(server) as client:
        stdout, stderr, exit_code = run(client, POWERSHELL, windows_text(asked))
        assert (stderr, exit_code) == (b"", 0)
        assert stdout.count(b"\n") == stdout.count(b"\r\n") > 2
        assert len(read_answers(stdout, asked)) == 2


@pytest.mark.parametrize(
    ("profile", "banner"),
    [("linux-plain", "SSH-2.0-OpenSSH_9"), ("p01-development", "SSH-2.0-OpenSSH_for_Windows_9.5")],
)
def test_the_banner_tells_the_platform(profile: str, banner: str) -> None:
    with (
        serve_ssh(load_machine(MACHINES / f"{profile}.yaml"), accounts=ACCOUNTS) as server,
        socket.create_connection((server.address, server.port), timeout=5) as connection,
    ):
        assert connection.makefile().readline().startswith(banner)


def test_the_client_of_openssh_reads_a_linux_machine(linux: Machine, key: Path, tmp_path: Path) -> None:
    with serve_ssh(linux, keys=keys_of(key)) as server:
        stdout, exit_code = openssh(server, key, tmp_path, ["sh", "-s"], linux_text())
        assert exit_code == 0
        assert len(read_document("test", stdout, Request(LINUX_QUESTIONS), Limits())) == 3
        assert (server.users, server.requests[Step.AUTHENTICATION]) == ([USER], 1)


def test_the_client_of_openssh_reads_a_windows_machine(windows: Machine, key: Path, tmp_path: Path) -> None:
    with serve_ssh(windows, keys=keys_of(key)) as server:
        stdout, exit_code = openssh(server, key, tmp_path, [POWERSHELL], windows_text(questions()))
        assert exit_code == 0
        assert len(read_answers(stdout, questions())) == 1


def test_the_client_of_openssh_goes_through_the_bastion(
    linux: Machine, windows: Machine, key: Path, tmp_path: Path
) -> None:
    with serve_ssh(windows, keys=keys_of(key)) as target:
        options = SSHOptions(bastion=True, forwards={("web1.example.test", 22): (target.address, target.port)})
        with serve_ssh(linux, keys=keys_of(key), options=options) as bastion:
            config = tmp_path / "config"
            known_hosts = tmp_path / "known_hosts"
            kind, blob = target.host_key.get_name(), target.host_key.get_base64()
            known_hosts.write_text(f"{bastion.known_hosts_line}web1.example.test {kind} {blob}\n")
            config.write_text(
                f"Host *\n User {USER}\n IdentityFile {key}\n IdentitiesOnly yes\n BatchMode yes\n"
                f" UserKnownHostsFile {known_hosts}\n StrictHostKeyChecking yes\n"
                f"Host bastion\n HostName {bastion.address}\n Port {bastion.port}\n"
                "Host web1.example.test\n ProxyJump bastion\n"
            )
            done = subprocess.run(
                ["ssh", "-F", str(config), "-T", "web1.example.test", POWERSHELL],
                check=False,
                input=windows_text(questions()).encode(),
                capture_output=True,
                timeout=20,
            )
            assert done.returncode == 0, done.stderr
            assert len(read_answers(done.stdout, questions())) == 1
            assert bastion.requests[Step.FORWARD] == 1


def test_paramiko_goes_through_the_bastion(linux: Machine, windows: Machine) -> None:
    with (
        serve_ssh(windows, accounts=ACCOUNTS) as target,
        serve_ssh(linux, accounts=ACCOUNTS, options=SSHOptions(bastion=True)) as bastion,
        connected(bastion) as first,
    ):
        transport = first.get_transport()
        assert transport is not None
        channel = transport.open_channel("direct-tcpip", (target.address, target.port), ("127.0.0.1", 0), timeout=5)
        with connected(target, sock=channel) as client:
            stdout, _, _ = run(client, POWERSHELL, windows_text(questions()))
    assert len(read_answers(stdout, questions())) == 1


@pytest.mark.parametrize(
    ("bastion", "destination", "code"),
    [
        (False, ("127.0.0.1", 9), 1),
        (True, ("127.0.0.1", 1), 2),
        (True, ("192.0.2.1", 22), 2),
        (True, ("a.test", 22), 2),
    ],
)
def test_forwarding_ends_where_it_must(linux: Machine, bastion: bool, destination: tuple[str, int], code: int) -> None:
    options = SSHOptions(bastion=bastion)
    with serve_ssh(linux, accounts=ACCOUNTS, options=options) as server, connected(server) as client:
        transport = client.get_transport()
        assert transport is not None
        with pytest.raises(paramiko.ChannelException) as caught:
            transport.open_channel("direct-tcpip", destination, ("127.0.0.1", 0), timeout=5)
        assert caught.value.code == code


def test_a_wrong_password_is_refused_and_counted(linux: Machine) -> None:
    with serve_ssh(linux, accounts=ACCOUNTS) as server:
        with pytest.raises(paramiko.AuthenticationException), connected(server, password="wrong"):
            pass
        assert (server.requests[Step.REFUSED], server.users) == (1, [])


def test_a_way_to_sign_in_that_nobody_has_is_not_offered(linux: Machine, key: Path) -> None:
    with serve_ssh(linux, keys=keys_of(key)) as server:
        with pytest.raises(paramiko.BadAuthenticationType) as caught, connected(server):
            pass
        assert caught.value.allowed_types == ["publickey"]


def test_a_key_signs_in_and_another_does_not(linux: Machine, key: Path) -> None:
    with serve_ssh(linux, keys=keys_of(key)) as server:
        with connected(server, password=None, pkey=paramiko.Ed25519Key(filename=str(key))) as client:
            assert run(client, "sh -s", linux_text())[2] == 0
        with (
            pytest.raises(paramiko.AuthenticationException),
            connected(server, password=None, pkey=new_host_key()),
        ):
            pass


def test_each_server_has_its_own_host_key_unless_given_one(linux: Machine) -> None:
    mine = new_host_key()
    with serve_ssh(linux, accounts=ACCOUNTS) as one, serve_ssh(linux, accounts=ACCOUNTS, host_key=mine) as two:
        assert one.host_key != two.host_key
        assert two.host_key == mine
        client = paramiko.SSHClient()
        client.get_host_keys().add(f"[127.0.0.1]:{one.port}", mine.get_name(), mine)
        with pytest.raises(paramiko.BadHostKeyException):
            client.connect("127.0.0.1", one.port, username=USER, password=PASSWORD, timeout=5)
        assert one.requests[Step.AUTHENTICATION] == 0
        client.close()


@pytest.mark.parametrize(
    ("profile", "command", "exit_code", "said"),
    [
        ("linux-plain", "rm -rf /", 127, b"sh: 1: rm: not found\n"),
        ("linux-plain", "sh -c 'reboot'", 127, b"sh: 1: sh: not found\n"),
        ("linux-plain", POWERSHELL, 127, b"sh: 1: powershell.exe: not found\n"),
        ("p01-development", "sh -s", 1, b"'sh' is not recognized as an internal or external command,\r\n"),
        ("p01-development", "powershell.exe -EncodedCommand " + "A" * 8200, 1, b"The command line is too long.\r\n"),
    ],
)
def test_nothing_else_runs(profile: str, command: str, exit_code: int, said: bytes) -> None:
    machine = load_machine(MACHINES / f"{profile}.yaml")
    with serve_ssh(machine, accounts=ACCOUNTS) as server, connected(server) as client:
        stdout, stderr, code = run(client, command, "")
    assert (stdout, code) == (b"", exit_code)
    assert stderr.startswith(said)


def test_a_script_cut_short_runs_nothing(linux: Machine) -> None:
    with serve_ssh(linux, accounts=ACCOUNTS) as server, connected(server) as client:
        stdout, stderr, exit_code = run(client, "sh -s", linux_text().partition(REQUEST_END)[0])
    assert (stdout, exit_code) == (b"", 2)
    assert b"Syntax error" in stderr


def test_a_silent_server_sends_no_banner(linux: Machine) -> None:
    options = SSHOptions(troubles={Step.CONNECTION: hang()})
    with (
        serve_ssh(linux, accounts=ACCOUNTS, options=options) as server,
        pytest.raises(paramiko.SSHException, match="banner"),
        connected(server, banner_timeout=1),
    ):
        pass


def test_a_server_can_close_at_once(linux: Machine) -> None:
    options = SSHOptions(troubles={Step.CONNECTION: drop()})
    with (
        serve_ssh(linux, accounts=ACCOUNTS, options=options) as server,
        pytest.raises((paramiko.SSHException, OSError, EOFError)),
        connected(server),
    ):
        pass


def test_a_hung_command_ends_by_the_time_out_of_the_client(linux: Machine) -> None:
    options = SSHOptions(troubles={Step.EXEC: hang()})
    with serve_ssh(linux, accounts=ACCOUNTS, options=options) as server:
        with connected(server) as client:
            stdin, stdout, _ = client.exec_command("sh -s", timeout=1)
            stdin.channel.shutdown_write()
            with pytest.raises(TimeoutError):
                stdout.read()
        begun = time.monotonic()
    assert time.monotonic() - begun < 3


def test_a_connection_cut_while_the_command_runs_gives_no_exit_status(linux: Machine) -> None:
    options = SSHOptions(troubles={Step.EXEC: drop()})
    with serve_ssh(linux, accounts=ACCOUNTS, options=options) as server, connected(server) as client:
        stdout, _, exit_code = run(client, "sh -s", linux_text())
    assert (stdout, exit_code) == (b"", -1)


def test_channels_above_the_limit_are_refused(linux: Machine) -> None:
    with serve_ssh(linux, accounts=ACCOUNTS, options=SSHOptions(max_sessions=2)) as server, connected(server) as client:
        transport = client.get_transport()
        assert transport is not None
        kept = [transport.open_session(timeout=5) for _ in range(2)]
        with pytest.raises(paramiko.ChannelException) as caught:
            transport.open_session(timeout=5)
        assert caught.value.code == 2
        assert len(kept) == server.requests[Step.CHANNEL] - 1


def test_a_channel_can_be_refused(linux: Machine) -> None:
    options = SSHOptions(troubles={Step.CHANNEL: fault(WSManFault.INTERNAL_ERROR, times=1)})
    with serve_ssh(linux, accounts=ACCOUNTS, options=options) as server, connected(server) as client:
        with pytest.raises(paramiko.ChannelException):
            client.exec_command("sh -s")
        assert run(client, "sh -s", linux_text())[2] == 0


def test_what_a_script_prints_can_be_spoilt_and_slow(linux: Machine) -> None:
    options = SSHOptions(spoil=lambda stdout: b"Welcome\n" + stdout[:60], stderr=b"noise\n", command_seconds=0.5)
    with serve_ssh(linux, accounts=ACCOUNTS, options=options) as server, connected(server) as client:
        begun = time.monotonic()
        stdout, stderr, exit_code = run(client, "sh -s", linux_text())
        assert time.monotonic() - begun >= 0.5
    assert (len(stdout), stdout[:8], stderr, exit_code) == (68, b"Welcome\n", b"noise\n", 0)


def test_a_large_answer_passes(linux: Machine) -> None:
    options = SSHOptions(spoil=lambda stdout: b"x" * 5_000_000 + b"\n" + stdout, stderr=b"y" * 100_000)
    with serve_ssh(linux, accounts=ACCOUNTS, options=options) as server, connected(server) as client:
        stdin, stdout, stderr = client.exec_command("sh -s", timeout=10)
        stdin.write(linux_text())
        stdin.channel.shutdown_write()
        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(stderr.read)
            printed = stdout.read()
            assert len(other.result(timeout=10)) == 100_000
    assert len(read_document("test", printed, Request(LINUX_QUESTIONS), Limits())) == 3


def test_thirty_servers_are_visited_at_a_time(linux: Machine) -> None:
    def read(server: SimulatedSSHServer) -> int:
        with connected(server, banner_timeout=20, timeout=20, auth_timeout=20) as client:
            return run(client, "sh -s", linux_text())[2]

    with ExitStack() as stack:
        servers = [
            stack.enter_context(serve_ssh(linux, accounts=ACCOUNTS, address=f"127.0.0.{number + 2}"))
            for number in range(30)
        ]
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(read, servers)) == [0] * 30
        assert all(server.connections == 1 for server in servers)
        begun = time.monotonic()
    assert time.monotonic() - begun < 5


def test_a_public_key_must_be_one(linux: Machine) -> None:
    with pytest.raises(ValueError, match="authorized_keys"), serve_ssh(linux, keys={USER: ["rubbish"]}):
        pass


def test_json_of_the_request_may_hold_quotes(windows: Machine) -> None:
    arguments = {"key": 'HKLM\\SOFTWARE\\It\'s "here"', "values": [""]}
    asked = (Question("test.quotes", Verb.REGISTRY, Platform.WINDOWS, "test", "none", arguments),)
    assert "It's" in json.dumps(arguments)
    with serve_ssh(windows, accounts=ACCOUNTS) as server, connected(server) as client:
        stdout, _, _ = run(client, POWERSHELL, windows_text(asked))
    (answer,) = read_document("test", stdout, Request(asked), Limits())
    assert answer.outcome.value == "missing"
