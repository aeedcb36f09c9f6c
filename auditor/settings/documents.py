"""Reading a YAML file that a person wrote, with the line of every value.

The file is input like any other: it is bounded in size, depth and aliases, tags are refused, and a key that stands
twice is a mistake. Plain words are read as YAML 1.2 reads them: only `true` and `false` are booleans, so an environment
may be called No, and a date stays text until a setting asks for a date.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, NoReturn

import yaml

from auditor.errors import DocumentError, Location
from auditor.settings.wording import Path, holds_secret, rendered, shown

MAXIMUM_BYTES = 1_000_000
MAXIMUM_DEPTH = 24
MAXIMUM_ALIASES = 200
MAXIMUM_VALUES = 100_000

Problem = tuple[Location, str]

_WHOLE_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_WORDS: Mapping[str, Any] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says: plain data, the line of every path in it, and the mistakes seen while reading."""

    file: str
    content: Any
    lines: Mapping[Path, int]
    problems: tuple[Problem, ...] = ()

    def location(self, path: Path) -> Location:
        """Return the place of this path; something that is not there has the line of what it should stand in."""
        known = path
        while known and known not in self.lines:
            known = known[:-1]
        return Location(self.file, self.lines.get(known, 1), rendered(path))


@dataclass(slots=True)
class _Node:
    """One YAML node: a scalar, a list of nodes, or a list of (key, value) pairs of nodes."""

    line: int
    value: Any = None
    items: list[_Node] | None = None
    pairs: list[tuple[_Node, _Node]] | None = None


def read_document(path: FilePath) -> Document:
    """Read a YAML file; raises `DocumentError` when it cannot be read as YAML at all."""
    return parse_document(path, _text_of(path))


def parse_document(path: FilePath, text: str) -> Document:
    """Return what the text of a file says; raises `DocumentError` when it cannot be read as YAML at all."""
    try:
        node = _Composer(str(path), text).compose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        _refuse(path, None if mark is None else mark.line + 1, _syntax_sentence(error.problem or ""))
    except yaml.reader.ReaderError as error:
        _refuse(path, text.count("\n", 0, error.position) + 1, "a character stands here that no text file may hold.")
    except (ValueError, OverflowError):
        # The scanner of PyYAML lets chr() fail on escapes beyond Unicode.
        _refuse(path, None, "a quoted text holds an escape that is no character; write the character itself.")
    return _Expansion(str(path)).document(node)


def _refuse(path: FilePath, line: int | None, sentence: str) -> NoReturn:
    raise DocumentError([(Location(str(path), line), sentence)]) from None


def _text_of(path: FilePath) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAXIMUM_BYTES + 1)
    except FileNotFoundError:
        _refuse(path, None, "there is no such file; `osaudit init` writes an example.")
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "not a path"
        _refuse(path, None, f"the file cannot be read: {reason}.")
    if len(data) > MAXIMUM_BYTES:
        _refuse(path, None, f"the file is larger than {MAXIMUM_BYTES} bytes; expected a short text written by hand.")
    utf_16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if utf_16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = None if utf_16 else data.count(b"\n", 0, error.start) + 1
        _refuse(path, line, "this is not UTF-8 text; save the file with the encoding UTF-8.")


def _syntax_sentence(problem: str) -> str:
    """Say what is wrong with the YAML; the parser's own words may quote the file, so quotations are dropped."""
    if "mapping values are not allowed" in problem:
        return "a second colon stands in this line, or the indentation is wrong; put a text with a colon in quotes."
    if "could not find expected ':'" in problem:
        return "a key stands here without a colon; expected `key: value`."
    if "undefined alias" in problem:
        return "a value starts with * but no such anchor was written before; put a text that starts with * in quotes."
    if "cannot start any token" in problem:
        return "a value starts with a character that YAML keeps for itself (tab, %, @ or `); put it in quotes."
    if "tag" in problem:
        return "tags (!) are not understood; put a text that starts with ! in quotes."
    if "expected a single document" in problem or "document start" in problem:
        return "the file holds more than one document, or text after its end; expected one."
    plain = re.sub(r"\s*'(?!<)[^']*'", "", problem)
    return f"this is not YAML: {plain or 'it cannot be read'}; check indentation, colons, brackets and quotes."


