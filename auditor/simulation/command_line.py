"""What a command line asks of a simulated server. It is looked at, never run."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from auditor.model.question import Platform
from auditor.simulation.answering import AnsweringMachine, Printed, run_script
from auditor.simulation.options import DefaultShell

CMD_LIMIT = 8191
_READS_STANDARD_INPUT = "[Console]::In.ReadToEnd()"
_OPTION = re.compile(r"""-(\w+)(?:\s+("[^"]*"|'[^']*'|[^\s-]\S*|-(?=\s|$)))?""")
_NOTHING = Printed()
_ENCODED = frozenset({"encodedcommand", "enc", "ec", "e"})
_PLAIN = frozenset({"command", "c"})


@dataclass(frozen=True, slots=True)
class Program:
    """A program as far as it matters: whether it waits for its input to end, and what it prints otherwise.

    `script` is the text that the command line itself carries.
    """

    reads_input: bool
    at_once: Printed = _NOTHING
    script: str = ""

    def printed(self, machine: AnsweringMachine, text: str) -> Printed:
        """Return what it prints after reading `text`."""
        return run_script(machine, text) if self.reads_input else self.at_once


def on_cmd(machine: AnsweringMachine, line: str) -> Program:
    """Return what cmd.exe makes of the line: its limit counts, quotes around the whole are taken off."""
    if len(line) > CMD_LIMIT:
        return Program(False, Printed(stderr=b"The command line is too long.\r\n", exit_code=1))
    words = line.strip().split(None, 1)
    name = words[0].strip('"') if words else ""
    if not _is_powershell(name):
        return Program(False, Printed(stderr=_not_recognized(name), exit_code=1))
    return _powershell(machine, words[1] if len(words) > 1 else "")


def on_windows_ssh(machine: AnsweringMachine, line: str, shell: DefaultShell) -> Program:
    """Return what OpenSSH on Windows makes of the line, under its default shell."""
    if shell is DefaultShell.CMD:
        if len(line) + len('cmd.exe /c ""') > CMD_LIMIT:
            return Program(False, Printed(stderr=b"The command line is too long.\r\n", exit_code=1))
        return on_cmd(machine, line)
    words = line.strip().split(None, 1)
    name = words[0] if words else ""
    if not _is_powershell(name):
        error = (
            f"{name} : The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable "
            "program.\r\n"
        )
        return Program(False, Printed(stderr=error.encode(), exit_code=1))
    return _powershell(machine, words[1] if len(words) > 1 else "")


def on_linux(machine: AnsweringMachine, line: str) -> Program:
    """Return what a login shell on Linux makes of the line: sh reads a script from its input, nothing else is there."""
    words = line.split()
    name = words[0] if words else ""
    if name.rpartition("/")[2] == "sh" and not any(word == "-c" for word in words):
        return Program(True)
    return Program(False, Printed(stderr=f"sh: 1: {name}: not found\n".encode(), exit_code=127))


def on_ssh(machine: AnsweringMachine, line: str, shell: DefaultShell) -> Program:
    """Return what an SSH server on this machine makes of the line."""
    if machine.platform is Platform.LINUX:
        return on_linux(machine, line)
    return on_windows_ssh(machine, line, shell)


def _is_powershell(name: str) -> bool:
    return re.split(r"[\\/]", name)[-1].casefold() in ("powershell", "powershell.exe")


def _powershell(machine: AnsweringMachine, arguments: str) -> Program:
    script = _given_script(arguments)
    if script is None:
        return Program(
            False, Printed(stderr=b"Cannot process the command because of a missing parameter.\r\n", exit_code=1)
        )
    if _READS_STANDARD_INPUT in script:
        return Program(True, script=script)
    return Program(False, run_script(machine, script), script)


def _given_script(arguments: str) -> str | None:
    for match in _OPTION.finditer(arguments):
        name = match[1].casefold()
        if name in _ENCODED and match[2]:
            try:
                return base64.b64decode(match[2], validate=True).decode("utf-16-le")
            except (binascii.Error, UnicodeDecodeError):
                return None
        if name in _PLAIN:
            # All that follows -Command belongs to it.
            return arguments[match.start() + len(match[1]) + 1 :].strip().strip('"')
    return None


def _not_recognized(name: str) -> bytes:
    return (
        f"'{name}' is not recognized as an internal or external command,\r\noperable program or batch file.\r\n"
    ).encode()
