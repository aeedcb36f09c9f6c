"""What is told to a person when LifeTime's API cannot be asked: one kind and one sentence for each cause."""

from __future__ import annotations

import socket
import ssl

import requests
import urllib3.exceptions

from auditor.errors import FailureKind, TransportError
from auditor.model.inventory import LIFETIME_API
from auditor.transports.winrm_failures import quoted
from auditor.transports.winrm_translation import chain, is_tls

_EXPIRED = {9: "is not valid yet", 10: "has expired"}
_ANOTHER_NAME = frozenset({62, 64})
_SELF_SIGNED = 18
_UNKNOWN_ISSUER = frozenset({2, 19, 20, 21})
_NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL"})


def failure(kind: FailureKind, sentence: str, *, permanent: bool = True) -> TransportError:
    """Return an error of LifeTime's API."""
    return TransportError(LIFETIME_API, kind, sentence, permanent=permanent)


class LifeTimeFailures:
    """Makes the errors of one LifeTime; `place` is its URL as the operator wrote it."""

    def __init__(self, url: str) -> None:
        self.place = url

    def of_exchange(self, error: Exception, *, answered: bool) -> TransportError:
        """Translate what the HTTP layers raise."""
        links = tuple(chain(error))
        if is_tls(error):
            return self._of_tls(links)
        if any(isinstance(link, socket.gaierror) for link in links):
            return failure(
                FailureKind.NAME_UNKNOWN,
                f"The name in {self.place} cannot be resolved; correct the url of lifetime in the inventory, or the "
                "DNS.",
            )
        if any(isinstance(link, ConnectionRefusedError) for link in links):
            return failure(
                FailureKind.REFUSED, f"Nothing listens on {self.place}; correct the url of lifetime in the inventory."
            )
        if any(isinstance(link, requests.ConnectTimeout) for link in links):
            return failure(
                FailureKind.DROPPED,
                f"{self.place} does not answer at all, so a firewall drops the packets or the server is down; open "
                "port 443 of LifeTime for this collector.",
                permanent=False,
            )
        if any(isinstance(link, TimeoutError | requests.Timeout | urllib3.exceptions.TimeoutError) for link in links):
            return self.of_silence()
        kind = FailureKind.LOST if answered else FailureKind.CLOSED_AT_ONCE
        return failure(
            kind,
            f"The connection to {self.place} broke, three times in a row; scan again, and look at what stands between "
            "this collector and LifeTime.",
            permanent=False,
        )

    def _of_tls(self, links: tuple[BaseException, ...]) -> TransportError:
        code = next((link.verify_code for link in links if isinstance(link, ssl.SSLCertVerificationError)), None)
        reason = next((link.reason for link in links if isinstance(link, ssl.SSLError) and link.reason), "")
        if code in _EXPIRED:
            return failure(
                FailureKind.TLS_EXPIRED,
                f"The certificate of {self.place} {_EXPIRED[code]}; renew it, or correct the clock of this computer.",
            )
        if code in _ANOTHER_NAME:
            return failure(
                FailureKind.TLS_NAME_MISMATCH,
                f"The certificate of {self.place} is for another name; write the name in the certificate as the url.",
            )
        if code == _SELF_SIGNED:
            return failure(
                FailureKind.TLS_SELF_SIGNED,
                f"The certificate of {self.place} is signed by itself; give this certificate as ca_file of lifetime.",
            )
        if code in _UNKNOWN_ISSUER:
            return failure(
                FailureKind.TLS_UNKNOWN_ISSUER,
                f"The certificate of {self.place} comes from an authority that is not trusted here; give the "
                "authority's certificate as ca_file of lifetime.",
            )
        if reason in _NOT_TLS:
            return failure(
                FailureKind.TLS_NOT_SPOKEN, f"{self.place} does not speak TLS; write the port of HTTPS into the url."
            )
        words = quoted(reason.lower().replace("_", " ")) or "closed by the other side"
        return failure(
            FailureKind.TLS_FAILED,
            f"The TLS handshake with {self.place} failed ({words}); check the TLS settings of LifeTime's web server.",
        )

    def of_silence(self) -> TransportError:
        """Connected, and no answer in time."""
        return failure(
            FailureKind.SILENT,
            f"{self.place} accepts connections and gives no answer in time; look at the load of LifeTime's server.",
            permanent=False,
        )

    def of_no_token(self) -> TransportError:
        """There is nothing to sign in with, or nothing that a header can carry."""
        return failure(
            FailureKind.CREDENTIAL_UNAVAILABLE,
            f"There is no usable token for {self.place}: it must be what LifeTime showed when the token was generated, "
            "letters, digits and signs of ASCII without spaces.",
        )

    def of_ca_file(self, path: str) -> TransportError:
        """The CA file cannot be used."""
        return failure(
            FailureKind.KEY_UNREADABLE,
            f"The CA file {path} for {self.place} cannot be read as PEM with certificates; correct path, permissions "
            "or content.",
        )

    def of_url(self) -> TransportError:
        """The URL would show the token to everybody."""
        return failure(
            FailureKind.CLEAR_TEXT_REFUSED,
            "LifeTime's API is asked over HTTPS alone, so nothing was sent; correct the url of lifetime.",
        )

    def of_refused_token(self, status: int, words: str) -> TransportError:
        """LifeTime does not know the token, or no longer."""
        hint = ""
        if status == 403:
            hint = " A LifeTime older than 11.21.0 behind a load balancer that ends TLS says so of a good token too."
        return failure(
            FailureKind.SIGN_IN_REFUSED,
            f"{self.place} did not accept the token (HTTP {status}{f', {quoted(words)}' if words else ''}): it has "
            "expired, was replaced, or is not LifeTime's; generate a new one for the service account in LifeTime's "
            f"user management, and put it where the inventory says. It was tried once only.{hint}",
        )

    def of_other_service(self, what: str) -> TransportError:
        """Something answers that is not LifeTime's API."""
        return failure(
            FailureKind.NOT_LIFETIME,
            f"{self.place} {what}, so this is not LifeTime's API, or a proxy or sign-in page stands before it; write "
            "the address of LifeTime's own server as the url, and let this collector through.",
        )
