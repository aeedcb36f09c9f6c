"""Asking over an open SSH connection: what a real server may do instead of answering."""

from __future__ import annotations

import base64
import os
import re
import shlex
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paramiko
import pytest

from auditor.errors import FailureKind, TransportError
from auditor.model.inventory import SSHEndpoint
from auditor.model.observation import ChannelName
from auditor.model.question import Outcome, Platform, Question, Verb
from auditor.transports import ssh
from auditor.transports.base import Limits, Request
from tests.peers.openssh import OpenSSHServer, make_key
from tests.peers.ssh_visits import LIMITS, NO_SECRETS, clock_request, endpoint_of, failure, visit

SHORT = Limits(connect=3, sign_in=10, question=2, visit=2.0)

# What sshd on Windows runs for a command: a default shell, cmd.exe with its limit or PowerShell, and a PowerShell that
# does what the start-up says. Answers with CRLF, and with progress records on stderr, as the real one does.
WINDOWS_SHELL = r"""
import base64, gzip, json, os, re, sys
shell, mode = sys.argv[1:3]
command = os.environ["SSH_ORIGINAL_COMMAND"]
if shell == "cmd" and len(command) > 8191:
    sys.exit("Die Befehlszeile ist zu lang.")
words = command.split(" ")
assert words[0] == "powershell.exe" and not set(command) & set("\"'%$&|<>^;()`"), command
options = [word.lower() for word in words[1:-1]]
assert options == ["-nologo", "-noprofile", "-noninteractive", "-encodedcommand"], options
start_up = base64.b64decode(words[-1], validate=True).decode("utf-16-le")
assert "[scriptblock]::Create([Console]::In.ReadToEnd())" in start_up
script = sys.stdin.buffer.read().decode("ascii")
sys.stderr.write("#< CLIXML\r\n<Objs><Obj S=\"progress\"/></Objs>\r\n")
if mode == "constrained":
    sys.stdout.write(re.search("'(-----.*?-----)'", start_up)[1] + "\r\n")
    sys.exit(0)
request = json.loads(script.split("# osaudit-request-begin\n")[1].split("@'\n")[1].split("\n'@")[0])
answers = [
    {"id": question["id"], "outcome": "ok", "milliseconds": 1,
     "value": {"utc": "2026-01-31T02:00:00.000Z", "zone": "UTC", "offset_minutes": 0}}
    for question in request["questions"]
]
packed = gzip.compress(json.dumps({"osaudit": 1, "session": {"engine": "5.1"}, "answers": answers}).encode())
body = base64.encodebytes(packed).decode().replace("\n", "\r\n")
sys.stdout.write("-----BEGIN OSAUDIT ANSWER-----\r\n" + body + "-----END OSAUDIT ANSWER-----\r\n")
sys.exit(1 if mode == "odd exit" else 0)
"""


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_key(tmp_path_factory.mktemp("keys") / "key")


@contextmanager
def forced(tmp_path: Path, key: Path, command: str) -> Iterator[SSHEndpoint]:
    """A server that runs this instead of what it is asked to run."""
    options = (f"ForceCommand {command}",)
    with OpenSSHServer(tmp_path / "server", authorized=(key,), options=options) as server:
        yield endpoint_of(server, key_file=str(key))


def test_five_megabytes_on_stderr_do_not_block_the_answer(tmp_path: Path, key: Path) -> None:
    with forced(tmp_path, key, "head -c 5000000 /dev/zero >&2; exec sh -s") as endpoint:
        assert visit(endpoint).answers["time"].outcome is Outcome.OK


def test_a_greeting_around_the_answer_does_no_harm(tmp_path: Path, key: Path) -> None:
    with forced(tmp_path, key, "echo 'Welcome!'; sh -s; echo 'Bye'") as endpoint:
        assert visit(endpoint).answers["time"].outcome is Outcome.OK


def test_a_banner_before_the_sign_in_does_no_harm(tmp_path: Path, key: Path) -> None:
    (tmp_path / "banner").write_text("Only for those who may.\n" * 50)
    options = (f"Banner {tmp_path / 'banner'}",)
    with OpenSSHServer(tmp_path / "server", authorized=(key,), options=options) as server:
        assert visit(endpoint_of(server, key_file=str(key))).answers["time"].outcome is Outcome.OK


def test_a_command_that_stays_after_its_answer_is_not_waited_for(tmp_path: Path, key: Path) -> None:
    with forced(tmp_path, key, "sh -s; sleep 20") as endpoint:
        started = time.monotonic()
        visit(endpoint)
        assert time.monotonic() - started < 10


