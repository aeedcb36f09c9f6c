"""One sign-in and one process per host and scan, counted at the peer, however many questions there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.collectors import questions_for
from auditor.model.inventory import SSHEndpoint, WinRMEndpoint, WinRMSignIn
from auditor.model.question import Outcome, Platform, Question, Verb
from auditor.simulation.options import Step
from auditor.simulation.ssh_server import serve_ssh
from auditor.simulation.wsman_server import serve_wsman
from auditor.transports import ssh, winrm
from auditor.transports.base import Request, Secrets
from tests.end_to_end.simulated import FAST, PASSWORD, modelled, scan_once, serving

PAYLOAD = (Step.CREATE, Step.COMMAND, Step.SEND, Step.RECEIVE, Step.SIGNAL, Step.DELETE)


def questions(count: int) -> tuple[Question, ...]:
    key = {"key": "HKLM\\SOFTWARE\\OutSystems\\Installer\\Server", "values": ["Server", ""]}
    return tuple(
        Question(f"many.{number}", Verb.REGISTRY, Platform.WINDOWS, "Counting.", "Any user.", key)
        for number in range(count)
    )


@pytest.mark.parametrize("count", [1, 100])
def test_winrm_takes_five_payload_requests_for_one_and_for_a_hundred_questions(count: int) -> None:
    machine = modelled("reference").hosts[0].machine
    with serve_wsman(machine, accounts={"auditor": PASSWORD}) as server:
        endpoint = WinRMEndpoint("127.0.0.1", server.port, False, WinRMSignIn.NTLM, "auditor")
        with winrm.connect("dev-1", endpoint, Secrets(password=PASSWORD), FAST) as transport:
            reply = transport.ask(Request(questions(count)))

        seen = server.requests

    assert [answer.outcome for answer in reply.answers.values()] == [Outcome.OK] * count
    assert {step.value: seen[step] for step in PAYLOAD if seen[step]} == {
        "Create": 1,
        "Command": 1,
        "Send": 1,
        "Receive": 1,
        "Delete": 1,
    }
    assert reply.requests == 5
    assert server.users == ["auditor"]


@pytest.mark.parametrize("count", [1, 100])
def test_ssh_takes_one_sign_in_and_one_command_for_one_and_for_a_hundred_questions(count: int, tmp_path: Path) -> None:
    machine = modelled("reference").hosts[0].machine
    with serve_ssh(machine, accounts={"auditor": PASSWORD}) as server:
        known_hosts = tmp_path / "known_hosts"
        known_hosts.write_text(server.known_hosts_line, encoding="ascii")
        endpoint = SSHEndpoint("127.0.0.1", server.port, "auditor", Platform.WINDOWS, known_hosts=str(known_hosts))
        with (
            ssh.SignInGate() as gate,
            ssh.connect(
                "dev-1", endpoint, Secrets(password=PASSWORD), FAST, keys=ssh.KeyRing(), gate=gate
            ) as transport,
        ):
            reply = transport.ask(Request(questions(count)))
        seen = server.requests

    assert [answer.outcome for answer in reply.answers.values()] == [Outcome.OK] * count
    assert (seen[Step.CONNECTION], seen[Step.CHANNEL], seen[Step.EXEC]) == (1, 1, 1)
    assert server.users == ["auditor"]


def test_a_whole_scan_signs_in_once_and_starts_one_process_at_every_host(tmp_path: Path) -> None:
    with serving(modelled("demo"), tmp_path) as (served, inventory):
        record = scan_once(inventory, tmp_path)
        seen = {name: server.requests for name, server in served.servers.items()}

    assert all(visit.failure is None for visit in record.visits.values())
    assert {name: len(server.users) for name, server in served.servers.items()} == dict.fromkeys(seen, 1)
    processes = {name: counted[Step.COMMAND] + counted[Step.EXEC] for name, counted in seen.items()}
    assert processes == dict.fromkeys(seen, 1)
    assert max(sum(counted[step] for step in PAYLOAD) for counted in seen.values()) <= 6


def test_the_script_of_a_real_scan_asks_every_question_of_its_platform(tmp_path: Path) -> None:
    with serving(modelled("reference"), tmp_path) as (served, inventory):
        scan_once(inventory, tmp_path)
        (script,) = served.servers["dev-1"].scripts

    assert all(f'"id": "{question.id}"' in script for question in questions_for(Platform.WINDOWS))
