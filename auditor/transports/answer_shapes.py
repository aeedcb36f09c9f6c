"""The forms that an answer document and the value of each verb must have; docs/questions.md says what they mean."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from auditor.model.question import Question, Verb

# Registry QWORDs are unsigned, WMI has signed and unsigned 64-bit integers; nothing on a server is wider.
Integer = Annotated[int, Field(ge=-(2**63), le=2**64 - 1)]
Port = Annotated[int, Field(ge=0, le=65535)]
Scalar = str | bool | Integer | float | None
RegistryData = str | Integer | list[str]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class RegistryValue(_Shape):
    """The value of `registry`."""

    values: dict[str, RegistryData]
    names: list[str] = []
    subkeys: dict[str, dict[str, RegistryData]] = {}


class WmiValue(_Shape):
    """The value of `wmi`."""

    rows: list[dict[str, Scalar | list[Scalar]]]


class FileValue(_Shape):
    """The value of `file`; `modified` is UTC, ISO 8601."""

    path: str
    size: Integer
    modified: str
    version: str | None
    text: str | None = None


class DirectoryEntry(_Shape):
    """One name in a folder."""

    name: str
    folder: bool


class DirectoryValue(_Shape):
    """The value of `directory`."""

    path: str
    entries: list[DirectoryEntry]


class XmlElement(_Shape):
    """One kept element of an XML file."""

    name: str
    attributes: dict[str, str]
    children: list[XmlElement]
    text: str | bool | None = None


class XmlValue(_Shape):
    """The value of `xml`."""

    path: str
    root: XmlElement


class DigestValue(_Shape):
    """The value of `digest`."""

    path: str
    size: Integer
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class ListenerEntry(_Shape):
    """One listening TCP port."""

    address: str
    port: Port
    process: str
    pid: Integer


class ListenerValue(_Shape):
    """The value of `listener`."""

    listeners: list[ListenerEntry]


class ClockValue(_Shape):
    """The value of `clock`."""

    utc: str
    zone: str
    offset_minutes: Annotated[int, Field(ge=-24 * 60, le=24 * 60)]


class AccountValue(_Shape):
    """The value of `account`."""

    administrator: bool


class Connection(_Shape):
    """What came of one attempt to connect; `result` is `Open` or what .NET calls the error."""

    target: str
    host: str
    port: Port
    result: str


class ConnectValue(_Shape):
    """The value of `connect`."""

    connections: list[Connection]


class ResolveValue(_Shape):
    """The value of `resolve`, in the order in which Windows gives them."""

    addresses: list[str]


class HttpValue(_Shape):
    """The value of `http`; `status` is null where there was no answer, and `problem` says why."""

    status: Annotated[int, Field(ge=0, le=999)] | None
    location: str
    problem: str


class HttpsBinding(_Shape):
    """What Windows has registered for one address or name; `thumbprint` is empty for a central store."""

    kind: str
    endpoint: str
    thumbprint: str
    store: str


class StoredCertificate(_Shape):
    """One certificate; `raw` is its DER encoding in hexadecimal digits."""

    store: str
    thumbprint: str
    private_key: bool
    raw: Annotated[str, Field(pattern="^([0-9a-f]{2})+$")]


class CertificateValue(_Shape):
    """The value of `certificate`."""

    bindings: list[HttpsBinding]
    certificates: list[StoredCertificate]


class CommandValue(_Shape):
    """The value of `command`."""

    exit_code: Integer
    text: str


class LifeTimeValue(_Shape):
    """The value of `lifetime`: the kept members of each record."""

    rows: list[dict[str, Scalar | list[dict[str, Scalar]]]]


AnyValue = (
    RegistryValue
    | WmiValue
    | FileValue
    | DirectoryValue
    | XmlValue
    | DigestValue
    | ListenerValue
    | ClockValue
    | AccountValue
    | ConnectValue
    | ResolveValue
    | HttpValue
    | CertificateValue
    | CommandValue
    | LifeTimeValue
)


class AnswerEntry(_Shape):
    """One answer as it stands in the document; its value is judged by the verb of the question."""

    id: Annotated[str, Field(min_length=1, max_length=200)]
    outcome: Literal["ok", "missing", "denied", "failed", "unsupported"]
    value: Any = None
    detail: str = ""
    complete: bool = True
    milliseconds: Annotated[int, Field(ge=0, le=2**31)] = 0


class AnswerDocument(_Shape):
    """The whole answer document."""

    osaudit: Annotated[int, Field(ge=1, le=1)]
    session: dict[str, str | Integer | bool | None]
    answers: list[AnswerEntry]


_SHAPES: dict[Verb, TypeAdapter[Any]] = {
    Verb.REGISTRY: TypeAdapter(RegistryValue),
    Verb.WMI: TypeAdapter(WmiValue),
    Verb.FILE: TypeAdapter(FileValue),
    Verb.DIRECTORY: TypeAdapter(DirectoryValue),
    Verb.XML: TypeAdapter(XmlValue),
    Verb.DIGEST: TypeAdapter(DigestValue),
    Verb.LISTENER: TypeAdapter(ListenerValue),
    Verb.CLOCK: TypeAdapter(ClockValue),
    Verb.ACCOUNT: TypeAdapter(AccountValue),
    Verb.CONNECT: TypeAdapter(ConnectValue),
    Verb.RESOLVE: TypeAdapter(ResolveValue),
    Verb.HTTP: TypeAdapter(HttpValue),
    Verb.CERTIFICATE: TypeAdapter(CertificateValue),
    Verb.COMMAND: TypeAdapter(CommandValue),
    Verb.LIFETIME: TypeAdapter(LifeTimeValue),
}


def is_value_of(question: Question, value: Any) -> bool:
    """Whether `value` has the form that the question's verb defines; it is judged, never changed."""
    try:
        _SHAPES[question.verb].validate_python(value)
    except ValidationError:
        return False
    return True
