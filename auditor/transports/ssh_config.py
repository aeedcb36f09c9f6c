"""A stated subset of ~/.ssh/config: Host blocks with six keywords; everything else is named, never guessed at."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Keyword = Literal["hostname", "port", "user", "identityfile", "proxyjump", "userknownhostsfile"]
_KEYWORDS: dict[str, Keyword] = {
    "hostname": "hostname",
    "port": "port",
    "user": "user",
    "identityfile": "identityfile",
    "proxyjump": "proxyjump",
    "userknownhostsfile": "userknownhostsfile",
}


@dataclass(frozen=True, slots=True)
class SSHSettings:
    """What the file says of one name; None where it says nothing. Paths have `~` expanded."""

    host_name: str | None = None
    port: int | None = None
    user: str | None = None
    identity_file: str | None = None
    proxy_jump: str | None = None
    known_hosts: str | None = None


@dataclass(frozen=True, slots=True)
class _Block:
    patterns: tuple[str, ...]
    settings: tuple[tuple[Keyword, str], ...]

    def is_for(self, name: str) -> bool:
        if any(_like(pattern[1:], name) for pattern in self.patterns if pattern.startswith("!")):
            return False
        return any(_like(pattern, name) for pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class SSHConfig:
    """A file that was read. `ignored` has one text for each line that is not in the subset: `line 7: Match`."""

    blocks: tuple[_Block, ...] = field(default=(), repr=False)
    ignored: tuple[str, ...] = ()

    def settings(self, name: str) -> SSHSettings:
        """Return what holds for a name as a person would type it; as in OpenSSH the first value found wins."""
        found: dict[Keyword, str] = {}
        for block in self.blocks:
            if block.is_for(name):
                for keyword, value in block.settings:
                    found.setdefault(keyword, value)
        port = found.get("port", "")
        jump = found.get("proxyjump")
        return SSHSettings(
            host_name=_named(found.get("hostname"), name),
            port=int(port) if port.isdecimal() and len(port) <= 5 else None,
            user=found.get("user"),
            identity_file=_expanded(found.get("identityfile")),
            proxy_jump=None if jump is None or jump.lower() == "none" else jump,
            known_hosts=_expanded(found.get("userknownhostsfile")),
        )


def load_ssh_config(path: Path) -> SSHConfig:
    """Read the file; one that does not exist says nothing. OSError when it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return SSHConfig()
    blocks: list[_Block] = []
    ignored: list[str] = []
    patterns: tuple[str, ...] = ("*",)
    settings: list[tuple[Keyword, str]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        keyword, values = _words(line)
        if not keyword:
            continue
        if keyword.lower() in ("host", "match"):
            blocks.append(_Block(patterns, tuple(settings)))
            # A Match block holds under conditions that are not looked at, so it holds for nobody.
            patterns, settings = (tuple(values) if keyword.lower() == "host" else ()), []
        known = _KEYWORDS.get(keyword.lower())
        if known and values:
            settings.append((known, values[0]))
        elif keyword.lower() != "host":
            ignored.append(f"line {number}: {keyword}")
    blocks.append(_Block(patterns, tuple(settings)))
    return SSHConfig(tuple(blocks), tuple(ignored))


def _words(line: str) -> tuple[str, list[str]]:
    """`Keyword value value`, `Keyword=value`, values in double quotes; a line of another form has no values."""
    match = re.fullmatch(r"\s*([A-Za-z]+)(?:\s*=\s*|\s+|$)(.*?)\s*", line)
    if match is None:
        return "", []
    lexer = shlex.shlex(match[2], posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.commenters = "#"
    lexer.quotes = '"'
    lexer.escape = ""
    try:
        return match[1], list(lexer)
    except ValueError:
        return match[1], []


def _like(pattern: str, name: str) -> bool:
    wildcards = {"*": ".*", "?": "."}
    expression = "".join(wildcards.get(character) or re.escape(character) for character in pattern)
    return re.fullmatch(expression, name, re.IGNORECASE) is not None


def _named(value: str | None, name: str) -> str | None:
    return None if value is None else value.replace("%h", name).replace("%%", "%")


def _expanded(value: str | None) -> str | None:
    if value is None or value.lower() == "none":
        return None
    home = str(Path.home())
    return str(Path(value.replace("%d", home).replace("%%", "%")).expanduser())
