"""How a place in a document and a thing found there are put into words, without ever repeating a secret."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Any

Path = tuple[str | int, ...]

REFERENCE_KINDS = ("environment", "file", "keyring", "prompt", "command")
_SECRET_WORD = re.compile(r"pass(?!ive)|secret|token|credential|pwd", re.IGNORECASE)
_LOOKS_SECRET = re.compile(
    r"-----BEGIN|://[^/]*@|(?=[^.]*[0-9])(?=[^.]*[A-Za-z])[A-Za-z0-9+/=_-]{24,}|\S*[!$%^&*?=+]\S*", re.DOTALL
)
_SHOWN_LENGTH = 60


def holds_secret(path: Path) -> bool:
    """Whether what stands below this place may be a secret, by the words of its keys."""
    return any(isinstance(part, str) and _SECRET_WORD.search(part) for part in path)


def shown(text: str) -> str:
    """Return the text in quotes, or only its length when it looks like a secret, is long or is not printable."""
    if len(text) > _SHOWN_LENGTH or not text.isprintable() or _LOOKS_SECRET.search(text):
        return f"a text of {len(text)} characters"
    return f"'{text}'"


def found(value: Any, path: Path = ()) -> str:
    """Say what was found: the value where it is harmless, else only its kind."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a group of settings"
    if isinstance(value, list):
        return "a list"
    if holds_secret(path):
        return "a value that is not shown"
    if isinstance(value, int):
        return f"the number {value}"
    return shown(value) if isinstance(value, str) else "something else"


def rendered(path: Path) -> str:
    """Return the path as `environments[2].hosts[0].transport`; a key that may be a secret is shown as `…`."""
    text = ""
    for index, part in enumerate(path):
        if isinstance(part, int):
            text += f"[{part}]"
            continue
        hidden = holds_secret(path[:index]) and part not in REFERENCE_KINDS
        name = part if not hidden and shown(part).startswith("'") else "…"
        text += f".{name}" if text else name
    return text


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is most like this one, or None when none is."""
    by_fold = {name.casefold().replace("-", "_"): name for name in known}
    matches = difflib.get_close_matches(word.casefold().replace("-", "_"), by_fold, n=1, cutoff=0.6)
    return by_fold[matches[0]] if matches else None


def one_of(words: Sequence[str]) -> str:
    """Return `a, b or c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
