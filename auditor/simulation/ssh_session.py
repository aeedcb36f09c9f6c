"""One SSH connection of a simulated server: who may sign in, which channels open, what a command prints."""

from __future__ import annotations

import base64
import binascii
import contextlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_FAILED_CONNECT_FAILED,
    OPEN_SUCCEEDED,
)

from auditor.simulation.answering import AnsweringMachine, Printed
from auditor.simulation.command_line import on_ssh
from auditor.simulation.listening import Dropped, SimulatedServer
from auditor.simulation.options import SSHOptions, Step
from auditor.simulation.ssh_forwarding import Forwarding

_PIECE = 32_768
_LARGEST_INPUT = 16_000_000


@dataclass(frozen=True, slots=True)
class SSHAccounts:
    """Passwords and public keys (as blobs) by user."""

    passwords: Mapping[str, str]
    keys: Mapping[str, frozenset[bytes]]


def key_blob(line: str) -> bytes:
    """Return the key of a line of authorized_keys."""
    words = line.split()
    for kind, blob in pairwise(words):
        if kind.startswith(("ssh-", "ecdsa-")):
            try:
                return base64.b64decode(blob, validate=True)
            except binascii.Error:
                break
    raise ValueError("a public key is written as in authorized_keys: kind, then base64")


class SSHSession(paramiko.ServerInterface):
    """What paramiko asks about one connection. Its methods run in the connection's own thread."""

    def __init__(
        self,
        transport: paramiko.Transport,
        machine: AnsweringMachine,
        server: SimulatedServer,
        accounts: SSHAccounts,
        options: SSHOptions,
    ) -> None:
        self._transport = transport
        self._machine = machine
        self._server = server
        self._accounts = accounts
        self._options = options
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._sessions = 0
        self._user = ""
        self.forwarding = Forwarding(options)

    def get_allowed_auths(self, username: str) -> str:
        """Name the ways to sign in that some account has."""
        ways = (("publickey", self._accounts.keys), ("password", self._accounts.passwords))
        return ",".join(name for name, of_users in ways if of_users)

    def check_auth_password(self, username: str, password: str) -> int:
        """Accept the right password."""
        return self._signed_in(username, self._accounts.passwords.get(username) == password)

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        """Accept a key of the user; paramiko checks the signature."""
        return self._signed_in(username, key.asbytes() in self._accounts.keys.get(username, ()))

    def check_channel_request(self, kind: str, chanid: int) -> int:
        """Open session channels up to the limit."""
        self._server.count(Step.CHANNEL)
        if self._server.meet(Step.CHANNEL) is not None:
            return OPEN_FAILED_CONNECT_FAILED
        if kind != "session":
            return OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        with self._lock:
            if self._sessions >= self._options.max_sessions:
                return OPEN_FAILED_CONNECT_FAILED
            self._sessions += 1
        return OPEN_SUCCEEDED

    def check_channel_direct_tcpip_request(
        self, chanid: int, origin: tuple[str, int], destination: tuple[str, int]
    ) -> int:
        """Forward where this server is a bastion."""
        self._server.count(Step.FORWARD)
        if self._server.meet(Step.FORWARD) is not None:
            return OPEN_FAILED_CONNECT_FAILED
        return self.forwarding.connect(chanid, destination)

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        """Take a command: its line is looked at, nothing runs."""
        line = command.decode("utf-8", errors="replace")
        self._server.command_lines.append(line)
        self._server.count(Step.EXEC)
        threading.Thread(target=self._exec, args=(channel, line), daemon=True).start()
        return True

    def _signed_in(self, user: str, is_right: bool) -> int:
        refused = self._server.meet(Step.AUTHENTICATION) is not None
        self._server.pause()
        if refused or not is_right or self._options.refuses_sign_in:
            self._server.count(Step.REFUSED)
            return AUTH_FAILED
        # OpenSSH's client asks whether a key would do before it signs with it.
        if self._user != user:
            self._user = user
            self._server.count(Step.AUTHENTICATION)
            self._server.users.append(user)
        return AUTH_SUCCESSFUL

    def _exec(self, channel: paramiko.Channel, line: str) -> None:
        try:
            self._wait_for_reply()
            self._print(channel, self._printed(channel, line))
        except Dropped:
            self._transport.close()
        except (OSError, EOFError, paramiko.SSHException):
            pass  # the client closed the channel, or went away
        finally:
            with contextlib.suppress(OSError, EOFError):
                channel.close()
            with self._lock:
                self._sessions -= 1

    def _wait_for_reply(self) -> None:
        """Return when the client has been told that its command was taken.

        paramiko tells it after `check_channel_exec_request` returns, in the connection's own thread, and a channel
        that closes before is an error to the client. A question to the client is answered in that same thread later.
        """
        with self._asking:
            self._transport.global_request("keepalive@openssh.com", wait=True)

    def _printed(self, channel: paramiko.Channel, line: str) -> Printed:
        program = on_ssh(self._machine, line, self._options.shell)
        script = ""
        if program.reads_input:
            script = _input(channel).decode("utf-8-sig", errors="replace")
            self._server.scripts.append(script)
        if self._server.meet(Step.EXEC) is not None:
            return Printed(exit_code=1)
        printed = program.printed(self._machine, script)
        self._server.pause()
        self._server.pause(self._options.command_seconds)
        spoil = self._options.spoil or bytes
        return Printed(spoil(printed.stdout), printed.stderr + self._options.stderr, printed.exit_code)

    def _print(self, channel: paramiko.Channel, printed: Printed) -> None:
        channel.sendall_stderr(printed.stderr)
        channel.sendall(printed.stdout)
        channel.send_exit_status(printed.exit_code)
        channel.shutdown_write()


def _input(channel: paramiko.Channel) -> bytes:
    """Read until the client ends its input."""
    received = bytearray()
    while piece := channel.recv(_PIECE):
        received += piece
        if len(received) > _LARGEST_INPUT:
            raise Dropped
    return bytes(received)
