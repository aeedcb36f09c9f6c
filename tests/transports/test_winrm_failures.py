"""Every cause for which a host cannot be read over WinRM is provoked at a real peer and told apart from all others."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from auditor.errors import FailureKind, TransportError
from auditor.model.inventory import WinRMSignIn
from auditor.simulation.certificates import Authority, self_signed
from auditor.simulation.machine import Machine, load_machine
from auditor.simulation.options import Fault, SignIn, Step, Trouble, WSManOptions, drop, fault, hang, status
from auditor.simulation.wsman_server import serve_wsman
from auditor.transports.base import Limits, Secrets
from auditor.transports.winrm import connect
from tests.transports.winrm_peers import (
    CLOCK,
    HASTE,
    MACHINES,
    PASSWORD,
    USER,
    failure,
    full_backlog,
    http_peer,
    over_http,
    over_https,
    raw_peer,
    unused_port,
)


@pytest.fixture(scope="module")
def machine() -> Machine:
    return load_machine(MACHINES / "p13-plain.yaml")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.create(tmp_path_factory.mktemp("authority"))


# ---- Before anything is said


def test_an_address_without_dns_entry_is_a_name_unknown() -> None:
    assert failure(over_http(5985, address="no-such-host.invalid")).kind is FailureKind.NAME_UNKNOWN


def test_a_closed_port_is_refused_and_hints_at_quickconfig() -> None:
    error = failure(over_http(unused_port()))
    assert error.kind is FailureKind.REFUSED
    assert "winrm quickconfig" in error.sentence


def test_dropped_packets_cost_the_connect_limit_only_and_are_told_from_refusal() -> None:
    with full_backlog() as port:
        started = time.monotonic()
        error = failure(over_http(port))
        assert error.kind is FailureKind.DROPPED
        assert not error.permanent
        assert time.monotonic() - started < HASTE.connect + 1


def test_an_address_without_a_way_is_unreachable() -> None:
    # Nobody can connect to the broadcast address, and the kernel says so without sending anything.
    assert failure(over_http(5985, address="127.255.255.255")).kind is FailureKind.UNREACHABLE


# ---- What listens is not WinRM, or not well


def test_a_peer_that_says_nothing_is_silent_and_not_a_firewall() -> None:
    with raw_peer(lambda connection: time.sleep(10)) as port:
        error = failure(over_http(port))
        assert error.kind is FailureKind.SILENT
        assert "not the firewall" in error.sentence


def test_a_peer_that_closes_before_it_answers_is_closed_at_once() -> None:
    with raw_peer(lambda connection: connection.close()) as port:
        assert failure(over_http(port)).kind is FailureKind.CLOSED_AT_ONCE


def test_a_peer_that_speaks_another_protocol_is_not_winrm() -> None:
    def greet(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"220 mail.example.org ESMTP\r\n")

    with raw_peer(greet) as port:
        assert failure(over_http(port)).kind is FailureKind.NOT_WINRM


@pytest.mark.parametrize(
    ("code", "body", "kind"),
    [
        (404, b"nothing here", FailureKind.NOT_WINRM),
        (405, b"", FailureKind.NOT_WINRM),
        (200, b"<html><body>Welcome</body></html>", FailureKind.NOT_WINRM),
        (200, b"", FailureKind.NOT_WINRM),
        (500, b"", FailureKind.ENCRYPTION_DEMANDED),
        (500, b"<html>oops</html>", FailureKind.NOT_WINRM),
        (400, b"", FailureKind.LOST),
        (502, b"bad gateway", FailureKind.SERVICE_UNAVAILABLE),
        (503, b"", FailureKind.SERVICE_UNAVAILABLE),
    ],
)
def test_each_http_status_has_its_own_meaning(code: int, body: bytes, kind: FailureKind, authority: Authority) -> None:
    issued = authority.issue()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(issued.certificate_file, issued.key_file)
    with http_peer(code, body, tls=tls) as peer:
        error = failure(over_https(peer.port, ca_file=str(authority.file)))
        assert error.kind is kind
        assert "AllowUnencrypted" not in error.sentence


def test_a_wrong_path_is_not_winrm(machine: Machine) -> None:
    with serve_wsman(machine, accounts={USER: PASSWORD}) as server:
        assert failure(over_http(server.port, path="/elsewhere")).kind is FailureKind.NOT_WINRM


def test_a_redirection_is_not_followed() -> None:
    with http_peer(200) as elsewhere:
        target = f"http://127.0.0.1:{elsewhere.port}/wsman"
        with http_peer(307, headers={"Location": target}) as peer:
            assert failure(over_http(peer.port)).kind is FailureKind.NOT_WINRM
        assert elsewhere.seen == []


def test_a_message_that_never_ends_is_cut_off(authority: Authority) -> None:
    issued = authority.issue()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(issued.certificate_file, issued.key_file)

    def flood(connection: socket.socket) -> None:
        with tls.wrap_socket(connection, server_side=True) as channel:
            channel.recv(65536)
            channel.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                channel.sendall(b"100000\r\n" + b"x" * 0x100000 + b"\r\n")

    with raw_peer(flood) as port:
        error = failure(over_https(port, ca_file=str(authority.file)), limits=Limits(visit=60))
        assert error.kind is FailureKind.ANSWER_TOO_LARGE


def test_a_message_that_drips_ends_with_the_visit(authority: Authority) -> None:
    issued = authority.issue()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(issued.certificate_file, issued.key_file)

    def drip(connection: socket.socket) -> None:
        with tls.wrap_socket(connection, server_side=True) as channel:
            channel.recv(65536)
            channel.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                channel.sendall(b"1\r\nx\r\n")
                time.sleep(0.1)

    with raw_peer(drip) as port:
        started = time.monotonic()
        limits = Limits(connect=1, sign_in=1, visit=1.5)
        assert failure(over_https(port, ca_file=str(authority.file)), limits=limits).kind is FailureKind.HUNG
        assert time.monotonic() - started < 4


def test_a_proxy_that_is_not_there_is_named_as_the_cause(machine: Machine) -> None:
    with serve_wsman(machine, accounts={USER: PASSWORD}) as server:
        error = failure(over_http(server.port, proxy=f"http://127.0.0.1:{unused_port()}"))
        assert error.kind is FailureKind.SERVICE_UNAVAILABLE
        assert "proxy" in error.sentence
        assert server.connections == 0


def test_another_limit_of_the_service_is_too_busy(authority: Authority) -> None:
    soap = (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code><s:Value>s:Receiver'
        "</s:Value><s:Subcode><s:Value>w:QuotaLimit</s:Value></s:Subcode></s:Code><s:Reason><s:Text>The number of "
        "users has reached the limit</s:Text></s:Reason><s:Detail><f:WSManFault "
        'xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="2150859171"/></s:Detail></s:Fault>'
        "</s:Body></s:Envelope>"
    )
    issued = authority.issue()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(issued.certificate_file, issued.key_file)
    with http_peer(500, soap.encode(), tls=tls) as peer:
        error = failure(over_https(peer.port, ca_file=str(authority.file)))
        assert error.kind is FailureKind.TOO_BUSY
        assert "The number of users has reached the limit" in error.sentence


# ---- TLS


def test_an_expired_certificate_is_shown_with_its_dates(machine: Machine, authority: Authority) -> None:
    certificate = authority.issue(starts=timedelta(days=-9), ends=timedelta(days=-2))
    with serve_wsman(machine, accounts={USER: PASSWORD}, https=True, certificate=certificate) as server:
        error = failure(over_https(server.port, ca_file=str(authority.file)))
        assert error.kind is FailureKind.TLS_EXPIRED
        for shown in ("CN=localhost", "CN=Simulated Authority", "valid from 20"):
            assert shown in error.sentence


def test_a_certificate_for_another_name_is_a_mismatch(machine: Machine, authority: Authority) -> None:
    certificate = authority.issue(["other.example.org"])
    with serve_wsman(machine, accounts={USER: PASSWORD}, https=True, certificate=certificate) as server:
        error = failure(over_https(server.port, ca_file=str(authority.file)))
        assert error.kind is FailureKind.TLS_NAME_MISMATCH
        assert "other.example.org" in error.sentence
        named = over_https(server.port, ca_file=str(authority.file), address="localhost")
        assert failure(named).kind is FailureKind.TLS_NAME_MISMATCH


def test_a_self_signed_certificate_is_told_from_an_unknown_issuer(
    machine: Machine, authority: Authority, tmp_path: Path
) -> None:
    with serve_wsman(machine, accounts={USER: PASSWORD}, https=True, certificate=self_signed(tmp_path)) as server:
        error = failure(over_https(server.port))
        assert error.kind is FailureKind.TLS_SELF_SIGNED
        assert "ca_file" in error.sentence
    with serve_wsman(machine, accounts={USER: PASSWORD}, https=True, certificate=authority.issue()) as server:
        assert failure(over_https(server.port)).kind is FailureKind.TLS_UNKNOWN_ISSUER
        assert server.requests[Step.AUTHENTICATION] == 0


def test_https_spoken_to_the_http_port_is_no_tls(machine: Machine) -> None:
    with serve_wsman(machine, accounts={USER: PASSWORD}) as server:
        assert failure(over_https(server.port)).kind is FailureKind.TLS_NOT_SPOKEN


def test_a_tls_handshake_that_fails_otherwise_has_its_own_kind(authority: Authority) -> None:
    issued = authority.issue()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(issued.certificate_file, issued.key_file)
    tls.maximum_version = ssl.TLSVersion.TLSv1_2
    tls.set_ciphers("AES128-SHA256")

    def shake(connection: socket.socket) -> None:
        tls.wrap_socket(connection, server_side=True)

    with raw_peer(shake) as port:
        assert failure(over_https(port, ca_file=str(authority.file))).kind is FailureKind.TLS_FAILED


def test_a_broken_authority_file_is_named(machine: Machine, tmp_path: Path) -> None:
    broken = tmp_path / "ca.pem"
    assert failure(over_https(5986, ca_file=str(broken))).kind is FailureKind.CREDENTIAL_UNAVAILABLE
    broken.write_text("not a certificate")
    assert failure(over_https(5986, ca_file=str(broken))).kind is FailureKind.KEY_UNREADABLE


# ---- Sign-in


@pytest.mark.parametrize("sign_in", [WinRMSignIn.BASIC, WinRMSignIn.CERTIFICATE])
def test_clear_text_is_refused_before_any_connection(machine: Machine, sign_in: WinRMSignIn) -> None:
    with serve_wsman(machine, accounts={USER: PASSWORD}) as server:
        assert failure(over_http(server.port, sign_in)).kind is FailureKind.CLEAR_TEXT_REFUSED
        assert server.connections == 0


@pytest.mark.parametrize("sign_in", [WinRMSignIn.NTLM, WinRMSignIn.NEGOTIATE])
def test_a_wrong_password_is_tried_exactly_once(machine: Machine, sign_in: WinRMSignIn) -> None:
    with serve_wsman(machine, accounts={USER: PASSWORD}) as server:
        error = failure(over_http(server.port, sign_in), secret="Wr0ng-Horse")
        assert error.kind is FailureKind.SIGN_IN_REFUSED
        assert USER in error.sentence
        assert server.requests[Step.REFUSED] == 1


def test_a_wrong_password_with_basic_is_tried_exactly_once(machine: Machine, authority: Authority) -> None:
    with serve_wsman(machine, accounts={USER: PASSWORD}, https=True, certificate=authority.issue()) as server:
        error = failure(over_https(server.port, ca_file=str(authority.file)), secret="Wr0ng-Horse")
        assert error.kind is FailureKind.SIGN_IN_REFUSED
        assert server.requests[Step.REFUSED] == 1


def test_a_kind_that_is_not_offered_is_told_from_a_wrong_password(machine: Machine, authority: Authority) -> None:
    options = WSManOptions(sign_ins=frozenset({SignIn.BASIC}))
    with serve_wsman(
        machine, accounts={USER: PASSWORD}, https=True, certificate=authority.issue(), options=options
    ) as server:
        error = failure(over_https(server.port, WinRMSignIn.NTLM, ca_file=str(authority.file)))
        assert error.kind is FailureKind.SIGN_IN_KIND_NOT_OFFERED
        assert "it offers Basic" in error.sentence
        assert server.requests[Step.REFUSED] == 0
    options = WSManOptions(sign_ins=frozenset({SignIn.NEGOTIATE, SignIn.KERBEROS}))
    with serve_wsman(
        machine, accounts={USER: PASSWORD}, https=True, certificate=authority.issue(), options=options
    ) as server:
        error = failure(over_https(server.port, ca_file=str(authority.file)))
        assert error.kind is FailureKind.SIGN_IN_KIND_NOT_OFFERED
        assert "Negotiate, Kerberos" in error.sentence


def test_ntlm_forbidden_by_policy_is_a_refused_sign_in(machine: Machine) -> None:
    with serve_wsman(machine, accounts={USER: PASSWORD}, options=WSManOptions(allows_ntlm=False)) as server:
        assert failure(over_http(server.port)).kind is FailureKind.SIGN_IN_REFUSED


def test_a_client_certificate_that_is_not_mapped_is_refused(machine: Machine, authority: Authority) -> None:
    client = authority.issue_for_client("somebody-else")
    with serve_wsman(
        machine,
        accounts={USER: PASSWORD},
        https=True,
        certificate=authority.issue(),
        client_authority=authority.file,
    ) as server:
        error = failure(
            over_https(
                server.port,
                WinRMSignIn.CERTIFICATE,
                ca_file=str(authority.file),
                client_certificate=str(client.certificate_file),
                client_key=str(client.key_file),
            )
        )
        assert error.kind is FailureKind.SIGN_IN_REFUSED
        assert "certificate" in error.sentence


def test_missing_credentials_are_named_before_any_connection(tmp_path: Path) -> None:
    for endpoint in (
        over_http(5985, user=""),
        over_https(5986, WinRMSignIn.CERTIFICATE),
        over_https(
            5986, WinRMSignIn.CERTIFICATE, client_certificate=str(tmp_path / "no"), client_key=str(tmp_path / "no")
        ),
    ):
        assert failure(endpoint).kind is FailureKind.CREDENTIAL_UNAVAILABLE


@pytest.mark.parametrize("user", ["", USER])
def test_negotiate_with_neither_password_nor_ticket_says_so(
    machine: Machine, user: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{tmp_path / 'no-tickets'}")
    with serve_wsman(machine, accounts={USER: PASSWORD}) as server:
        endpoint = over_http(server.port, WinRMSignIn.NEGOTIATE, user=user)
        with (
            pytest.raises(TransportError, match="neither a password nor a Kerberos ticket") as caught,
            connect("dev-1", endpoint, Secrets(), HASTE),
        ):
            pass
        assert caught.value.kind is FailureKind.CREDENTIAL_UNAVAILABLE


def test_a_client_key_that_is_no_key_is_unreadable(tmp_path: Path) -> None:
    for name in ("certificate.pem", "key.pem"):
        (tmp_path / name).write_text("nonsense")
    endpoint = over_https(
        5986,
        WinRMSignIn.CERTIFICATE,
        client_certificate=str(tmp_path / "certificate.pem"),
        client_key=str(tmp_path / "key.pem"),
    )
    assert failure(endpoint).kind is FailureKind.KEY_UNREADABLE


@pytest.mark.parametrize(
    ("module", "sign_in"), [("kerberos", WinRMSignIn.KERBEROS), ("requests_credssp", WinRMSignIn.CREDSSP)]
)
def test_a_missing_extra_gives_the_line_that_installs_it(module: str, sign_in: WinRMSignIn) -> None:
    # A process of its own, in which the package cannot be imported whether it is installed or not.
    program = f"""
