"""From settled connection settings to an endpoint, refusing what cannot work or would be unsafe."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, field

from auditor.model.inventory import (
    Bastion,
    CredentialKind,
    CredentialReference,
    Endpoint,
    SSHEndpoint,
    WinRMEndpoint,
    WinRMReading,
    WinRMSignIn,
)
from auditor.model.question import Platform
from auditor.settings.connection_settings import SSH_ONLY, WINRM_ONLY, HostPlatform, SecretReference, TransportName
from auditor.settings.levels import Connection
from auditor.settings.wording import Path

_WITH_PASSWORD = (WinRMSignIn.NTLM, WinRMSignIn.BASIC, WinRMSignIn.CREDSSP)
_WITHOUT_USER = (WinRMSignIn.KERBEROS, WinRMSignIn.CERTIFICATE)


@dataclass(slots=True)
class EndpointBuilder:
    """Builds the endpoint of one host. `host` is the path of the host; `place_of` turns a written path into a full one.

    `problems` collects (path, sentence); an endpoint built with problems is not to be used.
    """

    address: str
    host: Path
    connection: Connection
    place_of: Callable[[str], str]
    problems: list[tuple[Path, str]] = field(default_factory=list)

    def build(self) -> Endpoint:
        """Return the endpoint; look at `problems` before using it."""
        over_ssh = self.connection.transport is TransportName.SSH
        self._refuse_settings_of_the_other_transport(WINRM_ONLY if over_ssh else SSH_ONLY)
        return self._ssh() if over_ssh else self._winrm()

    def _refuse_settings_of_the_other_transport(self, foreign: frozenset[str]) -> None:
        for name, setting in sorted(self.connection.settings.items()):
            at_host = setting.path[: len(self.host)] == self.host
            if at_host and name.partition(".")[0] in foreign:
                reached = "SSH" if self.connection.transport is TransportName.SSH else "WinRM"
                self._problem(name, f"does not apply: this host is reached over {reached}; remove it or set transport.")

    def _winrm(self) -> WinRMEndpoint:
        value = self.connection.value
        https = value("https", value("port") != 5985)
        sign_in = WinRMSignIn(value("sign_in", WinRMSignIn.NEGOTIATE))
        user, password = value("user", ""), self._reference("password")
        if value("platform", HostPlatform.WINDOWS) is not HostPlatform.WINDOWS:
            self._problem("platform", "found linux; a host that is reached over WinRM runs windows.")
        if sign_in in (WinRMSignIn.BASIC, WinRMSignIn.CERTIFICATE) and not https:
            self._problem("sign_in", f"{sign_in} without TLS would give the secret away; expected https: true.")
        if not user and sign_in not in _WITHOUT_USER:
            self._missing("user", f"is missing, and {sign_in} needs one", "winrm")
        if password is None and sign_in in _WITH_PASSWORD:
            self._missing("password", f"is missing, and {sign_in} needs one", "winrm")
        if sign_in is WinRMSignIn.CERTIFICATE:
            for name in ("client_certificate", "client_key"):
                if value(name) is None:
                    self._missing(name, "is missing, and sign_in certificate needs both its files", "winrm")
        return WinRMEndpoint(
            address=self.address,
            port=value("port", 5986 if https else 5985),
            https=https,
            sign_in=sign_in,
            user=user,
            password=password,
            path=value("path", "/wsman"),
            ca_file=self._file("ca_file"),
            verify_tls=value("verify_tls", True),
            client_certificate=self._file("client_certificate"),
            client_key=self._file("client_key"),
            kerberos_host=value("kerberos_host"),
            proxy=value("proxy"),
            reading=WinRMReading(value("reading", WinRMReading.POWERSHELL)),
        )

    def _ssh(self) -> SSHEndpoint:
        value = self.connection.value
        key_file, password, use_agent = self._file("key_file"), self._reference("password"), value("use_agent", False)
        if not value("user"):
            self._missing("user", "is missing, and SSH needs one", "ssh")
        if key_file is None and password is None and not use_agent:
            self._missing(
                "key_file", "is missing, and so are password and use_agent: there is no way to sign in", "ssh"
            )
        return SSHEndpoint(
            address=self.address,
            port=value("port", 22),
            user=value("user", ""),
            platform=Platform(value("platform", Platform.LINUX)),
            key_file=key_file,
            key_passphrase=self._reference("key_passphrase"),
            password=password,
            use_agent=use_agent,
            known_hosts=self._file("known_hosts"),
            bastion=self._bastion(),
        )

    def _bastion(self) -> Bastion | None:
        value = self.connection.value
        written = [setting.path for name, setting in self.connection.settings.items() if name.startswith("bastion.")]
        if not written:
            return None
        group = max(written, key=len)[:-1]
        for name in ("address", "user"):
            if value(f"bastion.{name}") is None:
                self.problems.append(((*group, name), "is missing; a bastion needs an address and a user."))
        key_file, password = self._file("bastion.key_file"), self._reference("bastion.password")
        if key_file is None and password is None:
            sentence = "is missing, and so is password; the bastion needs one of them, the agent is not used for it."
            self.problems.append(((*group, "key_file"), sentence))
        return Bastion(
            address=value("bastion.address", ""),
            port=value("bastion.port", 22),
            user=value("bastion.user", ""),
            key_file=key_file,
            key_passphrase=self._reference("bastion.key_passphrase"),
            password=password,
        )

    def _file(self, name: str) -> str | None:
        written = self.connection.value(name)
        return None if written is None else self.place_of(written)

    def _reference(self, name: str) -> CredentialReference | None:
        written = self.connection.value(name)
        return None if written is None else credential_reference(written, self.place_of)

    def _problem(self, name: str, sentence: str) -> None:
        self.problems.append((self.connection.place(name, self.host), sentence))

    def _missing(self, name: str, sentence: str, section: str) -> None:
        advice = f"write it at this host or under defaults.{section}."
        self.problems.append(((*self.host, name), f"{sentence}; {advice}"))


def credential_reference(written: SecretReference, place_of: Callable[[str], str]) -> CredentialReference:
    """Return the reference; the locator of a command is a line that `shlex.split` takes apart again."""
    kind = CredentialKind(next(iter(written.model_fields_set)))
    if written.command is not None:
        return CredentialReference(kind, shlex.join(written.command))
    locator = str(getattr(written, kind.value))
    return CredentialReference(kind, place_of(locator) if kind is CredentialKind.FILE else locator)
