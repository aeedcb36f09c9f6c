"""WinRM: one signed-in connection, one PowerShell on the server, one document back; WMI where there is no PowerShell.

pywinrm does the protocol. What it does not do is done here: it never waits beyond a deadline, never sends in clear,
never signs in twice, and always gives the shell back.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from xml.etree import ElementTree

import requests
import spnego.exceptions
import xmltodict
from winrm import transport as winrm_transport
from winrm.encryption import Encryption
from winrm.exceptions import (
    InvalidCredentialsError,
    WinRMError,
    WinRMOperationTimeoutError,
    WinRMTransportError,
    WSManFaultError,
)
from winrm.protocol import Protocol as WinRMProtocol

from auditor.errors import FailureKind, TransportError
from auditor.model.inventory import WinRMEndpoint, WinRMSignIn
from auditor.transports.base import Limits, Secrets, Transport, Witness
from auditor.transports.winrm_failures import OPERATION_TIMEOUT, Failures, WSManFault
from auditor.transports.winrm_http import (
    BoundedAdapter,
    TrustStores,
    endpoint_url,
    offered_sign_ins,
    reach,
    seen_certificate,
)
from auditor.transports.winrm_negotiate import NegotiateSignIn
from auditor.transports.winrm_translation import is_tls, of_http, of_tls
from auditor.transports.winrm_visit import Visit

__all__ = ["TrustStores", "connect"]

_T = TypeVar("_T")

_CLEAR = frozenset({WinRMSignIn.BASIC, WinRMSignIn.CERTIFICATE})
_WITH_PASSWORD = frozenset({WinRMSignIn.BASIC, WinRMSignIn.NTLM, WinRMSignIn.CREDSSP})
_OPERATION_SECONDS = 20.0
_READ_SECONDS = 30.0
# What pywinrm, its XML reading and its sealing raise when the other side says something that is not WS-Man.
_NOT_WSMAN = (
    ElementTree.ParseError,
    StopIteration,
    ValueError,
    LookupError,
    AssertionError,
    AttributeError,
    TypeError,
    spnego.exceptions.SpnegoError,
)


@contextmanager
def connect(
    host: str,
    endpoint: WinRMEndpoint,
    secrets: Secrets,
    limits: Limits,
    witness: Witness | None = None,
    *,
    trust: TrustStores | None = None,
) -> Iterator[Transport]:
    """Yield a signed-in `Transport` to a Windows host; raises `TransportError`, nothing else that the host can cause.

    `trust` are the TLS settings that were loaded before; None: they are loaded for this visit.
    With PowerShell the shell is opened here, so signing in and the right to a shell are proved when this returns.
    """
    failures = Failures(host, endpoint)
    witness = witness or Witness()
    stores = trust or TrustStores()
    # Giving the shell back is part of the visit, so a moment of it is kept for that.
    ends_at = time.monotonic() + limits.visit - 2 * _clean_up_seconds(limits)

    def new_connection() -> _Connection:
        _guard(failures, endpoint, secrets)
        settings = stores.load(failures, endpoint, secrets)
        witness.signing_in()
        reach(failures, endpoint, limits)
        adapter = BoundedAdapter(failures, settings)
        return _Connection(failures, endpoint, secrets, limits, adapter, ends_at, witness)

    visit = Visit(failures, endpoint, limits, new_connection, witness)
    try:
        visit.open()
        yield visit
    finally:
        visit.close()


class _Connection:
    """A signed-in connection: counts messages, keeps the time, and translates every error. Useless after one."""

    def __init__(
        self,
        failures: Failures,
        endpoint: WinRMEndpoint,
        secrets: Secrets,
        limits: Limits,
        adapter: BoundedAdapter,
        ends_at: float,
        witness: Witness,
    ) -> None:
        self._witness = witness
        self._failures = failures
        self._endpoint = endpoint
        self._limits = limits
        self._adapter = adapter
        self._ends_at = ends_at
        self._has_password = secrets.password is not None
        self._is_signed_in = False
        self.is_lost = False
        self.requests = 0
        options = _options(endpoint, secrets)
        # pywinrm wants whole seconds here; the true ones are set before each message.
        self.protocol = WinRMProtocol(**options, operation_timeout_sec=20, read_timeout_sec=30)
        self._carrier = _Carrier(endpoint, secrets, adapter, options)
        self.protocol.transport = self._carrier

    def remaining(self) -> float:
        return self._ends_at - time.monotonic()

    def sign_in(self) -> None:
        """Sign in where that is a step of its own, as it is where messages are sealed."""
        self.call(self._carrier.build_session, signing_in=True, is_message=False)

    def send(self, resource: str, action: str, body: Mapping[str, Any]) -> ElementTree.Element:
        """Send one WMI message; raises `WSManFault` as it is."""
        envelope = self.protocol.build_wsman_header(action, resource)
        envelope["env:Body"] = body
        signing_in = not self._is_signed_in

        def post() -> ElementTree.Element:
            answer = self.protocol.send_message(xmltodict.unparse({"env:Envelope": envelope}))
            self._witness.heard(len(answer))
            # The expat of every supported Python refuses entity expansion attacks, and reads no external entity.
            root = ElementTree.fromstring(answer)  # noqa: S314
            found = root.find("{http://www.w3.org/2003/05/soap-envelope}Body")
            if found is None:
                raise ValueError("an answer without a body")
            return found

        return self.call(post, signing_in=signing_in, raw_faults=True)

    def end(self) -> None:
        self._carrier.close_session()

    def call(
        self,
        operation: Callable[[], _T],
        *,
        signing_in: bool = False,
        raw_faults: bool = False,
        cleaning_up: bool = False,
        is_message: bool = True,
    ) -> _T:
        """Run one exchange of pywinrm with fresh time-outs; raises `TransportError`, or `WSManFault` if asked for."""
        self._set_times(signing_in=signing_in, cleaning_up=cleaning_up)
        self.requests += is_message
        try:
            result = operation()
        except (WSManFaultError, WinRMOperationTimeoutError) as error:
            # A refusal in WS-Man's own words: connection and sign-in are sound.
            self._is_signed_in = True
            fault = _fault(error)
            if raw_faults or cleaning_up:
                raise fault from None
            raise self._failures.of_fault(fault) from None
        except TransportError:
            self.is_lost = True
            raise
        except (WinRMError, WinRMTransportError, OSError, *_NOT_WSMAN) as error:
            self.is_lost = True
            raise self._translated(error) from None
        self._is_signed_in = self._is_signed_in or is_message or self._carrier.encryption is not None
        return result

    def _set_times(self, *, signing_in: bool, cleaning_up: bool) -> None:
        """Bound the next exchange: by the sign-in, by what is left of the visit, by a moment of grace to clean up."""
        left = max(self.remaining(), 0.5)
        if cleaning_up:
            left = _clean_up_seconds(self._limits)
        elif signing_in:
            left = min(left, self._limits.sign_in)
        read = min(_READ_SECONDS, left)
        # The server answers first, so that a script that runs is told from a host that hangs.
        self.protocol.operation_timeout_sec = max(1, math.floor(min(_OPERATION_SECONDS, read * 2 / 3)))
        # requests takes fractions of a second, whatever pywinrm's annotation says.
        wait = max(read, self.protocol.operation_timeout_sec + 0.5)
        self._carrier.read_timeout_sec = wait  # type: ignore[assignment]
        # That bounds each piece that is read; this bounds them all.
        self._adapter.message_ends_at = time.monotonic() + wait

    def _translated(self, error: BaseException) -> TransportError:
        if type(error).__name__ in ("KerberosExchangeError", "MutualAuthenticationError"):
            return self._failures.of_kerberos(str(error))
        if isinstance(error, InvalidCredentialsError):
            offered = offered_sign_ins(self._adapter, self._endpoint, self._limits)
            return self._failures.of_refused_sign_in(offered)
        if isinstance(error, WinRMTransportError):
            return self._failures.of_status(int(error.code), empty=not error.response_text)
        if isinstance(error, PermissionError):
            # requests_ntlm raises it when no challenge follows, as where NTLM is forbidden by policy.
            return self._failures.of_refused_sign_in(())
        if is_tls(error):
            return of_tls(self._failures, error, seen_certificate(self._endpoint, self._limits))
        if isinstance(error, requests.RequestException | OSError):
            return of_http(self._failures, error, answered=self._adapter.answered)
        if self._is_signed_in:
            return self._failures.of_damage()
        if isinstance(error, spnego.exceptions.SpnegoError) and not self._has_password:
            return self._failures.of_no_credential()
        return self._failures.of_other_service("answers something that is no answer")


class _Carrier(winrm_transport.Transport):
    """pywinrm's transport with our own trust and bounds; it never sends a message unsealed over HTTP."""

    def __init__(
        self, endpoint: WinRMEndpoint, secrets: Secrets, adapter: BoundedAdapter, options: dict[str, Any]
    ) -> None:
        self._endpoint = endpoint
        self._secrets = secrets
        self._adapter = adapter
        renamed = {"auth_method" if name == "transport" else name: value for name, value in options.items()}
        # pywinrm's Kerberos writes the sign-in token to its debug log.
        logging.getLogger("winrm.vendor.requests_kerberos").setLevel(logging.CRITICAL)
        super().__init__(**renamed, service="HTTP", read_timeout_sec=30)

    def build_session(self) -> requests.Session:
        if self.session is None:
            self._prepare(super().build_session())
        assert self.session is not None
        return self.session

    def setup_encryption(self, session: requests.Session) -> None:
        self._prepare(session)
        super().setup_encryption(session)
        if self._endpoint.sign_in is WinRMSignIn.NEGOTIATE:
            # The one of pywinrm's ways of sealing that asks the sign-in itself to seal.
            self.encryption = Encryption(session, "kerberos")

    def send_message(self, message: str | bytes) -> bytes:
        self.build_session()
        if not self._endpoint.https and self.encryption is None:
            raise requests.ConnectionError("the connection is not sealed")
        answer: bytes = super().send_message(message)
        return answer

    def _prepare(self, session: requests.Session) -> None:
        # Nothing of the environment: no proxy, no netrc, no certificate file that the inventory does not name.
        session.trust_env = False
        # A redirection would carry the sign-in to somebody else.
        session.max_redirects = 0
        session.mount("http://", self._adapter)
        session.mount("https://", self._adapter)
        # The trust context already holds it, opened with its passphrase.
        session.cert = None
        if self._endpoint.sign_in is WinRMSignIn.NEGOTIATE and not isinstance(session.auth, NegotiateSignIn):
            session.auth = NegotiateSignIn(self._endpoint.user, self._secrets.password, self._endpoint.kerberos_host)


