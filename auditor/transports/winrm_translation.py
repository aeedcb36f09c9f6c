"""From the exceptions of HTTP and TLS, which nest in each other, to what a person is told."""

from __future__ import annotations

import datetime
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import BadStatusLine

import requests

from auditor.errors import FailureKind, TransportError
from auditor.transports.winrm_failures import Failures, quoted


@dataclass(frozen=True, slots=True)
class SeenCertificate:
    """The certificate that the host showed, as text for people; dates are UTC."""

    subject: str
    issuer: str
    not_before: datetime.datetime
    not_after: datetime.datetime

    def __str__(self) -> str:
        return (
            f"its certificate is for {self.subject}, issued by {self.issuer}, "
            f"valid from {self.not_before:%Y-%m-%d} to {self.not_after:%Y-%m-%d}"
        )


def of_tls(failures: Failures, error: BaseException, seen: SeenCertificate | None) -> TransportError:
    """Translate a TLS handshake that failed; `seen` is the host's certificate if it could be had."""
    shown = f"; {seen}" if seen else ""
    code = next((link.verify_code for link in chain(error) if isinstance(link, ssl.SSLCertVerificationError)), None)
    place = failures.place
    if code in (9, 10):
        when = "has expired" if code == 10 else "is not valid yet"
        kind, sentence = (
            FailureKind.TLS_EXPIRED,
            f"The certificate of {place} {when}{shown}; renew it, or correct the clock of this computer.",
        )
    elif code in (62, 64):
        kind, sentence = (
            FailureKind.TLS_NAME_MISMATCH,
            f"The certificate of {place} is for another name{shown}; use the name in the certificate as the address.",
        )
    elif code in (18,):
        kind, sentence = (
            FailureKind.TLS_SELF_SIGNED,
            f"The certificate of {place} is signed by itself{shown}; give this certificate as ca_file, or install "
            "one of your own authority.",
        )
    elif code in (2, 19, 20, 21):
        kind, sentence = (
            FailureKind.TLS_UNKNOWN_ISSUER,
            f"The certificate of {place} comes from an authority that is not trusted here{shown}; give the "
            "authority's certificate as ca_file.",
        )
    elif _speaks_no_tls(error):
        kind, sentence = (
            FailureKind.TLS_NOT_SPOKEN,
            f"{place} does not speak TLS, so this is not the HTTPS port of WinRM; set https to false or use 5986.",
        )
    else:
        kind, sentence = (
            FailureKind.TLS_FAILED,
            f"The TLS handshake with {place} failed ({quoted(_tls_reason(error))}){shown}; check the TLS settings "
            "of the listener and the client certificate.",
        )
    return failures.error(kind, sentence)


def of_http(failures: Failures, error: BaseException, *, answered: bool) -> TransportError:
    """Translate what the HTTP layers raise, TLS errors excepted."""
    links = tuple(chain(error))
    for link in links:
        if isinstance(link, TimeoutError | requests.Timeout) or type(link).__name__ == "ReadTimeoutError":
            if isinstance(link, requests.ConnectTimeout):
                return failures.of_connection(TimeoutError())
            return failures.of_silence(answered=answered)
    for link in links:
        if isinstance(link, requests.exceptions.ProxyError):
            return failures.of_proxy()
        if isinstance(link, BadStatusLine) and not isinstance(link, ConnectionError):
            return failures.of_other_service("answers something that is not HTTP")
        if isinstance(link, requests.TooManyRedirects):
            return failures.of_other_service("answers with a redirection")
        if isinstance(link, ConnectionRefusedError):
            return failures.of_connection(link)
    return failures.of_loss(answered=answered)


def is_tls(error: BaseException) -> bool:
    """Whether an error comes from TLS rather than from what TLS carries."""
    return any(isinstance(link, ssl.SSLError | requests.exceptions.SSLError) for link in chain(error))


def chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and everything wrapped in it, as the HTTP layers nest: causes, contexts, reasons, arguments."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        link = waiting.pop(0)
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        inner = [link.__cause__, link.__context__, getattr(link, "reason", None), *link.args]
        waiting.extend(item for item in inner if isinstance(item, BaseException))


def _speaks_no_tls(error: BaseException) -> bool:
    reasons = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL"}
    return any(isinstance(link, ssl.SSLError) and link.reason in reasons for link in chain(error))


def _tls_reason(error: BaseException) -> str:
    for link in chain(error):
        if isinstance(link, ssl.SSLError) and link.reason:
            return link.reason.lower().replace("_", " ")
    return "closed by the other side"
