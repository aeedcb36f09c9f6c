"""What is told to a person when a host cannot be read over WinRM: one kind and one sentence for each cause."""

from __future__ import annotations

import re

from auditor.errors import FailureKind, TransportError
from auditor.model.inventory import WinRMEndpoint, WinRMSignIn

ACCESS_DENIED_CODES = frozenset({5, 0x80070005, 0x80041003})
# No output within the operation time-out: not an error, ask again.
OPERATION_TIMEOUT = 2150858793
_SESSION_GONE_CODES = frozenset({2150858843, 995})
# MIT's numbers, the same in every language: S_PRINCIPAL_UNKNOWN; then CC_NOTFOUND, FCC_NOFILE, AP_ERR_TKT_EXPIRED, and
# GSSAPI's own "no credentials were supplied" and "the credentials have expired".
_KERBEROS_NO_SERVICE = -1765328377
_KERBEROS_NO_TICKET = frozenset({-1765328243, -1765328189, -1765328352, 7 << 16, 11 << 16})
_TOO_MANY_SHELLS_CODE = 2150859173
_TOO_MANY_OPERATIONS_CODE = 2150859174


class WSManFault(Exception):  # noqa: N818 - a fault is what WS-Man calls it, and not always an error
    """The service understood a message and refused it; `code` is WinRM's number, `wmi_code` that of WMI, or None."""

    def __init__(self, reason: str, code: int | None, wmi_code: int | None = None, subcode: str = "") -> None:
        self.reason = reason
        self.code = code
        self.wmi_code = wmi_code
        self.subcode = subcode
        super().__init__(reason)

    @property
    def denies_access(self) -> bool:
        """Whether the account lacks a right."""
        return self.code in ACCESS_DENIED_CODES or self.wmi_code in ACCESS_DENIED_CODES


