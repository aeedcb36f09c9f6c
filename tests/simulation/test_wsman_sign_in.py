"""Who may talk to the simulated WS-Man server, and what those hear who may not."""

from __future__ import annotations

import http.client
import os
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from requests_ntlm import HttpNtlmAuth
from winrm.encryption import Encryption
from winrm.exceptions import InvalidCredentialsError, WinRMTransportError

from auditor.simulation.listening import SimulatedServer
from auditor.simulation.options import SignIn, Step, WSManOptions, hang
from auditor.simulation.wsman_server import serve_wsman
from tests.simulation.wsman_visits import ACCOUNTS, PASSWORD, USER, pywinrm, visit, windows_machine, windows_text

# The servers of these tests show certificates that nobody vouches for.
pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")

IDENTIFY = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body>'
    '<wsmid:Identify xmlns:wsmid="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"/>'
    "</s:Body></s:Envelope>"
)
SOAP = {"Content-Type": "application/soap+xml;charset=UTF-8"}


@pytest.fixture
def server() -> Iterator[SimulatedServer]:
    with serve_wsman(windows_machine(), accounts=ACCOUNTS) as server:
        yield server


def post(server: SimulatedServer, body: str = "", path: str = "/wsman", **more: Any) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        headers = SOAP | more.pop("headers", {})
        scheme = more.pop("scheme", "http")
        return session.post(f"{scheme}://127.0.0.1:{server.port}{path}", data=body, headers=headers, timeout=8, **more)


def test_somebody_without_credentials_is_told_the_kinds_of_sign_in(server: SimulatedServer) -> None:
    response = post(server)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Negotiate, Kerberos"
    assert response.content == b""


def test_basic_is_offered_over_tls_only() -> None:
    with serve_wsman(windows_machine(), accounts=ACCOUNTS, https=True) as server:
        response = post(server, scheme="https", verify=False)
    assert response.headers["WWW-Authenticate"] == 'Negotiate, Kerberos, Basic realm="WSMAN"'


def test_basic_over_http_is_refused_even_with_the_right_password(server: SimulatedServer) -> None:
    assert post(server, IDENTIFY, auth=(USER, PASSWORD)).status_code == 401


def test_only_the_kinds_switched_on_are_offered() -> None:
    options = WSManOptions(sign_ins=frozenset({SignIn.KERBEROS}))
    with serve_wsman(windows_machine(), accounts=ACCOUNTS, options=options) as server:
        assert post(server).headers["WWW-Authenticate"] == "Kerberos"
        with pytest.raises(InvalidCredentialsError):
            pywinrm(server).open_shell()


def test_ntlm_can_be_forbidden_while_negotiate_is_offered() -> None:
    with serve_wsman(windows_machine(), accounts=ACCOUNTS, options=WSManOptions(allows_ntlm=False)) as server:
        # The client library takes it for a broken challenge.
        with pytest.raises((InvalidCredentialsError, PermissionError)):
            pywinrm(server).open_shell()
        assert server.users == []


def test_a_wrong_password_is_refused_and_counted(server: SimulatedServer) -> None:
    with pytest.raises(InvalidCredentialsError):
        pywinrm(server, password="wrong").open_shell()
    assert server.requests[Step.REFUSED] == 1
    assert server.users == []


def test_an_unknown_user_is_refused(server: SimulatedServer) -> None:
    with pytest.raises(InvalidCredentialsError):
        pywinrm(server, username="EXAMPLE\\nobody").open_shell()
    assert server.requests[Step.REFUSED] == 1


def test_a_locked_account_is_refused_with_the_right_password() -> None:
    with serve_wsman(windows_machine(), accounts=ACCOUNTS, options=WSManOptions(refuses_sign_in=True)) as server:
        with pytest.raises(InvalidCredentialsError):
            pywinrm(server).open_shell()
        assert (server.requests[Step.REFUSED], server.users) == (1, [])


@pytest.mark.parametrize("written", ["local-auditor", ".\\local-auditor", "LOCAL-AUDITOR"])
def test_a_local_account_may_be_written_in_the_usual_ways(written: str) -> None:
    with serve_wsman(windows_machine(), accounts={"local-auditor": "pass word"}) as server:
        visit(pywinrm(server, username=written, password="pass word"), windows_text(()))
        assert len(server.users) == 1


def test_a_user_principal_name_signs_in() -> None:
    with serve_wsman(windows_machine(), accounts={"auditor@example.test": "pass word"}) as server:
        visit(pywinrm(server, username="auditor@example.test", password="pass word"), windows_text(()))
        assert server.users == ["auditor@example.test"]


def test_servers_with_other_passwords_for_one_name_keep_apart() -> None:
    def try_all(server: SimulatedServer, password: str) -> list[str]:
        said = []
        for tried in ("first", "second"):
            try:
                pywinrm(server, username="auditor", password=tried).open_shell()
                said.append(tried)
            except InvalidCredentialsError:
                pass
        return [*said, password]

    machine = windows_machine()
    with (
        serve_wsman(machine, accounts={"auditor": "first"}) as one,
        serve_wsman(machine, accounts={"auditor": "second"}) as two,
        ThreadPoolExecutor(8) as pool,
    ):
        futures = [pool.submit(try_all, *pair) for pair in [(one, "first"), (two, "second")] * 10]
        for future in futures:
            accepted, right = future.result(timeout=20)
            assert accepted == right


