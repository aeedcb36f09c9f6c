"""What the operator declares: environments, hosts, and how to reach them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from auditor.model.question import Platform


class Purpose(StrEnum):
    """What an environment is for."""

    DEVELOPMENT = "development"
    QUALITY = "quality"
    PRODUCTION = "production"
    LIFETIME = "lifetime"
    OTHER = "other"


class Hosting(StrEnum):
    """Whose servers an environment runs on."""

    ON_PREMISES = "on-premises"
    CLOUD = "cloud"


class Role(StrEnum):
    """What a host does in its environment."""

    DEPLOYMENT_CONTROLLER = "deployment-controller"
    FRONT_END = "front-end"
    CACHE_BROKER = "cache-broker"


class Source(StrEnum):
    """Witnesses beside the servers, each of which may be declared available for an environment."""

    LIFETIME_API = "lifetime-api"
    SERVICE_CENTER = "service-center"
    DATABASE = "database"
    OUTSIDE_PROBE = "outside-probe"


class CredentialKind(StrEnum):
    """Where a secret is kept."""

    ENVIRONMENT = "environment"
    FILE = "file"
    KEYRING = "keyring"
    PROMPT = "prompt"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class CredentialReference:
    """Where a secret can be had; never the secret. `locator` is a variable name, a path, a service, a command line."""

    kind: CredentialKind
    locator: str


class WinRMSignIn(StrEnum):
    """How to sign in over WinRM."""

    KERBEROS = "kerberos"
    NTLM = "ntlm"
    NEGOTIATE = "negotiate"
    BASIC = "basic"
    CERTIFICATE = "certificate"
    CREDSSP = "credssp"


class WinRMReading(StrEnum):
    """What to read a Windows host with: PowerShell (WMI where it is locked down), or WMI alone."""

    POWERSHELL = "powershell"
    WMI = "wmi"


@dataclass(frozen=True, slots=True)
class WinRMEndpoint:
    """How to reach a host over WinRM. TLS is verified against `ca_file` or the system's authorities."""

    address: str
    port: int
    https: bool
    sign_in: WinRMSignIn
    user: str
    password: CredentialReference | None = None
    path: str = "/wsman"
    ca_file: str | None = None
    verify_tls: bool = True
    client_certificate: str | None = None
    client_key: str | None = None
    kerberos_host: str | None = None
    proxy: str | None = None
    reading: WinRMReading = WinRMReading.POWERSHELL


@dataclass(frozen=True, slots=True)
class Bastion:
    """An SSH server in between."""

    address: str
    port: int
    user: str
    key_file: str | None = None
    key_passphrase: CredentialReference | None = None
    password: CredentialReference | None = None


@dataclass(frozen=True, slots=True)
class SSHEndpoint:
    """How to reach a host over SSH. `key_file` may have a certificate beside it; the agent is used only when asked."""

    address: str
    port: int
    user: str
    platform: Platform
    key_file: str | None = None
    key_passphrase: CredentialReference | None = None
    password: CredentialReference | None = None
    use_agent: bool = False
    known_hosts: str | None = None
    bastion: Bastion | None = None


Endpoint = WinRMEndpoint | SSHEndpoint


@dataclass(frozen=True, slots=True)
class Host:
    """A server as declared. `aliases` are other names under which the platform may know it.

    `zone` names the part of the network from which it is reached, where not every collector reaches every host.
    """

    name: str
    environment: str | None
    endpoint: Endpoint
    roles: frozenset[Role] = frozenset()
    aliases: tuple[str, ...] = ()
    passive: bool = False
    same_machine_as: tuple[str, ...] = ()
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Environment:
    """An OutSystems environment as declared.

    `address` is the host name under which LifeTime and it call each other; with `tls_offloading` HTTPS ends before its
    servers, at a load balancer or proxy.
    """

    name: str
    purpose: Purpose
    hosting: Hosting = Hosting.ON_PREMISES
    hosts: tuple[Host, ...] = ()
    address: str | None = None
    tls_offloading: bool = False
    approved_tooling: tuple[str, ...] = ()
    sources: frozenset[Source] | None = None


# Stands where the name of a host stands, among visits, facts and evidence; no host can be called so: it has a space.
LIFETIME_API = "LifeTime API"


@dataclass(frozen=True, slots=True)
class LifeTimeApi:
    """LifeTime's API as a witness: how it is asked.

    `url` is https, a host name and maybe a port; TLS is verified against `ca_file` or the system's authorities. Without
    `identities` users, roles and teams are not asked for; with `pseudonymise` the names of people are replaced before
    anything is kept. `zone` as for a host.
    """

    url: str
    token: CredentialReference | None = None
    ca_file: str | None = None
    identities: bool = True
    pseudonymise: bool = False
    zone: str | None = None

    @property
    def name(self) -> str:
        """The reserved name."""
        return LIFETIME_API


Asked = Host | LifeTimeApi


@dataclass(frozen=True, slots=True)
class Inventory:
    """The whole infrastructure as declared. `other_hosts` belong to no environment. `digest` identifies the content.

    `lifetime` is how LifeTime's API is asked, None where it is not.
    """

    infrastructure: str
    environments: tuple[Environment, ...]
    other_hosts: tuple[Host, ...] = ()
    digest: str = ""
    lifetime: LifeTimeApi | None = None
    hosts: tuple[Host, ...] = field(init=False)

    def __post_init__(self) -> None:
        hosts = [host for environment in self.environments for host in environment.hosts]
        object.__setattr__(self, "hosts", (*hosts, *self.other_hosts))

    @property
    def asked(self) -> tuple[Asked, ...]:
        """Everybody who is visited: the hosts, and LifeTime's API."""
        return self.hosts if self.lifetime is None else (*self.hosts, self.lifetime)
