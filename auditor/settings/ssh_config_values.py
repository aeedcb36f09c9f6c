"""What an ssh config adds to the settings of a host where the inventory is silent.

Only lines that are understood are taken. Where ssh would, or might, reach or sign in to the host in another way than
these lines say, that is a mistake to be told, never a connection of our own invention.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from pydantic import TypeAdapter, ValidationError

from auditor.settings.connection_settings import TransportName
from auditor.settings.fields import FilePath as WrittenPath
from auditor.settings.fields import HostName, Line
from auditor.settings.levels import Connection, Setting
from auditor.settings.ssh_config import Entry, SSHConfig, load_ssh_config
from auditor.settings.wording import Path

_HOST_NAME: TypeAdapter[str] = TypeAdapter(HostName)
_LINE: TypeAdapter[str] = TypeAdapter(Line)
_FILE: TypeAdapter[str] = TypeAdapter(WrittenPath)

_KEYWORDS = {
    "address": "HostName",
    "port": "Port",
    "user": "User",
    "key_file": "IdentityFile",
    "known_hosts": "UserKnownHostsFile",
}
_NAMES_OF_KEYWORDS = {
    name.lower(): name for name in (*_KEYWORDS.values(), "ProxyJump", "ProxyCommand", "Include", "CanonicalizeHostname")
}
_JUMP = re.compile(r"(?:ssh://)?(?:(?P<user>.+)@)?(?P<address>\[[^\[\]]+\]|[^:/@\[\]]+)(?::(?P<port>[0-9]+))?/?")


class SSHConfigs:
    """The ssh configs that an inventory names; each is read once, so that what was judged is what is taken."""

    def __init__(self, place_of: Callable[[str], str]) -> None:
        self._place_of = place_of
        self._read: dict[str, SSHConfig] = {}

    def read(self, written: str) -> SSHConfig:
        """Return the content of a file by its path as written; OSError when it cannot be read."""
        if written not in self._read:
            self._read[written] = load_ssh_config(FilePath(self._place_of(written)))
        return self._read[written]


@dataclass(frozen=True, slots=True)
class Reached:
    """Where a host is reached and with which settings; of no use when there are problems, each (path, sentence)."""

    address: str
    connection: Connection
    problems: tuple[tuple[Path, str], ...] = ()


def complete(name: str, address: str | None, host: Path, connection: Connection, configs: SSHConfigs) -> Reached:
    """Add what the ssh config of a host says of its name; `address` is None where the inventory is silent about it.

    Paths stay as they are written, `~` included. The connection that was given is not changed.
    """
    setting = connection.settings.get("ssh_config")
    if setting is None or connection.transport is not TransportName.SSH:
        return Reached(address or name, connection)
    try:
        config = configs.read(setting.value)
    except FileNotFoundError:
        sentence = "there is no such file; expected the path of an ssh config, relative to the folder of this file."
        return Reached(address or name, connection, ((setting.path, sentence),))
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "not a path"
        return Reached(address or name, connection, ((setting.path, f"the file cannot be read: {reason}."),))
    if config.damaged:
        sentence = f"line {config.damaged[0]} of this ssh config cannot be read; ssh refuses it too."
        return Reached(address or name, connection, ((setting.path, sentence),))
    completed = Connection(connection.transport, dict(connection.settings), set(connection.forgotten))
    completion = _Completion(config, host, setting.path, completed)
    found = completion.host_of(name, address)
    return Reached(found, completed, tuple(dict.fromkeys(completion.problems)))


class _NotTakenError(Exception):
    """A line that cannot be taken; the text is the end of a sentence that begins with the line."""


@dataclass(slots=True)
class _Completion:
    """Completes one connection in place. `place` is where the file is named."""

    config: SSHConfig
    host: Path
    place: Path
    connection: Connection
    problems: list[tuple[Path, str]] = field(default_factory=list)

    def host_of(self, name: str, address: str | None) -> str:
        """Take what the file says of the host and of its bastion; return the address."""
        self._refuse_what_changes_everything(name)
        for setting in ("port", "user", "key_file", "known_hosts"):
            self._take(setting, setting, name)
        if self.connection.is_silent_about("bastion.address"):
            self._take_bastion(name, address)
        return address or self._value("address", "address", name) or name

    def _take_bastion(self, name: str, address: str | None) -> None:
        entry = self.config.first(name, "proxyjump", "proxycommand")
        jump = self._checked("bastion", entry, lambda entry: _jump(_only_word(entry)))
        if jump is None:
            return
        alias: str = jump["address"]
        if address is None and self._is_itself(name, alias, jump["port"]):
            self._checked("bastion", entry, _no_jump_to_itself)
            return
        self._refuse_what_changes_everything(alias)
        for setting in ("user", "port"):
            if jump[setting] is not None and self.connection.is_silent_about(f"bastion.{setting}"):
                self._put(f"bastion.{setting}", jump[setting])
        for setting in ("user", "port", "key_file"):
            self._take(f"bastion.{setting}", setting, alias)
        self._put("bastion.address", self._value("bastion.address", "address", alias) or alias)
        self._checked("bastion", self.config.first(alias, "proxyjump", "proxycommand"), _no_second_hop)

    def _is_itself(self, name: str, alias: str, port: int | None) -> bool:
        hostname, own_port = self._value("address", "address", name), self._value("port", "port", name)
        return (hostname or name.lower()) == alias.lower() and (own_port or 22) == (port or 22)

    def _refuse_what_changes_everything(self, alias: str) -> None:
        include = self.config.first(alias, "include")
        if include is not None:
            sentence = (
                f"line {include.number} of this ssh config includes other files, which are not read and may say how "
                "a host is reached; name a file without Include."
            )
            self.problems.append((self.place, sentence))
        canonicalize = self.config.first(alias, "canonicalizehostname")
        if canonicalize is not None and canonicalize.words[0].lower() not in ("no", "none", "false"):
            sentence = (
                f"line {canonicalize.number} of this ssh config (CanonicalizeHostname) lets ssh connect to other names "
                "than are written, which is not followed; name a file without it."
            )
            self.problems.append((self.place, sentence))

    def _take(self, name: str, setting: str, alias: str) -> None:
        if self.connection.is_silent_about(name):
            value = self._value(name, setting, alias)
            if value is not None:
                self._put(name, value)

    def _put(self, name: str, value: Any) -> None:
        self.connection.settings[name] = Setting(value, self._path(name))

    def _value(self, name: str, setting: str, alias: str) -> Any:
        entry = self.config.first(alias, _KEYWORDS[setting].lower())
        return self._checked(name, entry, lambda entry: _value_of(setting, _only_word(entry), alias))

    def _checked(self, name: str, entry: Entry | None, read: Callable[[Entry], Any]) -> Any:
        """Return what was read from a line; None, with the problem told, when it cannot be taken."""
        if entry is None:
            return None
        try:
            if not entry.is_certain:
                raise _NotTakenError("stands in a Match block, whose conditions are not looked at")
            if entry.keyword == "proxycommand" and entry.words[0].lower() != "none":
                raise _NotTakenError("is not followed")
            return read(entry)
        except _NotTakenError as error:
            outer = name.partition(".")[0]
            remedy = f"write {outer} at this host"
            remedy += "" if outer == "address" else " or under defaults.ssh"
            remedy += ", or null at this host where it is reached directly" if outer == "bastion" else ""
            keyword = _NAMES_OF_KEYWORDS[entry.keyword]
            sentence = f"is not written, and line {entry.number} of the ssh config ({keyword}) {error}; {remedy}."
            self.problems.append((self._path(name), sentence))
            return None

    def _path(self, name: str) -> Path:
        return (*self.host, *name.split("."))


def _only_word(entry: Entry) -> str:
    if len(entry.words) > 1:
        raise _NotTakenError("names more than one value, of which only one could be taken")
    return entry.words[0]


def _value_of(setting: str, written: str, alias: str) -> Any:
    """Return the value as the inventory would hold it, None for the word none where ssh knows it."""
    if setting == "port":
        return _port(written)
    if setting == "user":
        return _valid(_LINE, _expanded(written, {}))
    if setting == "address":
        # ssh looks up and compares names in lower case.
        return _valid(_HOST_NAME, _expanded(written, {"h": alias}).lower())
    if written.lower() == "none":
        if setting == "known_hosts":
            raise _NotTakenError("says that no host key is known, so no host could be reached")
        return None
    path = _valid(_FILE, _expanded(written, {"d": "~"}))
    if not path.startswith("~") and not FilePath(path).is_absolute():
        raise _NotTakenError("names a path that is relative to whatever folder ssh is started in")
    return path


def _port(written: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", written) or not 1 <= int(written) <= 65535:
        raise _NotTakenError("does not hold the number of a port")
    return int(written)


def _expanded(written: str, tokens: dict[str, str]) -> str:
    """Put in what stands for %h and the like; ssh knows more of them, whose values are not known here."""
    if "${" in written:
        raise _NotTakenError("refers to a variable of the environment, which is not looked up")

    def value(match: re.Match[str]) -> str:
        letter = match[1]
        if letter == "%":
            return "%"
        # The home folder is written as ~, which has this meaning only at the start.
        if letter not in tokens or (letter == "d" and match.start()):
            raise _NotTakenError("holds a % that is not understood here")
        return tokens[letter]

    return re.sub(r"%(.?)", value, written)


def _valid(kind: TypeAdapter[str], value: str) -> str:
    try:
        return kind.validate_python(value)
    except ValidationError as error:
        said = str(error.errors(include_url=False)[0]["ctx"]["sentence"])
        raise _NotTakenError(f"cannot be taken ({said.rstrip('.')})") from None


def _jump(written: str) -> dict[str, Any] | None:
    """Return address (an alias to be looked up), port and user of a bastion; None where there is none."""
    if written.lower() == "none":
        return None
    if "," in written:
        raise _NotTakenError("names several hops, of which only one could be taken")
    match = _JUMP.fullmatch(written)
    if match is None:
        raise _NotTakenError("is not of the form user@host:port")
    return {
        "address": _valid(_HOST_NAME, match["address"]),
        "port": None if match["port"] is None else _port(match["port"]),
        "user": None if match["user"] is None else _valid(_LINE, _expanded(match["user"], {})),
    }


def _no_jump_to_itself(_: Entry) -> None:
    raise _NotTakenError("leads through the host itself, which ssh refuses too")


def _no_second_hop(entry: Entry) -> None:
    if entry.words[0].lower() != "none":
        raise _NotTakenError("holds for the bastion itself, and only one hop could be taken")