import sys
sys.modules[{module!r}] = sys.modules['winkerberos'] = None
from auditor.errors import TransportError
from auditor.transports.base import Limits, Secrets
from auditor.transports.winrm import connect
from tests.transports.winrm_peers import over_http
from auditor.model.inventory import WinRMSignIn
try:
    with connect('dev-1', over_http(1, WinRMSignIn({sign_in.value!r})), Secrets(password='x'), Limits()):
        pass
except TransportError as error:
    print(error.kind.value, error.sentence)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert run.stdout.startswith("extra-missing "), run.stderr
    assert f"pip install 'outsystems-auditor[{sign_in.value}]'" in run.stdout


# ---- Signed in, but


@pytest.mark.parametrize(
    ("step", "trouble", "kind"),
    [
        (Step.CREATE, fault(Fault.ACCESS_DENIED), FailureKind.RIGHT_MISSING),
        (Step.CREATE, fault(Fault.TOO_MANY_SHELLS), FailureKind.TOO_MANY_SHELLS),
        (Step.COMMAND, fault(Fault.TOO_MANY_OPERATIONS), FailureKind.TOO_MANY_OPERATIONS),
        (Step.COMMAND, fault(Fault.INVALID_SELECTORS), FailureKind.SESSION_CLOSED),
        (Step.RECEIVE, fault(Fault.INVALID_SELECTORS), FailureKind.SESSION_CLOSED),
        (Step.RECEIVE, fault(Fault.ABORTED), FailureKind.SESSION_CLOSED),
        (Step.CREATE, fault(Fault.INTERNAL_ERROR), FailureKind.REFUSED_BY_SERVICE),
        (Step.CREATE, status(503), FailureKind.SERVICE_UNAVAILABLE),
        (Step.COMMAND, status(400), FailureKind.LOST),
        (Step.COMMAND, drop(), FailureKind.LOST),
        (Step.COMMAND, hang(), FailureKind.HUNG),
        (Step.RECEIVE, hang(), FailureKind.HUNG),
        (Step.RECEIVE, fault(Fault.OPERATION_TIMEOUT), FailureKind.TIMED_OUT),
    ],
)
def test_each_trouble_after_signing_in_has_its_own_kind(
    machine: Machine, step: Step, trouble: Trouble, kind: FailureKind
) -> None:
    options = WSManOptions(troubles={step: trouble})
    with serve_wsman(machine, accounts={USER: PASSWORD}, options=options) as server:
        limits = Limits(connect=1, sign_in=2, visit=2.5)
        started = time.monotonic()
        error = failure(over_http(server.port), limits=limits)
        assert error.kind is kind
        assert time.monotonic() - started < 6
        assert server.requests[Step.REFUSED] == 0


