"""Courtesy to SSH servers: few sign-ins at a time, and one connection to a bastion for all who go through it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from auditor.errors import TransportError


class SharedConnection(Protocol):
    """A connection that several visits use at once."""

    def is_active(self) -> bool:
        """Whether it is still open."""
        ...

    def close(self) -> None:
        """End it."""
        ...


C = TypeVar("C", bound=SharedConnection)


@dataclass(slots=True)
class _Shared:
    lock: threading.Lock = field(default_factory=threading.Lock)
    connection: Any = None
    failure: TransportError | None = None


class SignInGate:
    """Owned by one scan; safe to share between threads; closes the bastion connections when left.

    `limit` sign-ins may be in progress at one place: sshd starts to refuse at ten (MaxStartups 10:30:100). `pause` is
    the number of seconds before the one further try that a server gets which is too busy to begin a sign-in.
    """

    def __init__(self, limit: int = 8, pause: float = 2.0) -> None:
        self.pause = pause
        self._limit = limit
        self._lock = threading.Lock()
        self._places: dict[tuple[str, int], threading.BoundedSemaphore] = {}
        self._shared: dict[Hashable, _Shared] = {}

    def __enter__(self) -> SignInGate:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def admit(self, address: str, port: int) -> Iterator[None]:
        """Hold one of the places for signing in at this server, waiting until there is one."""
        with self._lock:
            places = self._places.setdefault((address, port), threading.BoundedSemaphore(self._limit))
        with places:
            yield

    def share(self, what: Hashable, opening: Callable[[], C]) -> C:
        """Return the one connection for `what`, opened by whoever comes first.

        A failure to open it is kept and raised for everybody: a sign-in that was refused is not tried again.
        """
        with self._lock:
            shared = self._shared.setdefault(what, _Shared())
        with shared.lock:
            if shared.failure is not None:
                raise shared.failure
            if shared.connection is None or not shared.connection.is_active():
                try:
                    shared.connection = opening()
                except TransportError as failure:
                    shared.failure = failure
                    raise
            connection: C = shared.connection
            return connection

    def close(self) -> None:
        """Close all shared connections."""
        with self._lock:
            shared, self._shared = list(self._shared.values()), {}
        for one in shared:
            if one.connection is not None:
                one.connection.close()
