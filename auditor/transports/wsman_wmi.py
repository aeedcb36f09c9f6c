"""WMI over WS-Man: answers `registry`, `wmi` and `clock` without any script on the server."""

from __future__ import annotations

import datetime
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from xml.etree import ElementTree

from auditor.model.observation import ChannelName
from auditor.model.question import Answer, Outcome, Question, Verb
from auditor.transports.base import Request, Witness
from auditor.transports.document import failed, storable
from auditor.transports.winrm_failures import OPERATION_TIMEOUT, WSManFault
from auditor.transports.wsman_registry import answer_registry, registry_text

WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/"
_ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration/"
_WQL = "http://schemas.microsoft.com/wbem/wsman/1/WQL"
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_MOST_ROWS = 2000
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAMESPACE = re.compile(r"[A-Za-z0-9_]+(?:[/\\][A-Za-z0-9_]+)*")
# WBEM_E_NOT_FOUND, _INVALID_CLASS, _INVALID_NAMESPACE, and the two in which WinRM wraps them: RESOURCE_NOT_FOUND,
# INVALID_URI.
_NO_SUCH_CLASS = frozenset({0x80041002, 0x80041010, 0x8004100E, 0x80338000, 0x80338002})
_MOMENT = ("Year", "Month", "Day", "Hour", "Minute", "Second")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# WS-Man sends text without types. These properties are text in WMI's classes although their values may read like
# numbers; everything else that reads like a number is one (Win32 classes of operating system, hardware, services).
_TEXT = _words(
    """buildnumber caption codeset countrycode csdversion csname description deviceid displayname dnshostname domain
    identifyingnumber locale manufacturer model name organization pathname processorid registereduser serialnumber
    skunumber standardname startmode startname state status systemname uuid vendor version volumename
    volumeserialnumber workgroup"""
)
_LISTS = _words(
    """defaultipgateway dnsserversearchorder ipaddress ipsubnet muilanguages roles systemstartupoptions
    oemstringarray powermanagementcapabilities"""
)


class Messenger(Protocol):
    """Sends one message over a signed-in connection; raises `WSManFault`, or `TransportError` when all is lost."""

    def send(self, resource: str, action: str, body: Mapping[str, Any]) -> ElementTree.Element:
        """Return the body's content of the answer."""
        ...

    def remaining(self) -> float:
        """Return the seconds that are left of the visit."""
        ...


class OutOfTime(Exception):  # noqa: N818 - it ends a question, it is not a fault of it
    """The visit's time is over."""


def ask_wmi(messenger: Messenger, request: Request, witness: Witness | None = None) -> tuple[Answer, ...]:
    """Return one answer for each question of the request; what WMI cannot be asked is UNSUPPORTED."""
    told = witness or Witness()
    return tuple(_answered(_Witnessed(messenger, question, told), question) for question in request.questions)


@dataclass(frozen=True, slots=True)
class _Witnessed:
    """Sends the messages of one question, each after the witness was told of it."""

    messenger: Messenger
    question: Question
    witness: Witness

    def send(self, resource: str, action: str, body: Mapping[str, Any]) -> ElementTree.Element:
        # Address and number of the message, which the envelope adds, ask nothing.
        self.witness.asking(ChannelName.WMI_OVER_WSMAN, (self.question.id,), json.dumps([resource, action, body]))
        return self.messenger.send(resource, action, body)

    def remaining(self) -> float:
        return self.messenger.remaining()


def children(element: ElementTree.Element, name: str) -> list[str]:
    """Return the texts of all children of this local name; nil and empty ones are empty text."""
    return [child.text or "" for child in element if local_name(child) == name]


def local_name(element: ElementTree.Element) -> str:
    """Return the name without its namespace."""
    return element.tag.rpartition("}")[2]


def _answered(messenger: Messenger, question: Question) -> Answer:
    started = time.monotonic()
    answering = _ANSWERING.get(question.verb)
    if answering is None:
        return Answer(question.id, Outcome.UNSUPPORTED, detail=f"WMI cannot be asked for {question.verb.value}")
    try:
        if messenger.remaining() <= 0:
            raise OutOfTime
        answer = answering(messenger, question)
    except OutOfTime:
        answer = failed(question, "out of time")
    except WSManFault as fault:
        answer = _refused(question, fault)
    except (ValueError, LookupError) as error:
        answer = failed(question, f"the answer of WMI cannot be read: {storable(str(error))[:200]}")
    milliseconds = round((time.monotonic() - started) * 1000)
    return Answer(answer.question, answer.outcome, answer.value, answer.detail, answer.complete, milliseconds)


def _refused(question: Question, fault: WSManFault) -> Answer:
    detail = storable(fault.reason)[:300]
    if fault.denies_access:
        return Answer(question.id, Outcome.DENIED, detail=detail)
    if fault.code == OPERATION_TIMEOUT:
        return failed(question, "out of time")
    if question.verb is Verb.WMI and (fault.wmi_code in _NO_SUCH_CLASS or fault.code in _NO_SUCH_CLASS):
        return Answer(question.id, Outcome.MISSING, detail=detail)
    return failed(question, detail)


