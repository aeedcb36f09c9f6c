"""A server that speaks real WS-Man on a loopback address and answers from a machine model.

It never runs anything that it receives.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from auditor.model.question import Platform
from auditor.simulation.answering import AnsweringMachine
from auditor.simulation.certificates import IssuedCertificate, self_signed
from auditor.simulation.listening import SimulatedServer
from auditor.simulation.machine_wql import AccessDenied, InvalidQuery, NoSuchClass
from auditor.simulation.options import Counted, Fault, Step, Trouble, WSManOptions
from auditor.simulation.wsman_accounts import USER_FILE, Accounts
from auditor.simulation.wsman_enumeration import Enumerations
from auditor.simulation.wsman_http import Answered, WSManHandler
from auditor.simulation.wsman_shells import Shells
from auditor.simulation.wsman_sign_in import ConnectionSignIn, certificate_of
from auditor.simulation.wsman_soap import (
    Message,
    SoapFault,
    answer,
    fault_answer,
    identify_answer,
    is_identify,
    read_message,
)

_SHELL_STEPS = frozenset({Step.CREATE, Step.COMMAND, Step.SEND, Step.RECEIVE, Step.SIGNAL, Step.DELETE})
_HANDSHAKE_SECONDS = 20.0


@contextmanager
def serve_wsman(
    machine: AnsweringMachine,
    *,
    accounts: Mapping[str, str],
    https: bool = False,
    certificate: IssuedCertificate | None = None,
    client_authority: Path | None = None,
    options: WSManOptions | None = None,
    address: str = "127.0.0.1",
    port: int = 0,
) -> Iterator[SimulatedServer]:
    """Serve a Windows machine over WS-Man until the end of the block.

    `accounts` are passwords by user name. With `https` the server shows `certificate`, or a self-signed one made on
    the spot; a client certificate that `client_authority` (a PEM file) issued signs in the account that has its common
    name. Port 0 takes a free one. Kerberos works where `gssapi` is installed and KRB5_KTNAME names the keytab.
    """
    if machine.platform is not Platform.WINDOWS:
        raise ValueError("only a Windows machine speaks WS-Man")
    options = options or WSManOptions()
    name = str(getattr(machine, "name", "") or socket.gethostname())
    with contextlib.ExitStack() as stack:
        tls = _tls(stack, certificate, client_authority) if https else None
        USER_FILE.keep()
        stack.callback(USER_FILE.give_up)
        server = SimulatedServer(address, port, Counted(options.troubles), options.latency)
        stack.callback(server.stop)
        service = _Service(machine, name, server, options)
        server.start(service.serving(Accounts(accounts, name), tls))
        yield server


class _Service:
    """The WS-Man service of one machine."""

    def __init__(self, machine: AnsweringMachine, name: str, server: SimulatedServer, options: WSManOptions) -> None:
        self.server = server
        self.options = options
        self._machine = machine
        self._name = name
        self._shells = Shells(machine, server, options)
        self._enumerations = Enumerations(machine, options)

    @property
    def os_version(self) -> str:
        """The version of Windows, from its own WMI."""
        try:
            rows = self._machine.wql("root/cimv2", "select Version from Win32_OperatingSystem")
        except (NoSuchClass, AccessDenied, InvalidQuery):
            rows = []
        return str(rows[0].get("Version") or "") if rows else "10.0.0"

    def serving(self, accounts: Accounts, tls: ssl.SSLContext | None) -> Callable[[socket.socket], None]:
        """Return what serves one connection to its end."""

        def serve(connection: socket.socket) -> None:
            if tls is None:
                WSManHandler(connection, self, self._sign_in(accounts, connection))
                return
            connection.settimeout(_HANDSHAKE_SECONDS)
            with tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False) as channel:
                self.server.adopt(channel)
                channel.do_handshake()
                channel.settimeout(None)
                WSManHandler(channel, self, self._sign_in(accounts, channel))

        return serve

    def answer(self, message: bytes, user: str) -> Answered:
        """Answer the SOAP message of somebody who has signed in."""
        if is_identify(message):
            return self._identify()
        try:
            request = read_message(message)
        except SoapFault as fault:
            self.server.count(Step.OTHER)
            return Answered(500, fault_answer(fault.fault, "", self._name))
        step = _step_of(request)
        self.server.count(step)
        trouble = self.server.meet(step)
        if trouble is not None and trouble.status:
            return Answered(trouble.status)
        try:
            return Answered(200, answer(request, self._performed(step, request, user, trouble)))
        except SoapFault as fault:
            return Answered(500, fault_answer(fault.fault, request.message_id, self._name))

    def _identify(self) -> Answered:
        self.server.count(Step.IDENTIFY)
        trouble = self.server.meet(Step.IDENTIFY)
        if trouble is not None:
            return Answered(trouble.status or 500)
        self.server.pause()
        return Answered(200, identify_answer(self.os_version))

    def _performed(self, step: Step, request: Message, user: str, trouble: Trouble | None) -> str:
        """Return the body of the answer, after the latency; raises `SoapFault`."""
        allowed = min(request.operation_timeout, self.options.max_operation_seconds)
        if self.options.latency > allowed:
            self.server.pause(allowed)
            raise SoapFault(Fault.OPERATION_TIMEOUT)
        self.server.pause()
        if trouble is not None and trouble.fault is not None:
            raise SoapFault(trouble.fault)
        performing = {
            Step.CREATE: self._shells.create,
            Step.COMMAND: self._shells.command,
            Step.SEND: self._shells.send,
            Step.RECEIVE: self._shells.receive,
            Step.SIGNAL: self._shells.signal,
            Step.DELETE: self._shells.delete,
            Step.ENUMERATE: self._enumerations.enumerate,
            Step.PULL: self._enumerations.pull,
            Step.RELEASE: self._enumerations.release,
            Step.INVOKE: self._enumerations.invoke,
        }.get(step)
        if performing is None:
            raise SoapFault(Fault.ACTION_NOT_SUPPORTED)
        return performing(request, user)

    def _sign_in(self, accounts: Accounts, connection: socket.socket) -> ConnectionSignIn:
        over_tls = isinstance(connection, ssl.SSLSocket)
        return ConnectionSignIn(accounts, self.options, over_tls=over_tls, certificate=certificate_of(connection))


def _step_of(message: Message) -> Step:
    if "/wmi/" in message.action:
        return Step.INVOKE
    try:
        step = Step(message.operation)
    except ValueError:
        return Step.OTHER
    return step


def _tls(
    stack: contextlib.ExitStack, certificate: IssuedCertificate | None, client_authority: Path | None
) -> ssl.SSLContext:
    if certificate is None:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="osaudit-simulation-")))
        certificate = self_signed(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate_file, certificate.key_file)
    if client_authority is not None:
        context.load_verify_locations(client_authority)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context
