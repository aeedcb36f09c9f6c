"""HTTP to one LifeTime: GET alone, HTTPS alone, to one host alone; verified, bounded, unhurried."""

from __future__ import annotations

import json
import re
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter

from auditor import __version__
from auditor.errors import FailureKind
from auditor.model.inventory import LifeTimeApi
from auditor.model.observation import ChannelName
from auditor.transports.base import Limits, Witness
from auditor.transports.document import storable
from auditor.transports.lifetime_calls import BASE, target_of
from auditor.transports.lifetime_failures import LifeTimeFailures

_HTTPS = re.compile(r"https://[^/?#@\s]+", re.IGNORECASE)
_TOKEN = re.compile(r"[\x21-\x7e]{1,8192}")
_MAIL_ADDRESS = re.compile(r"\S+@\S+")
_PIECE = 65_536
_TRIES = 3
# The pauses before the second and the third try, in units of the pause between two calls.
_GROWING = (5, 15)
_NOTHING_TO_LIST = 204
_NO_JSON = object()


class TooMuch(Exception):  # noqa: N818 - it is an answer, though not one to be read
    """An answer is larger, deeper or slower than is read; the sentence is for the answer to the question."""


class Answered(NamedTuple):
    """The status of an answer, and what its JSON says; `content` is None where there is none."""

    status: int
    content: Any
    is_json: bool

    @property
    def words(self) -> str:
        """What LifeTime says of an error, without what looks like a mail address."""
        errors = self.content.get("Errors") if isinstance(self.content, dict) else None
        said = str(errors[0])[:300] if isinstance(errors, list) and errors else ""
        return _MAIL_ADDRESS.sub("…", said)


class _OurTrust(HTTPAdapter):
    """Carries HTTPS with our own trust alone; requests would add the authorities of a package."""

    def __init__(self, trust: ssl.SSLContext) -> None:
        self._trust = trust
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options, ssl_context=self._trust)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave the context as it is."""


class LifeTimeConnection:
    """One connection, on which calls are made one after the other. `requests` counts them."""

    def __init__(
        self, session: requests.Session, url: str, limits: Limits, failures: LifeTimeFailures, witness: Witness
    ) -> None:
        self._session = session
        self._url = url
        self._limits = limits
        self._failures = failures
        self._witness = witness
        self._ends_at = time.monotonic() + limits.visit
        self._answered = False
        self.requests = 0

    @property
    def is_out_of_time(self) -> bool:
        """Whether the visit has no time left."""
        return time.monotonic() >= self._ends_at

    def get(self, call: object, key: object = None, *, question: str) -> Answered:
        """Make one call of the list for the question with this id, and again where the server fails.

        Raises `ForbiddenCall` before anything is sent; `TransportError`, `TooMuch`.
        """
        target = target_of(call, key)
        for attempt in range(_TRIES):
            self._pause(_GROWING[attempt - 1] if attempt else 1)
            last = attempt + 1 == _TRIES
            try:
                answered = self._exchange(target, question)
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                told = self._failures.of_exchange(error, answered=self._answered)
                if last or told.permanent or told.kind in (FailureKind.SILENT, FailureKind.DROPPED):
                    raise told from None
                continue
            if last or answered.status < 500 or answered.status == 501:
                return answered
        raise AssertionError("the last try returns or raises")

    def _pause(self, units: int) -> None:
        if self.requests:
            time.sleep(max(0.0, min(units * self._limits.pause, self._ends_at - time.monotonic())))

    def _exchange(self, target: str, question: str) -> Answered:
        if not self.requests:
            self._witness.signing_in()
        self._witness.asking(ChannelName.LIFETIME_API, [question], f"GET {self._url}{target}")
        self.requests += 1
        ends_at = min(self._ends_at, time.monotonic() + self._limits.question)
        wait = max(0.1, ends_at - time.monotonic())
        with self._session.get(
            self._url + target, timeout=(self._limits.connect, wait), allow_redirects=False, stream=True
        ) as response:
            self._answered = True
            if 300 <= response.status_code < 400:
                raise self._failures.of_other_service("answers with a redirection, which is not followed")
            body = b"".join(self._pieces(response, ends_at))
            self._witness.heard(len(body))
            if response.headers.get("Content-Encoding"):
                body = b""  # it was asked for as it is, so that nothing can unfold
        if response.status_code == _NOTHING_TO_LIST:
            return Answered(_NOTHING_TO_LIST, [], True)
        content = _parsed(body, self._limits.depth)
        return Answered(response.status_code, None if content is _NO_JSON else content, content is not _NO_JSON)

    def _pieces(self, response: requests.Response, ends_at: float) -> Iterator[bytes]:
        size = 0
        for piece in response.raw.stream(_PIECE, decode_content=False):
            size += len(piece)
            if size > self._limits.answer_bytes:
                raise TooMuch(f"the answer has more than {self._limits.answer_bytes} bytes")
            if time.monotonic() > ends_at:
                raise requests.ReadTimeout
            yield piece


@contextmanager
def connection(
    api: LifeTimeApi, token: str | None, limits: Limits, failures: LifeTimeFailures, witness: Witness
) -> Iterator[LifeTimeConnection]:
    """Yield the connection to LifeTime; nothing is sent before its first call. Raises `TransportError`."""
    url = api.url.rstrip("/")
    if not _HTTPS.fullmatch(url):
        raise failures.of_url()
    if token is None or not _TOKEN.fullmatch(token):
        raise failures.of_no_token()
    try:
        trust = ssl.create_default_context(cafile=api.ca_file)
    except (ssl.SSLError, OSError):
        raise failures.of_ca_file(api.ca_file or "") from None
    with requests.Session() as session:
        session.trust_env = False
        session.adapters.clear()
        # The only addresses that this session can reach at all.
        session.mount(f"{url}{BASE}/", _OurTrust(trust))
        session.headers.clear()
        session.headers.update(
            {
                "Authorization": f"Bearer {token}",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "User-Agent": f"osaudit/{__version__}",
            }
        )
        yield LifeTimeConnection(session, url, limits, failures, witness)


def _parsed(body: bytes, deepest: int) -> Any:
    try:
        content = json.loads(body.decode("utf-8-sig"), parse_constant=lambda name: None)
    except RecursionError:
        raise TooMuch("the answer is nested too deep") from None
    except ValueError:
        return _NO_JSON
    return _within(content, deepest)


def _within(value: Any, levels: int) -> Any:
    """Return the value with texts that can be stored; raises `TooMuch` for what no store can keep, or nobody needs."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        raise TooMuch("a number is wider than 64 bits")
    if not isinstance(value, dict | list):
        return value
    if levels == 0:
        raise TooMuch("the answer is nested too deep")
    if isinstance(value, dict):
        return {storable(name): _within(item, levels - 1) for name, item in value.items()}
    return [_within(item, levels - 1) for item in value]
