"""Opening the transport that an endpoint asks for."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Self

from auditor.model.inventory import Host, SSHEndpoint, WinRMEndpoint
from auditor.transports.base import Limits, Secrets, Transport
from auditor.transports.host_keys import KnownHostsFiles
from auditor.transports.ssh_gate import SignInGate

if TYPE_CHECKING:
    from auditor.transports.ssh import KeyRing
    from auditor.transports.winrm import TrustStores


class Connections:
    """The transports of one scan, with what they share: keys, known hosts, trust, bastions, sign-ins in progress.

    The library of a protocol takes a fifth of a second to load, so it is loaded for the first host that speaks it.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._gate = SignInGate()
        self._known_hosts = KnownHostsFiles()
        self._lock = threading.Lock()
        self._keys: KeyRing | None = None
        self._trust: TrustStores | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._gate.close()

    def open(self, host: Host, secrets: Secrets) -> AbstractContextManager[Transport]:
        """Return an open, signed-in transport; raises `TransportError`."""
        if isinstance(host.endpoint, WinRMEndpoint):
            return self._winrm(host.name, host.endpoint, secrets)
        return self._ssh(host.name, host.endpoint, secrets)

    def _winrm(self, host: str, endpoint: WinRMEndpoint, secrets: Secrets) -> AbstractContextManager[Transport]:
        with self._lock:
            from auditor.transports import winrm

            self._trust = self._trust or winrm.TrustStores()
        return winrm.connect(host, endpoint, secrets, self._limits, trust=self._trust)

    def _ssh(self, host: str, endpoint: SSHEndpoint, secrets: Secrets) -> AbstractContextManager[Transport]:
        with self._lock:
            from auditor.transports import ssh

            self._keys = self._keys or ssh.KeyRing()
        return ssh.connect(
            host, endpoint, secrets, self._limits, keys=self._keys, gate=self._gate, known_hosts=self._known_hosts
        )
