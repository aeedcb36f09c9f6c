"""Kerberos against a real KDC: signing in, and each way in which it can fail."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from auditor.errors import FailureKind
from auditor.model.inventory import WinRMSignIn
from auditor.model.question import Outcome
from auditor.simulation.certificates import Authority
from auditor.simulation.machine import Machine, load_machine
from auditor.simulation.options import Step, WSManOptions
from auditor.simulation.wsman_server import serve_wsman
from tests.peers.kerberos import PRINCIPAL, REALM, Kdc, running_kdc
from tests.transports.winrm_peers import MACHINES, PASSWORD, USER, ask, failure, over_http, over_https


@pytest.fixture(scope="module")
def kdc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kdc]:
    with running_kdc(tmp_path_factory.mktemp("kdc"), PASSWORD) as running:
        running.add_service("localhost")
        # In this module only: the Kerberos library reads the process's environment and nothing else.
        with pytest.MonkeyPatch.context() as patch:
            for name, value in running.environment.items():
                patch.setenv(name, value)
            yield running


@pytest.fixture
def ticket(kdc: Kdc) -> Iterator[None]:
    kdc.sign_in()
    yield
    kdc.sign_out()


@pytest.fixture(scope="module")
def machine() -> Machine:
    return load_machine(MACHINES / "p13-plain.yaml")


@pytest.mark.usefixtures("ticket")
@pytest.mark.parametrize("sign_in", [WinRMSignIn.KERBEROS, WinRMSignIn.NEGOTIATE])
@pytest.mark.parametrize("user", [PRINCIPAL, ""])
def test_a_ticket_signs_in_sealed_over_http(machine: Machine, sign_in: WinRMSignIn, user: str) -> None:
    # Without NTLM on the other side, it must have been Kerberos.
    options = WSManOptions(allows_ntlm=False)
    with serve_wsman(machine, accounts={USER: PASSWORD}, options=options) as server:
        endpoint = over_http(server.port, sign_in, address="localhost", user=user)
        # With Negotiate a password, where there is one, is used to get a ticket.
        reply = ask(endpoint, secret=PASSWORD if sign_in is WinRMSignIn.NEGOTIATE else "not-used-at-all")
        assert reply.requests == 5
        assert reply.answers["clock"].outcome is Outcome.OK
        assert server.users == [PRINCIPAL]


@pytest.mark.usefixtures("ticket")
def test_a_ticket_signs_in_over_tls(machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> None:
    authority = Authority.create(tmp_path_factory.mktemp("authority"))
    with serve_wsman(machine, accounts={}, https=True, certificate=authority.issue()) as server:
        endpoint = over_https(
            server.port, WinRMSignIn.KERBEROS, address="localhost", user="", ca_file=str(authority.file)
        )
        assert ask(endpoint).answers["clock"].outcome is Outcome.OK


@pytest.mark.usefixtures("ticket")
def test_an_address_needs_the_name_of_the_service_beside_it(machine: Machine) -> None:
    with serve_wsman(machine, accounts={}) as server:
        error = failure(over_http(server.port, WinRMSignIn.KERBEROS, user=""))
        assert error.kind is FailureKind.KERBEROS_NO_SERVICE
        assert "HTTP/127.0.0.1" in error.sentence
        assert server.requests[Step.CREATE] == 0
        named = over_http(server.port, WinRMSignIn.KERBEROS, user="", kerberos_host="localhost")
        assert ask(named).answers["clock"].outcome is Outcome.OK


@pytest.mark.parametrize("user", [PRINCIPAL, ""])
def test_without_a_ticket_the_password_is_not_used(kdc: Kdc, machine: Machine, user: str) -> None:
    kdc.sign_out()
    with serve_wsman(machine, accounts={}) as server:
        error = failure(over_http(server.port, WinRMSignIn.KERBEROS, address="localhost", user=user))
        assert error.kind is FailureKind.KERBEROS_NO_TICKET
        assert f"kinit {user}".strip() in error.sentence


@pytest.mark.usefixtures("ticket")
def test_the_ticket_of_somebody_else_is_no_ticket(machine: Machine) -> None:
    with serve_wsman(machine, accounts={}) as server:
        endpoint = over_http(server.port, WinRMSignIn.KERBEROS, address="localhost", user=f"somebody@{REALM}")
        assert failure(endpoint).kind is FailureKind.KERBEROS_NO_TICKET


def test_an_expired_ticket_is_no_ticket(kdc: Kdc, machine: Machine) -> None:
    kdc.sign_in("2s")
    time.sleep(3)
    try:
        with serve_wsman(machine, accounts={}) as server:
            endpoint = over_http(server.port, WinRMSignIn.KERBEROS, address="localhost", user="")
            assert failure(endpoint).kind is FailureKind.KERBEROS_NO_TICKET
    finally:
        kdc.sign_out()


@pytest.mark.usefixtures("ticket")
def test_a_kdc_that_cannot_be_reached_is_a_failure_of_kerberos(
    kdc: Kdc, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    kdc.add_service("other")
    broken = kdc.folder / "without-kdc.conf"
    text = (kdc.folder / "krb5.conf").read_text()
    broken.write_text("".join("" if "kdc = 127" in line else f"{line}\n" for line in text.splitlines()))
    monkeypatch.setenv("KRB5_CONFIG", str(broken))
    with serve_wsman(machine, accounts={}) as server:
        error = failure(
            over_http(server.port, WinRMSignIn.KERBEROS, address="localhost", user="", kerberos_host="other")
        )
        assert error.kind is FailureKind.KERBEROS_FAILED
        assert "HTTP/other" in error.sentence


@pytest.mark.usefixtures("ticket")
def test_a_ticket_that_the_service_cannot_read_is_refused(kdc: Kdc, machine: Machine) -> None:
    # The service has another key than the KDC thinks, as after a host was renamed or joined again.
    with pytest.MonkeyPatch.context() as patch, serve_wsman(machine, accounts={}) as server:
        patch.setenv("KRB5_KTNAME", f"FILE:{kdc.folder / 'empty.keytab'}")
        error = failure(over_http(server.port, WinRMSignIn.KERBEROS, address="localhost", user=""))
        assert error.kind is FailureKind.SIGN_IN_REFUSED
