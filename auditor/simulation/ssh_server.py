"""A server that speaks real SSH on a loopback address and answers from a machine model.

It never runs anything that it receives, and forwards to loopback addresses alone.
"""

from __future__ import annotations

import io
import logging
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from auditor.model.question import Platform
from auditor.simulation.answering import AnsweringMachine
from auditor.simulation.listening import SimulatedServer
from auditor.simulation.options import Counted, SSHOptions
from auditor.simulation.ssh_session import SSHAccounts, SSHSession, key_blob

_BANNERS = {
    Platform.WINDOWS: "SSH-2.0-OpenSSH_for_Windows_9.5",
    Platform.LINUX: "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7",
}
_LOG = "auditor.simulation.ssh"
_HANDSHAKE_SECONDS = 20.0
_LOOK_UP_SECONDS = 0.2


class SimulatedSSHServer(SimulatedServer):
    """A simulated SSH server with its own host key."""

    def __init__(self, address: str, port: int, counted: Counted, latency: float, host_key: paramiko.PKey) -> None:
        super().__init__(address, port, counted, latency)
        self.host_key = host_key

    @property
    def known_hosts_line(self) -> str:
        """The line for a known_hosts file."""
        name = self.address if self.port == 22 else f"[{self.address}]:{self.port}"
        return f"{name} {self.host_key.get_name()} {self.host_key.get_base64()}\n"


@contextmanager
def serve_ssh(
    machine: AnsweringMachine,
    *,
    accounts: Mapping[str, str] | None = None,
    keys: Mapping[str, Sequence[str]] | None = None,
    host_key: paramiko.PKey | None = None,
    options: SSHOptions | None = None,
    address: str = "127.0.0.1",
    port: int = 0,
) -> Iterator[SimulatedSSHServer]:
    """Serve a machine over SSH until the end of the block.

    `accounts` are passwords by user name, `keys` public keys by user name, in the form of authorized_keys lines. Port
    0 takes a free one. A Linux machine answers a script that `sh` reads from standard input, a Windows machine one that
    `powershell.exe -EncodedCommand` reads from there.
    """
    options = options or SSHOptions()
    _be_quiet()
    blobs = {user: frozenset(key_blob(line) for line in lines) for user, lines in (keys or {}).items()}
    who = SSHAccounts(dict(accounts or {}), blobs)
    server = SimulatedSSHServer(address, port, Counted(options.troubles), options.latency, host_key or new_host_key())
    try:
        server.start(lambda connection: _serve(connection, machine, server, who, options))
        yield server
    finally:
        server.stop()


def new_host_key() -> paramiko.Ed25519Key:
    """Return a new key."""
    pem = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    return paramiko.Ed25519Key(file_obj=io.StringIO(pem.decode()))


def _be_quiet() -> None:
    """Keep what paramiko logs of clients that leave early, or are made to, from everybody's standard error."""
    logger = logging.getLogger(_LOG)
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def _serve(
    connection: socket.socket,
    machine: AnsweringMachine,
    server: SimulatedSSHServer,
    who: SSHAccounts,
    options: SSHOptions,
) -> None:
    transport = paramiko.Transport(connection)
    transport.set_log_channel(_LOG)
    transport.local_version = _BANNERS[machine.platform]
    transport.banner_timeout = transport.handshake_timeout = _HANDSHAKE_SECONDS
    transport.add_server_key(server.host_key)
    session = SSHSession(transport, machine, server, who, options)
    # paramiko itself keeps no channel alive that nobody refers to.
    channels: list[paramiko.Channel] = []
    try:
        transport.start_server(server=session)
        while transport.is_active() and not server.stopping.is_set():
            channel = transport.accept(_LOOK_UP_SECONDS)
            if channel is not None:
                channels.append(channel)
                session.forwarding.begin(channel)
    except paramiko.SSHException:
        pass  # the client left during the handshake
    finally:
        session.forwarding.end()
        transport.close()
