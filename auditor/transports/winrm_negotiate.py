"""Sign-in by Negotiate: Kerberos where there is a ticket or a reachable KDC, NTLM otherwise, as SPNEGO decides."""

from __future__ import annotations

import base64
import warnings
from typing import Any
from urllib.parse import urlsplit

import requests
import spnego
import spnego.channel_bindings
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes


class NegotiateSignIn(requests.auth.AuthBase):
    """Signs a connection in once, and seals and unseals messages for it afterwards.

    The names `wrap_winrm` and `unwrap_winrm` are those that pywinrm's sealing calls.
    """

    def __init__(self, user: str, password: str | None, kerberos_host: str | None) -> None:
        self._user = user or None
        self._password = password
        self._kerberos_host = kerberos_host
        self._context: spnego.ContextProxy | None = None

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Ask to be told of the answer."""
        request.headers["Connection"] = "Keep-Alive"
        request.register_hook("response", self._answered)  # type: ignore[no-untyped-call]
        return request

    def wrap_winrm(self, host: str, message: bytes) -> tuple[bytes, bytes]:
        """Return the sealed message and its signature header."""
        sealed = self._signed_in().wrap_winrm(message)
        return sealed.data, sealed.header

    def unwrap_winrm(self, host: str, message: bytes, header: bytes) -> bytes:
        """Return the unsealed message; raises spnego's errors when it was changed on the way."""
        return self._signed_in().unwrap_winrm(header, message)

    def _signed_in(self) -> spnego.ContextProxy:
        if self._context is None:
            raise ValueError("not signed in")
        return self._context

    def _answered(self, response: requests.Response, **options: Any) -> requests.Response:
        offered = response.headers.get("WWW-Authenticate", "").lower()
        # One sign-in only: a second one after a refusal would count against the account.
        if response.status_code != 401 or "negotiate" not in offered or self._context is not None:
            return response
        self._context = spnego.client(
            self._user,
            self._password,
            hostname=self._kerberos_host or urlsplit(response.url).hostname or "",
            # MIT Kerberos heeds the case of the name, Windows does not.
            service="HTTP",
            channel_bindings=_binding(response),
            protocol="negotiate",
            context_req=spnego.ContextReq.default | spnego.ContextReq.confidentiality,
            options=spnego.NegotiateOptions.wrapping_winrm,
        )
        token: bytes | None = None
        while response.status_code == 401 and not self._context.complete:
            request = response.request.copy()
            step = self._context.step(token)
            if not step:
                return response
            request.headers["Authorization"] = f"Negotiate {base64.b64encode(step).decode()}"
            previous, response = response, self._sent_again(response, request, options)
            response.history.append(previous)
            token = _token(response)
            if token is None:
                return response
        if token and not self._context.complete:
            self._context.step(token)
        return response

    def _sent_again(
        self, response: requests.Response, request: requests.PreparedRequest, options: dict[str, Any]
    ) -> requests.Response:
        # Reading the answer to its end gives the connection back, and only on that one the sign-in counts.
        _ = response.content
        response.raw.release_conn()
        connection: Any = getattr(response, "connection")  # noqa: B009 - the stubs do not know it
        sent: requests.Response = connection.send(request, **options)
        return sent


def _token(response: requests.Response) -> bytes | None:
    for part in response.headers.get("WWW-Authenticate", "").split(","):
        kind, _, token = part.strip().partition(" ")
        if kind.lower() == "negotiate" and token:
            return base64.b64decode(token)
    return None


def _binding(response: requests.Response) -> spnego.channel_bindings.GssChannelBindings | None:
    """Bind the sign-in to the TLS connection as RFC 5929 says, so that nobody can carry it to another server."""
    channel = getattr(getattr(response.raw, "connection", None), "sock", None)
    getpeercert = getattr(channel, "getpeercert", None)
    der = getpeercert(True) if getpeercert else None
    if not der:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            algorithm = x509.load_der_x509_certificate(der).signature_hash_algorithm
    except (UnsupportedAlgorithm, ValueError):
        return None
    if algorithm is None or algorithm.name in ("md5", "sha1"):
        algorithm = hashes.SHA256()
    digest = hashes.Hash(algorithm)
    digest.update(der)
    return spnego.channel_bindings.GssChannelBindings(application_data=b"tls-server-end-point:" + digest.finalize())
