"""Opening the transport that an endpoint asks for."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Self

from auditor.model.inventory import Asked, LifeTimeApi, SSHEndpoint, WinRMEndpoint
from auditor.transports.base import Limits, Secrets, Transport, Witness
from auditor.transports.host_keys import KnownHostsFiles
from auditor.transports.journal import Journal
from auditor.transports.ssh_gate import SignInGate

if TYPE_CHECKING:
    from auditor.transports.ssh import KeyRing
    from auditor.transports.winrm import TrustStores


class Connections:
    """The transports of one scan, with what they share: keys, known hosts, trust, bastions, sign-ins, the journal.

    The library of a protocol takes a fifth of a second to load, so it is loaded for the first host that speaks it.
    """

    def __init__(self, limits: Limits, journal: Journal | None = None) -> None:
        self._limits = limits
        self._journal = journal
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

    def open(self, host: Asked, secrets: Secrets) -> AbstractContextManager[Transport]:
        """Return an open, signed-in transport; raises `TransportError`."""
        if self._journal is None:
            return self._opening(host, secrets, Witness())
        return self._journal.of_visit(host, lambda witness: self._opening(host, secrets, witness))

    def _opening(self, host: Asked, secrets: Secrets, witness: Witness) -> AbstractContextManager[Transport]:
        if isinstance(host, LifeTimeApi):
            from auditor.transports import lifetime

            return lifetime.connect(host, secrets, self._limits, witness)
        if isinstance(host.endpoint, WinRMEndpoint):
            return self._winrm(host.name, host.endpoint, secrets, witness)
        return self._ssh(host.name, host.endpoint, secrets, witness)

    def _winrm(
        self, host: str, endpoint: WinRMEndpoint, secrets: Secrets, witness: Witness
    ) -> AbstractContextManager[Transport]:
        with self._lock:
            from auditor.transports import winrm

            self._trust = self._trust or winrm.TrustStores()
        return winrm.connect(host, endpoint, secrets, self._limits, witness, trust=self._trust)

    def _ssh(
        self, host: str, endpoint: SSHEndpoint, secrets: Secrets, witness: Witness
    ) -> AbstractContextManager[Transport]:
        with self._lock:
            from auditor.transports import ssh

            self._keys = self._keys or ssh.KeyRing()
        return ssh.connect(
            host,
            endpoint,
            secrets,
            self._limits,
            keys=self._keys,
            gate=self._gate,
            known_hosts=self._known_hosts,
            witness=witness,
        )
