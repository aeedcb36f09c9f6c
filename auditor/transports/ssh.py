"""Reading a host over SSH: sh on Linux, PowerShell on Windows, straight or through a bastion."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType

import paramiko
from paramiko.ssh_exception import ChannelException, SSHException

from auditor.errors import FailureKind, TransportError
from auditor.model.inventory import Bastion, CredentialReference, SSHEndpoint
from auditor.model.observation import ChannelName
from auditor.model.question import Platform
from auditor.transports import document
from auditor.transports.base import Limits, Reply, Request, Secrets, Transport, Witness
from auditor.transports.host_keys import (
    HostKey,
    KnownHosts,
    KnownHostsFiles,
    add_host_key,
    known_hosts_name,
    known_hosts_path,
)
from auditor.transports.ssh_connection import Deadline, Stream, shake_hands, shown_key, tcp_stream
from auditor.transports.ssh_failures import Place, printable
from auditor.transports.ssh_gate import SignInGate
from auditor.transports.ssh_keys import KeyRing
from auditor.transports.ssh_process import Output, open_session, run
from auditor.transports.ssh_sign_in import Credentials, sign_in

__all__ = [
    "HostKey",
    "KeyRing",
    "KnownHostsFiles",
    "SignInGate",
    "add_host_key",
    "connect",
    "fetch_bastion_key",
    "fetch_host_key",
    "known_hosts_path",
]

SH_COMMAND = "sh -s"
# The only form that means the same under cmd.exe, Windows PowerShell and pwsh: a program name and plain words.
POWERSHELL_COMMAND = "powershell.exe -NoLogo -NoProfile -NonInteractive -EncodedCommand " + (
    base64.b64encode(document.WINDOWS_START_UP.encode("utf-16-le")).decode()
)
_WINDOWS_BANNER = "for_Windows"
_NOT_FOUND_CODES = frozenset({126, 127, 9009})
_PROHIBITED = 1
# The script must have the time to say which questions it had no time for.
_MARGIN_SECONDS = 5.0


@contextmanager
def connect(
    host: str,
    endpoint: SSHEndpoint,
    secrets: Secrets,
    limits: Limits,
    *,
    keys: KeyRing,
    gate: SignInGate,
    known_hosts: KnownHostsFiles | None = None,
    witness: Witness | None = None,
) -> Iterator[Transport]:
    """Yield an open, signed-in transport to one host and close it afterwards; raises `TransportError`.

    Keys are read before anything is connected; no credential is sent before the host key is verified; no sign-in is
    tried twice. `known_hosts` are the files that were read before; None: they are read for this visit.
    """
    witness = witness or Witness()
    files = known_hosts or KnownHostsFiles()
    credentials = _credentials(host, endpoint, secrets.password, secrets.key_passphrase, keys)
    place = Place(host, endpoint.address, endpoint.port)
    known = _known_keys(place, endpoint, files)
    reach = _way_to(place, endpoint, secrets, limits, keys, gate, files, witness)
    with gate.admit(*_gate_place(endpoint)):
        deadline = Deadline(limits.visit)
        witness.signing_in()
        connection = shake_hands(place, reach, known, limits, gate.pause)
        try:
            _refuse_other_platform(place, endpoint, connection.remote_version)
            sign_in(place, connection, credentials, limits.sign_in)
            # Only when it opens a session has the server surely noted that the sign-in is over.
            session = open_session(place, connection, deadline)
        except BaseException:
            connection.close()
            raise
    try:
        yield _SSHTransport(
            place, endpoint.platform, connection.remote_version, session, deadline, limits, _notes(known), witness
        )
    finally:
        connection.close()


def fetch_host_key(
    host: str,
    endpoint: SSHEndpoint,
    secrets: Secrets,
    limits: Limits,
    *,
    keys: KeyRing,
    gate: SignInGate,
    witness: Witness | None = None,
) -> HostKey:
    """Return the key that the host shows, for a person to compare; no credential is sent to it.

    Through a bastion this signs in at the bastion, whose key must be known already.
    """
    place = Place(host, endpoint.address, endpoint.port)
    reach = _way_to(place, endpoint, secrets, limits, keys, gate, KnownHostsFiles(), witness or Witness())
    return _fetched(place, reach, limits, gate)


def fetch_bastion_key(host: str, bastion: Bastion, limits: Limits, *, gate: SignInGate) -> HostKey:
    """Return the key that the bastion of a host shows, for a person to compare; no credential is sent to it."""
    place = Place(host, bastion.address, bastion.port, is_bastion=True)
    return _fetched(place, lambda: tcp_stream(place, limits), limits, gate)


@dataclass(frozen=True, slots=True)
class _SSHTransport:
    """An open connection to one host."""

    place: Place
    platform: Platform
    banner: str
    session: paramiko.Channel
    deadline: Deadline
    limits: Limits
    notes: tuple[str, ...]
    witness: Witness

    def ask(self, request: Request) -> Reply:
        """Put all questions in one process on the server; raises `TransportError`."""
        is_windows = self.platform is Platform.WINDOWS
        seconds = max(self.deadline.left - _MARGIN_SECONDS, self.deadline.left / 2)
        make = document.windows_script if is_windows else document.linux_script
        script = make(request, seconds, min(self.limits.question, seconds))
        command = POWERSHELL_COMMAND if is_windows else SH_COMMAND
        channel = ChannelName.POWERSHELL_OVER_SSH if is_windows else ChannelName.SH_OVER_SSH
        self.witness.asking(channel, [question.id for question in request.questions], script)
        output = run(self.place, self.session, command, script.encode("utf-8"), self.deadline, self.limits.answer_bytes)
        self.witness.heard(len(output.stdout) + len(output.stderr))
        if document.ANSWER_BEGIN not in output.stdout:
            self._explain(output)
        answers = document.read_document(self.place.host, output.stdout, request, self.limits)
        return Reply(
            channel=channel,
            platform=self.platform,
            answers=MappingProxyType({answer.question: answer for answer in answers}),
            notes=self.notes,
            requests=1,
        )

    def _explain(self, output: Output) -> None:
        """Raise what is wrong with a server that did not begin an answer, where it can be told."""
        if self.platform is Platform.WINDOWS and document.is_constrained(output.stdout):
            raise self.place.error(
                FailureKind.NO_INTERPRETER,
                f"PowerShell on {self.place} runs in Constrained Language Mode for this account, so nothing can be "
                "asked over SSH; read the host over WinRM with reading: wmi, or allow the account the full language.",
            )
        # Only the last line: before it stand warnings about the home folder and greetings.
        said = (output.stderr + b"\n" + output.stdout).strip().splitlines()
        words = printable(said[-1]) if said else "nothing"
        ran_powershell = b"CLIXML" in output.stderr
        if output.exit_code in _NOT_FOUND_CODES or (
            self.platform is Platform.WINDOWS and output.exit_code == 1 and not ran_powershell
        ):
            program = "PowerShell" if self.platform is Platform.WINDOWS else "sh"
            raise self.place.error(
                FailureKind.NO_INTERPRETER,
                f"{self.place} could not run {program} (it said {words!r}, its SSH server is "
                f"{printable(self.banner, 60)!r}); correct platform in the inventory, or the path "
                "of the account.",
            )
        if output.exit_code == 1 and self.platform is Platform.LINUX:
            raise self.place.error(
                FailureKind.RIGHT_MISSING,
                f"The account may sign in to {self.place}, but not run sh (it said {words!r}); use an account with a "
                "shell.",
            )


def _credentials(
    host: str,
    account: SSHEndpoint | Bastion,
    password: str | None,
    passphrase: str | None,
    keys: KeyRing,
) -> Credentials:
    where = f"the bastion {account.address}" if isinstance(account, Bastion) else host
    _refuse_missing(host, f"The password for {where}", account.password, password)
    _refuse_missing(host, f"The passphrase of the key for {where}", account.key_passphrase, passphrase)
    use_agent = isinstance(account, SSHEndpoint) and account.use_agent
    if account.key_file is None and password is None and not use_agent:
        raise TransportError(
            host,
            FailureKind.CREDENTIAL_UNAVAILABLE,
            f"The inventory names no way to sign in to {where}: give key_file, password or use_agent.",
        )
    key = keys.load(host, account.key_file, passphrase) if account.key_file else None
    return Credentials(account.user, key, use_agent, password)


def _refuse_missing(host: str, what: str, reference: CredentialReference | None, secret: str | None) -> None:
    if reference is not None and secret is None:
        raise TransportError(
            host,
            FailureKind.CREDENTIAL_UNAVAILABLE,
            f"{what} could not be had from {reference.kind.value} {reference.locator}: put it there.",
        )


def _known_keys(place: Place, endpoint: SSHEndpoint, files: KnownHostsFiles) -> KnownHosts:
    path = known_hosts_path(endpoint.known_hosts)
    try:
        return files.lines_for(path, known_hosts_name(place.address, place.port))
    except OSError as error:
        raise TransportError(
            place.host,
            FailureKind.HOST_KEY_UNKNOWN,
            f"The known hosts in {path} cannot be read ({error.strerror}), so {place.host} cannot be recognised: "
            "correct the path or its rights.",
        ) from None


def _notes(known: KnownHosts) -> tuple[str, ...]:
    if not known.skipped:
        return ()
    return (f"{known.skipped} lines of {known.path} could not be read and were passed over.",)


def _gate_place(endpoint: SSHEndpoint) -> tuple[str, int]:
    through = endpoint.bastion or endpoint
    return through.address, through.port


def _way_to(
    place: Place,
    endpoint: SSHEndpoint,
    secrets: Secrets,
    limits: Limits,
    keys: KeyRing,
    gate: SignInGate,
    files: KnownHostsFiles,
    witness: Witness,
) -> Callable[[], Stream]:
    """Return how to reach a host: a TCP connection, or a channel of the bastion's connection, opened if need be."""
    if endpoint.bastion is None:
        return lambda: tcp_stream(place, limits)
    connection = _bastion(place.host, endpoint, endpoint.bastion, secrets, limits, keys, gate, files, witness)
    return lambda: _channel_through(place, endpoint.bastion, connection, limits)


