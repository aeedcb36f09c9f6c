"""The HTTP side of WinRM without its protocol: reaching the port, trust, bounds on answers, and what is offered."""

from __future__ import annotations

import math
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from cryptography import x509
from requests.adapters import HTTPAdapter

from auditor.errors import FailureKind, TransportError
from auditor.model.inventory import WinRMEndpoint
from auditor.transports.base import Limits, Secrets
from auditor.transports.winrm_failures import Failures
from auditor.transports.winrm_translation import SeenCertificate

# Several times what an answer in one envelope can be: Windows sends at most MaxEnvelopeSize, 500 kB, at a time.
_LARGEST_MESSAGE = 8_000_000


def endpoint_url(endpoint: WinRMEndpoint) -> str:
    """Return the address with port and path always in it, and IPv6 addresses in brackets."""
    host = f"[{endpoint.address}]" if ":" in endpoint.address else endpoint.address
    path = endpoint.path if endpoint.path.startswith("/") else f"/{endpoint.path}"
    return f"{'https' if endpoint.https else 'http'}://{host}:{endpoint.port}{path}"


def reach(failures: Failures, endpoint: WinRMEndpoint, limits: Limits) -> None:
    """Make sure that a TCP connection to the host, or to its proxy, comes about within `limits.connect` seconds."""
    if endpoint.proxy:
        proxy = urlsplit(endpoint.proxy)
        try:
            _reach(proxy.hostname or "", proxy.port or (443 if proxy.scheme == "https" else 80), limits.connect)
        except (OSError, UnicodeError):
            raise failures.of_proxy() from None
        return
    try:
        _reach(endpoint.address, endpoint.port, limits.connect)
    except (socket.gaierror, UnicodeError):
        raise failures.of_name() from None
    except OSError as error:
        raise failures.of_connection(error) from None


def _reach(address: str, port: int, seconds: float) -> None:
    """Connect to one of the addresses of a name and hang up; raises the last error."""
    deadline = time.monotonic() + seconds
    last: OSError = TimeoutError()
    for family, kind, protocol, _, destination in socket.getaddrinfo(address, port, type=socket.SOCK_STREAM):
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            break
        try:
            with socket.socket(family, kind, protocol) as probe:
                probe.settimeout(remaining)
                probe.connect(destination)
                return
        except OSError as error:
            last = error
    raise last


class BoundedAdapter(HTTPAdapter):
    """Carries HTTP and HTTPS with our own trust, and ends answers that are too large or drip too slowly.

    `answered` says whether any HTTP answer has come; `message_ends_at` is the moment, on the monotonic clock, after
    which nothing more is read of the present one.
    """

    def __init__(self, failures: Failures, trust: ssl.SSLContext) -> None:
        self._failures = failures
        self._trust = trust
        self.answered = False
        self.message_ends_at = math.inf
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Give every pool the context that decides about trust."""
        super().init_poolmanager(*arguments, **options, ssl_context=self._trust)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Give the pools of a proxy the same context."""
        return super().proxy_manager_for(proxy, **options, ssl_context=self._trust)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave the context as it is: requests would add the authorities of a package of its own."""

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """Note that the host answers, and bound what is read of the body."""
        self.answered = True
        resp.stream = self._bounded(resp.stream)
        return super().build_response(req, resp)

    def _bounded(self, stream: Callable[..., Iterator[bytes]]) -> Callable[..., Iterator[bytes]]:
        def read(*arguments: Any, **options: Any) -> Iterator[bytes]:
            size = 0
            for piece in stream(*arguments, **options):
                size += len(piece)
                if size > _LARGEST_MESSAGE:
                    raise self._failures.error(
                        FailureKind.ANSWER_TOO_LARGE,
                        f"{self._failures.place} sent a message of more than {_LARGEST_MESSAGE} bytes, which WinRM "
                        "never does; check what listens there.",
                    )
                if time.monotonic() > self.message_ends_at:
                    raise self._failures.of_silence(answered=True)
                yield piece

        return read


class TrustStores:
    """The TLS settings of one run: those of endpoints that trust the same are loaded once, whoever asks first.

    Loading the authorities of a system costs more than a whole visit. Safe to share between threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: dict[tuple[object, ...], ssl.SSLContext] = {}

    def load(self, failures: Failures, endpoint: WinRMEndpoint, secrets: Secrets) -> ssl.SSLContext:
        """Return the given CA file or the system's authorities, and the client certificate if any."""
        own = (endpoint.client_certificate, endpoint.client_key, secrets.key_passphrase)
        what = (endpoint.https, endpoint.proxy is None, endpoint.ca_file, endpoint.verify_tls, *own)
        with self._lock:
            if what not in self._loaded:
                self._loaded[what] = _trust_of(failures, endpoint, secrets)
            return self._loaded[what]


