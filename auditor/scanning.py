"""The scan: one visit to every host, each stored as soon as it ends, then one judgement that seals the scan."""

from __future__ import annotations

import hashlib
import queue
import secrets as secrets_module
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from auditor.collectors import questions_for, questions_of
from auditor.collectors.redaction import redact
from auditor.errors import FailureKind, OsauditError, TransportError, UsageError
from auditor.evaluating import Rules, judge
from auditor.model.inventory import Asked, Inventory
from auditor.model.observation import Failure, Visit
from auditor.model.question import Answer, Platform, Verb
from auditor.model.reference import Reference
from auditor.model.scan import ScanRecord, ScanState
from auditor.model.waiver import Waiver
from auditor.transports.base import Request, Secrets, Transport

if TYPE_CHECKING:
    # Whoever scans has opened one already; reading hosts does without.
    from auditor.store import Store

Clock = Callable[[], datetime]

# How long after its own deadline a visit is still waited for: its transport gives up by itself, this is the last fence.
_GRACE_SECONDS = 15.0
# Threads wait for the network nearly all the time, so their number follows the hosts and not the processors.
_MOST_THREADS = 256
_DIGESTS = frozenset(
    question.id for platform in Platform for question in questions_for(platform) if question.verb is Verb.DIGEST
)


class Connections(Protocol):
    """Opens the transport that a host's endpoint asks for."""

    def open(self, host: Asked, secrets: Secrets) -> AbstractContextManager[Transport]:
        """Return an open, signed-in transport; raises `TransportError`."""
        ...


class Progress(Protocol):
    """Is told what happens, in the thread that scans."""

    def began(self, hosts: int, already_done: int) -> None:
        """The scan begins."""
        ...

    def visited(self, visit: Visit) -> None:
        """One visit ended and is stored."""
        ...


@dataclass(frozen=True, slots=True)
class Bounds:
    """Deadlines of one visit and of all, in seconds, and how many at once; None: follows the number of hosts."""

    visit_seconds: float = 180.0
    scan_seconds: float = 3600.0
    concurrency: int | None = None


@dataclass(frozen=True, slots=True)
class ScanPlan:
    """What to scan, within which bounds, and during which changes, as the operator names them."""

    inventory: Inventory
    reference: Reference
    rules: Rules
    waivers: tuple[Waiver, ...] = ()
    bounds: Bounds = Bounds()
    changes: tuple[str, ...] = ()


def scan(
    plan: ScanPlan,
    store: Store,
    connections: Connections,
    secrets: Callable[[Asked], Secrets],
    *,
    clock: Clock,
    digest_key: bytes,
    progress: Progress,
    resume: bool = False,
) -> ScanRecord:
    """Scan and return the sealed scan.

    1. With `resume` take up the scan that was not sealed.
    2. Have every secret ready before anything begins, so that a prompt comes before and not in between.
    3. Begin a scan in the store if none was taken up, visit every host that has no visit yet, each in a thread of its
       own, and store each visit as it ends.
    4. Judge all visits and seal the scan.
    """
    taken_up, done = _take_up(plan, store) if resume else (None, frozenset())
    waiting = [host for host in plan.inventory.asked if host.name not in done]
    visits = visit_all(waiting, plan.inventory, connections, secrets, plan.bounds, clock=clock, digest_key=digest_key)
    if taken_up is None:
        scan_id = store.begin(plan.inventory, plan.reference, clock(), plan.changes)
    else:
        scan_id = taken_up
        store.name_changes(scan_id, plan.changes)
    progress.began(len(plan.inventory.asked), len(done))
    for visit in visits:
        store.record(scan_id, visit)
        progress.visited(visit)
    seal(store, scan_id, plan, clock)
    return store.scan(scan_id)


def seal(store: Store, scan_id: int, plan: ScanPlan, clock: Clock) -> bool:
    """Judge the visits of a scan by the rules and waivers of a plan, and seal it; say no if it was sealed already."""
    record = store.scan(scan_id)
    judged_at = clock()
    judgement = judge(
        record.inventory,
        record.reference,
        record.visits,
        plan.rules,
        waivers=plan.waivers,
        judged_at=judged_at,
        previous=store.earlier_scan(scan_id),
    )
    return store.seal(scan_id, judgement, judged_at)


def _take_up(plan: ScanPlan, store: Store) -> tuple[int, frozenset[str]]:
    scans = store.scans(plan.inventory.infrastructure)
    if not scans or scans[-1].state is not ScanState.RUNNING:
        raise UsageError("There is no unfinished scan of this infrastructure to resume; scan without --resume.")
    record = store.scan(scans[-1].id)
    same = (record.inventory.digest, record.reference.digest) == (plan.inventory.digest, plan.reference.digest)
    if not same:
        raise UsageError(
            f"Scan {record.id} was begun with another inventory or reference and cannot be resumed; "
            "scan without --resume."
        )
    return record.id, frozenset(record.visits)


def _secrets_of(
    hosts: Sequence[Asked], secrets: Callable[[Asked], Secrets], clock: Clock
) -> tuple[dict[str, Secrets], list[Visit]]:
    ready: dict[str, Secrets] = {}
    refused: list[Visit] = []
    for host in hosts:
        try:
            ready[host.name] = secrets(host)
        except OsauditError as error:
            now = clock()
            refused.append(Visit(host.name, now, now, failure=Failure(FailureKind.CREDENTIAL_UNAVAILABLE, str(error))))
    return ready, refused


