"""The journal against real peers: a line for each sign-in and each request, no more, and none can be forged."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import FailureKind, TransportError, UsageError
from auditor.model.inventory import Bastion, Host, SSHEndpoint, WinRMEndpoint, WinRMReading
from auditor.simulation.machine import Machine, load_machine
from auditor.simulation.options import Fault, Step, Trouble, WSManOptions, fault
from auditor.simulation.wsman_server import serve_wsman
from auditor.transports.base import Limits, Request, Secrets
from auditor.transports.journal import Journal
from auditor.transports.opening import Connections
from tests.peers.openssh import OpenSSHServer, make_key
from tests.peers.ssh_visits import clock_request, endpoint_of
from tests.transports.winrm_peers import CLOCK, HASTE, MACHINES, PASSWORD, USER, over_http, question, unused_port

NOON = datetime(2026, 11, 26, 12, 0, 0, 123456, tzinfo=UTC)
ASKED = Request((question("clock", "clock"), question("services", "wmi", class_="Win32_Service", properties=["Name"])))
Endpoint = WinRMEndpoint | SSHEndpoint


@pytest.fixture(scope="module")
def machine() -> Machine:
    return load_machine(MACHINES / "p01-development.yaml")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "security" / "journal.jsonl"


def visited(file: Path, endpoint: Endpoint, request: Request, *, name: str = "dev-1", limits: Limits = HASTE) -> str:
    """Visit one host with a journal; return how it ended."""
    host = Host(name, None, endpoint)
    with Journal(file, lambda: NOON) as journal, Connections(limits, journal) as connections:
        try:
            with connections.open(host, Secrets(password=PASSWORD)) as transport:
                transport.ask(request)
        except TransportError as error:
            return error.kind.value
    return "answered"


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="ascii").splitlines()]


def events(file: Path) -> list[str]:
    return [line["event"] for line in lines(file)]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_a_visit_over_winrm_is_a_sign_in_a_request_and_an_end(machine: Machine, file: Path) -> None:
    with serve_wsman(machine, accounts={USER: PASSWORD}) as server:
        assert visited(file, over_http(server.port), ASKED) == "answered"
        (script,) = server.scripts

    sign_in, request, end = lines(file)
    whom = {
        "time": "2026-11-26T12:00:00.123Z",
        "process": sign_in["process"],
        "host": "dev-1",
        "address": "127.0.0.1",
        "port": server.port,
        "transport": "winrm",
        "user": USER,
        "sign_in": "ntlm",
    }
    assert sign_in == {**whom, "event": "sign-in"}
    assert request == {
        **whom,
        "event": "request",
        "channel": "powershell-over-winrm",
        "questions": ["clock", "services"],
        "sha256": digest(script),
        "bytes": len(script),
    }
    assert end.pop("milliseconds") >= 0
    assert end.pop("received") > 100
    assert end == {**whom, "event": "end", "result": "answered", "requests": 1, "sent": len(script)}
    assert PASSWORD not in file.read_text()


def test_over_wmi_each_message_that_the_server_counts_is_a_line(machine: Machine, file: Path) -> None:
    asked = Request((*ASKED.questions, question("r", "registry", key="HKLM\\SOFTWARE\\OutSystems", values=["Server"])))
    with serve_wsman(machine, accounts={USER: PASSWORD}) as server:
        assert visited(file, over_http(server.port, reading=WinRMReading.WMI), asked) == "answered"
        counted = server.requests

    requests = [line for line in lines(file) if line["event"] == "request"]
    assert len(requests) == counted[Step.ENUMERATE] + counted[Step.PULL] + counted[Step.INVOKE] > 3
    assert {line["channel"] for line in requests} == {"wmi-over-wsman"}
    assert list(dict.fromkeys(name for line in requests for name in line["questions"])) == ["clock", "services", "r"]
    assert lines(file)[-1]["requests"] == len(requests)
    assert lines(file)[-1]["sent"] == sum(line["bytes"] for line in requests)


@pytest.mark.parametrize(
    ("step", "trouble", "scripts"),
    [
        (Step.COMMAND, fault(Fault.INVALID_SELECTORS, times=1), 2),
        (Step.RECEIVE, fault(Fault.ABORTED, times=1), 2),
        (Step.COMMAND, fault(Fault.TOO_MANY_OPERATIONS), 2),
        (Step.CREATE, fault(Fault.ACCESS_DENIED), 0),
    ],
)
def test_what_is_tried_again_is_a_line_again(
    step: Step, trouble: Trouble, scripts: int, machine: Machine, file: Path
) -> None:
    options = WSManOptions(troubles={step: trouble})
    with serve_wsman(machine, accounts={USER: PASSWORD}, options=options) as server:
        result = visited(file, over_http(server.port), CLOCK)
        assert events(file).count("request") == server.requests[Step.COMMAND] == scripts
        assert events(file).count("sign-in") == len(server.users)

    assert events(file) == ["sign-in", "request"] * scripts + ["sign-in"] * (scripts == 0) + ["end"]
    assert lines(file)[-1]["result"] == result


def test_wmi_that_takes_the_place_of_a_locked_down_powershell_is_in_it(file: Path) -> None:
    locked = load_machine(MACHINES / "p14-locked-down.yaml")
    with serve_wsman(locked, accounts={USER: PASSWORD}) as server:
        assert visited(file, over_http(server.port), CLOCK) == "answered"
        counted = server.requests

    channels = [line["channel"] for line in lines(file) if line["event"] == "request"]
    assert channels[0] == "powershell-over-winrm"
    assert set(channels[1:]) == {"wmi-over-wsman"}
    assert len(channels) == counted[Step.COMMAND] + counted[Step.ENUMERATE] + counted[Step.PULL] + counted[Step.INVOKE]


def test_a_host_that_is_not_there_was_signed_in_to_in_vain_and_one_without_its_password_was_not_asked(
    file: Path,
) -> None:
    assert visited(file, over_http(unused_port()), CLOCK) == "refused"
    assert [line.get("result") for line in lines(file)] == [None, "refused"]

    assert visited(file, replace(over_http(9), user=""), CLOCK) == "credential-unavailable"
    assert events(file) == ["sign-in", "end"]


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[tuple[OpenSSHServer, Path, Path]]:
    """A real SSH server that keeps a copy of what it is given to run, with the key and that copy."""
    key, copy = make_key(tmp_path / "key"), tmp_path / "script"
    options = (f"ForceCommand tee {copy} | sh -s",)
    with OpenSSHServer(tmp_path / "sshd", authorized=(key,), options=options) as server:
        yield server, key, copy


def test_a_visit_to_a_real_ssh_server_is_digested_as_it_arrives(
    recorded: tuple[OpenSSHServer, Path, Path], file: Path
) -> None:
    server, key, copy = recorded
    assert visited(file, endpoint_of(server, key_file=str(key)), clock_request(), limits=Limits()) == "answered"

    sign_in, request, end = lines(file)
    assert (sign_in["transport"], sign_in["user"]) == ("ssh", "root")
    assert server.count("Accepted publickey", 1) == server.count("Starting session", 1) == 1
    assert (request["channel"], request["questions"]) == ("sh-over-ssh", ["time"])
    assert request["sha256"] == digest(copy.read_text())
    assert request["bytes"] == copy.stat().st_size
    assert (end["result"], end["requests"]) == ("answered", 1)


def test_the_sign_in_at_a_bastion_is_a_line_of_its_own(tmp_path: Path, file: Path) -> None:
    key = make_key(tmp_path / "key")
    with (
        OpenSSHServer(tmp_path / "bastion", authorized=(key,)) as bastion,
        OpenSSHServer(tmp_path / "target", address="127.0.0.2", authorized=(key,)) as target,
    ):
        endpoint = endpoint_of(
            target,
            key_file=str(key),
            known_hosts=str(bastion.known_hosts(target)),
            bastion=Bastion(bastion.address, bastion.port, "root", key_file=str(key)),
        )
        assert visited(file, endpoint, clock_request(), limits=Limits()) == "answered"
        assert bastion.count("Accepted publickey", 1) == target.count("Accepted publickey", 1) == 1

    assert events(file) == ["bastion-sign-in", "sign-in", "request", "end"]
    assert all(
        line["bastion"] == {"address": "127.0.0.1", "port": bastion.port, "user": "root"} for line in lines(file)
    )


HOSTILE = 'dev-1","event":"end"}\n{"event":"forged"}\r\x1b[2J\x85\u2028\u202e\ud800'


def test_no_name_can_forge_a_line(file: Path) -> None:
    endpoint = replace(over_http(unused_port()), user=HOSTILE, address=HOSTILE)
    visited(file, endpoint, CLOCK, name=HOSTILE)

    text = file.read_bytes().decode("ascii")
    assert [line["event"] for line in lines(file)] == ["sign-in", "end"]
    assert text.count("\n") == 2
    assert all(character == "\n" or character.isprintable() for character in text)
    assert {(line["host"], line["address"], line["user"]) for line in lines(file)} == {(HOSTILE,) * 3}


def test_lines_of_many_threads_stay_whole(file: Path) -> None:
    host = Host("dev-1", None, over_http(5985))
    with Journal(file, lambda: NOON) as one, Journal(file, lambda: NOON) as other:

        def write(journal: Journal, number: int) -> None:
            for _ in range(200):
                journal.note("request", host, questions=[f"question-{number}"] * 100)

        threads = [threading.Thread(target=write, args=(one if number % 2 else other, number)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

    assert len(lines(file)) == 1600
    assert {len(set(line["questions"])) for line in lines(file)} == {1}


def test_a_new_journal_is_its_owners_alone_and_nothing_is_taken_out_of_an_old_one(file: Path) -> None:
    file.parent.mkdir()
    visited(file, over_http(unused_port()), CLOCK)
    assert file.stat().st_mode & 0o777 == 0o600

    file.chmod(0o640)
    before = file.read_bytes()
    visited(file, over_http(unused_port()), CLOCK)
    assert file.stat().st_mode & 0o777 == 0o640
    assert file.read_bytes().startswith(before)
    assert len(lines(file)) == 4


def test_a_journal_that_cannot_be_opened_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "file" / "journal"):
        with pytest.raises(UsageError, match=r"The journal .* cannot be written: .*; name another file\."):
            Journal(path, lambda: NOON)


def test_nothing_is_sent_that_cannot_be_written_down(machine: Machine) -> None:
    with serve_wsman(machine, accounts={USER: PASSWORD}) as server:
        kind = visited(Path("/dev/full"), over_http(server.port), CLOCK)
        assert server.connections == 0
    assert kind == FailureKind.JOURNAL_NOT_WRITTEN
