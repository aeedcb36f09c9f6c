"""The host keys that a person trusts: reading known_hosts line by line, and adding one key to it."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import os
import re
import tempfile
import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from auditor.errors import UsageError

DEFAULT_PORT = 22
_NEGATION = "!"
_HASHED = "|1|"
_SPECIAL = re.compile(r"[*?!|]")


@dataclass(frozen=True, slots=True)
class HostKey:
    """A public host key under the name that known_hosts uses for its server."""

    name: str
    type: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """`SHA256:` and unpadded base64, as OpenSSH prints it."""
        digest = hashlib.sha256(self.blob).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")

    @property
    def line(self) -> str:
        """The line of known_hosts, without its end."""
        return f"{self.name} {self.type} {base64.b64encode(self.blob).decode()}"


@dataclass(frozen=True, slots=True)
class KnownLine:
    """One line that could be read: which names it is for, its key, where it stands, and whether it revokes the key."""

    names: tuple[str, ...]
    type: str
    blob: bytes
    number: int
    revoked: bool

    def is_for(self, name: str) -> bool:
        """Whether one of the line's names or patterns is this name and none excludes it."""
        if any(_matches(names.removeprefix(_NEGATION), name) for names in self.names if names.startswith(_NEGATION)):
            return False
        return any(_matches(pattern, name) for pattern in self.names)


@dataclass(frozen=True, slots=True)
class KnownHosts:
    """A known_hosts file. `skipped` counts lines that could not be read, for example of certificate authorities."""

    path: Path
    lines: tuple[KnownLine, ...] = ()
    skipped: int = 0

    def of(self, name: str) -> KnownHosts:
        """Return the same file with the lines alone that are for this name."""
        return KnownHosts(self.path, tuple(line for line in self.lines if line.is_for(name)), self.skipped)

    def trusted(self, name: str) -> tuple[KnownLine, ...]:
        """Return the lines whose keys are trusted for this name, in the order of the file."""
        return tuple(line for line in self.lines if not line.revoked and line.is_for(name))

    def revokes(self, name: str, blob: bytes) -> bool:
        """Whether a line revokes this key for this name."""
        return any(line.revoked and line.blob == blob and line.is_for(name) for line in self.lines)


class KnownHostsFiles:
    """The known_hosts files of one run: each is read once, and each server is given its own lines.

    A file that names a thousand servers would else be looked through a thousand times. Safe to share between threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read: dict[Path, _ByName] = {}

    def lines_for(self, path: Path, name: str) -> KnownHosts:
        """Return what the file says of this name. OSError when it cannot be read."""
        with self._lock:
            found = self._read.get(path)
            if found is None:
                found = self._read[path] = _ByName(read_known_hosts(path))
        return found.of(name)


class _ByName:
    """Lines by the plain names that they hold; those with patterns, hashes or exclusions have to be tried."""

    def __init__(self, known: KnownHosts) -> None:
        self._known = known
        self._plain: dict[str, list[KnownLine]] = {}
        self._others: list[KnownLine] = []
        for line in known.lines:
            if any(_SPECIAL.search(name) for name in line.names):
                self._others.append(line)
                continue
            for name in line.names:
                self._plain.setdefault(name.lower(), []).append(line)

    def of(self, name: str) -> KnownHosts:
        lines = {line.number: line for line in (*self._plain.get(name, ()), *self._others)}
        return replace(self._known, lines=tuple(lines[number] for number in sorted(lines))).of(name)


def known_hosts_name(address: str, port: int) -> str:
    """Return the name under which known_hosts keeps a server: lower case, in brackets with any port but 22."""
    return address.lower() if port == DEFAULT_PORT else f"[{address.lower()}]:{port}"


def known_hosts_path(declared: str | None) -> Path:
    """Return the file that an endpoint declares, or the user's own one."""
    return Path(declared).expanduser() if declared else Path.home() / ".ssh" / "known_hosts"


def read_known_hosts(path: Path) -> KnownHosts:
    """Read the file; one that does not exist knows nobody. OSError when it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return KnownHosts(path)
    return _parsed(path, text.splitlines())


def add_host_key(path: Path, key: HostKey) -> bool:
    """Add a key that a person has confirmed; False when it was there already.

    The file is replaced in one step, so that no other program ever reads half of it. UsageError when another key of
    the same type is known under this name: only a person may remove that one.
    """
    path = path.resolve()
    try:
        for line in read_known_hosts(path).trusted(key.name):
            if line.blob == key.blob:
                return False
            if line.type == key.type:
                raise UsageError(
                    f"{path}, line {line.number}, knows another key of {key.name}; "
                    f"remove it with: ssh-keygen -R '{key.name}' -f '{path}', once it is clear why the key changed."
                )
        _append(path, key.line)
    except OSError as error:
        raise UsageError(
            f"The host key of {key.name} cannot be written to {path} ({error.strerror or error}); correct the path or "
            "its rights."
        ) from error
    return True


def _append(path: Path, line: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    before = path.read_bytes() if path.exists() else b""
    if before and not before.endswith(b"\n"):
        before += b"\n"
    handle, temporary = tempfile.mkstemp(prefix=".known_hosts-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(before + line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            Path(temporary).chmod(path.stat().st_mode & 0o777)
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


def _parsed(path: Path, texts: Iterable[str]) -> KnownHosts:
    lines = []
    skipped = 0
    for number, text in enumerate(texts, start=1):
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        line = _line(text.split(), number)
        if line is None:
            skipped += 1
        else:
            lines.append(line)
    return KnownHosts(path, tuple(lines), skipped)


def _line(fields: list[str], number: int) -> KnownLine | None:
    revoked = fields[0] == "@revoked"
    if revoked:
        fields = fields[1:]
    if len(fields) < 3 or fields[0].startswith("@"):
        return None
    names, kind, encoded = fields[:3]
    try:
        blob = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    # The key says itself of which type it is; a line that says otherwise is damaged.
    length = int.from_bytes(blob[:4], "big")
    if blob[4 : 4 + length] != kind.encode():
        return None
    return KnownLine(tuple(names.split(",")), kind, blob, number, revoked)


def _matches(pattern: str, name: str) -> bool:
    if pattern.startswith(_HASHED):
        return _is_hash_of(pattern, name)
    expression = "".join(_wildcard(character) for character in pattern.lower())
    return re.fullmatch(expression, name) is not None


def _wildcard(character: str) -> str:
    return {"*": ".*", "?": "."}.get(character) or re.escape(character)


def _is_hash_of(hashed: str, name: str) -> bool:
    try:
        salt, expected = (base64.b64decode(part, validate=True) for part in hashed.removeprefix(_HASHED).split("|"))
    except (binascii.Error, ValueError):
        return False
    # SHA-1 is what the file format says; it hides names, it does not protect keys.
    return hmac.compare_digest(hmac.new(salt, name.encode(), "sha1").digest(), expected)