def _clean_up_seconds(limits: Limits) -> float:
    """Return how long each of the two messages that clean up may take: ending the command, deleting the shell."""
    return min(3.0, limits.visit / 10)


def _guard(failures: Failures, endpoint: WinRMEndpoint, secrets: Secrets) -> None:
    """Refuse before any connection what cannot work or would show secrets."""
    sign_in = endpoint.sign_in
    if sign_in in _CLEAR and not endpoint.https:
        raise failures.of_clear_text()
    if sign_in is WinRMSignIn.KERBEROS and not winrm_transport.HAVE_KERBEROS:
        raise failures.of_missing_extra("kerberos")
    if sign_in is WinRMSignIn.CREDSSP and not winrm_transport.HAVE_CREDSSP:
        raise failures.of_missing_extra("credssp")
    if sign_in in _WITH_PASSWORD and not (endpoint.user and secrets.password is not None):
        raise failures.error(
            FailureKind.CREDENTIAL_UNAVAILABLE,
            f"Sign-in {sign_in.value} to {failures.place} needs a user and a password; give both in the inventory.",
        )
    if sign_in is WinRMSignIn.CERTIFICATE and not (endpoint.client_certificate and endpoint.client_key):
        raise failures.error(
            FailureKind.CREDENTIAL_UNAVAILABLE,
            f"Sign-in certificate to {failures.place} needs client_certificate and client_key; give both in the "
            "inventory.",
        )


