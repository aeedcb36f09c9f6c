"""A modelled Windows server: the raw state that a model expands into, and the answers to all verbs from it."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from auditor.model.question import Outcome
from auditor.simulation import machine_iis, machine_software
from auditor.simulation.machine_certificates import certificate_answer
from auditor.simulation.machine_clock import ModelledClock, iso
from auditor.simulation.machine_document import FileRow, MachineDocument
from auditor.simulation.machine_files import FileTree, ModelledFile, place
from auditor.simulation.machine_network import connect_answer, http_answer, resolve_answer
from auditor.simulation.machine_registry import Registry, typed
from auditor.simulation.machine_services import listening_ports, service_rows
from auditor.simulation.machine_telling import Told, denied, failed, matches, missing
from auditor.simulation.machine_wmi import Wmi, caption_of, guid_of, version_of
from auditor.simulation.machine_wql import AccessDenied, InvalidQuery, NoSuchClass, parse, select
from auditor.simulation.machine_xml import Element, parsed, taken

_MOST_ROWS = 2000
_ENVIRONMENT = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment"
_VARIABLES = {
    "SystemRoot": r"C:\Windows",
    "windir": r"C:\Windows",
    "SystemDrive": "C:",
    "ProgramFiles": r"C:\Program Files",
    "ProgramFiles(x86)": r"C:\Program Files (x86)",
    "CommonProgramFiles": r"C:\Program Files\Common Files",
    "ALLUSERSPROFILE": r"C:\ProgramData",
    "ProgramData": r"C:\ProgramData",
    "TEMP": r"C:\Windows\TEMP",
    "COMPUTERNAME": "",
}


class WindowsServer:
    """The state of a Windows server; never changes after it was made."""

    def __init__(self, document: MachineDocument) -> None:
        self._document = document
        self.clock = ModelledClock.of(document.clock)
        own = {**machine_software.variables(document), **document.variables}
        self._variables = {name.casefold(): value for name, value in {**_VARIABLES, **own}.items()}
        self._variables["computername"] = document.name.upper()[:15]
        self._rows = service_rows(document)
        self._ports = listening_ports(document, self._rows)
        hidden = tuple(document.denied.services)
        shown = [row for row in self._rows if not any(matches(pattern, row["Name"]) for pattern in hidden)]
        self.wmi = Wmi(document, self.clock, shown, self._ports)
        self.registry = self._registry(own)
        self._files = self._file_tree()
        self._verbs: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Told]] = {
            "registry": lambda arguments, _: self.registry.answer(arguments),
            "wmi": lambda arguments, _: self._wmi(arguments),
            "file": lambda arguments, _: self._files.file_answer(self._place(arguments), arguments.get("text")),
            "directory": lambda arguments, _: self._directory(arguments),
            "xml": lambda arguments, _: self._xml(arguments),
            "digest": self._digest,
            "listener": lambda *_: self._listeners(),
            "clock": lambda *_: Told(Outcome.OK, self.clock.value()),
            "connect": lambda arguments, _: connect_answer(document, arguments, self._element(arguments)),
            "resolve": lambda arguments, _: resolve_answer(document, arguments),
            "http": lambda arguments, _: http_answer(document, arguments, self._application_folders()),
            "certificate": lambda *_: certificate_answer(document, self.clock),
            "account": lambda *_: Told(Outcome.OK, {"administrator": document.account.administrator}),
        }

    @property
    def session(self) -> dict[str, str]:
        """What the interpreter says of itself."""
        build = version_of(self._document).rpartition(".")[2]
        engine = "4.0" if self._document.os.release == "2012 R2" else f"5.1.{build}.2700"
        return {"engine": engine, "language_mode": self._document.language_mode}

    def expand(self, text: str) -> str:
        """Expand `%Name%` variables, and `<I>` as the install folder; unknown names stay as they are."""
        if text.startswith("<I>"):
            section = self._document.platform_server
            text = (section.folder if section else r"C:\Program Files\OutSystems\Platform Server") + text[3:]
        return re.sub(r"%([^%]+)%", lambda match: self._variables.get(match[1].casefold(), match[0]), text)

    def _registry(self, variables: Mapping[str, str]) -> Registry:
        document = self._document
        registry = Registry(tuple(document.denied.registry), self.expand)
        keys = {**self._system_keys(variables), **machine_software.registry_keys(document)}
        if document.iis:
            keys |= machine_iis.registry_keys(document.iis, document.features)
        if "InstallPending" in document.features.values():
            keys[r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending"] = {}
        for path, values in [*keys.items(), *document.registry.items()]:
            registry.add(path, {name: typed(data) for name, data in values.items()})
        return registry

    def _system_keys(self, variables: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        document = self._document
        services = {
            rf"HKLM\SYSTEM\CurrentControlSet\Services\{row['Name']}": {
                "ImagePath": {"expand": row["PathName"]}, "DisplayName": row["DisplayName"],
                "Start": {"Auto": 2, "Manual": 3, "Disabled": 4}.get(row["StartMode"], 1), "Type": 16,
                **({"DelayedAutostart": 1} if row["DelayedAutoStart"] else {}),
            }
            for row in self._rows
        }  # fmt: skip
        major, _, build = version_of(document).rpartition(".")
        return {
            r"HKLM\SOFTWARE\Microsoft": {},
            r"HKLM\SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall": {},
            r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall": {},
            r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion": {
                "ProductName": caption_of(document).removeprefix("Microsoft "), "CurrentBuild": build,
                "CurrentBuildNumber": build, "CurrentVersion": "6.3", "UBR": 2700,
                "CurrentMajorVersionNumber": int(major.partition(".")[0]), "EditionID": f"Server{document.os.edition}",
                "InstallationType": "Server Core" if document.os.core else "Server",
                "DigitalProductId": {"binary": "a4000000"},
            },
            r"HKLM\SOFTWARE\Microsoft\Cryptography": {"MachineGuid": guid_of(document)},
            r"HKLM\SYSTEM\CurrentControlSet\Control\TimeZoneInformation": {"TimeZoneKeyName": self.clock.zone},
            r"HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName": {
                "ComputerName": document.name.upper()[:15]
            },
            r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters": {
                "Hostname": document.name, "NV Hostname": document.name, "Domain": document.identity.domain,
            },
            _ENVIRONMENT: {
                "ComSpec": {"expand": r"%SystemRoot%\system32\cmd.exe"}, "OS": "Windows_NT",
                "windir": {"expand": "%SystemRoot%"}, "PROCESSOR_ARCHITECTURE": "AMD64",
                "NUMBER_OF_PROCESSORS": str(document.hardware.processors), **variables,
            },
            **services,
        }  # fmt: skip

    def _file_tree(self) -> FileTree:
        document = self._document
        tree = FileTree(windows=True, denied_paths=tuple(document.denied.files), expand=self.expand)
        for folder in (r"C:\Windows\System32", r"C:\Program Files", r"C:\ProgramData"):
            tree.add_folder(folder)
        for folder in machine_software.folders(document):
            tree.add_folder(folder)
        for path, row in machine_software.files(document).items():
            tree.add_file(path, as_file(row))
        for path, own in document.files.items():
            tree.add_file(path, as_file(own))
        for folder, exists in document.folders.items():
            if exists:
                tree.add_folder(folder)
            else:
                tree.remove(folder)
        return tree

    def answer(self, verb: str, arguments: Any, request: Mapping[str, Any]) -> Told:
        """Answer one question; raises `NotTold`."""
        if verb not in self._verbs:
            return Told(Outcome.UNSUPPORTED, detail=f"no verb {verb} on Windows")
        return self._verbs[verb](arguments or {}, request)

    def query(self, namespace: str, text: str) -> list[dict[str, Any]]:
        """Run WQL; times are datetimes. Raises `NoSuchClass`, `AccessDenied` or `InvalidQuery`."""
        query = parse(text)
        if query.class_name.casefold() == "win32_product":
            raise InvalidQuery("Win32_Product makes Windows Installer verify every package and is never queried")
        return select(query, list(self.wmi.rows(namespace, query.class_name)))

    def _wmi(self, arguments: Mapping[str, Any]) -> Told:
        condition = f" where {arguments['condition']}" if arguments.get("condition") else ""
        text = f"select {', '.join(arguments['properties'])} from {arguments['class']}{condition}"  # noqa: S608 - WQL
        try:
            rows = self.query(str(arguments.get("namespace") or "root/cimv2"), text)
        except NoSuchClass:
            raise missing() from None
        except AccessDenied:
            raise denied() from None
        except InvalidQuery as error:
            raise failed(str(error)) from error
        asked = list(arguments["properties"])
        plain = [{name: _plain(row[key]) for name, key in zip(asked, row, strict=True)} for row in rows[:_MOST_ROWS]]
        return Told(Outcome.OK, {"rows": plain}, complete=len(rows) <= _MOST_ROWS)

    def _place(self, arguments: Mapping[str, Any]) -> str:
        return place(self._files, arguments, self.registry.value)

    def _directory(self, arguments: Mapping[str, Any]) -> Told:
        like, limit = str(arguments.get("like") or "*"), int(arguments.get("limit") or 500)
        return self._files.directory_answer(self._place(arguments), like, limit)

    def _xml(self, arguments: Mapping[str, Any]) -> Told:
        path = self._place(arguments)
        root = taken(parsed(self._files.content(path)), arguments.get("take") or ())
        return Told(Outcome.OK, {"path": path, "root": root})

    def _element(self, arguments: Mapping[str, Any]) -> Element | None:
        return parsed(self._files.content(self._place(arguments))) if arguments.get("path") else None

    def _application_folders(self) -> dict[str, bool]:
        applications = self._document.iis.applications if self._document.iis else {}
        return {path: self._files.has_folder(item.folder) for path, item in applications.items()}

    def _digest(self, arguments: Mapping[str, Any], request: Mapping[str, Any]) -> Told:
        key = base64.b64decode(str(request.get("digest_key") or ""))
        if not key:
            raise failed("the request has no digest key")
        return self._files.digest_answer(self._place(arguments), key)

    def _listeners(self) -> Told:
        readable = self._document.account.administrator
        rows = [
            {"address": port.address, "port": port.port, "process": port.process if readable else "", "pid": port.pid}
            for port in self._ports
        ]
        return Told(Outcome.OK, {"listeners": rows})


def as_file(row: str | FileRow) -> ModelledFile:
    """Return the file that a row of a model describes; text is UTF-8, with a byte order mark where asked."""
    if isinstance(row, str):
        return ModelledFile(row.encode())
    content = None if row.text is None else row.text.encode("utf-8-sig" if row.bom else "utf-8")
    return ModelledFile(content, row.size, row.modified, row.version)


def _plain(value: Any) -> Any:
    return iso(value) if isinstance(value, datetime) else value
