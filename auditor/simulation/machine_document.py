"""The form of a machine model's file. Short sections (platform_server, services, iis, …) expand into raw ones."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, field_validator, model_validator

from auditor.model.question import Verb

_VERBS = {verb.value for verb in Verb}
_Form = Annotated[dict[Literal["expand", "qword", "binary"], str | int], Field(min_length=1, max_length=1)]
RegistryData = str | int | list[str] | _Form
_BOOT = TypeAdapter(AwareDatetime).validate_python("2026-01-02T03:04:05Z")
Place = Annotated[str, Field(pattern=r"^(\[[0-9a-f:]+\]:|[0-9.]+:)?\d{1,5}$")]


class Section(BaseModel):
    """A section in which an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Account(Section):
    """The account that asks."""

    administrator: bool = True


class Clock(Section):
    """The clock: the real time plus an offset, or a fixed UTC time."""

    offset_seconds: float = 0
    fixed: AwareDatetime | None = None
    zone: str = "UTC"
    offset_minutes: int = 0


class Identity(Section):
    """Marks of the machine; what is not given follows from the machine's name."""

    uuid: str | None = None
    guid: str | None = None
    mac: str | None = None
    address: str | None = None
    domain: str = "example.internal"


class OperatingSystem(Section):
    """Windows by its release; `product_type` 1 is a client, 2 a domain controller, 3 a server."""

    release: Literal["2012 R2", "2016", "2019", "2022", "2025"] = "2022"
    edition: str = "Standard"
    core: bool = False
    product_type: int = 3
    boot: AwareDatetime = _BOOT
    uptime_seconds: int | None = None


class Volume(Section):
    """A local volume in GB of 2^30 bytes."""

    size_gb: float
    free_gb: float


class Hardware(Section):
    """The hardware."""

    processors: int = 4
    memory_gb: float = 16
    maker: str = "VMware, Inc."
    model: str = "VMware7,1"
    volumes: dict[str, Volume] = {"C:": Volume(size_gb=300, free_gb=200)}


class PlatformServer(Section):
    """What the installer of Platform Server leaves behind; versions are text.

    `version_file` is the content of version.txt where it differs from `version`, empty for no such file; `modules` are
    folders of running applications beside those of the applications of IIS.
    """

    version: str
    folder: str = r"C:\Program Files\OutSystems\Platform Server"
    registered: bool = True
    on_disk: bool = True
    in_machine_config: bool = True
    version_file: str | None = None
    service_center: str | None = None
    system_components: str | None = None
    lifetime: str | None = None
    lifetime_published: str | None = None
    machine_name: str | None = None
    serial: str | None = None
    private_key: str | None = None
    shares: dict[str, bool] = {}
    modules: dict[str, bool] = {}


class ServiceRow(Section):
    """A Windows service in full; the short form is `mode/state` or `mode/state/account`."""

    mode: Literal["auto", "manual", "disabled", "boot", "system"]
    state: str
    account: str | None = None
    delayed: bool = False
    exit_code: int | None = None
    display: str | None = None
    image: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _long_form(cls, row: Any) -> Any:
        if not isinstance(row, str):
            return row
        mode, _, rest = row.partition("/")
        state, _, account = rest.partition("/")
        if not state:
            raise ValueError("must be mode/state or mode/state/account")
        return {"mode": mode, "state": state, "account": account or None}


class Pool(Section):
    """An application pool; with a `user` it runs as that account, whatever `identity` says."""

    started: bool = True
    identity: str = "ApplicationPoolIdentity"
    user: str | None = None
    pipeline: str = "Integrated"
    runtime: str = "v4.0"


class IisApplication(Section):
    """An application; its folder exists unless `exists` is false."""

    pool: str = "OutSystemsApplications"
    folder: str
    exists: bool = True


class Site(Section):
    """A site; bindings by protocol (with a number behind it for further ones)."""

    id: int = 1
    started: bool = True
    bindings: dict[str, str] = {"http": "*:80:", "https": "*:443:"}
    root: str = r"%SystemDrive%\inetpub\wwwroot"
    applications: dict[str, IisApplication] = {}


class HttpsCertificate(Section):
    """What IIS shows for HTTPS; with `unknown` the server has no certificate of who issued it.

    `days_left` counts from the clock of the model; without it the certificate is valid for decades.
    """

    authority: Literal["public", "private", "self-signed", "unknown"] = "public"
    name: str | None = None
    days_left: int | None = None
    in_store: bool = True
    private_key: bool = True


class Network(Section):
    """What the server reaches, with the exceptions: patterns of `host:port` with what .NET calls the error.

    `pages` are answers of its own web site that do not follow from IIS: a status, or what .NET calls the error.
    """

    localhost: list[str] = ["127.0.0.1", "::1"]
    unreachable: dict[str, str] = {}
    pages: dict[str, int | str] = {}


