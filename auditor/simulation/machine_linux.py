"""A modelled Linux host: its files, and the answers to all verbs."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from auditor.model.question import Outcome
from auditor.simulation import machine_planted as planted
from auditor.simulation.machine_clock import ModelledClock
from auditor.simulation.machine_document import MachineDocument
from auditor.simulation.machine_files import FileTree
from auditor.simulation.machine_services import address_and_port
from auditor.simulation.machine_telling import Told, denied, failed, missing
from auditor.simulation.machine_windows import as_file
from auditor.simulation.machine_wmi import address_of, guid_of, mac_of, uuid_of

UNITS = (
    "outsystems", "wildfly-outsystems", "jboss-outsystems", "weblogic-outsystems",
    "rabbitmq-server", "nginx", "haproxy",
)  # fmt: skip
_INTERESTING = re.compile("outsystems|rabbitmq|erlang", re.IGNORECASE)
_KIB_PER_GIB = 2**20


class LinuxHost:
    """The state of a Linux host; never changes after it was made."""

    def __init__(self, document: MachineDocument) -> None:
        self._document = document
        self.clock = ModelledClock.of(document.clock)
        self._files = self._file_tree()
        self._verbs: Mapping[str, Callable[[Sequence[str]], Told]] = {
            "file": self._file,
            "directory": self._directory,
            "listener": self._listeners,
            "clock": lambda _: Told(Outcome.OK, self.clock.value()),
            "account": lambda _: Told(Outcome.OK, {"administrator": document.account.administrator}),
            "command": self._command,
        }

    @property
    def session(self) -> dict[str, str]:
        """What the interpreter says of itself."""
        return {"engine": "sh"}

    def _file_tree(self) -> FileTree:
        document = self._document
        tree = FileTree(windows=False, denied_paths=tuple(document.denied.files))
        booted = ("/run/systemd/system",) if document.linux.systemd else ()
        for folder in ("/etc", "/opt", "/usr/bin", "/var/lib", *booted):
            tree.add_folder(folder)
        release = document.linux
        text = f'PRETTY_NAME="{release.pretty_name}"\nID={release.id}\nVERSION_ID="{release.version_id}"\n'
        own = {"/etc/os-release": text, "/etc/machine-id": f"{self._machine_id()}\n"}
        if release.rabbitmq:
            own["/etc/rabbitmq/rabbitmq.conf"] = f"default_pass = {planted.BROKER_PASSWORD}\n"
            own["/var/lib/rabbitmq/.erlang.cookie"] = planted.ERLANG_COOKIE
        for path, row in {**own, **document.files}.items():
            tree.add_file(path, as_file(row))
        for path, exists in document.folders.items():
            if exists:
                tree.add_folder(path)
            else:
                tree.remove(path)
        return tree

    def answer(self, verb: str, arguments: Any, _: Mapping[str, Any]) -> Told:
        """Answer one question whose arguments are words; raises `NotTold`."""
        if verb not in self._verbs:
            return Told(Outcome.UNSUPPORTED, detail=f"no verb {verb} on Linux")
        words = arguments if isinstance(arguments, Sequence) and not isinstance(arguments, str) else ()
        return self._verbs[verb]([str(word) for word in words])

    def _file(self, words: Sequence[str]) -> Told:
        limit = _word(words, 1)
        return self._files.file_answer(self._files.resolve(_demanded(words, 0)), int(limit) if limit else None)

    def _directory(self, words: Sequence[str]) -> Told:
        path = self._files.resolve(_demanded(words, 0))
        return self._files.directory_answer(path, _word(words, 1) or "*", int(_word(words, 2) or 500))

    def _listeners(self, _: Sequence[str]) -> Told:
        root = self._document.account.administrator
        rows = []
        for number, (place, process) in enumerate(self._document.listeners.items()):
            address, port = address_and_port(place)
            rows.append(
                {
                    "address": address,
                    "port": port,
                    "process": process if root else "",
                    "pid": 900 + number if root else 0,
                }
            )
        return Told(Outcome.OK, {"listeners": sorted(rows, key=lambda row: (row["port"], row["address"]))})

    def _machine_id(self) -> str:
        return guid_of(self._document).replace("-", "")

    def _command(self, words: Sequence[str]) -> Told:
        name = _demanded(words, 0)
        makers: Mapping[str, Callable[[], str]] = {
            "uname": lambda: f"Linux {self._document.linux.kernel} x86_64",
            "hostname": self._hostname,
            "packages": self._packages,
            "units": self._units,
            "addresses": self._addresses,
            "memory": lambda: f"MemTotal:       {int(self._document.hardware.memory_gb * _KIB_PER_GIB)} kB",
            "processors": lambda: str(self._document.hardware.processors),
            "rabbitmq_version": self._rabbitmq_version,
            "rabbitmq_permissions": self._rabbitmq_permissions,
            "machine_id": lambda: f"{self._machine_id()}\n",
            "product_uuid": self._product_uuid,
            "macs": lambda: f"00:00:00:00:00:00\n{mac_of(self._document).lower()}",
            "volumes": self._volumes,
        }
        if name not in makers:
            return Told(Outcome.UNSUPPORTED, detail=f"no command {name}")
        if name in self._document.denied.commands:
            raise denied()
        if (
            name == "rabbitmq_permissions"
            and self._document.linux.rabbitmq
            and not self._document.account.administrator
        ):
            return Told(Outcome.OK, {"exit_code": 77, "text": ""})
        return Told(Outcome.OK, {"exit_code": 0, "text": makers[name]()})

    def _hostname(self) -> str:
        domain = self._document.identity.domain
        return f"{self._document.name}.{domain}" if domain else self._document.name

    def _packages(self) -> str:
        if self._document.linux.packager == "none":
            raise missing()
        packages = self._document.linux.packages
        return "\n".join(f"{name} {packages[name]}" for name in sorted(packages) if _INTERESTING.search(name))

    def _units(self) -> str:
        if not self._document.linux.systemd:
            raise missing()
        blocks = []
        for name in UNITS:
            unit = self._document.linux.units.get(name)
            active, enabled = (unit.active, unit.enabled) if unit else ("inactive", "")
            load = "loaded" if unit else "not-found"
            blocks.append(f"Id={name}.service\nLoadState={load}\nActiveState={active}\nUnitFileState={enabled}")
        return "\n\n".join(blocks)

    def _addresses(self) -> str:
        return (
            "1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever\n"
            f"2: eth0    inet {address_of(self._document)}/24 brd 10.0.0.255 scope global eth0\\       "
            "valid_lft forever preferred_lft forever"
        )

    def _rabbitmq_version(self) -> str:
        version = self._document.linux.rabbitmq
        if not version:
            raise missing()
        return version

    def _rabbitmq_permissions(self) -> str:
        if not self._document.linux.rabbitmq:
            raise missing()
        parts = []
        for name, users in self._document.linux.virtual_hosts.items():
            listed = [
                {"user": user, "configure": configure, "write": write, "read": read}
                for user, (configure, write, read) in users.items()
            ]
            parts.append(f"vhost\t{name}\n{json.dumps(listed)}\n")
        return "".join(parts)

    def _product_uuid(self) -> str:
        if not self._document.account.administrator:
            raise denied()
        return f"{uuid_of(self._document).lower()}\n"

    def _volumes(self) -> str:
        lines = ["Filesystem     1024-blocks      Used Available Capacity Mounted on"]
        for number, (name, volume) in enumerate(self._document.hardware.volumes.items()):
            size, free = int(volume.size_gb * _KIB_PER_GIB), int(volume.free_gb * _KIB_PER_GIB)
            used = size - free
            percent = used * 100 // size
            lines.append(f"/dev/sda{number + 1} {size} {used} {free} {percent}% {shlex.quote(name)}")
        return "\n".join(lines)


def _word(words: Sequence[str], index: int) -> str:
    return words[index] if index < len(words) else ""


def _demanded(words: Sequence[str], index: int) -> str:
    word = _word(words, index)
    if not word:
        raise failed(f"argument {index + 1} is missing")
    return word
