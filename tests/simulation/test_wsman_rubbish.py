"""Whatever a client sends, a simulated server answers it or refuses it, and breaks nowhere."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest
import requests
import spnego
from hypothesis import given, settings
from hypothesis import strategies as some

from auditor.model.question import Platform
from auditor.simulation.answering import run_script
from auditor.simulation.command_line import on_ssh
from auditor.simulation.listening import SimulatedServer
from auditor.simulation.machine import load_machine
from auditor.simulation.options import DefaultShell, WSManOptions
from auditor.simulation.wsman_accounts import USER_FILE, Accounts
from auditor.simulation.wsman_server import serve_wsman
from auditor.simulation.wsman_sign_in import Challenge, ConnectionSignIn
from auditor.simulation.wsman_soap import Message, SoapFault, read_message
from auditor.transports.document import REQUEST_BEGIN, REQUEST_END
from tests.simulation.wsman_visits import ACCOUNTS, MACHINES, PASSWORD, USER, windows_machine

WINDOWS = windows_machine("p13-plain")
LINUX = load_machine(MACHINES / "linux-plain.yaml")
SOAP = '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'


@pytest.fixture(autouse=True)
def user_file() -> Iterator[None]:
    USER_FILE.keep()
    yield
    USER_FILE.give_up()


def first_token() -> bytes:
    client = spnego.client(USER, PASSWORD, protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
    return client.step() or b""


@settings(max_examples=150, deadline=None)
@given(tokens=some.lists(some.binary(max_size=120), min_size=1, max_size=3), start=some.booleans())
def test_no_token_signs_in_or_breaks_the_sign_in(tokens: list[bytes], start: bool) -> None:
    sign_in = ConnectionSignIn(Accounts(ACCOUNTS, "web1"), WSManOptions(), over_tls=False, certificate=None)
    if start:
        tokens = [first_token(), *(b"NTLMSSP\0\3\0\0\0" + token for token in tokens)]
    for token in tokens:
        answer = sign_in.user(f"Negotiate {base64.b64encode(token).decode()}")
        assert isinstance(answer, Challenge)


@settings(max_examples=150, deadline=None)
@given(cut=some.integers(min_value=0, max_value=200), put=some.binary(max_size=8))
def test_a_damaged_token_does_not_sign_in(cut: int, put: bytes) -> None:
    client = spnego.client(USER, PASSWORD, protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
    sign_in = ConnectionSignIn(Accounts(ACCOUNTS, "web1"), WSManOptions(), over_tls=False, certificate=None)
    challenge = sign_in.user(f"Negotiate {base64.b64encode(client.step() or b'').decode()}")
    assert isinstance(challenge, Challenge)
    token = client.step(base64.b64decode(challenge.headers[0].split()[1])) or b""
    damaged = token[:cut] + put
    assert isinstance(sign_in.user(f"Negotiate {base64.b64encode(damaged).decode()}"), Challenge)


@settings(max_examples=150, deadline=None)
@given(text=some.text(max_size=200), marked=some.booleans(), machine=some.sampled_from([WINDOWS, LINUX]))
def test_every_script_ends(text: str, marked: bool, machine: object) -> None:
    body = f"$x = @'\n{text}\n'@" if machine is WINDOWS else f"ask {text}"
    script = f"{REQUEST_BEGIN}\n{body}\n{REQUEST_END}\n" if marked else text
    for one in (WINDOWS, LINUX):
        assert run_script(one, script).exit_code in (0, 1, 2)


@pytest.mark.parametrize(
    ("machine", "request_text"),
    [
        (WINDOWS, "$x = @'\n[]\n'@"),
        (WINDOWS, "$x = @'\n{}\n'@"),
        (WINDOWS, '$x = @\'\n{"questions": [{"id": "a"}]}\n\'@'),
        (WINDOWS, "$x = @'\n" + "[" * 100_000 + "\n'@"),
        (LINUX, "ask 'a"),
        (LINUX, "ask a"),
    ],
)
def test_a_request_in_no_known_form_answers_nothing(machine: object, request_text: str) -> None:
    for one in (WINDOWS, LINUX):
        if one is machine:
            printed = run_script(one, f"{REQUEST_BEGIN}\n{request_text}\n{REQUEST_END}\n")
            assert printed.stdout in (b"", b"osaudit\r\n")
            assert printed.exit_code == (2 if one.platform is Platform.LINUX else 1)


@settings(max_examples=150, deadline=None)
@given(line=some.text(max_size=80), shell=some.sampled_from(list(DefaultShell)))
def test_every_command_line_is_understood_or_refused(line: str, shell: DefaultShell) -> None:
    for machine in (WINDOWS, LINUX):
        program = on_ssh(machine, line, shell)
        assert program.reads_input or program.at_once.exit_code != 0


@settings(max_examples=200, deadline=None)
@given(data=some.binary(max_size=300), inside=some.booleans())
def test_every_message_is_read_or_a_fault(data: bytes, inside: bool) -> None:
    message = f"{SOAP}><s:Header/><s:Body>".encode() + data + b"</s:Body></s:Envelope>" if inside else data
    try:
        assert isinstance(read_message(message), Message)
    except SoapFault as fault:
        assert str(fault) == "schema-validation"


@pytest.fixture(scope="module")
def https() -> Iterator[SimulatedServer]:
    with serve_wsman(WINDOWS, accounts=ACCOUNTS, https=True) as server:
        yield server


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
@pytest.mark.parametrize("operation", ["Create", "Command", "Send", "Receive", "Signal", "Delete", "Enumerate", "Pull"])
@pytest.mark.parametrize(
    "body", ["", "<x/>", "<w:MaxElements xmlns:w='http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd'>x</w:MaxElements>"]
)
def test_every_operation_answers_a_message_without_its_content(
    https: SimulatedServer, operation: str, body: str
) -> None:
    message = (
        f'{SOAP} xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"><s:Header>'
        f"<a:Action>http://example.test/{operation}</a:Action></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )
    with requests.Session() as session:
        session.trust_env = False
        response = session.post(
            f"https://127.0.0.1:{https.port}/wsman", data=message, verify=False, auth=(USER, PASSWORD), timeout=8
        )
    assert response.status_code == 500
    assert "s:Fault" in response.text