def _options(endpoint: WinRMEndpoint, secrets: Secrets) -> dict[str, Any]:
    # Negotiate is not pywinrm's; its ntlm has the same steps, and the sign-in itself is put in place of pywinrm's.
    names = {WinRMSignIn.NEGOTIATE: "ntlm"}
    kerberos = endpoint.sign_in is WinRMSignIn.KERBEROS
    return {
        "endpoint": endpoint_url(endpoint),
        "transport": names.get(endpoint.sign_in, endpoint.sign_in.value),
        "username": endpoint.user or (None if kerberos else "-"),
        "password": None if kerberos else secrets.password or "",
        "cert_pem": endpoint.client_certificate,
        "cert_key_pem": endpoint.client_key,
        "server_cert_validation": "validate" if endpoint.verify_tls else "ignore",
        "ca_trust_path": None,
        "kerberos_hostname_override": endpoint.kerberos_host,
        # TLS hides the messages already; without it they are sealed or not sent.
        "message_encryption": "auto" if endpoint.https else "always",
        "proxy": endpoint.proxy,
    }


def _fault(error: WSManFaultError | WinRMOperationTimeoutError) -> WSManFault:
    if isinstance(error, WinRMOperationTimeoutError):
        return WSManFault("the operation took too long", OPERATION_TIMEOUT)
    return WSManFault(error.reason, error.wsman_fault_code, error.wmierror_code, error.fault_subcode or "")
