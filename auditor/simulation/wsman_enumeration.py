"""WMI over WS-Man: WQL enumerations and the methods of StdRegProv, answered from the machine model."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

from auditor.simulation.answering import AnsweringMachine
from auditor.simulation.machine_wql import AccessDenied, InvalidQuery, NoSuchClass
from auditor.simulation.options import Fault, WSManOptions
from auditor.simulation.wsman_soap import ENUMERATION, INSTANCE, WSMAN, Message, SoapFault, number_of, text

WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/"
_DIALECT = "http://schemas.microsoft.com/wbem/wsman/1/WQL"
_COMMON = "http://schemas.dmtf.org/wbem/wscim/1/common"
_CLASS = re.compile(r"\bfrom\s+(\w+)", re.IGNORECASE)
_ENVELOPE_OVERHEAD = 4096
_READING_METHODS = frozenset(
    {
        "EnumKey",
        "EnumValues",
        "GetBinaryValue",
        "GetDWORDValue",
        "GetExpandedStringValue",
        "GetMultiStringValue",
        "GetQWORDValue",
        "GetStringValue",
    }
)


@dataclass(slots=True)
class _Enumeration:
    """The rows that are still to be pulled, as XML."""

    rows: Iterator[str]
    waiting: str | None = None


class Enumerations:
    """WMI of one server; safe to be used by all its connections."""

    def __init__(self, machine: AnsweringMachine, options: WSManOptions) -> None:
        self._machine = machine
        self._options = options
        self._lock = threading.Lock()
        self._open: dict[str, _Enumeration] = {}

    def enumerate(self, message: Message, user: str) -> str:
        """Run a query; give its first rows where the client allows it, else a context to pull from."""
        self._let_in()
        content = message.content
        rows = self._rows(message.resource, content.find(f"{{{WSMAN}}}Filter"))
        enumeration = _Enumeration(iter(rows))
        if content.find(f"{{{WSMAN}}}OptimizeEnumeration") is None:
            return f"<n:EnumerateResponse>{self._context(enumeration)}</n:EnumerateResponse>"
        most = number_of(content.findtext(f"{{{WSMAN}}}MaxElements"), 1)
        items, ended = self._taken(enumeration, most, message)
        end = "<w:EndOfSequence/>" if ended else ""
        context = "<n:EnumerationContext/>" if ended else self._context(enumeration)
        return f"<n:EnumerateResponse>{context}<w:Items>{items}</w:Items>{end}</n:EnumerateResponse>"

    def pull(self, message: Message, user: str) -> str:
        """Give the next rows of a context: one unless the client says more."""
        self._let_in()
        content = message.content
        identity = (content.findtext(f"{{{ENUMERATION}}}EnumerationContext") or "").strip()
        with self._lock:
            enumeration = self._open.pop(identity, None)
        if enumeration is None:
            raise SoapFault(Fault.ENUMERATION_CLOSED)
        most = number_of(content.findtext(f"{{{ENUMERATION}}}MaxElements"), 1)
        items, ended = self._taken(enumeration, most, message)
        end = "<n:EndOfSequence/>" if ended else ""
        context = "" if ended else self._context(enumeration, identity)
        return f"<n:PullResponse>{context}<n:Items>{items}</n:Items>{end}</n:PullResponse>"

    def release(self, message: Message, user: str) -> str:
        """Forget a context."""
        identity = (message.content.findtext(f"{{{ENUMERATION}}}EnumerationContext") or "").strip()
        with self._lock:
            if self._open.pop(identity, None) is None:
                raise SoapFault(Fault.ENUMERATION_CLOSED)
        return ""

    def invoke(self, message: Message, user: str) -> str:
        """Call a method of StdRegProv that reads; those that write do not exist here."""
        self._let_in()
        method = message.operation
        if not re.fullmatch(re.escape(WMI) + r"root/(default|cimv2)/StdRegProv", message.resource, re.IGNORECASE):
            raise SoapFault(Fault.RESOURCE_NOT_FOUND)
        if method not in _READING_METHODS:
            raise SoapFault(Fault.ACTION_NOT_SUPPORTED)
        arguments = {
            element.tag.rpartition("}")[2]: None if element.get(f"{{{INSTANCE}}}nil") == "true" else element.text or ""
            for element in message.content
        }
        outputs = self._machine.registry_method(method, arguments)
        members = "".join(_member("p:", name, value) for name, value in outputs.items() if name != "ReturnValue")
        return (
            f'<p:{method}_OUTPUT xmlns:p="{message.resource}" xmlns:xsi="{INSTANCE}">{members}'
            f"<p:ReturnValue>{outputs['ReturnValue']}</p:ReturnValue></p:{method}_OUTPUT>"
        )

    def _let_in(self) -> None:
        if self._options.denies_wmi:
            raise SoapFault(Fault.WMI_ACCESS_DENIED)

    def _rows(self, resource: str, query_filter: ElementTree.Element | None) -> list[str]:
        if not resource.startswith(WMI):
            raise SoapFault(Fault.RESOURCE_NOT_FOUND)
        namespace, _, class_name = resource[len(WMI) :].rpartition("/")
        query = f"select * from {class_name}"  # noqa: S608 - WQL over a model
        if query_filter is not None:
            if query_filter.get("Dialect") != _DIALECT:
                raise SoapFault(Fault.ACTION_NOT_SUPPORTED)
            query = query_filter.text or ""
        elif class_name == "*":
            raise SoapFault(Fault.RESOURCE_NOT_FOUND)
        try:
            rows = self._machine.wql(namespace, query)
        except NoSuchClass:
            raise SoapFault(Fault.WMI_INVALID_CLASS) from None
        except AccessDenied:
            raise SoapFault(Fault.WMI_ACCESS_DENIED) from None
        except InvalidQuery:
            raise SoapFault(Fault.WMI_INVALID_QUERY) from None
        write = _writer(namespace, query)
        return [write(row) for row in rows]

    def _context(self, enumeration: _Enumeration, identity: str = "") -> str:
        identity = identity or f"uuid:{str(uuid.uuid4()).upper()}"
        with self._lock:
            self._open[identity] = enumeration
        return f"<n:EnumerationContext>{identity}</n:EnumerationContext>"

    def _taken(self, enumeration: _Enumeration, most: int, message: Message) -> tuple[str, bool]:
        """Return rows up to the number or the size that fits, and whether there are no more."""
        room = min(message.max_envelope, self._options.max_envelope) - _ENVELOPE_OVERHEAD
        taken: list[str] = []
        row = enumeration.waiting if enumeration.waiting is not None else next(enumeration.rows, None)
        while row is not None and len(taken) < most:
            room -= len(row.encode())
            if room < 0 and taken:
                break
            taken.append(row)
            row = next(enumeration.rows, None)
        enumeration.waiting = row
        return "".join(taken), row is None


def _writer(namespace: str, query: str) -> Callable[[dict[str, Any]], str]:
    """Return what writes a row: typed for `select *`, a fragment for picked columns, as Windows does."""
    found = _CLASS.search(query)
    name = found[1] if found else ""
    if not re.match(r"\s*select\s+\*", query, re.IGNORECASE):
        return lambda row: (
            f'<w:XmlFragment xmlns:xsi="{INSTANCE}">'
            + "".join(_member("", column, value) for column, value in row.items())
            + "</w:XmlFragment>"
        )
    head = f'<p:{name} xmlns:p="{WMI}{text(namespace)}/{name}" xmlns:xsi="{INSTANCE}" xsi:type="p:{name}_Type">'
    return lambda row: head + "".join(_member("p:", column, value) for column, value in row.items()) + f"</p:{name}>"


def _member(prefix: str, name: str, value: Any) -> str:
    if value is None or value == []:
        return f'<{prefix}{name} xsi:nil="true"/>'
    if isinstance(value, list | tuple):
        return "".join(_member(prefix, name, item) for item in value)
    return f"<{prefix}{name}>{_scalar(value)}</{prefix}{name}>"


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        return f'<cim:Datetime xmlns:cim="{_COMMON}">{moment:%Y-%m-%dT%H:%M:%SZ}</cim:Datetime>'
    return text(str(value))
