"""Which line of an OpenSSH client configuration, such as ~/.ssh/config, holds for a name."""

from __future__ import annotations

import errno
import os
import re
from dataclasses import dataclass
from pathlib import Path

MAXIMUM_BYTES = 1_000_000

_LINE = re.compile(r'(?:"([A-Za-z0-9]+)"|([A-Za-z0-9]+))(?:[ \t]*=[ \t]*|[ \t]+|$)(.*)')


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: its keyword in lower case, and its words without quotes.

    `patterns` are those of the Host block it stands in; None in a Match block, whose conditions are not looked at.
    """

    number: int
    keyword: str
    words: tuple[str, ...]
    patterns: tuple[str, ...] | None

    @property
    def is_certain(self) -> bool:
        """Whether it is known for which names the line holds."""
        return self.patterns is not None

    def may_hold_for(self, name: str) -> bool:
        """Whether the line holds for this name, or, in a Match block, may hold. As in ssh, case counts."""
        if self.patterns is None:
            return True
        if any(_like(pattern[1:], name) for pattern in self.patterns if pattern.startswith("!")):
            return False
        return any(_like(pattern, name) for pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class SSHConfig:
    """A file that was read. `damaged` has the numbers of lines that ssh itself would refuse to read."""

    entries: tuple[Entry, ...] = ()
    damaged: tuple[int, ...] = ()

    def first(self, name: str, *keywords: str) -> Entry | None:
        """Return the line that decides for a name as a person would type it: as in ssh, the first one wins."""
        found = (entry for entry in self.entries if entry.keyword in keywords and entry.may_hold_for(name))
        return next(found, None)


def load_ssh_config(path: Path) -> SSHConfig:
    """Read a configuration; OSError when it is not there or cannot be read."""
    with path.open("rb") as file:
        data = file.read(MAXIMUM_BYTES + 1)
    if len(data) > MAXIMUM_BYTES:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return parse_ssh_config(data.decode("utf-8", "replace"))


def parse_ssh_config(text: str) -> SSHConfig:
    """Take a configuration apart; whatever the text holds, this does not fail."""
    entries: list[Entry] = []
    damaged: list[int] = []
    patterns: tuple[str, ...] | None = ("*",)
    # Only these end a line or surround it for ssh; str.splitlines and str.strip know many more.
    for number, line in enumerate(text.split("\n"), start=1):
        content = line.lstrip(" \t").rstrip(" \t\r\f")
        if not content or content.startswith("#"):
            continue
        match = _LINE.fullmatch(content)
        words = None if match is None else _words(match[3])
        if match is None or not words:
            damaged.append(number)
            continue
        keyword = (match[1] or match[2]).lower()
        if keyword == "host":
            patterns = words
        elif keyword == "match":
            patterns = ("*",) if [word.lower() for word in words] == ["all"] else None
        else:
            entries.append(Entry(number, keyword, words, patterns))
    return SSHConfig(tuple(entries), tuple(damaged))


def _words(text: str) -> tuple[str, ...] | None:
    """Take the words of a line apart as ssh does; None when a quotation has no end.

    A # starts a comment only where a word would start, and a backslash keeps itself before most characters, as in
    the paths of Windows.
    """
    words: list[str] = []
    word: str | None = None
    quote = ""
    for part in re.findall(r"\\[\\'\" ]|.", text, re.DOTALL):
        if word is None:
            if part in (" ", "\t"):
                continue
            if part == "#":
                break
            word = ""
        if quote and part == quote:
            quote = ""
        elif not quote and part in ('"', "'"):
            quote = part
        elif not quote and part in (" ", "\t"):
            words.append(word)
            word = None
        elif len(part) == 2 and not (quote and part == "\\ "):
            word += part[1]
        else:
            word += part
    if word is not None:
        words.append(word)
    return None if quote else tuple(words)


def _like(pattern: str, name: str) -> bool:
    wildcards = {"*": ".*", "?": "."}
    expression = "".join(wildcards.get(character) or re.escape(character) for character in pattern)
    return re.fullmatch(expression, name) is not None
