"""Shells and commands of WinRM: Create, Command, Send, Receive, Signal, Delete."""

from __future__ import annotations

import base64
import binascii
import threading
import time
import uuid
from dataclasses import dataclass, field
from xml.etree import ElementTree

from auditor.simulation.answering import AnsweringMachine, Printed
from auditor.simulation.command_line import Program, on_cmd
from auditor.simulation.listening import Dropped, SimulatedServer
from auditor.simulation.options import Fault, WSManOptions
from auditor.simulation.wsman_soap import SHELL, TRANSFER, Message, SoapFault, text

CMD_RESOURCE = f"{SHELL}/cmd"
_STATE = f"{SHELL}/CommandState"
# What an envelope needs beside the output that it carries.
_ENVELOPE_OVERHEAD = 4096
# How often a wait for input looks whether the server is being stopped.
_LOOK_UP_SECONDS = 0.05


@dataclass(slots=True)
class _Command:
    """A started command. `ready_at` is set, on the monotonic clock, when all its input is there."""

    program: Program
    received: bytearray = field(default_factory=bytearray)
    input_ended: threading.Event = field(default_factory=threading.Event)
    ready_at: float = 0.0
    printed: Printed | None = None
    sent: int = 0


@dataclass(slots=True)
class _Shell:
    user: str
    commands: dict[str, _Command] = field(default_factory=dict)
    operations: int = 0