def _bastion(
    host: str,
    endpoint: SSHEndpoint,
    bastion: Bastion,
    secrets: Secrets,
    limits: Limits,
    keys: KeyRing,
    gate: SignInGate,
    files: KnownHostsFiles,
    witness: Witness,
) -> paramiko.Transport:
    place = Place(host, bastion.address, bastion.port, is_bastion=True)

    def opened() -> paramiko.Transport:
        password, passphrase = secrets.bastion_password, secrets.bastion_key_passphrase
        credentials = _credentials(host, bastion, password, passphrase, keys)
        known = _known_keys(place, endpoint, files)
        with gate.admit(bastion.address, bastion.port):
            witness.signing_in(bastion=True)
            connection = shake_hands(place, lambda: tcp_stream(place, limits), known, limits, gate.pause)
            try:
                sign_in(place, connection, credentials, limits.sign_in)
            except BaseException:
                connection.close()
                raise
        return connection

    try:
        return gate.share((bastion, endpoint.known_hosts), opened)
    except TransportError as error:
        # Whoever came first has met it; everybody is told so under their own name.
        raise TransportError(host, error.kind, error.sentence, permanent=error.permanent) from None


def _channel_through(place: Place, bastion: Bastion | None, connection: paramiko.Transport, limits: Limits) -> Stream:
    at = Place(place.host, bastion.address, bastion.port, is_bastion=True) if bastion else place
    try:
        return connection.open_channel(
            "direct-tcpip", (place.address, place.port), ("127.0.0.1", 0), timeout=limits.connect
        )
    except ChannelException as error:
        if error.code == _PROHIBITED:
            raise at.error(
                FailureKind.FORWARDING_FORBIDDEN,
                f"{at} forbids the way on to {place}; allow it with AllowTcpForwarding and PermitOpen.",
            ) from None
        raise at.error(
            FailureKind.BASTION_CANNOT_REACH,
            f"{at} cannot reach {place}; check the address as the bastion sees it, and that the SSH server there runs.",
            permanent=False,
        ) from None
    except (SSHException, EOFError, OSError):
        if connection.is_active():
            raise at.error(
                FailureKind.BASTION_CANNOT_REACH,
                f"{at} had no answer from {place} within {limits.connect:.0f} s; a firewall behind the bastion drops "
                "the connection or the server is down.",
                permanent=False,
            ) from None
        raise at.error(
            FailureKind.LOST, f"the connection to {at} broke on the way to {place}; scan again.", permanent=False
        ) from None


def _fetched(place: Place, reach: Callable[[], Stream], limits: Limits, gate: SignInGate) -> HostKey:
    connection = shake_hands(place, reach, None, limits, gate.pause)
    try:
        return shown_key(place, connection)
    finally:
        connection.close()


def _refuse_other_platform(place: Place, endpoint: SSHEndpoint, banner: str) -> None:
    if endpoint.platform is Platform.LINUX and _WINDOWS_BANNER in banner:
        raise place.error(
            FailureKind.WRONG_PLATFORM,
            f"{place} is a Windows server (its SSH server is {printable(banner, 60)!r}), but the inventory says linux; "
            "correct platform there.",
        )
