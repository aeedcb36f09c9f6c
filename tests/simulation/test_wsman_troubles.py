"""Everything that goes wrong with WinRM can be made to go wrong on the simulated server."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests
import xmltodict
from winrm.exceptions import WinRMOperationTimeoutError, WinRMTransportError, WSManFaultError

from auditor.simulation.listening import SimulatedServer
from auditor.simulation.options import Fault, Step, WSManOptions, drop, fault, hang, status, wait
from auditor.simulation.wsman_server import serve_wsman
from tests.simulation.wsman_visits import (
    ACCOUNTS,
    START_UP,
    pywinrm,
    questions,
    read_answers,
    visit,
    windows_machine,
    windows_text,
)


def serving(**options: Any) -> Any:
    return serve_wsman(windows_machine(), accounts=ACCOUNTS, options=WSManOptions(**options))


@pytest.mark.parametrize(
    ("kind", "code", "subcode"),
    [
        (Fault.ACCESS_DENIED, 5, "w:AccessDenied"),
        (Fault.INVALID_SELECTORS, 2150858843, "w:InvalidSelectors"),
        (Fault.TOO_MANY_SHELLS, 2150859173, "w:QuotaLimit"),
        (Fault.TOO_MANY_OPERATIONS, 2150859174, "w:QuotaLimit"),
        (Fault.ABORTED, 995, "w:InternalError"),
        (Fault.RESOURCE_NOT_FOUND, 2150858752, "a:DestinationUnreachable"),
    ],
)
@pytest.mark.parametrize("step", [Step.CREATE, Step.COMMAND, Step.RECEIVE])
def test_every_fault_can_come_at_every_step(step: Step, kind: Fault, code: int, subcode: str) -> None:
    with serving(troubles={step: fault(kind)}) as server:
        with pytest.raises(WSManFaultError) as caught:
            visit(pywinrm(server), windows_text(questions()))
        assert caught.value.wsman_fault_code == code
        assert caught.value.fault_subcode == subcode
        assert server.requests[step] == 1


@pytest.mark.parametrize("code", [400, 404, 500, 502, 503])
def test_bare_http_statuses_can_come_instead(code: int) -> None:
    with serving(troubles={Step.CREATE: status(code)}) as server:
        with pytest.raises(WinRMTransportError) as caught:
            pywinrm(server, message_encryption="auto").open_shell()
        assert (caught.value.code, caught.value.response_text) == (code, "")


@pytest.mark.parametrize("step", [Step.CONNECTION, Step.AUTHENTICATION, Step.CREATE, Step.SEND, Step.RECEIVE])
def test_the_connection_can_be_cut_at_every_step(step: Step) -> None:
    with serving(troubles={step: drop()}) as server, pytest.raises(requests.exceptions.ConnectionError):
        visit(pywinrm(server), windows_text(questions()))


def test_trouble_can_be_skipped_and_can_pass() -> None:
    with serving(troubles={Step.CREATE: fault(Fault.TOO_MANY_SHELLS, skip=1, times=1)}) as server:
        visit(pywinrm(server), windows_text(questions()))
        with pytest.raises(WSManFaultError):
            pywinrm(server).open_shell()
        visit(pywinrm(server), windows_text(questions()))


def test_a_host_that_hangs_keeps_the_connection() -> None:
    with serving(troubles={Step.RECEIVE: hang()}) as server:
        begun = time.monotonic()
        with pytest.raises(requests.exceptions.ReadTimeout):
            visit(pywinrm(server, read_timeout_sec=2, operation_timeout_sec=1), windows_text(questions()))
        assert time.monotonic() - begun > 1.9


def test_a_silent_host_accepts_and_says_nothing() -> None:
    with serving(troubles={Step.CONNECTION: hang()}) as server:
        with pytest.raises(requests.exceptions.ReadTimeout):
            pywinrm(server, read_timeout_sec=2, operation_timeout_sec=1).open_shell()
        assert server.connections == 1


def test_latency_comes_before_every_answer() -> None:
    with serving(latency=0.1) as server:
        begun = time.monotonic()
        visit(pywinrm(server), windows_text(questions()))
        answers = sum(server.requests.values()) - server.connections
        assert time.monotonic() - begun >= 0.1 * answers


def test_a_single_step_can_be_slow() -> None:
    with serving(troubles={Step.DELETE: wait(0.5)}) as server:
        begun = time.monotonic()
        visit(pywinrm(server), windows_text(questions()))
        assert 0.5 <= time.monotonic() - begun < 3


def test_a_long_script_gives_the_operation_time_out_until_it_is_done() -> None:
    with serving(command_seconds=1.5) as server:
        protocol = pywinrm(server, operation_timeout_sec=1)
        shell = protocol.open_shell()
        command = protocol.run_command(shell, START_UP, console_mode_stdin=False)
        protocol.send_command_input(shell, command, windows_text(questions()).encode(), end=True)
        with pytest.raises(WinRMOperationTimeoutError):
            protocol.get_command_output_raw(shell, command)
        stdout, _, _, done = protocol.get_command_output_raw(shell, command)
        assert done
        assert len(read_answers(stdout, questions())) == 1


def test_a_script_that_waits_for_the_end_of_its_input_gives_the_operation_time_out() -> None:
    with serving() as server:
        protocol = pywinrm(server, operation_timeout_sec=1)
        shell = protocol.open_shell()
        command = protocol.run_command(shell, START_UP, console_mode_stdin=False)
        protocol.send_command_input(shell, command, b"# more comes")
        with pytest.raises(WinRMOperationTimeoutError):
            protocol.get_command_output_raw(shell, command)


def test_latency_above_the_operation_time_out_gives_the_time_out_fault() -> None:
    with serving(latency=1.1) as server:
        protocol = pywinrm(server, operation_timeout_sec=1, read_timeout_sec=6)
        with pytest.raises(WinRMOperationTimeoutError):
            protocol.open_shell()


def test_too_many_open_shells_lock_the_user_out_until_one_is_closed() -> None:
    with serving(max_shells=2, open_shells=1) as server:
        protocol = pywinrm(server)
        shell = protocol.open_shell()
        with pytest.raises(WSManFaultError) as caught:
            protocol.open_shell()
        assert caught.value.wsman_fault_code == 2150859173
        protocol.close_shell(shell, close_session=False)
        protocol.open_shell()


def test_too_many_commands_in_one_shell_are_refused() -> None:
    with serving(max_operations=2) as server:
        protocol = pywinrm(server)
        shell = protocol.open_shell()
        for _ in range(2):
            protocol.run_command(shell, "ipconfig")
        with pytest.raises(WSManFaultError) as caught:
            protocol.run_command(shell, "ipconfig")
        assert caught.value.wsman_fault_code == 2150859174


def test_an_account_without_rights_is_told_so() -> None:
    with serving(denies_shells=True) as server:
        with pytest.raises(WSManFaultError) as caught:
            pywinrm(server).open_shell()
        assert (caught.value.wsman_fault_code, caught.value.fault_code) == (5, "s:Sender")


@pytest.mark.parametrize("gone", ["shell", "command", "deleted", "signalled"])
def test_what_is_gone_cannot_be_asked(gone: str) -> None:
    with serving() as server:
        protocol = pywinrm(server)
        shell = protocol.open_shell()
        command = protocol.run_command(shell, "ipconfig")
        if gone == "shell":
            shell = "00000000-0000-0000-0000-000000000000"
        elif gone == "command":
            command = "00000000-0000-0000-0000-000000000000"
        elif gone == "deleted":
            protocol.close_shell(shell, close_session=False)
        else:
            protocol.cleanup_command(shell, command)
        with pytest.raises(WSManFaultError) as caught:
            protocol.get_command_output_raw(shell, command)
        assert caught.value.wsman_fault_code == 2150858843


def test_nobody_sees_the_shells_of_another_user() -> None:
    accounts = {**ACCOUNTS, "other": "other password"}
    with serve_wsman(windows_machine(), accounts=accounts) as server:
        shell = pywinrm(server).open_shell()
        with pytest.raises(WSManFaultError) as caught:
            pywinrm(server, username="other", password="other password").run_command(shell, "ipconfig")
        assert caught.value.wsman_fault_code == 2150858843


@pytest.mark.parametrize("action", ["http://schemas.xmlsoap.org/ws/2004/09/transfer/Put", "nonsense"])
def test_an_unknown_action_is_not_supported(action: str) -> None:
    with serving() as server:
        send_as(server, action, 2150858771)


def send_as(server: SimulatedServer, action: str, code: int) -> None:
    protocol = pywinrm(server)
    envelope = protocol.build_wsman_header(action, "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd")
    envelope["env:Body"] = {}
    with pytest.raises(WSManFaultError) as caught:
        protocol.send_message(xmltodict.unparse({"env:Envelope": envelope}))
    assert caught.value.wsman_fault_code == code


def test_what_a_script_prints_can_be_spoilt() -> None:
    options = {"spoil": lambda stdout: b"Welcome!\r\n" + stdout[: len(stdout) // 2], "stderr": b"#< CLIXML\r\n"}
    with serving(**options) as server:
        stdout, stderr, exit_code = visit(pywinrm(server), windows_text(questions()))
    assert stdout.startswith(b"Welcome!\r\nosaudit\r\n-----BEGIN OSAUDIT ANSWER-----")
    assert b"-----END" not in stdout
    assert (stderr, exit_code) == (b"#< CLIXML\r\n", 0)
