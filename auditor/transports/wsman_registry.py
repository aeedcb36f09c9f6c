"""The registry over WS-Man: methods of StdRegProv, one message each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol
from xml.etree import ElementTree

from auditor.model.question import Answer, Outcome, Question
from auditor.transports.document import failed, storable
from auditor.transports.winrm_failures import OPERATION_TIMEOUT, WSManFault

_PROVIDER = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/default/StdRegProv"
_LOCAL_MACHINE = "2147483650"
_MOST_SUBKEYS = 500
_NO_SUCH_VALUE, _NO_SUCH_KEY, _DENIED = 1, 2, 5
_TYPE_MISMATCH = 0x80041005
# Registry type -> method and the element that holds the data. Binary and other types are never read.
_GETTING = {
    1: ("GetStringValue", "sValue"),
    2: ("GetExpandedStringValue", "sValue"),
    4: ("GetDWORDValue", "uValue"),
    7: ("GetMultiStringValue", "sValue"),
    11: ("GetQWORDValue", "uValue"),
}


class _Messenger(Protocol):
    def send(self, resource: str, action: str, body: Mapping[str, Any]) -> ElementTree.Element: ...

    def remaining(self) -> float: ...


class _KeyError(Exception):
    """StdRegProv returned a number other than 0."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(number)


def answer_registry(messenger: _Messenger, question: Question) -> Answer:
    """Answer a `registry` question; raises `WSManFault` when WMI itself refuses."""
    arguments = question.arguments
    key = _subkey_name(str(arguments["key"]), int(arguments.get("view", 64)))
    asked = arguments.get("values") or []
    try:
        value, complete = _read(messenger, key, asked, arguments)
    except _KeyError as error:
        if error.number == _NO_SUCH_KEY:
            return Answer(question.id, Outcome.MISSING)
        if error.number == _DENIED:
            return Answer(question.id, Outcome.DENIED, detail="StdRegProv says access denied")
        return failed(question, f"StdRegProv says {error.number}")
    return Answer(question.id, Outcome.OK, value, complete=complete)


def registry_text(messenger: _Messenger, key: str, name: str) -> str:
    """Return one text value below HKLM, or empty text if it cannot be had."""
    try:
        return "".join(_call(messenger, "GetStringValue", key, name).get("sValue", []))
    except (_KeyError, WSManFault):
        return ""


def _subkey_name(key: str, view: int) -> str:
    hive, _, rest = key.partition("\\")
    if hive.upper() not in ("HKLM", "HKEY_LOCAL_MACHINE") or not rest:
        raise ValueError(f"{key} is not below HKLM")
    # The provider runs as a 64-bit process, so the 32-bit view is reached through its real place.
    head, _, tail = rest.partition("\\")
    if view == 32 and head.upper() == "SOFTWARE" and tail.split("\\")[0].upper() != "WOW6432NODE":
        return f"{head}\\WOW6432Node\\{tail}"
    return rest


def _read(messenger: _Messenger, key: str, asked: Any, arguments: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    value: dict[str, Any] = {}
    if asked == "*":
        listed = _call(messenger, "EnumValues", key)
        value = {"values": {}, "names": sorted(listed.get("sNames", []), key=str.upper)}
    else:
        value = {"values": _values(messenger, key, [str(name) for name in asked])}
    if not arguments.get("subkeys"):
        return value, True
    like = _like(str(arguments.get("subkeys_like") or "*"))
    names = sorted(_call(messenger, "EnumKey", key).get("sNames", []), key=str.upper)
    matching = [name for name in names if like.fullmatch(name)]
    value["subkeys"] = {}
    for name in matching[:_MOST_SUBKEYS]:
        if messenger.remaining() <= 0:
            raise WSManFault("out of time", OPERATION_TIMEOUT)
        if asked == "*":
            value["subkeys"][name] = {}
            continue
        try:
            value["subkeys"][name] = _values(messenger, f"{key}\\{name}", [str(one) for one in asked])
        except _KeyError as error:
            # Deleted since it was listed: as if it had never been there.
            if error.number != _NO_SUCH_KEY:
                raise
    return value, len(matching) <= _MOST_SUBKEYS


def _values(messenger: _Messenger, key: str, asked: list[str]) -> dict[str, Any]:
    """Return the asked values that exist, spelled as asked. Raises `_KeyError` also when the key does not exist."""
    listed = _call(messenger, "EnumValues", key)
    kinds = dict(zip((name.lower() for name in listed.get("sNames", [])), listed.get("Types", []), strict=False))
    found: dict[str, Any] = {}
    for name in asked:
        # The default value is not always listed, so it is asked for in any case.
        kind = kinds.get(name.lower(), "1" if name == "" else "")
        if kind and int(kind) in _GETTING:
            data = _data(messenger, key, name, int(kind))
            if data is not None:
                found[name] = data
    return found


def _data(messenger: _Messenger, key: str, name: str, kind: int) -> Any:
    method, element = _GETTING[kind]
    try:
        texts = [storable(text) for text in _call(messenger, method, key, name).get(element, [])]
    except _KeyError as error:
        if error.number in (_NO_SUCH_VALUE, _NO_SUCH_KEY, _TYPE_MISMATCH):
            return None
        raise
    if element == "uValue":
        return int(texts[0]) if texts else None
    if method == "GetMultiStringValue":
        return texts
    return "".join(texts)


def _call(messenger: _Messenger, method: str, key: str, name: str | None = None) -> dict[str, list[str]]:
    """Call a method; return the texts of its result by element name. Raises `_KeyError` on a number other than 0."""
    inputs: dict[str, Any] = {"@xmlns:r": _PROVIDER, "r:hDefKey": _LOCAL_MACHINE, "r:sSubKeyName": key}
    if name is not None:
        inputs["r:sValueName"] = name
    answer = messenger.send(_PROVIDER, f"{_PROVIDER}/{method}", {f"r:{method}_INPUT": inputs})
    result: dict[str, list[str]] = {}
    output = next((element for element in answer.iter() if element.tag.endswith("_OUTPUT")), None)
    for element in output if output is not None else ():
        if element.get("{http://www.w3.org/2001/XMLSchema-instance}nil") not in ("true", "1"):
            result.setdefault(element.tag.rpartition("}")[2], []).append(element.text or "")
    number = int(result.get("ReturnValue", ["-1"])[0])
    if number:
        raise _KeyError(number)
    return result


def _like(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.IGNORECASE | re.DOTALL)