class _Composer:
    """Turns the events of the parser into nodes, within bounds, without recursion into what an alias holds."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=yaml.SafeLoader))
        self._anchors: dict[str, _Node] = {}
        self._aliases = 0
        self._nodes = 0

    def compose(self) -> _Node | None:
        """Return the root, or None when the file holds nothing."""
        next(self._events)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return None
        root = self._node(next(self._events), 1)
        next(self._events)
        following = next(self._events)
        if not isinstance(following, yaml.StreamEndEvent):
            self._refuse(following, _syntax_sentence("expected a single document"))
        return root

    def _refuse(self, event: Any, sentence: str) -> NoReturn:
        raise DocumentError([(Location(self._file, event.start_mark.line + 1), sentence)])

    def _node(self, event: Any, depth: int) -> _Node:
        if depth > MAXIMUM_DEPTH:
            self._refuse(event, f"the file is nested deeper than {MAXIMUM_DEPTH} levels.")
        self._nodes += 1
        if self._nodes > MAXIMUM_VALUES:
            self._refuse(event, f"the file holds more than {MAXIMUM_VALUES} values; expected a short text.")
        if isinstance(event, yaml.AliasEvent):
            return self._aliased(event)
        if event.tag is not None:
            self._refuse(event, _syntax_sentence("tag"))
        node = _Node(event.start_mark.line + 1)
        if isinstance(event, yaml.ScalarEvent):
            text = self._joined(event)
            node.value = _plain(text) if event.style is None else text
        elif isinstance(event, yaml.SequenceStartEvent):
            node.items = [self._node(item, depth + 1) for item in self._until(yaml.SequenceEndEvent)]
        else:
            node.pairs = [
                (self._node(key, depth + 1), self._node(next(self._events), depth + 1))
                for key in self._until(yaml.MappingEndEvent)
            ]
        # Only a finished node can be referred to, so no node can hold itself.
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _joined(self, event: Any) -> str:
        """Join the two halves with which JSON escapes a character beyond the first 65536; PyYAML keeps them apart."""
        try:
            return str(event.value).encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self._refuse(event, "a quoted text holds half a character; write the character itself.")

    def _until(self, end: type[Any]) -> Iterator[Any]:
        while not isinstance(event := next(self._events), end):
            yield event

    def _aliased(self, event: Any) -> _Node:
        self._aliases += 1
        if self._aliases > MAXIMUM_ALIASES:
            self._refuse(
                event, f"the file uses more than {MAXIMUM_ALIASES} aliases (*); write such settings as defaults."
            )
        if event.anchor not in self._anchors:
            self._refuse(event, _syntax_sentence("undefined alias"))
        return self._anchors[event.anchor]


def _plain(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if _WHOLE_NUMBER.fullmatch(text) else text


@dataclass(slots=True)
class _Expansion:
    """Turns nodes into plain data with the line of every path."""

    file: str
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    count: int = 0

    def document(self, root: _Node | None) -> Document:
        """Return the whole document."""
        content = None if root is None else self._value(root, ())
        return Document(self.file, content, self.lines, tuple(self.problems))

    def _value(self, node: _Node, path: Path) -> Any:
        self.count += 1
        if self.count > MAXIMUM_VALUES:
            sentence = f"the file unfolds to more than {MAXIMUM_VALUES} values; use fewer aliases (*)."
            raise DocumentError([(Location(self.file, node.line), sentence)])
        self.lines.setdefault(path, node.line)
        if node.items is not None:
            return [self._value(item, (*path, index)) for index, item in enumerate(node.items)]
        return node.value if node.pairs is None else self._group(node.pairs, path)

    def _group(self, pairs: list[tuple[_Node, _Node]], path: Path) -> dict[str, Any]:
        group: dict[str, Any] = {}
        for key, value in pairs:
            name = key.value
            here = Location(self.file, key.line, rendered(path))
            if not isinstance(name, str):
                self.problems.append((here, "a key here is not text; expected a word, a colon and a value."))
            elif name in group:
                named = "a key" if holds_secret(path) else f"the key {shown(name)}"
                first = self.lines[(*path, name)]
                self.problems.append((here, f"{named} stands twice (first in line {first}); keep one of them."))
            else:
                self.lines[(*path, name)] = key.line
                group[name] = self._value(value, (*path, name))
        return group