class Failures:
    """Makes the errors of one host; `place` is its address and port as the operator wrote them."""

    def __init__(self, host: str, endpoint: WinRMEndpoint) -> None:
        self.host = host
        self._endpoint = endpoint
        self.place = f"{endpoint.address}:{endpoint.port}"

    def error(self, kind: FailureKind, sentence: str, *, permanent: bool = True) -> TransportError:
        """Return an error of this host."""
        return TransportError(self.host, kind, sentence, permanent=permanent)

    def of_name(self) -> TransportError:
        """The address has no DNS entry."""
        return self.error(
            FailureKind.NAME_UNKNOWN,
            f"The name {self._endpoint.address} cannot be resolved; correct the address in the inventory or the DNS.",
        )

    def of_connection(self, error: OSError) -> TransportError:
        """No TCP connection came about."""
        if isinstance(error, ConnectionRefusedError):
            return self.error(
                FailureKind.REFUSED,
                f"Nothing listens on {self.place}; enable WinRM there (winrm quickconfig) or correct the port.",
            )
        if isinstance(error, TimeoutError):
            return self.error(
                FailureKind.DROPPED,
                f"{self.place} does not answer at all, so a firewall drops the packets or the host is down; "
                "open the port for this collector.",
                permanent=False,
            )
        return self.error(
            FailureKind.UNREACHABLE,
            f"There is no way to {self.place} ({error.strerror or type(error).__name__}); check routes and firewalls.",
            permanent=False,
        )

    def of_proxy(self) -> TransportError:
        """The proxy cannot be reached, or does not let through."""
        return self.error(
            FailureKind.SERVICE_UNAVAILABLE,
            f"The proxy on the way to {self.place} cannot be reached or does not let through; correct the proxy "
            "setting of this host.",
        )

    def of_silence(self, *, answered: bool) -> TransportError:
        """Connected, and no HTTP answer in time."""
        if answered:
            return self.error(
                FailureKind.HUNG,
                f"{self.place} answered at first and then stopped answering, so its WinRM service or the host hangs; "
                "look at the load of the host and restart the WinRM service if needed.",
                permanent=False,
            )
        return self.error(
            FailureKind.SILENT,
            f"{self.place} accepts connections and says nothing, so the host hangs or another service listens there; "
            "this is not the firewall: look at the host and its WinRM service.",
            permanent=False,
        )

    def of_loss(self, *, answered: bool) -> TransportError:
        """The connection broke."""
        if answered:
            return self.error(
                FailureKind.LOST,
                f"The connection to {self.place} was lost in the middle of the visit; scan again, and look for a "
                "restart of the host or of WinRM if it happens every time.",
                permanent=False,
            )
        return self.error(
            FailureKind.CLOSED_AT_ONCE,
            f"{self.place} closes the connection before it says anything; check that WinRM listens there and speaks "
            f"{'HTTPS' if self._endpoint.https else 'HTTP'}.",
        )

    def of_time(self, seconds: float) -> TransportError:
        """The script did not end in time."""
        return self.error(
            FailureKind.TIMED_OUT,
            f"{self.place} answered, but its script took longer than {seconds:.0f} s; raise the visit's time limit or "
            "look at the load of the host.",
            permanent=False,
        )

    def of_fault(self, fault: WSManFault) -> TransportError:
        """The service refused a message."""
        user = self._endpoint.user or "the account"
        if fault.denies_access:
            return self.error(
                FailureKind.RIGHT_MISSING,
                f"{user} signed in to {self.place} but may not use WinRM there; add it to Administrators, or give it "
                "Read and Execute with winrm configSDDL default, because Remote Management Users alone does not open "
                "the remote shell; for a local account other than the built-in Administrator look at "
                "LocalAccountTokenFilterPolicy.",
            )
        if fault.code in _SESSION_GONE_CODES:
            return self.error(
                FailureKind.SESSION_CLOSED,
                f"WinRM on {self.place} closed the session while it was in use, and once more after a second try; look "
                "for restarts of the service and for its idle limit.",
                permanent=False,
            )
        if fault.code == _TOO_MANY_SHELLS_CODE:
            return self.error(
                FailureKind.TOO_MANY_SHELLS,
                f"{user} has too many open shells on {self.place}, left by other tools; wait until they end or raise "
                "MaxShellsPerUser there.",
                permanent=False,
            )
        if fault.code == _TOO_MANY_OPERATIONS_CODE:
            return self.error(
                FailureKind.TOO_MANY_OPERATIONS,
                f"{user} has too many operations in progress on {self.place}; wait, or raise "
                "MaxConcurrentOperationsPerUser there.",
                permanent=False,
            )
        if fault.subcode.endswith("QuotaLimit"):
            return self.error(
                FailureKind.TOO_BUSY,
                f"WinRM on {self.place} has reached one of its limits ({quoted(fault.reason)}); scan later, or raise "
                "the limit there.",
                permanent=False,
            )
        return self.error(
            FailureKind.REFUSED_BY_SERVICE,
            f"WinRM on {self.place} refused the request with code {fault.code} ({quoted(fault.reason)}); look at the "
            "WinRM event log of the host.",
        )

    def of_status(self, status: int, *, empty: bool) -> TransportError:
        """An HTTP status that is not WS-Man's."""
        if status == 400:
            return self.error(
                FailureKind.LOST,
                f"{self.place} did not recognise a sealed message, so the signed-in connection was lost; scan again.",
                permanent=False,
            )
        if status == 403 and self._endpoint.sign_in is WinRMSignIn.CERTIFICATE:
            return self.of_refused_sign_in(())
        if status == 500 and empty:
            return self.error(
                FailureKind.ENCRYPTION_DEMANDED,
                f"{self.place} insists on encrypted messages and sign-in {self._endpoint.sign_in.value} gave none; use "
                "ntlm or kerberos, or HTTPS.",
            )
        if status in (502, 503, 504):
            return self.error(
                FailureKind.SERVICE_UNAVAILABLE,
                f"{self.place} answers HTTP {status}, so WinRM is starting or overloaded, or a proxy stands in "
                "between; check the proxy setting and scan again later.",
                permanent=False,
            )
        return self.of_other_service(f"answers HTTP {status}")

    def of_other_service(self, what: str) -> TransportError:
        """Something answers that is not WS-Man."""
        return self.error(
            FailureKind.NOT_WINRM,
            f"{self.place} {what} to WS-Man, so something else than WinRM listens there or the path "
            f"{self._endpoint.path} is wrong; check port and listener (winrm enumerate winrm/config/listener).",
        )

    def of_damage(self) -> TransportError:
        """WS-Man answered at first, and then something that it never says."""
        return self.error(
            FailureKind.ANSWER_DAMAGED,
            f"{self.place} sent a message that is not well-formed WS-Man; scan again, and check what stands between "
            "the collector and the host.",
            permanent=False,
        )

    def of_refused_sign_in(self, offered: tuple[str, ...]) -> TransportError:
        """A 401. `offered` are the sign-in kinds that the host named when asked without credentials."""
        configured = self._endpoint.sign_in
        if offered and not _is_offered(configured, offered):
            return self.error(
                FailureKind.SIGN_IN_KIND_NOT_OFFERED,
                f"{self.place} does not offer sign-in {configured.value}, it offers {', '.join(offered)}; set one of "
                "these in the inventory or enable the kind on the host.",
            )
        if configured is WinRMSignIn.CERTIFICATE:
            return self.error(
                FailureKind.SIGN_IN_REFUSED,
                f"{self.place} refused the client certificate; map it to a local account there and enable "
                "certificate sign-in (winrm set winrm/config/service/auth).",
            )
        return self.error(
            FailureKind.SIGN_IN_REFUSED,
            f"{self.place} refused the sign-in of {self._endpoint.user or 'the ticket'}; check user and password, and "
            "that the account is not locked and may log on from the network. It was tried once only, because "
            "repeated tries lock accounts.",
        )

    def of_kerberos(self, text: str) -> TransportError:
        """The Kerberos exchange on this side failed; `text` holds MIT's or Microsoft's message and number."""
        service = f"HTTP/{self._endpoint.kerberos_host or self._endpoint.address}"
        numbers = {int(number) for number in re.findall(r"-?\d{6,}", text)}
        if _KERBEROS_NO_SERVICE in numbers:
            return self.error(
                FailureKind.KERBEROS_NO_SERVICE,
                f"Kerberos knows no service {service}, which was asked for to reach {self.place}; use the host's full "
                "name as the address, or set kerberos_host when connecting by address or alias.",
            )
        if numbers & _KERBEROS_NO_TICKET:
            user = self._endpoint.user
            return self.error(
                FailureKind.KERBEROS_NO_TICKET,
                f"There is no valid Kerberos ticket{f' of {user}' if user else ''} for {self.place}, and the password "
                f"is not used with Kerberos; run kinit{f' {user}' if user else ''} or give a keytab.",
            )
        # The library gives pairs of words and number, the general one first.
        pairs = re.findall(r"""\((?:'([^']+)'|"([^"]+)"), -?\d+\)""", text)
        words = quoted(next((one or other for one, other in reversed(pairs)), text))
        return self.error(
            FailureKind.KERBEROS_FAILED,
            f"Kerberos gave no ticket for {service} to reach {self.place} ({words}); check the realm, the KDC and the "
            "clocks.",
        )

    def of_no_credential(self) -> TransportError:
        """Negotiate has nothing to sign in with."""
        return self.error(
            FailureKind.CREDENTIAL_UNAVAILABLE,
            f"There is neither a password nor a Kerberos ticket to sign in to {self.place} with; give a user and a "
            "password in the inventory, or run kinit.",
        )

    def of_missing_extra(self, extra: str) -> TransportError:
        """A sign-in kind needs a package that is not installed."""
        return self.error(
            FailureKind.EXTRA_MISSING,
            f"Sign-in {self._endpoint.sign_in.value} to {self.place} needs an optional package; install it with: "
            f"pip install 'outsystems-auditor[{extra}]'.",
        )

    def of_clear_text(self) -> TransportError:
        """Basic or certificate over plain HTTP, which would show everything to everybody."""
        return self.error(
            FailureKind.CLEAR_TEXT_REFUSED,
            f"Sign-in {self._endpoint.sign_in.value} to {self.place} would travel unencrypted over HTTP, so nothing "
            "was sent; use HTTPS, or sign in with ntlm or kerberos.",
        )


def _is_offered(configured: WinRMSignIn, offered: tuple[str, ...]) -> bool:
    names = {name.lower() for name in offered}
    accepted = {
        WinRMSignIn.KERBEROS: {"kerberos", "negotiate"},
        WinRMSignIn.NTLM: {"negotiate", "ntlm"},
        WinRMSignIn.NEGOTIATE: {"negotiate", "kerberos", "ntlm"},
        WinRMSignIn.BASIC: {"basic"},
        WinRMSignIn.CREDSSP: {"credssp"},
    }
    # Certificate sign-in is not named in WWW-Authenticate: its absence there says nothing.
    return configured is WinRMSignIn.CERTIFICATE or bool(names & accepted[configured])


def quoted(text: str) -> str:
    """Return the other side's words on one line, short."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())[:160]
