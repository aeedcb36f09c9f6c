"""The registry of a modelled Windows server: the `registry` verb and the methods of StdRegProv."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from auditor.model.question import Outcome
from auditor.simulation.machine_telling import Told, covered, denied, failed, matches, missing

HKLM = 2147483650
SZ, EXPAND_SZ, BINARY, DWORD, MULTI_SZ, QWORD = 1, 2, 3, 4, 7, 11

_NO_VALUE, _NO_KEY, _ACCESS_DENIED = 1, 2, 5
_INVALID_METHOD, _TYPE_MISMATCH = 2147749922, 2147749893
_READ_TYPES = {
    "GetStringValue": (SZ, "sValue"),
    "GetExpandedStringValue": (EXPAND_SZ, "sValue"),
    "GetDWORDValue": (DWORD, "uValue"),
    "GetQWORDValue": (QWORD, "uValue"),
    "GetMultiStringValue": (MULTI_SZ, "sValue"),
    "GetBinaryValue": (BINARY, "uValue"),
}
_MOST_SUBKEYS = 500


@dataclass(frozen=True, slots=True)
class RegistryValue:
    """A typed value; `data` is text, an integer, a list of texts, or bytes."""

    kind: int
    data: Any


@dataclass(slots=True)
class _Key:
    name: str
    values: dict[str, tuple[str, RegistryValue]] = field(default_factory=dict)
    subkeys: dict[str, _Key] = field(default_factory=dict)


class Registry:
    """HKEY_LOCAL_MACHINE as a tree; names compare without regard to case and keep their spelling."""

    def __init__(self, denied_keys: tuple[str, ...] = (), expand: Callable[[str], str] = str) -> None:
        self._root = _Key("HKLM")
        self._denied = tuple(_below_hklm(pattern) for pattern in denied_keys)
        self._expand = expand

    def add(self, path: str, values: Mapping[str, RegistryValue]) -> None:
        """Add a key with all keys above it; `path` is below HKLM, with or without that prefix."""
        key = self._root
        for part in _parts(path):
            key = key.subkeys.setdefault(part.casefold(), _Key(part))
        key.values.update({name.casefold(): (name, value) for name, value in values.items()})

    def remove(self, path: str) -> None:
        """Remove a key and all below it; nothing happens where there is none."""
        *above, last = _parts(path)
        parent = self._find("\\".join(above))
        if parent is not None:
            parent.subkeys.pop(last.casefold(), None)

    def _find(self, path: str) -> _Key | None:
        key: _Key | None = self._root
        for part in _parts(path):
            key = key.subkeys.get(part.casefold()) if key else None
        return key

    def _is_denied(self, path: str) -> bool:
        return covered("\\".join(_parts(path)), self._denied, "\\")

    def value(self, path: str, name: str) -> str | None:
        """Return a value as text from the 64-bit view, then the 32-bit view; raises `NotTold` where it is denied."""
        for view in (64, 32):
            seen = _in_view(path, view)
            if self._is_denied(seen):
                raise denied()
            key = self._find(seen)
            if key is not None and name.casefold() in key.values:
                return str(self._plain(key.values[name.casefold()][1]))
        return None

    def answer(self, arguments: Mapping[str, Any]) -> Told:
        """Answer the `registry` verb."""
        path, wanted = str(arguments.get("key", "")), arguments.get("values", [])
        if not path.upper().startswith("HKLM\\"):
            raise failed("the key must start with HKLM\\")
        path = _in_view(path, int(arguments.get("view") or 64))
        key = self._readable(path)
        value: dict[str, Any] = {"values": self._wanted(key, wanted)}
        if wanted == "*":
            value["names"] = sorted((name for name, _ in key.values.values()), key=str.casefold)
        complete = True
        if arguments.get("subkeys"):
            like = str(arguments.get("subkeys_like") or "*")
            names = sorted((sub.name for sub in key.subkeys.values() if matches(like, sub.name)), key=str.casefold)
            complete = len(names) <= _MOST_SUBKEYS
            value["subkeys"] = {
                name: self._wanted(self._readable(f"{path}\\{name}"), wanted) for name in names[:_MOST_SUBKEYS]
            }
        return Told(Outcome.OK, value, complete=complete)

    def _readable(self, path: str) -> _Key:
        if self._is_denied(path):
            raise denied()
        key = self._find(path)
        if key is None:
            raise missing()
        return key

    def _wanted(self, key: _Key, wanted: Any) -> dict[str, Any]:
        if wanted == "*":
            return {}
        found = {name: key.values.get(str(name).casefold()) for name in wanted}
        return {
            name: self._plain(entry[1])
            for name, entry in found.items()
            if entry is not None and entry[1].kind != BINARY
        }

    def _plain(self, value: RegistryValue) -> Any:
        return self._expand(value.data) if value.kind == EXPAND_SZ else value.data

    def method(self, method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Call a method of StdRegProv; an output that Windows leaves null is None."""
        if int(arguments.get("hDefKey", HKLM)) != HKLM:
            return {"ReturnValue": _NO_KEY}
        path = str(arguments.get("sSubKeyName") or "")
        if self._is_denied(path):
            return {"ReturnValue": _ACCESS_DENIED}
        key = self._find(path)
        if key is None:
            return {"ReturnValue": _NO_KEY}
        if method == "EnumKey":
            names = sorted((sub.name for sub in key.subkeys.values()), key=str.casefold)
            return {"ReturnValue": 0, "sNames": names or None}
        if method == "EnumValues":
            rows = [key.values[name] for name in sorted(key.values)]
            names, kinds = [name for name, _ in rows], [value.kind for _, value in rows]
            return {"ReturnValue": 0, "sNames": names or None, "Types": kinds or None}
        return self._read(method, key, str(arguments.get("sValueName") or ""))

    def _read(self, method: str, key: _Key, name: str) -> dict[str, Any]:
        if method not in _READ_TYPES:
            return {"ReturnValue": _INVALID_METHOD}
        kind, output = _READ_TYPES[method]
        entry = key.values.get(name.casefold())
        if entry is None:
            return {"ReturnValue": _NO_VALUE, output: None}
        if entry[1].kind != kind:
            return {"ReturnValue": _TYPE_MISMATCH, output: None}
        data = self._plain(entry[1])
        return {"ReturnValue": 0, output: list(data) if kind == BINARY else data}


def typed(data: Any) -> RegistryValue:
    """Give data of a model file their registry type: text, integer, list, or {expand}, {binary}, {qword}."""
    if isinstance(data, RegistryValue):
        return data
    if isinstance(data, Mapping):
        ((form, content),) = data.items()
        if form == "binary":
            return RegistryValue(BINARY, bytes.fromhex(str(content)))
        return RegistryValue(EXPAND_SZ if form == "expand" else QWORD, content)
    if isinstance(data, int):
        return RegistryValue(DWORD if 0 <= data < 2**32 else QWORD, data)
    return RegistryValue(MULTI_SZ, list(data)) if isinstance(data, list) else RegistryValue(SZ, str(data))


def _below_hklm(path: str) -> str:
    return path[5:] if path.upper().startswith("HKLM\\") else path


def _parts(path: str) -> list[str]:
    return [part for part in _below_hklm(path).split("\\") if part]


def _in_view(path: str, view: int) -> str:
    parts = _parts(path)
    redirected = view == 32 and len(parts) > 1 and parts[0].casefold() == "software"
    if redirected and parts[1].casefold() != "wow6432node":
        parts.insert(1, "WOW6432Node")
    return "\\".join(parts)