class Shells:
    """The open shells of one server; safe to be used by all its connections."""

    def __init__(self, machine: AnsweringMachine, server: SimulatedServer, options: WSManOptions) -> None:
        self._machine = machine
        self._server = server
        self._options = options
        self._lock = threading.Lock()
        self._shells: dict[str, _Shell] = {}

    @property
    def open_shells(self) -> int:
        """How many shells are open."""
        with self._lock:
            return len(self._shells)

    def create(self, message: Message, user: str) -> str:
        """Open a shell."""
        if message.resource != CMD_RESOURCE:
            raise SoapFault(Fault.RESOURCE_NOT_FOUND)
        if self._options.denies_shells:
            raise SoapFault(Fault.ACCESS_DENIED)
        identity = message.content.get("ShellId") or str(uuid.uuid4()).upper()
        with self._lock:
            if len(self._shells) + self._options.open_shells >= self._options.max_shells:
                raise SoapFault(Fault.TOO_MANY_SHELLS)
            self._shells[identity] = _Shell(user)
        return (
            f'<x:ResourceCreated xmlns:x="{TRANSFER}"><a:Address>http://{self._server.address}:{self._server.port}/wsman'
            f"</a:Address><a:ReferenceParameters><w:ResourceURI>{CMD_RESOURCE}</w:ResourceURI><w:SelectorSet>"
            f'<w:Selector Name="ShellId">{text(identity)}</w:Selector></w:SelectorSet></a:ReferenceParameters>'
            f'</x:ResourceCreated><rsp:Shell xmlns:rsp="{SHELL}"><rsp:ShellId>{text(identity)}</rsp:ShellId>'
            f"<rsp:ResourceUri>{CMD_RESOURCE}</rsp:ResourceUri><rsp:Owner>{text(user)}</rsp:Owner>"
            "<rsp:ClientIP>127.0.0.1</rsp:ClientIP><rsp:IdleTimeOut>PT7200.000S</rsp:IdleTimeOut>"
            "<rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>"
        )

    def command(self, message: Message, user: str) -> str:
        """Start a command: its line is looked at, nothing runs."""
        shell = self._shell(message, user)
        command_line = message.content
        words = [
            part.text or "" for name in ("Command", "Arguments") for part in command_line.findall(f"{{{SHELL}}}{name}")
        ]
        line = " ".join(words)
        self._server.command_lines.append(line)
        command = _Command(on_cmd(self._machine, line))
        if not command.program.reads_input:
            self._end_input(command)
        identity = command_line.get("CommandId") or str(uuid.uuid4()).upper()
        with self._lock:
            shell.operations += 1
            if shell.operations > self._options.max_operations:
                raise SoapFault(Fault.TOO_MANY_OPERATIONS)
            shell.commands[identity] = command
        return f"<rsp:CommandResponse><rsp:CommandId>{text(identity)}</rsp:CommandId></rsp:CommandResponse>"

    def send(self, message: Message, user: str) -> str:
        """Take a piece of a command's standard input."""
        shell = self._shell(message, user)
        for stream in message.content.findall(f"{{{SHELL}}}Stream"):
            command = self._command(shell, stream)
            try:
                command.received += base64.b64decode(stream.text or "", validate=True)
            except binascii.Error:
                raise SoapFault(Fault.SCHEMA_VALIDATION) from None
            if stream.get("End", "").casefold() == "true":
                self._end_input(command)
        return "<rsp:SendResponse/>"

    def receive(self, message: Message, user: str) -> str:
        """Give the next piece of a command's output, waiting for it until the client's OperationTimeout."""
        shell = self._shell(message, user)
        desired = message.content.find(f"{{{SHELL}}}DesiredStream")
        if desired is None:
            raise SoapFault(Fault.SCHEMA_VALIDATION)
        command = self._command(shell, desired)
        self._wait_for(command, min(message.operation_timeout, self._options.max_operation_seconds))
        printed = self._printed(command)
        envelope = min(message.max_envelope, self._options.max_envelope)
        size = max(1024, (envelope - _ENVELOPE_OVERHEAD - 4 * len(printed.stderr) // 3) // 4 * 3)
        piece = printed.stdout[command.sent : command.sent + size]
        command.sent += len(piece)
        return _received(desired.get("CommandId", ""), piece, printed, command.sent >= len(printed.stdout))

    def signal(self, message: Message, user: str) -> str:
        """End a command."""
        shell = self._shell(message, user)
        with self._lock:
            if shell.commands.pop(message.content.get("CommandId", ""), None) is None:
                raise SoapFault(Fault.INVALID_SELECTORS)
        return "<rsp:SignalResponse/>"

    def delete(self, message: Message, user: str) -> str:
        """Close a shell with all its commands."""
        self._shell(message, user)
        with self._lock:
            self._shells.pop(message.selectors["ShellId"], None)
        return ""

    def _shell(self, message: Message, user: str) -> _Shell:
        with self._lock:
            shell = self._shells.get(message.selectors.get("ShellId", ""))
        # Windows shows a user's shell to nobody else.
        if shell is None or shell.user != user:
            raise SoapFault(Fault.INVALID_SELECTORS)
        return shell

    def _command(self, shell: _Shell, stream: ElementTree.Element) -> _Command:
        with self._lock:
            command = shell.commands.get(stream.get("CommandId", ""))
        if command is None:
            raise SoapFault(Fault.INVALID_SELECTORS)
        return command

    def _end_input(self, command: _Command) -> None:
        command.ready_at = time.monotonic() + self._options.command_seconds
        command.input_ended.set()

    def _wait_for(self, command: _Command, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not command.input_ended.wait(_LOOK_UP_SECONDS):
            if self._server.stopping.is_set():
                raise Dropped
            if time.monotonic() >= until:
                raise SoapFault(Fault.OPERATION_TIMEOUT)
        now = time.monotonic()
        if command.ready_at > until:
            self._server.pause(max(0.0, until - now))
            raise SoapFault(Fault.OPERATION_TIMEOUT)
        self._server.pause(max(0.0, command.ready_at - now))

    def _printed(self, command: _Command) -> Printed:
        if command.printed is None:
            script = command.received.decode("utf-8-sig", errors="replace")
            if command.program.reads_input:
                self._server.scripts.append(script)
            printed = command.program.printed(self._machine, script)
            spoil = self._options.spoil or bytes
            command.printed = Printed(spoil(printed.stdout), printed.stderr + self._options.stderr, printed.exit_code)
        return command.printed


def _received(command: str, piece: bytes, printed: Printed, done: bool) -> str:
    identity = text(command)
    parts = ["<rsp:ReceiveResponse>"]
    if piece:
        parts.append(_stream("stdout", identity, piece))
    if done:
        if printed.stderr:
            parts.append(_stream("stderr", identity, printed.stderr))
        for name in ("stdout", "stderr"):
            parts.append(f'<rsp:Stream Name="{name}" CommandId="{identity}" End="true"></rsp:Stream>')
        parts.append(
            f'<rsp:CommandState CommandId="{identity}" State="{_STATE}/Done">'
            f"<rsp:ExitCode>{printed.exit_code}</rsp:ExitCode></rsp:CommandState>"
        )
    else:
        parts.append(f'<rsp:CommandState CommandId="{identity}" State="{_STATE}/Running"/>')
    parts.append("</rsp:ReceiveResponse>")
    return "".join(parts)


def _stream(name: str, command: str, data: bytes) -> str:
    encoded = base64.b64encode(data).decode()
    return f'<rsp:Stream Name="{name}" CommandId="{command}">{encoded}</rsp:Stream>'
