"""The files of a modelled server: places, listings, contents, digests."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from auditor.model.question import Outcome
from auditor.simulation.machine_telling import Told, covered, denied, failed, matches, missing

_MOST_TEXT = 65536
_MOST_ENTRIES = 500


@dataclass(frozen=True, slots=True)
class ModelledFile:
    """A file; `size` of content that nobody wrote down is filled with zero bytes when it is digested."""

    content: bytes | None = None
    size: int = 0
    modified: str = "2026-01-10T08:00:00Z"
    version: str | None = None

    @property
    def length(self) -> int:
        """The size in bytes."""
        return self.size if self.content is None else len(self.content)


class FileTree:
    """Files and folders by path; on Windows names compare without regard to case and keep their spelling."""

    def __init__(
        self, *, windows: bool, denied_paths: tuple[str, ...] = (), expand: Callable[[str], str] = str
    ) -> None:
        self._windows = windows
        self._separator = "\\" if windows else "/"
        self._files: dict[str, ModelledFile] = {}
        self._folders: dict[str, dict[str, tuple[str, bool]]] = {}
        self._expand = expand
        self._denied = tuple(self._clean(expand(path)) for path in denied_paths)

    def _clean(self, path: str) -> str:
        if self._windows:
            path = path.replace("/", "\\")
        doubled = self._separator * 2
        while doubled in path[1:]:
            path = path[:1] + path[1:].replace(doubled, self._separator)
        return path.rstrip(self._separator) or self._separator

    def _id(self, path: str) -> str:
        return path.casefold() if self._windows else path

    def add_folder(self, path: str) -> None:
        """Add a folder with all folders above it."""
        path = self._clean(self._expand(path))
        self._folders.setdefault(self._id(path), {})
        parent, _, name = path.rpartition(self._separator)
        is_top = not name or (self._windows and not parent)
        if not is_top and self._id(name) not in self._folders.get(self._id(parent or self._separator), {}):
            self.add_folder(parent or self._separator)
            self._folders[self._id(parent or self._separator)][self._id(name)] = (name, True)

    def add_file(self, path: str, file: ModelledFile) -> None:
        """Add a file with all folders above it."""
        path = self._clean(self._expand(path))
        parent, _, name = path.rpartition(self._separator)
        self.add_folder(parent or self._separator)
        self._folders[self._id(parent or self._separator)][self._id(name)] = (name, False)
        self._files[self._id(path)] = file

    def remove(self, path: str) -> None:
        """Remove a file, or a folder with all below it."""
        path = self._clean(self._expand(path))
        parent, _, name = path.rpartition(self._separator)
        self._folders.get(self._id(parent or self._separator), {}).pop(self._id(name), None)
        inside = self._id(path) + self._separator
        for known in (self._files, self._folders):
            for other in [item for item in known if item == self._id(path) or item.startswith(inside)]:
                del known[other]

    def resolve(self, path: str, base: str | None = None) -> str:
        """Return the path with variables expanded, relative to the base where one is given."""
        path = self._expand(path)
        if base is not None:
            path = self._expand(base) + (self._separator + path if path else "")
        path = self._clean(path)
        if not re.match(r"[A-Za-z]:" if self._windows else "/", path):
            raise failed("the place is not a full path on a local drive")
        return path

    def _guard(self, path: str) -> None:
        if covered(path, self._denied, self._separator, fold=self._windows):
            raise denied()

    def opened(self, path: str) -> ModelledFile:
        """Return a file; raises `NotTold` where there is none or it may not be looked at."""
        self._guard(path)
        file = self._files.get(self._id(path))
        if file is None:
            raise missing()
        return file

    def content(self, path: str) -> bytes:
        """Return the content of a file; raises `NotTold` as `opened`."""
        file = self.opened(path)
        return bytes(file.size) if file.content is None else file.content

    def has_folder(self, path: str) -> bool:
        """Whether the folder exists."""
        return self._id(self.resolve(path)) in self._folders

    def file_answer(self, path: str, text_bytes: int | None) -> Told:
        """Answer the `file` verb for a resolved path."""
        file = self.opened(path)
        version = file.version if path.casefold().endswith((".exe", ".dll")) else None
        value: dict[str, Any] = {
            "path": path, "size": file.length, "modified": file.modified, "version": version,
        }  # fmt: skip
        if text_bytes is not None:
            if not 0 < text_bytes <= _MOST_TEXT:
                raise failed(f"text must be between 1 and {_MOST_TEXT}")
            value["text"] = self.content(path)[:text_bytes].decode("utf-8-sig", errors="replace")
        return Told(Outcome.OK, value)

    def directory_answer(self, path: str, like: str, limit: int) -> Told:
        """Answer the `directory` verb for a resolved path."""
        self._guard(path)
        folder = self._folders.get(self._id(path))
        if folder is None:
            raise missing()
        rows = sorted(folder.values(), key=lambda row: (row[0].casefold(), row[0]))
        entries = [
            {"name": name, "folder": is_folder}
            for name, is_folder in rows
            if (matches(like, name) if self._windows else fnmatchcase(name, like))
        ]
        limit = min(limit, _MOST_ENTRIES)
        return Told(Outcome.OK, {"path": path, "entries": entries[:limit]}, complete=len(entries) <= limit)

    def digest_answer(self, path: str, key: bytes) -> Told:
        """Answer the `digest` verb for a resolved path."""
        content = self.content(path)
        digest = hmac.new(key, content, hashlib.sha256).hexdigest()
        return Told(Outcome.OK, {"path": path, "size": len(content), "digest": digest})


def place(files: FileTree, arguments: Mapping[str, Any], lookup: Callable[[str, str], str | None]) -> str:
    """Return the resolved path of a place; `lookup` gives a registry value or None."""
    base = arguments.get("base")
    otherwise = arguments.get("otherwise")
    if base is None:
        return files.resolve(str(arguments.get("path") or ""))
    folder = lookup(str(base["key"]), str(base["value"]))
    if folder is None and otherwise is None:
        raise missing("base")
    return files.resolve(str(arguments.get("path") or ""), folder if folder is not None else str(otherwise))
