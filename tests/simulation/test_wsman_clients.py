"""Released WinRM clients, pywinrm and pypsrp, take the simulated server for a real one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from pypsrp.shell import Process, WinRS
from pypsrp.wsman import WSMan

from auditor.simulation.certificates import Authority, self_signed
from auditor.simulation.listening import SimulatedServer
from auditor.simulation.options import Step, WSManOptions
from auditor.simulation.wsman_server import serve_wsman
from auditor.transports.document import REQUEST_END
from tests.simulation.wsman_visits import (
    ACCOUNTS,
    PASSWORD,
    START_UP,
    USER,
    pywinrm,
    questions,
    read_answers,
    visit,
    windows_machine,
    windows_text,
)

VISIT = {
    Step.CREATE: 1,
    Step.COMMAND: 1,
    Step.SEND: 1,
    Step.RECEIVE: 1,
    Step.SIGNAL: 1,
    Step.DELETE: 1,
    Step.CONNECTION: 1,
}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.create(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def http() -> Iterator[SimulatedServer]:
    with serve_wsman(windows_machine(), accounts=ACCOUNTS) as server:
        yield server


@pytest.fixture
def https(authority: Authority) -> Iterator[SimulatedServer]:
    accounts = {**ACCOUNTS, "local-auditor": "another"}
    with serve_wsman(
        windows_machine(),
        accounts=accounts,
        https=True,
        certificate=authority.issue(),
        client_authority=authority.file,
    ) as server:
        yield server


def asks_one_question(protocol: Any) -> Any:
    asked = questions()
    stdout, stderr, exit_code = visit(protocol, windows_text(asked))
    assert (stderr, exit_code) == (b"", 0)
    assert stdout.endswith(b"-----END OSAUDIT ANSWER-----\r\n")
    assert stdout.count(b"\n") == stdout.count(b"\r\n")
    (value,) = read_answers(stdout, asked)
    return value


def test_pywinrm_visits_over_http_with_ntlm_and_sealed_messages(http: SimulatedServer) -> None:
    assert "Windows Server" in asks_one_question(pywinrm(http))["values"]["ProductName"]
    assert http.requests == {**VISIT, Step.AUTHENTICATION: 3}
    assert http.users == [USER]


def test_the_script_arrives_as_readable_text(http: SimulatedServer) -> None:
    text = windows_text(questions())
    visit(pywinrm(http), text)
    assert http.scripts == [text]
    assert http.command_lines == [START_UP]


def test_pywinrm_visits_over_https_with_basic(https: SimulatedServer, authority: Authority) -> None:
    asks_one_question(pywinrm(https, "ssl", scheme="https", ca_trust_path=str(authority.file)))
    assert https.requests == VISIT


def test_pywinrm_visits_over_https_with_ntlm(https: SimulatedServer, authority: Authority) -> None:
    asks_one_question(pywinrm(https, "ntlm", scheme="https", ca_trust_path=str(authority.file)))
    assert https.requests == {**VISIT, Step.AUTHENTICATION: 2}
    assert https.users == [USER]


def test_pywinrm_visits_with_a_client_certificate(https: SimulatedServer, authority: Authority) -> None:
    issued = authority.issue_for_client("local-auditor")
    protocol = pywinrm(
        https,
        "certificate",
        scheme="https",
        ca_trust_path=str(authority.file),
        cert_pem=str(issued.certificate_file),
        cert_key_pem=str(issued.key_file),
    )
    asks_one_question(protocol)
    assert https.users == ["local-auditor"]
    assert https.requests == VISIT


def test_a_client_certificate_of_nobody_is_refused(https: SimulatedServer, authority: Authority) -> None:
    issued = authority.issue_for_client("somebody-else")
    protocol = pywinrm(
        https,
        "certificate",
        scheme="https",
        ca_trust_path=str(authority.file),
        cert_pem=str(issued.certificate_file),
        cert_key_pem=str(issued.key_file),
    )
    with pytest.raises(Exception, match="rejected by the server"):
        protocol.open_shell()
    assert https.requests[Step.REFUSED] == 1


@pytest.mark.parametrize("auth", ["ntlm", "negotiate"])
def test_pypsrp_runs_a_process_with_standard_input_over_http(http: SimulatedServer, auth: str) -> None:
    asked = questions(3)
    with WSMan("127.0.0.1", port=http.port, ssl=False, auth=auth, username=USER, password=PASSWORD) as wsman:
        stdout = pypsrp_visit(wsman, windows_text(asked))
    assert len(read_answers(stdout, asked)) == 3
    assert http.requests[Step.DELETE] == 1
    assert http.connections == 1


@pytest.mark.parametrize("auth", ["basic", "ntlm", "certificate"])
def test_pypsrp_runs_a_process_with_standard_input_over_https(
    https: SimulatedServer, authority: Authority, auth: str
) -> None:
    issued = authority.issue_for_client("local-auditor")
    more: dict[str, Any] = {"username": USER, "password": PASSWORD}
    if auth == "certificate":
        more = {"certificate_pem": str(issued.certificate_file), "certificate_key_pem": str(issued.key_file)}
    more["cert_validation"] = str(authority.file)
    with WSMan("127.0.0.1", port=https.port, ssl=True, auth=auth, **more) as wsman:
        stdout = pypsrp_visit(wsman, windows_text(questions()))
    assert len(read_answers(stdout, questions())) == 1


def pypsrp_visit(wsman: WSMan, script: str) -> bytes:
    with WinRS(wsman, codepage=65001) as shell:
        program, _, arguments = START_UP.partition(" ")
        process = Process(shell, program, [arguments])
        process.begin_invoke()
        process.send(script.encode(), end=True)
        process.end_invoke()
        assert (process.rc, process.stderr) == (0, b"")
        return bytes(process.stdout)


def test_a_large_answer_comes_in_pieces_that_fit_the_client(http: SimulatedServer) -> None:
    big = WSManOptions(spoil=lambda stdout: b"x" * 500_000 + b"\r\n" + stdout)
    with serve_wsman(windows_machine(), accounts=ACCOUNTS, options=big) as server:
        stdout, _, _ = visit(pywinrm(server), windows_text(questions()))
        assert len(read_answers(stdout, questions())) == 1
        assert server.requests[Step.RECEIVE] == 5


def test_a_large_script_may_come_in_pieces(http: SimulatedServer) -> None:
    text = "# " + "y" * 200_000 + "\n" + windows_text(questions())
    protocol = pywinrm(http)
    shell = protocol.open_shell()
    command = protocol.run_command(shell, START_UP, console_mode_stdin=False)
    for start in range(0, len(text), 90_000):
        piece = text[start : start + 90_000]
        protocol.send_command_input(shell, command, piece.encode(), end=start + 90_000 >= len(text))
    stdout, _, _ = protocol.get_command_output(shell, command)
    assert len(read_answers(stdout, questions())) == 1
    assert http.requests[Step.SEND] == 3


def test_a_script_cut_short_answers_nothing(http: SimulatedServer) -> None:
    text = windows_text(questions())
    stdout, stderr, exit_code = visit(pywinrm(http), text.partition(REQUEST_END)[0])
    assert (stdout, exit_code) == (b"osaudit\r\n", 1)
    assert stderr.startswith(b"#< CLIXML")


def test_a_program_that_is_not_there_is_not_run(http: SimulatedServer) -> None:
    stdout, stderr, exit_code = visit(pywinrm(http), "", "del /q C:\\")
    assert (stdout, exit_code) == (b"", 1)
    assert stderr.startswith(b"'del' is not recognized")


def test_a_command_line_above_the_limit_of_cmd_is_refused(http: SimulatedServer) -> None:
    stdout, stderr, exit_code = visit(pywinrm(http), "", "powershell.exe -Command " + "x" * 8200)
    assert (stdout, stderr, exit_code) == (b"", b"The command line is too long.\r\n", 1)


def test_a_locked_down_machine_says_so_and_runs_nothing() -> None:
    with serve_wsman(windows_machine("p14-locked-down"), accounts=ACCOUNTS) as server:
        stdout, _, _ = visit(pywinrm(server), windows_text(questions()))
    assert stdout == b"osaudit\r\n-----OSAUDIT CONSTRAINED LANGUAGE-----\r\n"


@pytest.mark.parametrize(
    ("names", "ends", "said"),
    [
        (("127.0.0.1",), timedelta(days=-1), "certificate has expired"),
        (("other.example.test",), timedelta(days=7), "doesn't match|mismatch"),
    ],
)
def test_a_bad_certificate_is_noticed_by_clients(
    authority: Authority, names: tuple[str, ...], ends: timedelta, said: str
) -> None:
    bad = authority.issue(names, starts=timedelta(days=-5), ends=ends)
    with serve_wsman(windows_machine(), accounts=ACCOUNTS, https=True, certificate=bad) as server:
        protocol = pywinrm(server, "ssl", scheme="https", ca_trust_path=str(authority.file))
        with pytest.raises(requests.exceptions.SSLError, match=said):
            protocol.open_shell()
        assert server.users == []


def test_a_self_signed_certificate_is_noticed_by_clients(authority: Authority, tmp_path: Path) -> None:
    own = self_signed(tmp_path)
    with serve_wsman(windows_machine(), accounts=ACCOUNTS, https=True, certificate=own) as server:
        protocol = pywinrm(server, "ssl", scheme="https", ca_trust_path=str(authority.file))
        with pytest.raises(requests.exceptions.SSLError, match=r"self.signed certificate"):
            protocol.open_shell()


def test_without_a_certificate_https_shows_a_self_signed_one() -> None:
    with serve_wsman(windows_machine(), accounts=ACCOUNTS, https=True) as server:
        asks_one_question(pywinrm(server, "ssl", scheme="https", server_cert_validation="ignore"))


def test_the_server_needs_no_kerberos_library() -> None:
    program = """
import sys
sys.modules.update(gssapi=None, krb5=None, kerberos=None)
from tests.simulation.wsman_visits import *
from auditor.simulation.wsman_server import serve_wsman
with serve_wsman(windows_machine(), accounts=ACCOUNTS) as server:
    print(len(read_answers(visit(pywinrm(server), windows_text(questions()))[0], questions())))
"""
    folder = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.returncode) == ("1\n", 0), done.stderr