def test_a_shell_that_was_taken_away_is_opened_once_more(machine: Machine) -> None:
    options = WSManOptions(troubles={Step.RECEIVE: fault(Fault.INVALID_SELECTORS, times=1)})
    with serve_wsman(machine, accounts={USER: PASSWORD}, options=options) as server:
        with connect("dev-1", over_http(server.port), Secrets(password=PASSWORD), HASTE) as transport:
            reply = transport.ask(CLOCK)
        assert set(reply.answers) == {"clock"}
        assert server.requests[Step.CREATE] == 2


def test_too_many_shells_are_not_retried(machine: Machine) -> None:
    with serve_wsman(machine, accounts={USER: PASSWORD}, options=WSManOptions(open_shells=30)) as server:
        assert failure(over_http(server.port)).kind is FailureKind.TOO_MANY_SHELLS
        assert server.requests[Step.CREATE] == 1


@pytest.mark.parametrize(
    ("limits", "kind"), [(HASTE, FailureKind.ANSWER_DAMAGED), (Limits(answer_bytes=100), FailureKind.ANSWER_TOO_LARGE)]
)
def test_a_spoiled_document_is_damaged_and_a_large_one_is_cut_off(
    machine: Machine, limits: Limits, kind: FailureKind
) -> None:
    options = WSManOptions(spoil=lambda printed: printed[: len(printed) // 2])
    with serve_wsman(machine, accounts={USER: PASSWORD}, options=options) as server:
        assert failure(over_http(server.port), limits=limits).kind is kind
        assert server.requests[Step.DELETE] == 1


def test_the_sentences_of_all_kinds_differ() -> None:
    errors = [
        failure(over_http(unused_port())),
        failure(over_http(5985, address="no-such-host.invalid")),
        failure(over_http(5985, WinRMSignIn.BASIC)),
    ]
    with raw_peer(lambda connection: connection.close()) as port:
        errors.append(failure(over_http(port)))
    assert len({error.sentence for error in errors}) == len(errors)


@pytest.fixture(autouse=True)
def _no_proxy_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A proxy in the environment must have no effect at all, so every test runs with one that does not exist."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent")
    yield
