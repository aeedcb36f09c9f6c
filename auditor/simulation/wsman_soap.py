"""WS-Man messages: reading a request's envelope, writing answers and faults in the form that Windows uses."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from auditor.simulation.options import Fault

SOAP = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
IDENTITY = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_FAULT = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
_FAULT_ACTION = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
_WMI_ERROR = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError"
_ANONYMOUS = f"{ADDRESSING}/role/anonymous"

_DURATION = re.compile(r"P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?")
# XML 1.0 cannot carry these at all.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class _FaultForm(NamedTuple):
    code: str
    subcode: str
    number: int
    reason: str


# The numbers are those of the Windows header wsmerror.h, those of WMI of wbemcli.h.
_FAULTS: Mapping[Fault, _FaultForm] = {
    Fault.ACCESS_DENIED: _FaultForm("s:Sender", "w:AccessDenied", 5, "Access is denied. "),
    Fault.OPERATION_TIMEOUT: _FaultForm(
        "s:Receiver",
        "w:TimedOut",
        2150858793,
        "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.  ",
    ),
    Fault.INVALID_SELECTORS: _FaultForm(
        "s:Sender",
        "w:InvalidSelectors",
        2150858843,
        "The request for the Windows Remote Shell with ShellId failed because the shell was not found on the server. "
        "Possible causes are: the specified ShellId is incorrect or the shell no longer exists on the server. ",
    ),
    Fault.TOO_MANY_SHELLS: _FaultForm(
        "s:Receiver",
        "w:QuotaLimit",
        2150859173,
        "The WS-Management service cannot process the request. This user is allowed a maximum number of concurrent "
        "shells, which has been exceeded. Close existing shells or raise the quota for this user. ",
    ),
    Fault.TOO_MANY_OPERATIONS: _FaultForm(
        "s:Receiver",
        "w:QuotaLimit",
        2150859174,
        "The WS-Management service cannot process the request. The maximum number of concurrent operations for this "
        "user has been exceeded. Close existing operations for this user, or raise the quota for this user. ",
    ),
    Fault.ABORTED: _FaultForm(
        "s:Receiver",
        "w:InternalError",
        995,
        "The I/O operation has been aborted because of either a thread exit or an application request. ",
    ),
    Fault.RESOURCE_NOT_FOUND: _FaultForm(
        "s:Sender",
        "a:DestinationUnreachable",
        2150858752,
        "The WS-Management service cannot process the request. The service cannot find the resource identified by "
        "the resource URI and selectors. ",
    ),
    Fault.ACTION_NOT_SUPPORTED: _FaultForm(
        "s:Sender", "a:ActionNotSupported", 2150858771, "The WS-Management service does not support the action. "
    ),
    Fault.SCHEMA_VALIDATION: _FaultForm(
        "s:Sender",
        "w:SchemaValidationError",
        2150858817,
        "The SOAP XML in the message does not match the corresponding XML schema definition. ",
    ),
    Fault.ENUMERATION_CLOSED: _FaultForm(
        "s:Receiver",
        "n:InvalidEnumerationContext",
        2150858759,
        "The WS-Management service cannot process the request. The enumeration is closed. ",
    ),
    Fault.INTERNAL_ERROR: _FaultForm("s:Receiver", "w:InternalError", 1359, "An internal error occurred. "),
    Fault.WMI_INVALID_CLASS: _FaultForm("s:Receiver", "w:InternalError", 0x80041010, "Invalid class "),
    Fault.WMI_INVALID_QUERY: _FaultForm("s:Receiver", "w:InternalError", 0x80041017, "Invalid query "),
    Fault.WMI_ACCESS_DENIED: _FaultForm("s:Sender", "w:AccessDenied", 0x80041003, "Access denied "),
}
_OF_WMI = frozenset({Fault.WMI_INVALID_CLASS, Fault.WMI_INVALID_QUERY, Fault.WMI_ACCESS_DENIED})


class SoapFault(Exception):  # noqa: N818 - a fault is what SOAP calls it
    """An answer that is a fault."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault)


@dataclass(frozen=True, slots=True)
class Message:
    """A request. `operation_timeout` is in seconds, `max_envelope` in bytes, `selectors` by name."""

    action: str
    resource: str
    message_id: str
    selectors: Mapping[str, str]
    options: Mapping[str, str]
    operation_timeout: float
    max_envelope: int
    body: ElementTree.Element

    @property
    def operation(self) -> str:
        """The last word of the action."""
        return re.split(r"[/\\]", self.action)[-1]

    @property
    def content(self) -> ElementTree.Element:
        """The only child of the body; raises the fault of a message that has none."""
        if len(self.body) == 0:
            raise SoapFault(Fault.SCHEMA_VALIDATION)
        return self.body[0]


def read_message(data: bytes) -> Message:
    """Read an envelope; raises `SoapFault` for one that is not well-formed."""
    if b"<!DOCTYPE" in data:
        raise SoapFault(Fault.SCHEMA_VALIDATION)
    try:
        root = ElementTree.fromstring(data)  # noqa: S314 - without a document type there are no entities
    except ElementTree.ParseError:
        raise SoapFault(Fault.SCHEMA_VALIDATION) from None
    header = root.find(f"{{{SOAP}}}Header")
    body = root.find(f"{{{SOAP}}}Body")
    if body is None:
        raise SoapFault(Fault.SCHEMA_VALIDATION)
    header = ElementTree.Element("none") if header is None else header
    return Message(
        action=_text(header, ADDRESSING, "Action"),
        resource=_text(header, WSMAN, "ResourceURI"),
        message_id=_text(header, ADDRESSING, "MessageID"),
        selectors=_named(header, "Selector"),
        options=_named(header, "Option"),
        operation_timeout=seconds_of(_text(header, WSMAN, "OperationTimeout")) or 60.0,
        max_envelope=number_of(_text(header, WSMAN, "MaxEnvelopeSize"), 153_600),
        body=body,
    )


