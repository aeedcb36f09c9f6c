"""The journal: a line for everything that is put to a host, written before it is sent, for a security team.

A line is a JSON document in ASCII. Nothing that a server said goes into it, and no secret: only what the inventory
declares, ids of questions, a digest, sizes, and how the visit ended.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from auditor.errors import FailureKind, TransportError, UsageError
from auditor.model.inventory import Asked, LifeTimeApi, WinRMEndpoint
from auditor.model.observation import ChannelName
from auditor.transports.base import Transport, Witness


class Journal:
    """An open journal; safe to share between threads, and between processes that append to one file.

    Nothing is ever taken out of the file. A new one is readable by its owner alone; rights that it has are left alone.
    """

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        """Open the journal; raises `UsageError` where nothing can be appended to it."""
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise UsageError(f"The journal {path} cannot be written: {error.strerror}; name another file.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def witness(self, host: Asked) -> JournalWitness:
        """Return what writes lines about one visit to this host."""
        return JournalWitness(self, host)

    @contextmanager
    def of_visit(
        self, host: Asked, opening: Callable[[Witness], AbstractContextManager[Transport]]
    ) -> Iterator[Transport]:
        """Open a transport whose whole visit is noted; raises as `opening` does, or where a line cannot be written."""
        witness = self.witness(host)
        result = FailureKind.CRASHED.value
        try:
            with opening(witness) as transport:
                yield transport
                result = "answered"
        except TransportError as error:
            result = error.kind.value
            raise
        finally:
            witness.end(result)

    def note(self, event: str, host: Asked, **more: Any) -> None:
        """Append one line; raises `TransportError` where that fails."""
        try:
            # Time and line in one hold, so that the lines of a process stand in the order of their times.
            with self._lock:
                moment = f"{self._clock():%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
                line = {"time": moment, "process": os.getpid(), "event": event, **_whom(host), **more}
                text = json.dumps(line, separators=(",", ":")).encode("ascii") + b"\n"
                # One call, so that lines of other processes never come between; a full disk may take a part of it.
                if self._file.write(text) != len(text):
                    raise OSError(0, "only a part of a line had room")
        except OSError as error:
            raise TransportError(
                host.name,
                FailureKind.JOURNAL_NOT_WRITTEN,
                f"The journal {self._path} cannot be written ({error.strerror}), and without it nothing is asked of "
                f"{host.name}: make room, or name another file.",
            ) from None


class JournalWitness(Witness):
    """Writes a line for each sign-in and each request of one visit, and one at its end."""

    def __init__(self, journal: Journal, host: Asked) -> None:
        self._journal = journal
        self._host = host
        self._began = 0.0
        self._contacts = 0
        self._sent = 0
        self._heard = 0
        self._requests = 0

    def signing_in(self, *, bastion: bool = False) -> None:
        """Note a sign-in."""
        self._began = self._began or time.monotonic()
        self._contacts += 1
        self._journal.note("bastion-sign-in" if bastion else "sign-in", self._host)

    def asking(self, channel: ChannelName, questions: Sequence[str], sent: str) -> None:
        """Note a request, with the SHA-256 of what is sent and its size in bytes."""
        data = sent.encode("utf-8")
        self._requests += 1
        self._sent += len(data)
        digest = hashlib.sha256(data).hexdigest()
        self._journal.note(
            "request", self._host, channel=channel, questions=list(questions), sha256=digest, bytes=len(data)
        )

    def heard(self, size: int) -> None:
        """Count what came back, in bytes."""
        self._heard += size

    def end(self, result: str) -> None:
        """Note how the visit ended; a host that was not contacted, as without its password, has no line."""
        if not self._contacts:
            return
        self._journal.note(
            "end",
            self._host,
            result=result,
            requests=self._requests,
            sent=self._sent,
            received=self._heard,
            milliseconds=round((time.monotonic() - self._began) * 1000),
        )


def _whom(host: Asked) -> Mapping[str, Any]:
    if isinstance(host, LifeTimeApi):
        url = urlsplit(host.url)
        # The token says who it is.
        return {"host": host.name, "address": url.hostname, "port": url.port or 443, "transport": "https", "user": None}
    endpoint = host.endpoint
    whom: dict[str, Any] = {
        "host": host.name,
        "address": endpoint.address,
        "port": endpoint.port,
        "transport": "winrm" if isinstance(endpoint, WinRMEndpoint) else "ssh",
        # With Kerberos or a certificate there may be none: the ticket, or the certificate, says who it is.
        "user": endpoint.user or None,
    }
    if isinstance(endpoint, WinRMEndpoint):
        whom["sign_in"] = endpoint.sign_in
    elif endpoint.bastion is not None:
        bastion = endpoint.bastion
        whom["bastion"] = {"address": bastion.address, "port": bastion.port, "user": bastion.user}
    return whom
