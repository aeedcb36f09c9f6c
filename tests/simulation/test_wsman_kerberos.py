"""Kerberos against the simulated WS-Man server, with tickets from a real MIT KDC on loopback."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pypsrp.shell import Process, WinRS
from pypsrp.wsman import WSMan
from winrm.exceptions import InvalidCredentialsError
from winrm.vendor.requests_kerberos.exceptions import KerberosExchangeError

from auditor.simulation.options import SignIn, Step, WSManOptions
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

REALM = "SIMULATION.TEST"
USER = "auditor"
PASSWORD = "kerberos password"


@dataclass(frozen=True)
class Realm:
    """A running KDC with one user and one service, HTTP/localhost."""

    environment: dict[str, str]


def run(environment: dict[str, str], *command: str, text: str | None = None) -> None:
    subprocess.run(command, env=environment, input=text, text=True, check=True, capture_output=True, timeout=20)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def realm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Realm]:
    folder = tmp_path_factory.mktemp("kdc")
    port = free_port()
    (folder / "krb5.conf").write_text(
        f"[libdefaults]\n default_realm = {REALM}\n dns_canonicalize_hostname = false\n rdns = false\n"
        " dns_lookup_kdc = false\n dns_lookup_realm = false\n udp_preference_limit = 1\n"
        f"[realms]\n {REALM} = {{\n  kdc = 127.0.0.1:{port}\n }}\n"
    )
    (folder / "kdc.conf").write_text(
        f"[kdcdefaults]\n kdc_listen = 127.0.0.1:{port}\n kdc_tcp_listen = 127.0.0.1:{port}\n"
        f"[realms]\n {REALM} = {{\n  database_name = {folder}/principal\n  key_stash_file = {folder}/stash\n"
        f"  acl_file = {folder}/acl\n }}\n"
    )
    environment = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "KRB5_CONFIG": str(folder / "krb5.conf"),
        "KRB5_KDC_PROFILE": str(folder / "kdc.conf"),
        "KRB5_KTNAME": f"FILE:{folder}/keytab",
        "KRB5CCNAME": f"FILE:{folder}/cache",
        "KRB5RCACHEDIR": str(folder),
    }
    run(environment, "kdb5_util", "create", "-s", "-r", REALM, "-P", "master password")
    run(environment, "kadmin.local", "-r", REALM, "-q", f'addprinc -pw "{PASSWORD}" {USER}')
    run(environment, "kadmin.local", "-r", REALM, "-q", "addprinc -randkey HTTP/localhost")
    run(environment, "kadmin.local", "-r", REALM, "-q", f"ktadd -k {folder}/keytab HTTP/localhost")
    kdc = subprocess.Popen(
        ["krb5kdc", "-n", "-r", REALM], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(port)
        run(environment, "kinit", USER, text=f"{PASSWORD}\n")
        yield Realm(environment)
    finally:
        kdc.terminate()
        kdc.wait(timeout=10)


def wait_for(port: int) -> None:
    until = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < until, "the KDC does not listen"
            time.sleep(0.05)


@pytest.fixture(autouse=True)
def ticket(realm: Realm, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in realm.environment.items():
        if name.startswith("KRB5"):
            monkeypatch.setenv(name, value)


def test_pywinrm_signs_in_with_a_ticket_and_seals_its_messages() -> None:
    with serve_wsman(windows_machine(), accounts=ACCOUNTS) as server:
        stdout, _, _ = visit(pywinrm(server, "kerberos", host="localhost", username=None), windows_text(questions()))
        assert len(read_answers(stdout, questions())) == 1
        assert server.users == [f"{USER}@{REALM}"]
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
        with WSMan("localhost", port=server.port, ssl=False, auth="kerberos", negotiate_service="HTTP") as wsman:
            with WinRS(wsman) as shell:
                program, _, arguments = START_UP.partition(" ")
                process = Process(shell, program, [arguments])
                process.begin_invoke()
                process.send(windows_text(questions()).encode(), end=True)
                process.end_invoke()
        assert len(read_answers(process.stdout, questions())) == 1
        assert server.users == [f"{USER}@{REALM}"]


def test_a_name_that_the_kdc_does_not_know_gets_no_ticket() -> None:
    with serve_wsman(windows_machine(), accounts=ACCOUNTS) as server:
        with pytest.raises(KerberosExchangeError, match="not found in Kerberos database"):
            pywinrm(server, "kerberos", username=None).open_shell()


def test_kerberos_works_where_ntlm_is_forbidden() -> None:
    with serve_wsman(windows_machine(), accounts=ACCOUNTS, options=WSManOptions(allows_ntlm=False)) as server:
        visit(pywinrm(server, "kerberos", host="localhost", username=None), windows_text(questions()))
        assert server.users == [f"{USER}@{REALM}"]


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