def visit_all(
    hosts: Sequence[Asked],
    inventory: Inventory,
    connections: Connections,
    secrets: Callable[[Asked], Secrets],
    bounds: Bounds,
    *,
    clock: Clock,
    digest_key: bytes,
) -> Iterator[Visit]:
    """Fetch all secrets now, then give one visit for each host as they end; a host without its secret comes first."""
    ready, refused = _secrets_of(hosts, secrets, clock)
    round_ = _Round(bounds, inventory, connections, ready, clock, digest_key)
    return chain(refused, round_.run([host for host in hosts if host.name in ready]))


def visit(
    host: Asked, inventory: Inventory, connections: Connections, secrets: Secrets, clock: Clock, digest_key: bytes
) -> Visit:
    """Visit one host. This is the border around a host: whatever goes wrong becomes data."""
    started = clock()
    try:
        with connections.open(host, secrets) as transport:
            questions = questions_of(host, inventory, transport.platform)
            reply = transport.ask(Request(questions, digest_key))
    except TransportError as error:
        return Visit(host.name, started, clock(), failure=Failure(error.kind, error.sentence))
    except Exception as error:  # noqa: BLE001 - the border around a host; only the type is told, texts may hold anything
        sentence = f"osaudit itself failed on this host ({type(error).__name__}); please report it."
        return Visit(host.name, started, clock(), failure=Failure(FailureKind.CRASHED, sentence))
    return Visit(
        host=host.name,
        started_at=started,
        observed_at=clock(),
        channel=reply.channel,
        platform=reply.platform,
        answers=arrived(reply.answers, digest_key),
        notes=reply.notes,
        requests=reply.requests,
    )


def arrived(answers: Mapping[str, Answer], digest_key: bytes) -> dict[str, Answer]:
    """Return answers as they are kept, sorted: free of what looks like a secret, each digest with its key's name.

    The name lies beside the digest as `key` and is 8 hexadecimal digits of the key's SHA-256, which tell nothing about
    32 random bytes. Only digests of one key compare, and a scan that was resumed has made them with two.
    """
    name = hashlib.sha256(digest_key).hexdigest()[:8]
    return {question: redact(_with_key_name(answer, name)) for question, answer in sorted(answers.items())}


def _with_key_name(answer: Answer, name: str) -> Answer:
    if answer.question not in _DIGESTS or not isinstance(answer.value, Mapping):
        return answer
    return replace(answer, value={**answer.value, "key": name})


class _Round:
    """One round of visits by daemon threads, so that a host that hangs for ever can be left behind."""

    def __init__(
        self,
        bounds: Bounds,
        inventory: Inventory,
        connections: Connections,
        secrets: Mapping[str, Secrets],
        clock: Clock,
        digest_key: bytes,
    ) -> None:
        self._bounds = bounds
        self._inventory = inventory
        self._connections = connections
        self._secrets = secrets
        self._clock = clock
        self._digest_key = digest_key
        self._waiting: queue.SimpleQueue[Asked] = queue.SimpleQueue()
        self._ended: queue.SimpleQueue[Visit] = queue.SimpleQueue()
        self._begun: dict[str, tuple[float, datetime]] = {}

    def run(self, hosts: Sequence[Asked]) -> Iterator[Visit]:
        """Yield one visit for each host, as they end; none takes longer than its deadline and the scan's."""
        open_hosts = {host.name for host in hosts}
        for host in hosts:
            self._waiting.put(host)
        for _ in range(self._bounds.concurrency or min(len(hosts), _MOST_THREADS)):
            self._start_worker()
        scan_ends = time.monotonic() + self._bounds.scan_seconds
        while open_hosts:
            ended = self._next_ended()
            for visited in (*ended, *self._given_up(open_hosts - {visit.host for visit in ended}, scan_ends)):
                if visited.host in open_hosts:
                    open_hosts.discard(visited.host)
                    yield visited

    def _start_worker(self) -> None:
        threading.Thread(target=self._work, daemon=True, name="osaudit-visit").start()

    def _work(self) -> None:
        while True:
            try:
                host = self._waiting.get_nowait()
            except queue.Empty:
                return
            self._begun[host.name] = (time.monotonic(), self._clock())
            secrets = self._secrets[host.name]
            self._ended.put(visit(host, self._inventory, self._connections, secrets, self._clock, self._digest_key))

    def _next_ended(self) -> tuple[Visit, ...]:
        try:
            return (self._ended.get(timeout=0.5),)
        except queue.Empty:
            return ()

    def _given_up(self, open_hosts: set[str], scan_ends: float) -> list[Visit]:
        now = time.monotonic()
        given_up = []
        for host in sorted(open_hosts):
            begun, started_at = self._begun.get(host, (None, self._clock()))
            if now >= scan_ends:
                sentence = f"The scan's deadline of {self._bounds.scan_seconds:.0f} s passed before the host was read."
            elif begun is not None and now >= begun + self._bounds.visit_seconds + _GRACE_SECONDS:
                sentence = f"The host was given up: it did not end within {self._bounds.visit_seconds:.0f} s."
                self._start_worker()  # its thread may hang for ever; another takes its place
            else:
                continue
            given_up.append(Visit(host, started_at, self._clock(), failure=Failure(FailureKind.TIMED_OUT, sentence)))
        return given_up


def new_digest_key() -> bytes:
    """Return a key for the digests of one scan: digests can be compared within the scan and tell nothing outside.

    It is not stored, so a scan that is resumed goes on with another one. Only a scan that several collectors share
    keeps its key in the store, until it is sealed.
    """
    return secrets_module.token_bytes(32)