@pytest.mark.parametrize("command", ["yes", "yes >&2"])
def test_too_much_on_either_output_ends_the_visit(tmp_path: Path, key: Path, command: str) -> None:
    with forced(tmp_path, key, command) as endpoint:
        error = failure(FailureKind.ANSWER_TOO_LARGE, endpoint, limits=Limits(answer_bytes=200_000, visit=20))
    assert "200000 bytes" in error.sentence


def test_a_script_that_takes_too_long_is_told_from_a_server_that_hangs(tmp_path: Path, key: Path) -> None:
    with forced(tmp_path, key, "sleep 30") as endpoint:
        started = time.monotonic()
        error = failure(FailureKind.TIMED_OUT, endpoint, limits=SHORT)
        assert time.monotonic() - started < 6
    assert "2 s" in error.sentence


def test_a_server_that_freezes_after_the_sign_in_hangs(tmp_path: Path, key: Path) -> None:
    with OpenSSHServer(tmp_path / "server", authorized=(key,)) as server, ssh.SignInGate() as gate:
        endpoint = endpoint_of(server, key_file=str(key))
        with ssh.connect("web-1", endpoint, NO_SECRETS, SHORT, keys=ssh.KeyRing(), gate=gate) as transport:
            children = Path(f"/proc/{server.process_id}/task/{server.process_id}/children")
            serving = [int(child) for child in children.read_text().split()]
            for child in serving:
                os.kill(child, signal.SIGSTOP)
            started = time.monotonic()
            with pytest.raises(TransportError) as caught:
                transport.ask(clock_request())
            assert time.monotonic() - started < 10
            for child in serving:
                os.kill(child, signal.SIGCONT)
    assert caught.value.kind is FailureKind.HUNG


@pytest.mark.parametrize(
    "command",
    [
        "sh -c 'echo -----BEGIN OSAUDIT ANSWER-----; kill -9 $PPID'",
        "kill -9 $$",
    ],
)
def test_a_connection_that_breaks_within_the_answer_is_lost(tmp_path: Path, key: Path, command: str) -> None:
    with forced(tmp_path, key, command) as endpoint:
        error = failure(FailureKind.LOST, endpoint)
    assert not error.permanent


def test_an_answer_without_its_end_is_damaged(tmp_path: Path, key: Path) -> None:
    with forced(tmp_path, key, "echo -----BEGIN OSAUDIT ANSWER-----; echo H4sI") as endpoint:
        failure(FailureKind.ANSWER_DAMAGED, endpoint)


def test_no_further_session_is_told_from_a_missing_right(tmp_path: Path, key: Path) -> None:
    with OpenSSHServer(tmp_path / "server", authorized=(key,), options=("MaxSessions 0",)) as server:
        error = failure(FailureKind.TOO_MANY_SESSIONS, endpoint_of(server, key_file=str(key)))
    assert "MaxSessions" in error.sentence


def test_a_linux_server_declared_as_windows_has_no_powershell(tmp_path: Path, key: Path) -> None:
    with OpenSSHServer(tmp_path / "server", authorized=(key,)) as server:
        endpoint = endpoint_of(server, key_file=str(key), platform=Platform.WINDOWS)
        error = failure(FailureKind.NO_INTERPRETER, endpoint)
    assert "could not run PowerShell" in error.sentence
    assert "SSH-2.0-OpenSSH_" in error.sentence


def test_a_server_without_sh_has_no_interpreter(tmp_path: Path, key: Path) -> None:
    with forced(tmp_path, key, "no-such-program") as endpoint:
        assert "not found" in failure(FailureKind.NO_INTERPRETER, endpoint).sentence


class Refusing(paramiko.ServerInterface):
    """Takes every key, and then allows a session or not, but never a command."""

    def __init__(self, session: int) -> None:
        self._session = session

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return paramiko.common.AUTH_SUCCESSFUL

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return self._session


@pytest.mark.parametrize("session", [0, 1])
def test_an_account_that_may_not_run_commands_lacks_a_right(tmp_path: Path, key: Path, session: int) -> None:
    host_key = paramiko.Ed25519Key.from_private_key_file(str(make_key(tmp_path / "host")))
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            transport = paramiko.Transport(listener.accept()[0])
            transport.add_server_key(host_key)
            transport.start_server(event=threading.Event(), server=Refusing(session))

        threading.Thread(target=serve, daemon=True).start()
        port = listener.getsockname()[1]
        known = tmp_path / "known_hosts"
        known.write_text(f"[127.0.0.1]:{port} {host_key.get_name()} {host_key.get_base64()}\n")
        endpoint = SSHEndpoint("127.0.0.1", port, "root", Platform.LINUX, key_file=str(key), known_hosts=str(known))
        error = failure(FailureKind.RIGHT_MISSING, endpoint)
    assert "may sign in" in error.sentence


