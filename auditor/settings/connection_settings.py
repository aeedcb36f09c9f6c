"""The settings that say how a host is reached, as an inventory writes them."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator

from auditor.model.inventory import WinRMReading, WinRMSignIn
from auditor.model.question import Platform
from auditor.settings.fields import DocumentModel, FilePath, HostName, Line, Port, Proxy, UrlPath, mistake
from auditor.settings.wording import REFERENCE_KINDS, one_of

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


class TransportName(StrEnum):
    """How a host is reached."""

    WINRM = "winrm"
    SSH = "ssh"


class HostPlatform(StrEnum):
    """What a host runs."""

    WINDOWS = Platform.WINDOWS.value
    LINUX = Platform.LINUX.value


class SecretReference(DocumentModel):
    """Where a secret is kept: exactly one of the kinds. The secret itself never stands in the file."""

    environment: str | None = Field(default=None, description="The name of an environment variable.")
    file: FilePath | None = Field(
        default=None, description="A file that only its owner can read; it holds the secret alone."
    )
    keyring: str | None = Field(default=None, description="SERVICE/USER in the keyring of the operating system.")
    prompt: Line | None = Field(default=None, description="The text with which a person is asked, once per run.")
    command: list[str] | None = Field(
        default=None,
        description="A program and its arguments; the first line that it prints is the secret.",
        min_length=1,
    )

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    @model_validator(mode="before")
    @classmethod
    def _is_a_reference(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            raise mistake(
                "a secret may not stand in the file; expected where it is kept, for example "
                "{environment: OSAUDIT_PASSWORD}."
            )
        return value

    @model_validator(mode="after")
    def _names_one_place(self) -> Self:
        if len(self.model_fields_set) != 1 or all(getattr(self, kind) is None for kind in REFERENCE_KINDS):
            raise mistake(f"expected exactly one of {one_of(REFERENCE_KINDS)}, with a value.")
        if self.environment is not None and not _VARIABLE.fullmatch(self.environment):
            raise mistake("environment does not hold the name of a variable; expected one such as OSAUDIT_PASSWORD.")
        if self.keyring is not None and not re.fullmatch(r"[^\x00-\x1f\x7f]+/[^/\x00-\x1f\x7f]+", self.keyring):
            raise mistake("keyring does not hold SERVICE/USER; expected a service, a slash and a user.")
        if self.command is not None and not all(word.isprintable() for word in self.command):
            raise mistake("command holds a control character; expected a list of the program and its arguments.")
        if self.command is not None and not self.command[0].strip():
            raise mistake("command names no program; expected a list of the program and its arguments.")
        return self


class BastionSettings(DocumentModel):
    """An SSH server through which hosts are reached."""

    address: HostName | None = Field(default=None, description="Host name or IP address of the bastion.")
    port: Port | None = Field(default=None, description="Port of its SSH server; 22 by default.")
    user: Line | None = Field(default=None, description="The account on the bastion.")
    key_file: FilePath | None = Field(default=None, description="A private key.")
    key_passphrase: SecretReference | None = Field(default=None, description="Where the passphrase of the key is kept.")
    password: SecretReference | None = Field(default=None, description="Where the password is kept.")


class _EitherSettings(DocumentModel):
    port: Port | None = Field(default=None, description="5986 (WinRM with TLS), 5985 (without) or 22 (SSH) by default.")
    user: Line | None = Field(default=None, description=r"The account: DOMAIN\name, name@domain, or name.")
    password: SecretReference | None = Field(
        default=None, description="Where the password is kept; null forgets an inherited one."
    )


class _OnlyWinRM(DocumentModel):
    https: bool | None = Field(default=None, description="Whether to speak TLS; true unless the port is 5985.")
    sign_in: Annotated[WinRMSignIn, Field(strict=False)] | None = Field(
        default=None, description="How to sign in; negotiate by default. Basic and certificate need https."
    )
    path: UrlPath | None = Field(default=None, description="The path of the listener; /wsman by default.")
    ca_file: FilePath | None = Field(
        default=None, description="Certificates of authorities to trust instead of the system's."
    )
    verify_tls: bool | None = Field(
        default=None, description="Whether the server must prove its name; true by default."
    )
    client_certificate: FilePath | None = Field(default=None, description="The certificate to sign in with (PEM).")
    client_key: FilePath | None = Field(default=None, description="The key of the client certificate (PEM).")
    kerberos_host: HostName | None = Field(
        default=None, description="The name in the Kerberos ticket, where it is not the address."
    )
    proxy: Proxy | None = Field(
        default=None, description="An HTTP proxy; none by default, whatever the environment says."
    )
    reading: Annotated[WinRMReading, Field(strict=False)] | None = Field(
        default=None, description="powershell (default), or wmi where no script may run."
    )


class _OnlySSH(DocumentModel):
    platform: Annotated[HostPlatform, Field(strict=False)] | None = Field(
        default=None, description="What the host runs: linux by default over SSH."
    )
    key_file: FilePath | None = Field(default=None, description="A private key; a certificate may stand beside it.")
    key_passphrase: SecretReference | None = Field(default=None, description="Where the passphrase of the key is kept.")
    use_agent: bool | None = Field(default=None, description="Whether to ask the SSH agent; false by default.")
    known_hosts: FilePath | None = Field(
        default=None, description="The file of known host keys instead of the user's own."
    )
    bastion: BastionSettings | None = Field(
        default=None, description="A server in between; null forgets an inherited one."
    )
    ssh_config: FilePath | None = Field(
        default=None,
        description="An OpenSSH client configuration that says, by the name of the host, what is not here.",
    )


class WinRMSettings(_OnlyWinRM, _EitherSettings):
    """What holds for hosts that are reached over WinRM."""


class SSHSettings(_OnlySSH, _EitherSettings):
    """What holds for hosts that are reached over SSH."""


class ConnectionSettings(_OnlySSH, _OnlyWinRM, _EitherSettings):
    """How a host is reached."""

    transport: Annotated[TransportName, Field(strict=False)] | None = Field(
        default=None, description="winrm by default."
    )


class Defaults(ConnectionSettings):
    """What hosts have in common; a nearer level wins."""

    winrm: WinRMSettings | None = Field(default=None, description="What holds only for hosts reached over WinRM.")
    ssh: SSHSettings | None = Field(default=None, description="What holds only for hosts reached over SSH.")


WINRM_ONLY = frozenset(_OnlyWinRM.model_fields)
SSH_ONLY = frozenset(_OnlySSH.model_fields) - {"platform"}
EITHER = frozenset(_EitherSettings.model_fields)
INHERITED = WINRM_ONLY | SSH_ONLY | EITHER | {"platform"}