class Iis(Section):
    """IIS. `applications` are those of the Default Web Site."""

    version: str = "10.0"
    applications: dict[str, IisApplication] = {}
    sites: dict[str, Site] = {}
    default_site: Site | None = Site()
    pools: dict[str, Pool] = {}
    aspnetcore_module: bool = True
    certificate: HttpsCertificate | None = HttpsCertificate()
    max_allowed_content_length: int = 268435456


class Hsconf(Section):
    """server.hsconf; passwords are planted secrets.

    With `clear_text` the file is as somebody wrote it for an unattended run that never removed and encrypted: the
    database administrator's password is in clear text, and so is PlatformServerAdminPassword, which no healthy file
    has.
    """

    generation: Literal[10, 11] = 11
    provider: str = "SqlServer"
    server: str = ""
    catalog: str = ""
    authentication: str = "Database Authentication"
    controller: str = "localhost"
    cache_host: str = "localhost"
    cache_port: int = 5672
    cache_tls: bool = False
    cache_user: str = "outsystems"
    outgoing: str | None = None
    platform_version: str | None = None
    installation_folder: str | None = None
    clear_text: bool = False


class Rabbitmq(Section):
    """The bundled RabbitMQ with Erlang; `files` false leaves only registry and variables."""

    version: str = "4.1.2"
    erlang: str = "27.3.4"
    files: bool = True


class Dotnet(Section):
    """.NET: release number of the Framework, hosting bundles by version with their package version."""

    release: int | None = 528449
    bundles: dict[str, str] = {"8.0.11": "8.0.11.24521"}


class Tool(Section):
    """A development tool, keyed by the name of its registry key such as `Service Studio 11`."""

    version: str
    folder: str
    executable: bool = True


class FileRow(Section):
    """A file by its text, or by size alone."""

    text: str | None = None
    size: int = 0
    bom: bool = False
    modified: str = "2026-01-10T08:00:00Z"
    version: str | None = None


class Fault(Section):
    """Something that goes wrong with a question or a verb."""

    kind: Literal["drop", "truncate", "failed", "denied", "missing", "unsupported"]
    detail: str = "fault of the model"


class Denied(Section):
    """What the account may not look at: patterns with `*`, keyed by themselves so that files can merge.

    `services` are those whose own rights hide them: Windows leaves them out of its list without a word.
    """

    registry: dict[str, bool] = {}
    files: dict[str, bool] = {}
    wmi: dict[str, bool] = {}
    services: dict[str, bool] = {}
    verbs: dict[str, bool] = {}
    commands: dict[str, bool] = {}

    @field_validator("verbs")
    @classmethod
    def _only_verbs(cls, verbs: dict[str, bool]) -> dict[str, bool]:
        if unknown := sorted(set(verbs) - _VERBS):
            raise ValueError(f"{unknown[0]} is not a verb")
        return verbs


class Unit(Section):
    """A systemd unit."""

    active: str = "active"
    enabled: str = "enabled"


class Linux(Section):
    """What a Linux host says of itself; `virtual_hosts` has users with their rights to configure, write and read."""

    pretty_name: str = "Debian GNU/Linux 12 (bookworm)"
    id: str = "debian"
    version_id: str = "12"
    kernel: str = "6.1.0-28-amd64"
    packager: Literal["dpkg", "rpm", "none"] = "dpkg"
    systemd: bool = True
    rabbitmq: str | None = None
    virtual_hosts: dict[str, dict[str, tuple[str, str, str]]] = {}
    packages: dict[str, str] = {}
    units: dict[str, Unit] = {}
    executables: dict[str, bool] = {}


class MachineDocument(Section):
    """A whole machine model."""

    name: str
    platform: Literal["windows", "linux"] = "windows"
    summary: str = ""
    account: Account = Account()
    language_mode: Literal["FullLanguage", "ConstrainedLanguage"] = "FullLanguage"
    clock: Clock = Clock()
    identity: Identity = Identity()
    os: OperatingSystem = OperatingSystem()
    hardware: Hardware = Hardware()
    linux: Linux = Linux()
    platform_server: PlatformServer | None = None
    services: dict[str, ServiceRow] = {}
    iis: Iis | None = None
    network: Network = Network()
    hsconf: Hsconf | None = None
    rabbitmq: Rabbitmq | None = None
    dotnet: Dotnet = Dotnet()
    tools: dict[str, Tool] = {}
    features: dict[str, Literal["Installed", "InstallPending", "Available"]] = {}
    uninstall: dict[str, dict[str, str]] = {}
    variables: dict[str, str] = {}
    registry: dict[str, dict[str, RegistryData]] = {}
    wmi: dict[str, list[dict[str, Any]]] = {}
    files: dict[str, str | FileRow] = {}
    folders: dict[str, bool] = {}
    listeners: dict[Place, str] = {}
    denied: Denied = Denied()
    faults: dict[str, Fault] = {}
    stops_after: int | None = Field(default=None, ge=0)
    secrets: dict[str, str] = {}
