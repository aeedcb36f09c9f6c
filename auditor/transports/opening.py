"""Opening the transport that an endpoint asks for."""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from auditor.model.inventory import Asked, LifeTimeApi, WinRMEndpoint
from auditor.transports import lifetime, ssh, winrm
from auditor.transports.base import Limits, Secrets, Transport, Witness
from auditor.transports.journal import Journal


class Connections:
    """The transports of one scan, with what they share: loaded keys, bastions, bounds on sign-ins, the journal."""

    def __init__(self, limits: Limits, journal: Journal | None = None) -> None:
        self._limits = limits
        self._journal = journal
        self._keys = ssh.KeyRing()
        self._gate = ssh.SignInGate()

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
            return lifetime.connect(host, secrets, self._limits, witness)
        if isinstance(host.endpoint, WinRMEndpoint):
            return winrm.connect(host.name, host.endpoint, secrets, self._limits, witness)
        return ssh.connect(
            host.name, host.endpoint, secrets, self._limits, keys=self._keys, gate=self._gate, witness=witness
        )
