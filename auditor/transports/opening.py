"""Opening the transport that an endpoint asks for."""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from auditor.model.inventory import Host, WinRMEndpoint
from auditor.transports import ssh, winrm
from auditor.transports.base import Limits, Secrets, Transport


class Connections:
    """The transports of one scan, with what they share: keys, known hosts, bastions, bounds on sign-ins in progress."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._keys = ssh.KeyRing()
        self._gate = ssh.SignInGate()
        self._known_hosts = ssh.KnownHostsFiles()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._gate.close()

    def open(self, host: Host, secrets: Secrets) -> AbstractContextManager[Transport]:
        """Return an open, signed-in transport; raises `TransportError`."""
        if isinstance(host.endpoint, WinRMEndpoint):
            return winrm.connect(host.name, host.endpoint, secrets, self._limits)
        return ssh.connect(
            host.name,
            host.endpoint,
            secrets,
            self._limits,
            keys=self._keys,
            gate=self._gate,
            known_hosts=self._known_hosts,
        )