def _answer_wmi(messenger: Messenger, question: Question) -> Answer:
    arguments = question.arguments
    rows, complete = _query(
        messenger,
        str(arguments["class"]),
        [str(name) for name in arguments["properties"]],
        str(arguments.get("condition") or ""),
        str(arguments.get("namespace") or "root/cimv2"),
    )
    return Answer(question.id, Outcome.OK, {"rows": rows}, complete=complete)


def _answer_clock(messenger: Messenger, question: Question) -> Answer:
    (now, *_), _ = _query(messenger, "Win32_UTCTime", list(_MOMENT))
    (zone, *_), _ = _query(messenger, "Win32_TimeZone", ["StandardName", "Bias"])
    moment = "{Year:04d}-{Month:02d}-{Day:02d}T{Hour:02d}:{Minute:02d}:{Second:02d}".format(**now)
    # The key's name is the id that PowerShell gives; StandardName is in the language of the system.
    identity = registry_text(
        messenger, "SYSTEM\\CurrentControlSet\\Control\\TimeZoneInformation", "TimeZoneKeyName"
    ).partition("\0")[0]
    value = {
        "utc": f"{moment}.000Z",
        "zone": identity or str(zone["StandardName"] or ""),
        "offset_minutes": _minutes_east(messenger, int(zone["Bias"])),
    }
    return Answer(question.id, Outcome.OK, value)


def _minutes_east(messenger: Messenger, bias: int) -> int:
    """CurrentTimeZone knows of daylight saving time, which Bias does not."""
    try:
        (system, *_), _ = _query(messenger, "Win32_OperatingSystem", ["CurrentTimeZone"])
    except (WSManFault, ValueError):
        return bias
    minutes = system["CurrentTimeZone"]
    return minutes if isinstance(minutes, int) else bias


_ANSWERING: Mapping[Verb, Callable[[Messenger, Question], Answer]] = {
    Verb.REGISTRY: answer_registry,
    Verb.WMI: _answer_wmi,
    Verb.CLOCK: _answer_clock,
}


def _query(
    messenger: Messenger, name: str, properties: list[str], condition: str = "", namespace: str = "root/cimv2"
) -> tuple[list[dict[str, Any]], bool]:
    """Return the rows, and whether these are all of them."""
    if not all(_NAME.fullmatch(word) for word in (name, *properties)) or not _NAMESPACE.fullmatch(namespace):
        raise ValueError("the class, a property or the namespace is not a name")
    if name.lower() == "win32_product":
        raise ValueError("Win32_Product is never asked, because Windows Installer then checks every package")
    resource = f"{WMI}{namespace.replace(chr(92), '/')}/*"
    where = f" where {condition}" if condition else ""
    query = f"select {', '.join(properties)} from {name}{where}"  # noqa: S608 - WQL reads, and only names go in
    answer = messenger.send(
        resource,
        f"{_ENUMERATION}Enumerate",
        {
            "n:Enumerate": {
                "w:OptimizeEnumeration": None,
                "w:MaxElements": str(_MOST_ROWS + 1),
                "w:Filter": {"@Dialect": _WQL, "#text": query},
            }
        },
    )
    rows: list[dict[str, Any]] = []
    while True:
        rows.extend(_row(item, properties) for item in _items(answer))
        if len(rows) > _MOST_ROWS:
            return rows[:_MOST_ROWS], False
        if any(local_name(element) == "EndOfSequence" for element in answer.iter()):
            return rows, True
        context = next((element.text for element in answer.iter() if local_name(element) == "EnumerationContext"), None)
        if not context:
            # Taking this for the end would call absent what was only not sent.
            raise ValueError("neither an end nor a way to go on")
        if messenger.remaining() <= 0:
            raise OutOfTime
        answer = messenger.send(
            resource,
            f"{_ENUMERATION}Pull",
            {
                "n:Pull": {
                    "n:EnumerationContext": context,
                    "n:MaxElements": str(_MOST_ROWS + 1 - len(rows)),
                }
            },
        )


def _items(answer: ElementTree.Element) -> list[ElementTree.Element]:
    return [item for element in answer.iter() if local_name(element) == "Items" for item in element]


def _row(item: ElementTree.Element, properties: list[str]) -> dict[str, Any]:
    """Return the asked properties, spelled as asked; what the host leaves out or calls nil is None."""
    found: dict[str, list[ElementTree.Element]] = {}
    for element in item:
        found.setdefault(local_name(element).lower(), []).append(element)
    return {name: _property(name, found.get(name.lower(), [])) for name in properties}


def _property(name: str, elements: list[ElementTree.Element]) -> Any:
    values = [_value(name, element) for element in elements if element.get(_NIL) not in ("true", "1")]
    if not values:
        return None
    return values if len(values) > 1 or name.lower() in _LISTS else values[0]


def _value(name: str, element: ElementTree.Element) -> Any:
    inner = next((child for child in element if local_name(child) in ("Datetime", "Date")), None)
    if inner is not None:
        return _moment(inner.text or "")
    text = storable(element.text or "")
    if name.lower() in _TEXT:
        return text
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    return int(text) if re.fullmatch(r"-?[0-9]{1,20}", text) else text


def _moment(text: str) -> str:
    moment = datetime.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return f"{moment.astimezone(datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"