def test_one_sign_in_and_one_process_serve_one_question_and_a_hundred(tmp_path: Path, key: Path) -> None:
    with OpenSSHServer(tmp_path / "server", authorized=(key,)) as server:
        endpoint = endpoint_of(server, key_file=str(key))
        for number in (1, 100):
            before = (server.count("Accepted publickey"), server.count("Starting session"))
            questions = tuple(
                Question(f"file.{index}", Verb.FILE, Platform.LINUX, "", "", {"path": f"/no/such/{index}"})
                for index in range(number)
            )
            reply = visit(endpoint, request=Request(questions))
            assert {answer.outcome for answer in reply.answers.values()} == {Outcome.MISSING}
            assert (len(reply.answers), reply.requests) == (number, 1)
            after = (before[0] + 1, before[1] + 1)
            assert (server.count("Accepted publickey", after[0]), server.count("Starting session", after[1])) == after


def test_a_server_is_asked_without_a_terminal(tmp_path: Path, key: Path) -> None:
    with forced(tmp_path, key, 'test -t 0 && exit 9; test -z "$SSH_TTY" || exit 9; exec sh -s') as endpoint:
        assert visit(endpoint).answers["time"].outcome is Outcome.OK


def test_the_time_left_is_told_to_the_script(tmp_path: Path, key: Path) -> None:
    with forced(tmp_path, key, f"tee {tmp_path / 'script'} | sh -s") as endpoint:
        visit(endpoint, limits=Limits(question=7, visit=60))
    script = (tmp_path / "script").read_text()
    seconds = re.search(r"^deadline_seconds=(\d+)\nquestion_seconds=7$", script, re.MULTILINE)
    assert seconds is not None
    assert 40 <= int(seconds[1]) <= 55


def windows(tmp_path: Path, key: Path, shell: str, mode: str) -> OpenSSHServer:
    program = tmp_path / "windows_shell.py"
    program.write_text(WINDOWS_SHELL)
    command = shlex.join([sys.executable, str(program), shell, mode])
    return OpenSSHServer(tmp_path / "server", authorized=(key,), options=(f"ForceCommand {command}",))


@pytest.mark.parametrize("shell", ["cmd", "powershell"])
@pytest.mark.parametrize("mode", ["plain", "odd exit"])
def test_powershell_is_asked_in_one_form_under_every_default_shell(
    tmp_path: Path, key: Path, shell: str, mode: str
) -> None:
    with windows(tmp_path, key, shell, mode) as server:
        endpoint = endpoint_of(server, key_file=str(key), platform=Platform.WINDOWS)
        reply = visit(endpoint)
    assert (reply.channel, reply.platform, reply.requests) == (ChannelName.POWERSHELL_OVER_SSH, Platform.WINDOWS, 1)
    assert reply.answers["time"].value["zone"] == "UTC"


def test_a_constrained_powershell_is_said_with_the_way_out(tmp_path: Path, key: Path) -> None:
    with windows(tmp_path, key, "cmd", "constrained") as server:
        endpoint = endpoint_of(server, key_file=str(key), platform=Platform.WINDOWS)
        error = failure(FailureKind.NO_INTERPRETER, endpoint)
    assert "Constrained Language Mode" in error.sentence
    assert "WinRM" in error.sentence


def test_the_command_for_windows_is_short_and_holds_nothing_that_a_shell_would_touch() -> None:
    assert len(ssh.POWERSHELL_COMMAND) < 2000
    assert re.fullmatch(r"[A-Za-z0-9 .+/=-]+", ssh.POWERSHELL_COMMAND)
    start_up = base64.b64decode(ssh.POWERSHELL_COMMAND.rpartition(" ")[2]).decode("utf-16-le")
    assert "ReadToEnd" in start_up


def test_a_lost_connection_leaves_no_thread_behind(tmp_path: Path, key: Path) -> None:
    before = threading.active_count()
    with OpenSSHServer(tmp_path / "server", authorized=(key,)) as server:
        for _ in range(3):
            visit(endpoint_of(server, key_file=str(key)), limits=LIMITS)
    end = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.05)
    assert threading.active_count() <= before