def test_the_environment_is_as_before_when_the_last_server_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NTLM_USER_FILE", "/before")
    with serve_wsman(windows_machine(), accounts=ACCOUNTS):
        with serve_wsman(windows_machine(), accounts=ACCOUNTS):
            assert os.environ["NTLM_USER_FILE"] != "/before"
        file = os.environ["NTLM_USER_FILE"]
        assert Path(file).exists()
    assert os.environ["NTLM_USER_FILE"] == "/before"
    assert not Path(file).exists()


@pytest.mark.parametrize("accounts", [{"auditor": "a:b"}, {"auditor": "a\nb"}, {"a:b": "c"}])
def test_accounts_that_pyspnego_cannot_hold_are_refused_at_the_start(accounts: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="colons"), serve_wsman(windows_machine(), accounts=accounts):
        pass
    assert "osaudit-simulation" not in os.environ.get("NTLM_USER_FILE", "")


def test_a_message_in_clear_over_http_gets_a_bare_500(server: SimulatedServer) -> None:
    protocol = pywinrm(server, message_encryption="never")
    with pytest.raises(WinRMTransportError) as caught:
        protocol.open_shell()
    assert (caught.value.code, caught.value.response_text) == (500, "")
    assert server.requests[Step.CREATE] == 0


def test_a_server_may_allow_messages_in_clear() -> None:
    with serve_wsman(windows_machine(), accounts=ACCOUNTS, options=WSManOptions(allows_unencrypted=True)) as server:
        visit(pywinrm(server, message_encryption="never"), windows_text(()))
        visit(pywinrm(server, "basic"), windows_text(()))
        assert server.requests[Step.CREATE] == 2


def test_a_message_sealed_for_another_connection_is_a_bad_request(server: SimulatedServer) -> None:
    url = f"http://127.0.0.1:{server.port}/wsman"
    with requests.Session() as one, requests.Session() as two:
        for session in (one, two):
            session.trust_env = False
            session.auth = HttpNtlmAuth(USER, PASSWORD)
            assert session.post(url, headers=SOAP, timeout=8).status_code == 200
        sealed = Encryption(one, "ntlm").prepare_encrypted_request(one, url, b"<x/>")
        two.auth = None
        response = two.post(
            url, data=sealed.body, headers={"Content-Type": str(sealed.headers["Content-Type"])}, timeout=8
        )
    assert (response.status_code, response.content) == (400, b"")


def test_anybody_may_ask_what_listens_but_learns_no_version(server: SimulatedServer) -> None:
    response = post(server, IDENTIFY, headers={"WSMANIDENTIFY": "unauthenticated"})
    assert response.status_code == 200
    assert "Microsoft Corporation" in response.text
    assert "OS: 0.0.0" in response.text


def test_somebody_signed_in_learns_the_version() -> None:
    with serve_wsman(windows_machine(), accounts=ACCOUNTS, https=True) as server:
        response = post(server, IDENTIFY, scheme="https", verify=False, auth=(USER, PASSWORD))
    assert "OS: 10.0." in response.text


def test_another_path_is_not_found(server: SimulatedServer) -> None:
    assert post(server, path="/wsman2").status_code == 404


def test_a_message_without_a_length_is_refused(server: SimulatedServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=8)
    connection.putrequest("POST", "/wsman")
    connection.endheaders()
    assert connection.getresponse().status == 411
    connection.close()


def test_a_document_type_is_refused_unread() -> None:
    bomb = '<!DOCTYPE s [<!ENTITY a "aaaa">]><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"/>'
    with serve_wsman(windows_machine(), accounts=ACCOUNTS, https=True) as server:
        response = post(server, bomb, scheme="https", verify=False, auth=(USER, PASSWORD))
    assert response.status_code == 500
    assert "SchemaValidationError" in response.text


def test_rubbish_in_the_sign_in_is_refused(server: SimulatedServer) -> None:
    for words in ("Negotiate !!!", "Negotiate AAAA", "Negotiate TlRMTVNTUAABAAAA", "Basic AAAA", "Digest x=y"):
        assert post(server, headers={"Authorization": words}).status_code == 401


def test_a_hung_sign_in_ends_when_the_server_stops() -> None:
    options = WSManOptions(troubles={Step.AUTHENTICATION: hang()})
    with serve_wsman(windows_machine(), accounts=ACCOUNTS, options=options) as server:
        with pytest.raises(requests.exceptions.ReadTimeout):
            pywinrm(server, read_timeout_sec=2, operation_timeout_sec=1).open_shell()
        begun = time.monotonic()
    assert time.monotonic() - begun < 2


def test_nobody_listens_after_the_end(server: SimulatedServer) -> None:
    with serve_wsman(windows_machine(), accounts=ACCOUNTS) as other:
        port = other.port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=2)