def _trust_of(failures: Failures, endpoint: WinRMEndpoint, secrets: Secrets) -> ssl.SSLContext:
    if not endpoint.https and endpoint.proxy is None:
        # Nothing is ever verified with it.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if endpoint.ca_file and endpoint.https:
        _readable(failures, endpoint.ca_file, "CA file")
    try:
        context = ssl.create_default_context(cafile=endpoint.ca_file if endpoint.https else None)
    except (ssl.SSLError, OSError) as error:
        raise failures.error(
            FailureKind.KEY_UNREADABLE,
            f"The CA file {endpoint.ca_file} for {failures.place} is not a PEM file with certificates; correct it.",
        ) from error
    if not endpoint.verify_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if endpoint.client_certificate and endpoint.client_key:
        _readable(failures, endpoint.client_certificate, "client certificate")
        _readable(failures, endpoint.client_key, "client key")
        try:
            # An empty passphrase keeps OpenSSL from asking for one on the terminal.
            context.load_cert_chain(
                endpoint.client_certificate, endpoint.client_key, lambda: secrets.key_passphrase or ""
            )
        except (ssl.SSLError, OSError, ValueError):
            raise failures.error(
                FailureKind.KEY_UNREADABLE,
                f"The client certificate for {failures.place} cannot be used: {endpoint.client_certificate} and "
                f"{endpoint.client_key} must be a PEM pair, and the passphrase must be right if the key has one.",
            ) from None
    return context


def seen_certificate(endpoint: WinRMEndpoint, limits: Limits) -> SeenCertificate | None:
    """Return the certificate that the host shows, unverified and only to be shown to a person; None if it has none."""
    if endpoint.proxy:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((endpoint.address, endpoint.port), timeout=limits.connect) as connection,
            context.wrap_socket(connection, server_hostname=endpoint.address) as channel,
        ):
            der = channel.getpeercert(binary_form=True)
        certificate = x509.load_der_x509_certificate(der or b"")
        return SeenCertificate(
            subject=_printable(certificate.subject.rfc4514_string()),
            issuer=_printable(certificate.issuer.rfc4514_string()),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
        )
    except (OSError, ValueError):
        return None


def offered_sign_ins(adapter: HTTPAdapter, endpoint: WinRMEndpoint, limits: Limits) -> tuple[str, ...]:
    """Return the sign-in kinds that the host names when it is asked without credentials; empty if it does not say."""
    session = requests.Session()
    session.trust_env = False
    session.max_redirects = 0
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    if endpoint.proxy:
        session.proxies = {"http": endpoint.proxy, "https": endpoint.proxy}
    try:
        with session:
            response = session.post(
                endpoint_url(endpoint),
                headers={"Content-Type": "application/soap+xml;charset=UTF-8", "Connection": "close"},
                verify=endpoint.verify_tls,
                timeout=limits.connect,
            )
    except (requests.RequestException, TransportError):
        return ()
    header = response.headers.get("WWW-Authenticate", "")
    return tuple(
        dict.fromkeys(
            word
            for part in header.split(",")
            if (word := part.strip().split(" ")[0]) and re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{1,20}", word)
        )
    )


def _readable(failures: Failures, path: str, what: str) -> None:
    try:
        with Path(path).open("rb"):
            pass
    except OSError as error:
        raise failures.error(
            FailureKind.CREDENTIAL_UNAVAILABLE,
            f"The {what} {path} for {failures.place} cannot be read ({error.strerror}); correct path or permissions.",
        ) from None


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)[:120]
