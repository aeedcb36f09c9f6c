"""Kerberos against the simulated WS-Man server, with tickets from a real MIT KDC on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pypsrp.shell import Process, WinRS
from pypsrp.wsman import WSMan
from winrm.exceptions import InvalidCredentialsError
from winrm.vendor.requests_kerberos.exceptions import KerberosExchangeError

from auditor.simulation.options import SignIn, Step, WSManOptions
from auditor.simulation.wsman_server import serve_wsman
from tests.peers.kerberos import PRINCIPAL, Kdc, running_kdc
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


@pytest.fixture(scope="module")
def kdc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kdc]:
    with running_kdc(tmp_path_factory.mktemp("kdc"), "password-of-a-test") as running:
        running.add_service("localhost")
        yield running


@pytest.fixture(autouse=True)
def ticket(kdc: Kdc, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in kdc.environment.items():
        monkeypatch.setenv(name, value)
    kdc.sign_in()


def test_pywinrm_signs_in_with_a_ticket_and_seals_its_messages() -> None:
    with serve_wsman(windows_machine(), accounts=ACCOUNTS) as server:
        stdout, _, _ = visit(pywinrm(server, "kerberos", host="localhost", username=None), windows_text(questions()))
        assert len(read_answers(stdout, questions())) == 1
        assert server.users == [PRINCIPAL]
        assert server.requests[Step.AUTHENTICATION] == 1
        assert server.connections == 1


def test_pywinrm_signs_in_with_a_ticket_over_https() -> None:
    with serve_wsman(windows_machine(), accounts=ACCOUNTS, https=True) as server:
        protocol = pywinrm(
            server, "kerberos", scheme="https", host="localhost", username=None, server_cert_validation="ignore"
        )
        stdout, _, _ = visit(protocol, windows_text(questions()))
        assert len(read_answers(stdout, questions())) == 1
        assert server.requests[Step.AUTHENTICATION] == 0


def test_pypsrp_signs_in_with_a_ticket_and_seals_its_messages() -> None:
    with serve_wsman(windows_machine(), accounts=ACCOUNTS) as server:
        with (
            WSMan("localhost", port=server.port, ssl=False, auth="kerberos", negotiate_service="HTTP") as wsman,
            WinRS(wsman) as shell,
        ):
            program, _, arguments = START_UP.partition(" ")
            process = Process(shell, program, [arguments])
            process.begin_invoke()
            process.send(windows_text(questions()).encode(), end=True)
            process.end_invoke()
        assert len(read_answers(process.stdout, questions())) == 1
        assert server.users == [PRINCIPAL]


def test_a_name_that_the_kdc_does_not_know_gets_no_ticket() -> None:
    with (
        serve_wsman(windows_machine(), accounts=ACCOUNTS) as server,
        pytest.raises(KerberosExchangeError, match="not found in Kerberos database"),
    ):
        pywinrm(server, "kerberos", username=None).open_shell()


def test_kerberos_works_where_ntlm_is_forbidden() -> None:
    with serve_wsman(windows_machine(), accounts=ACCOUNTS, options=WSManOptions(allows_ntlm=False)) as server:
        visit(pywinrm(server, "kerberos", host="localhost", username=None), windows_text(questions()))
        assert server.users == [PRINCIPAL]


def test_a_ticket_is_refused_where_negotiate_is_not_offered() -> None:
    options = WSManOptions(sign_ins=frozenset({SignIn.BASIC, SignIn.CERTIFICATE}))
    with serve_wsman(windows_machine(), accounts=ACCOUNTS, options=options) as server:
        with pytest.raises(InvalidCredentialsError):
            pywinrm(server, "kerberos", host="localhost", username=None).open_shell()
        assert server.users == []


def test_a_server_without_its_key_refuses_the_ticket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KRB5_KTNAME", f"FILE:{tmp_path}/none")
    with serve_wsman(windows_machine(), accounts=ACCOUNTS) as server:
        with pytest.raises(InvalidCredentialsError):
            pywinrm(server, "kerberos", host="localhost", username=None).open_shell()
        assert server.requests[Step.REFUSED] >= 1