def is_identify(data: bytes) -> bool:
    """Whether the message asks what listens here."""
    return IDENTITY.encode() in data and b"Identify" in data


def number_of(written: str | None, otherwise: int) -> int:
    """Return a positive number, or `otherwise` if none is written; raises the fault of a message that is not valid."""
    written = (written or "").strip()
    if not written:
        return otherwise
    if not re.fullmatch("[1-9][0-9]{0,9}", written):
        raise SoapFault(Fault.SCHEMA_VALIDATION)
    return int(written)


def seconds_of(duration: str) -> float | None:
    """Return an ISO 8601 duration of days or less in seconds."""
    match = _DURATION.fullmatch(duration.strip())
    if not match:
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def text(value: str) -> str:
    """Return text for an element; characters that XML cannot carry become U+FFFD."""
    # A bare carriage return would be read back as a line feed.
    return escape(_NOT_XML.sub("\ufffd", value), {"\r": "&#13;"})


def attribute(value: str) -> str:
    """Return text for an attribute, with its quotes."""
    return quoteattr(_NOT_XML.sub("\ufffd", value))


def answer(message: Message, body: str, action: str = "") -> bytes:
    """Return an answer's envelope; the action is the request's with Response behind it unless given."""
    return _envelope(action or f"{message.action}Response", message.message_id, body)


def fault_answer(kind: Fault, message_id: str, machine: str) -> bytes:
    """Return a fault's envelope."""
    form = _FAULTS[kind]
    reason = text(form.reason)
    body = (
        f"<s:Fault><s:Code><s:Value>{form.code}</s:Value><s:Subcode><s:Value>{form.subcode}</s:Value></s:Subcode>"
        f'</s:Code><s:Reason><s:Text xml:lang="en-US">{reason}</s:Text></s:Reason>'
        f"<s:Detail>{_wmi_detail(form) if kind in _OF_WMI else _detail(form, machine)}</s:Detail></s:Fault>"
    )
    return _envelope(_FAULT_ACTION, message_id, body)


def identify_answer(version: str) -> bytes:
    """Return what listens here; `version` is 0.0.0 for somebody who has not signed in."""
    return (
        f'<s:Envelope xml:lang="en-US" xmlns:s="{SOAP}"><s:Header/><s:Body>'
        f'<wsmid:IdentifyResponse xmlns:wsmid="{IDENTITY}">'
        f"<wsmid:ProtocolVersion>{WSMAN}</wsmid:ProtocolVersion>"
        f"<wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>"
        f"<wsmid:ProductVersion>OS: {text(version)} SP: 0.0 Stack: 3.0</wsmid:ProductVersion>"
        "</wsmid:IdentifyResponse></s:Body></s:Envelope>"
    ).encode()


def _detail(form: _FaultForm, machine: str) -> str:
    return (
        f'<f:WSManFault xmlns:f="{_FAULT}" Code="{form.number}" Machine={attribute(machine)}>'
        f"<f:Message>{text(form.reason)}</f:Message></f:WSManFault>"
    )


def _wmi_detail(form: _FaultForm) -> str:
    return (
        f'<p:MSFT_WmiError b:IsCIM_Error="true" xmlns:xsi="{INSTANCE}" '
        f'xmlns:b="http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd" xmlns:p="{_WMI_ERROR}" '
        'xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common" xsi:type="p:MSFT_WmiError_Type">'
        f'<p:Message xsi:type="cim:cimString">{text(form.reason)}</p:Message>'
        f'<p:MessageID xsi:type="cim:cimString">HRESULT 0x{form.number:08x}</p:MessageID>'
        f'<p:error_Code xsi:type="cim:cimUnsignedInt">{form.number}</p:error_Code>'
        '<p:error_Type xsi:type="cim:cimString">HRESULT</p:error_Type></p:MSFT_WmiError>'
    )


def _envelope(action: str, relates_to: str, body: str) -> bytes:
    return (
        f'<s:Envelope xml:lang="en-US" xmlns:s="{SOAP}" xmlns:a="{ADDRESSING}" xmlns:x="{TRANSFER}" '
        f'xmlns:n="{ENUMERATION}" xmlns:w="{WSMAN}" xmlns:rsp="{SHELL}" '
        'xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"><s:Header>'
        f"<a:Action>{text(action)}</a:Action><a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID>"
        f"<a:To>{_ANONYMOUS}</a:To><a:RelatesTo>{text(relates_to)}</a:RelatesTo>"
        f"</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def _text(header: ElementTree.Element, namespace: str, name: str) -> str:
    return (header.findtext(f"{{{namespace}}}{name}") or "").strip()


def _named(header: ElementTree.Element, name: str) -> dict[str, str]:
    return {found.get("Name", ""): found.text or "" for found in header.iter(f"{{{WSMAN}}}{name}")}
