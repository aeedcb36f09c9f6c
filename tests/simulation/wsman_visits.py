"""What the WS-Man tests share: machines, scripts, and clients as released that visit a simulated server."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from winrm.protocol import Protocol

from auditor.model.question import Platform, Question, Verb
from auditor.simulation.listening import SimulatedServer
from auditor.simulation.machine import Machine, load_machine
from auditor.transports.base import Limits, Request
from auditor.transports.document import WINDOWS_START_UP, read_document, windows_script

MACHINES = Path(__file__).parents[2] / "fixtures" / "machines"
USER, PASSWORD = "EXAMPLE\\auditor", "correct horse battery"
ACCOUNTS = {USER: PASSWORD}
START_UP = f'powershell.exe -NoLogo -NoProfile -NonInteractive -Command "{WINDOWS_START_UP}"'
REGISTRY_KEY = "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"


def windows_machine(name: str = "p01-development") -> Machine:
    """Load a modelled machine of the product."""
    return load_machine(MACHINES / f"{name}.yaml")


def questions(count: int = 1) -> tuple[Question, ...]:
    """Return questions that every Windows server can answer."""
    arguments = {"key": REGISTRY_KEY, "values": ["ProductName"]}
    return tuple(
        Question(f"test.registry_{number}", Verb.REGISTRY, Platform.WINDOWS, "test", "none", arguments)
        for number in range(count)
    )


def windows_text(asked: Iterable[Question]) -> str:
    """Return the script that the product sends."""
    return windows_script(Request(tuple(asked)), 120, 30)


def read_answers(stdout: bytes, asked: tuple[Question, ...]) -> list[Any]:
    """Return the values of an answer document, as the product reads it."""
    answers = read_document("test", stdout, Request(asked), Limits())
    return [answer.value for answer in answers]


def pywinrm(server: SimulatedServer, transport: str = "ntlm", **more: Any) -> Protocol:
    """Return pywinrm's protocol object for a server; it takes neither proxies nor authorities from the environment."""
    endpoint = f"{more.pop('scheme', 'http')}://{more.pop('host', '127.0.0.1')}:{server.port}/wsman"
    settings: dict[str, Any] = {
        "transport": transport,
        "username": USER,
        "password": PASSWORD,
        "read_timeout_sec": 8,
        "operation_timeout_sec": 5,
        "ca_trust_path": None,
        "proxy": None,
        **more,
    }
    return Protocol(endpoint=endpoint, **settings)


def visit(protocol: Protocol, script: str, command: str = START_UP) -> tuple[bytes, bytes, int]:
    """Run one script on standard input in a shell of its own."""
    shell = protocol.open_shell(codepage=65001)
    identity = protocol.run_command(shell, command, console_mode_stdin=False)
    protocol.send_command_input(shell, identity, script.encode(), end=True)
    output: tuple[bytes, bytes, int] = protocol.get_command_output(shell, identity)
    protocol.cleanup_command(shell, identity)
    protocol.close_shell(shell)
    return output
