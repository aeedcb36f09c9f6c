"""Signing in to a simulated WS-Man server: Negotiate with NTLM or Kerberos, Basic, and client certificates."""

from __future__ import annotations

import base64
import binascii
import re
import ssl
import struct
from dataclasses import dataclass
from typing import Any

import spnego
from spnego.exceptions import SpnegoError

from auditor.simulation.options import SignIn, WSManOptions
from auditor.simulation.wsman_accounts import USER_FILE, Accounts

MUTUAL = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"
_BOUNDARY = b"--Encrypted Boundary"
_OCTETS = b"\tContent-Type: application/octet-stream\r\n"
_PROTOCOL = re.compile(r'protocol="(application/HTTP-(?:SPNEGO|Kerberos)-session-encrypted)"', re.IGNORECASE)
_TOKEN_KINDS = frozenset({"negotiate", "kerberos", "ntlm"})


class BadSeal(Exception):  # noqa: N818 - it becomes HTTP 400
    """A sealed message that this connection's sign-in did not seal."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a refusal or a sign-in in progress says in the header WWW-Authenticate, a value for each line."""

    headers: tuple[str, ...]
    refused: bool = False


class ConnectionSignIn:
    """Who has signed in on one connection, and the keys to seal messages with."""

    def __init__(
        self, accounts: Accounts, options: WSManOptions, *, over_tls: bool, certificate: dict[str, Any] | None
    ) -> None:
        self._accounts = accounts
        self._options = options
        self._over_tls = over_tls
        self._certificate = certificate
        self._context: spnego.ContextProxy | None = None
        self._user: str | None = None
        self.final_token: str | None = None

    @property
    def is_sealed(self) -> bool:
        """Whether messages on this connection must be sealed: TLS does it otherwise."""
        return self._context is not None and self._context.complete and not self._over_tls

    def user(self, authorization: str) -> str | Challenge:
        """Return who asks, or what to answer to somebody who is not signed in (yet)."""
        kind, _, credentials = authorization.strip().partition(" ")
        self.final_token = None
        if kind.casefold() in _TOKEN_KINDS:
            return self._step(kind, credentials)
        if kind.casefold() == "basic":
            return self._basic(credentials) or self._offer(refused=True)
        if authorization.strip() == MUTUAL:
            return self._by_certificate() or self._offer(refused=True)
        return self._user or self._offer()

    def unseal(self, content_type: str, body: bytes) -> bytes:
        """Return the message in a multipart/encrypted body; raises `BadSeal`."""
        protocol = _PROTOCOL.search(content_type)
        if protocol is None or self._context is None:
            raise BadSeal
        parts = [part for part in body.split(_BOUNDARY + b"\r\n") if part]
        if len(parts) != 2:
            raise BadSeal
        sealed = parts[1].removesuffix(_BOUNDARY + b"--\r\n").removeprefix(_OCTETS)
        try:
            (size,) = struct.unpack("<i", sealed[:4])
            return self._context.unwrap_winrm(sealed[4 : 4 + size], sealed[4 + size :])
        except (SpnegoError, struct.error, ValueError):
            raise BadSeal from None

    def seal(self, content_type: str, message: bytes) -> tuple[str, bytes]:
        """Return content type and body of a sealed answer, under the protocol name that the request used."""
        protocol = _PROTOCOL.search(content_type)
        if protocol is None or self._context is None:
            raise BadSeal
        name = protocol[1]
        sealed = self._context.wrap_winrm(message)
        head = (
            f"\tContent-Type: {name}\r\n\tOriginalContent: type=application/soap+xml;charset=UTF-8;"
            f"Length={len(message) + sealed.padding_length}\r\n"
        ).encode()
        body = b"".join(
            (
                _BOUNDARY,
                b"\r\n",
                head,
                _BOUNDARY,
                b"\r\n",
                _OCTETS,
                struct.pack("<i", len(sealed.header)),
                sealed.header,
                sealed.data,
                _BOUNDARY,
                b"--\r\n",
            )
        )
        return f'multipart/encrypted;protocol="{name}";boundary="Encrypted Boundary"', body

    def _offers(self, kind: SignIn) -> bool:
        needs_tls = kind in (SignIn.BASIC, SignIn.CERTIFICATE) and not self._options.allows_unencrypted
        return kind in self._options.sign_ins and (self._over_tls or not needs_tls)

    def _offer(self, *, refused: bool = False) -> Challenge:
        kinds = (SignIn.NEGOTIATE, SignIn.KERBEROS, SignIn.BASIC)
        words = {SignIn.BASIC: 'Basic realm="WSMAN"'}
        return Challenge(tuple(words.get(kind, kind.value) for kind in kinds if self._offers(kind)), refused)

    def _basic(self, credentials: str) -> str | None:
        try:
            user, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        if not self._offers(SignIn.BASIC) or self._options.refuses_sign_in:
            return None
        return self._accounts.named(user) if self._accounts.accepts(user, password) else None

    def _by_certificate(self) -> str | None:
        """Return the account that has the certificate's common name; the issuer was verified in the handshake."""
        if not self._certificate or not self._offers(SignIn.CERTIFICATE) or self._options.refuses_sign_in:
            return None
        names = [value for part in self._certificate.get("subject", ()) for key, value in part if key == "commonName"]
        return next((account for name in names if (account := self._accounts.named(name))), None)

    def _step(self, kind: str, credentials: str) -> str | Challenge:
        try:
            token = base64.b64decode(credentials, validate=True)
        except binascii.Error:
            return self._offer(refused=True)
        if not token:
            return self._offer()
        is_ntlm = b"NTLMSSP\0" in token
        wanted = SignIn.KERBEROS if kind.casefold() == "kerberos" else SignIn.NEGOTIATE
        if not self._offers(wanted) or (is_ntlm and not self._options.allows_ntlm):
            return self._offer(refused=True)
        if self._context is None or self._context.complete:
            self._context, self._user = _new_context(), None
        try:
            with USER_FILE.showing(self._accounts):
                answer = self._context.step(token)
        except (SpnegoError, ValueError, LookupError, struct.error):
            self._context = None
            return self._offer(refused=True)
        spoken = f"{kind} {base64.b64encode(answer).decode()}" if answer else ""
        if not self._context.complete:
            return Challenge((spoken,)) if spoken else self._offer()
        if self._options.refuses_sign_in:
            self._context = None
            return self._offer(refused=True)
        self._user = self._context.client_principal or "unknown"
        self.final_token = spoken or None
        return self._user


def certificate_of(connection: object) -> dict[str, Any] | None:
    """Return the verified client certificate of a TLS connection."""
    return dict(connection.getpeercert() or {}) if isinstance(connection, ssl.SSLSocket) else None


def _new_context() -> spnego.ContextProxy:
    # Never the operating system's own implementation, which on Windows knows the real accounts only.
    return spnego.server(protocol="negotiate", options=spnego.NegotiateOptions.use_negotiate)
