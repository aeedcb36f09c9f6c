"""A visit over WinRM: each way to sign in, few messages, nothing left behind, WMI as the way out."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from auditor.errors import FailureKind, TransportError
from auditor.model.inventory import WinRMReading, WinRMSignIn
from auditor.model.observation import ChannelName
from auditor.model.question import Outcome, Platform
from auditor.simulation.answering import Printed
from auditor.simulation.certificates import Authority
from auditor.simulation.machine import Machine, load_machine
from auditor.simulation.options import Fault, Step, WSManOptions, fault, hang
from auditor.simulation.wsman_server import serve_wsman
from auditor.transports.base import Limits, Request, Secrets
from auditor.transports.document import REQUEST_BEGIN
from auditor.transports.winrm import connect
from tests.transports.winrm_peers import (
    CLOCK,
    HASTE,
    MACHINES,
    PASSWORD,
    USER,
    ask,
    failure,
    over_http,
    over_https,
    question,
)

MESSAGES = (Step.CREATE, Step.COMMAND, Step.SEND, Step.RECEIVE, Step.SIGNAL, Step.DELETE, Step.ENUMERATE, Step.INVOKE)
SERVER_KEY = "HKLM\\SOFTWARE\\OutSystems\\Installer\\Server"
VERBS = Request(
    (
        question("registry", "registry", key=SERVER_KEY, values=["Server", ""]),
        question("services", "wmi", class_="Win32_Service", properties=["Name", "State", "ProcessId"]),
        question("file", "file", path="C:\\Windows\\no-such-file.txt"),
        question("clock", "clock"),
        question("account", "account"),
        question("listener", "listener"),
    ),
    b"k" * 32,
)


@pytest.fixture(scope="module")
def machine() -> Machine:
    return load_machine(MACHINES / "p01-development.yaml")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.create(tmp_path_factory.mktemp("authority"))


@pytest.fixture(autouse=True)
def _no_proxy_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    yield


def messages(counted: dict[str, int]) -> dict[str, int]:
    return {step.value: counted[step] for step in MESSAGES if counted[step]}


@pytest.mark.parametrize("sign_in", [WinRMSignIn.NTLM, WinRMSignIn.NEGOTIATE])
def test_sealed_over_http_a_visit_costs_five_messages_and_one_connection(
    machine: Machine, sign_in: WinRMSignIn
) -> None:
    with serve_wsman(machine, accounts={USER: PASSWORD}) as server:
        reply = ask(over_http(server.port, sign_in), VERBS)
        assert reply.channel is ChannelName.POWERSHELL_OVER_WINRM
        assert reply.platform is Platform.WINDOWS
        assert reply.notes == ()
        assert reply.requests == 5
        assert messages(server.requests) == {"Create": 1, "Command": 1, "Send": 1, "Receive": 1, "Delete": 1}
        # One to see that the port is open, one for everything else.
        assert server.connections == 2
        assert len(server.users) == 1
    assert reply.answers["registry"].value["values"]["Server"].startswith("11.")
    assert reply.answers["file"].outcome is Outcome.MISSING
    assert {answer.outcome for answer in reply.answers.values()} == {Outcome.OK, Outcome.MISSING}


@pytest.mark.parametrize("sign_in", [WinRMSignIn.BASIC, WinRMSignIn.NTLM, WinRMSignIn.NEGOTIATE])
def test_over_tls_each_sign_in_costs_five_messages(
    machine: Machine, authority: Authority, sign_in: WinRMSignIn
) -> None:
    with serve_wsman(machine, accounts={USER: PASSWORD}, https=True, certificate=authority.issue()) as server:
        reply = ask(over_https(server.port, sign_in, ca_file=str(authority.file)), VERBS)
        assert reply.requests == sum(messages(server.requests).values()) == 5
        assert reply.answers["clock"].outcome is Outcome.OK


@pytest.mark.parametrize("passphrase", [None, "open-sesame"])
def test_a_client_certificate_signs_in_also_with_an_encrypted_key(
    machine: Machine, authority: Authority, tmp_path: Path, passphrase: str | None
) -> None:
    client = authority.issue_for_client(USER)
    key_file = client.key_file
    if passphrase:
        key = load_pem_private_key(key_file.read_bytes(), None)
        key_file = tmp_path / "encrypted.key"
        encryption = BestAvailableEncryption(passphrase.encode())
        key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    with serve_wsman(
        machine, accounts={USER: PASSWORD}, https=True, certificate=authority.issue(), client_authority=authority.file
    ) as server:
        endpoint = over_https(
            server.port,
            WinRMSignIn.CERTIFICATE,
            ca_file=str(authority.file),
            client_certificate=str(client.certificate_file),
            client_key=str(key_file),
        )
        with connect("dev-1", endpoint, Secrets(key_passphrase=passphrase), HASTE) as transport:
            assert transport.ask(CLOCK).answers["clock"].outcome is Outcome.OK
        assert server.users == [USER]
        if passphrase:
            error = failure(endpoint, secret="wrong-passphrase")
            assert error.kind is FailureKind.KEY_UNREADABLE


def test_tls_that_is_not_verified_works_only_when_the_inventory_says_so(machine: Machine) -> None:
    with serve_wsman(machine, accounts={USER: PASSWORD}, https=True) as server:
        reply = ask(over_https(server.port, verify_tls=False))
        assert reply.answers["clock"].outcome is Outcome.OK
        assert "was not verified" in reply.notes[0]
        assert failure(over_https(server.port)).kind is FailureKind.TLS_SELF_SIGNED


def test_one_question_costs_as_many_messages_as_a_hundred(machine: Machine) -> None:
    many = Request(
        tuple(question(f"q{number}", "registry", key=SERVER_KEY, values=["Server"]) for number in range(100))
    )
    for request in (CLOCK, many):
        with serve_wsman(machine, accounts={USER: PASSWORD}) as server:
            reply = ask(over_http(server.port), request)
            assert set(reply.answers) == {one.id for one in request.questions}
            assert reply.requests == sum(messages(server.requests).values()) == 5


def test_the_script_travels_as_readable_text_on_stdin_and_not_in_the_command_line(machine: Machine) -> None:
    with serve_wsman(machine, accounts={USER: PASSWORD}) as server:
        ask(over_http(server.port), VERBS)
        (command_line,) = server.command_lines
        (script,) = server.scripts
    assert command_line.startswith(
        "powershell.exe -NoLogo -NoProfile -NonInteractive -ExecutionPolicy Bypass -Command \"'osaudit'; if ("
    )
    assert "Encoded" not in command_line
    assert len(command_line) < 1000
    assert REQUEST_BEGIN in script
    assert script.isascii()
    assert "Win32_Service" in script
    assert PASSWORD not in script + command_line


def test_an_answer_larger_than_one_envelope_comes_in_pieces(machine: Machine) -> None:
    options = WSManOptions(
        spoil=lambda printed: b"".join(os.urandom(30).hex().encode() + b"\n" for _ in range(9000)) + printed
    )
    with serve_wsman(machine, accounts={USER: PASSWORD}, options=options) as server:
        reply = ask(over_http(server.port), CLOCK, Limits())
        assert reply.answers["clock"].outcome is Outcome.OK
        assert server.requests[Step.RECEIVE] > 1
        assert reply.requests == 4 + server.requests[Step.RECEIVE]


def test_a_script_that_takes_longer_than_an_operation_is_waited_for(machine: Machine) -> None:
    options = WSManOptions(command_seconds=1.5, max_operation_seconds=0.5)
    with serve_wsman(machine, accounts={USER: PASSWORD}, options=options) as server:
        assert ask(over_http(server.port), CLOCK, Limits(visit=10)).answers["clock"].outcome is Outcome.OK
        assert server.requests[Step.RECEIVE] > 2
        assert server.requests[Step.SIGNAL] == 0


def test_a_script_that_never_ends_is_ended_by_us_and_leaves_no_shell(machine: Machine) -> None:
    with serve_wsman(machine, accounts={USER: PASSWORD}, options=WSManOptions(command_seconds=60)) as server:
        started = time.monotonic()
        error = failure(over_http(server.port), limits=Limits(visit=3))
        assert error.kind is FailureKind.TIMED_OUT
        assert "longer than 3 s" in error.sentence
        assert time.monotonic() - started < 6
        assert server.requests[Step.SIGNAL] == 1
        assert server.requests[Step.DELETE] == 1


def test_the_shell_is_given_back_whatever_happens_in_between(machine: Machine) -> None:
    with serve_wsman(machine, accounts={USER: PASSWORD}) as server:
        with connect("dev-1", over_http(server.port), Secrets(password=PASSWORD), HASTE):
            pass
        with (
            contextlib.suppress(ZeroDivisionError),
            connect("dev-1", over_http(server.port), Secrets(password=PASSWORD), HASTE),
        ):
            _ = 1 / 0
        assert server.requests[Step.CREATE] == server.requests[Step.DELETE] == 2


@pytest.mark.parametrize("trouble", [fault(Fault.ABORTED), fault(Fault.INVALID_SELECTORS)])
def test_trouble_while_cleaning_up_loses_no_answer(machine: Machine, trouble: object) -> None:
    options = WSManOptions(troubles={Step.DELETE: trouble})  # type: ignore[dict-item]
    with serve_wsman(machine, accounts={USER: PASSWORD}, options=options) as server:
        assert ask(over_http(server.port)).answers["clock"].outcome is Outcome.OK


def test_a_clean_up_that_hangs_hides_neither_the_first_error_nor_the_time(machine: Machine) -> None:
    options = WSManOptions(command_seconds=60, troubles={Step.SIGNAL: hang(), Step.DELETE: hang()})
    with serve_wsman(machine, accounts={USER: PASSWORD}, options=options) as server:
        started = time.monotonic()
        assert failure(over_http(server.port), limits=Limits(visit=2)).kind is FailureKind.TIMED_OUT
        assert time.monotonic() - started < 10


def test_clixml_on_stderr_is_no_failure(machine: Machine) -> None:
    with serve_wsman(
        machine, accounts={USER: PASSWORD}, options=WSManOptions(stderr=b"#< CLIXML\r\n<Objs/>")
    ) as server:
        assert ask(over_http(server.port)).answers["clock"].outcome is Outcome.OK


# ---- Where PowerShell cannot be used


def test_a_locked_down_powershell_is_followed_by_wmi_in_the_same_session() -> None:
    with serve_wsman(load_machine(MACHINES / "p14-locked-down.yaml"), accounts={USER: PASSWORD}) as server:
        reply = ask(over_http(server.port), VERBS)
        assert reply.channel is ChannelName.WMI_OVER_WSMAN
        assert len(server.users) == 1
        assert server.requests[Step.DELETE] == 1
        assert reply.requests == sum(messages(server.requests).values())
    (note,) = reply.notes
    assert "constrained language mode on dev-1" in note
    assert "not read: account, file, listener" in note
    assert {identity for identity, answer in reply.answers.items() if answer.outcome is Outcome.UNSUPPORTED} == {
        "account",
        "file",
        "listener",
    }
    assert reply.answers["services"].outcome is Outcome.OK


def test_a_powershell_that_cannot_be_started_is_followed_by_wmi(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = Printed(stderr=b"This program is blocked by group policy.\r\n", exit_code=1)
    monkeypatch.setattr("auditor.simulation.command_line.run_script", lambda *_: blocked)
    with serve_wsman(machine, accounts={USER: PASSWORD}) as server:
        reply = ask(over_http(server.port), VERBS)
    assert reply.channel is ChannelName.WMI_OVER_WSMAN
    assert "PowerShell cannot be started on dev-1" in reply.notes[0]


def test_a_script_that_was_kept_from_running_is_followed_by_wmi_with_that_reason(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = Printed(b"osaudit\r\n", b"This script contains malicious content and has been blocked.\r\n", 1)
    monkeypatch.setattr("auditor.simulation.command_line.run_script", lambda *_: stopped)
    with serve_wsman(machine, accounts={USER: PASSWORD}) as server:
        reply = ask(over_http(server.port), VERBS)
    assert reply.channel is ChannelName.WMI_OVER_WSMAN
    assert "PowerShell did not run the script on dev-1" in reply.notes[0]


def test_a_command_that_ended_before_it_read_its_input_is_still_listened_to() -> None:
    options = WSManOptions(troubles={Step.SEND: fault(Fault.ABORTED)})
    machine = load_machine(MACHINES / "p14-locked-down.yaml")
    with serve_wsman(machine, accounts={USER: PASSWORD}, options=options) as server:
        error = failure(over_http(server.port), limits=Limits(visit=2))
        # The simulated command waits for its input for ever, so only that Receive was tried can be seen here.
        assert error.kind is FailureKind.TIMED_OUT
        assert server.requests[Step.RECEIVE] > 0


def test_reading_wmi_asks_no_shell_at_all(machine: Machine) -> None:
    with serve_wsman(machine, accounts={USER: PASSWORD}, options=WSManOptions(denies_shells=True)) as server:
        reply = ask(over_http(server.port, reading=WinRMReading.WMI), VERBS)
        assert reply.channel is ChannelName.WMI_OVER_WSMAN
        assert reply.notes == ()
        assert server.requests[Step.CREATE] == 0
        assert reply.answers["registry"].outcome is Outcome.OK


def test_a_transport_answers_one_request_only(machine: Machine) -> None:
    with (
        serve_wsman(machine, accounts={USER: PASSWORD}) as server,
        connect("dev-1", over_http(server.port), Secrets(password=PASSWORD), HASTE) as transport,
    ):
        transport.ask(CLOCK)
        with pytest.raises(ValueError, match="one request"):
            transport.ask(CLOCK)


def test_the_password_shows_in_no_log(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with serve_wsman(machine, accounts={USER: PASSWORD}) as server:
        ask(over_http(server.port))
        with pytest.raises(TransportError):
            ask(over_http(server.port), secret="Wr0ng-Horse")
    assert PASSWORD not in caplog.text
    assert "Wr0ng-Horse" not in caplog.text
