"""Making any text harmless and bounded, visibly: what a server answered is shown, never obeyed."""

from __future__ import annotations

import hashlib
import unicodedata

# Control and format characters (escape codes, bidirectional overrides, zero-width characters), halves of surrogate
# pairs, characters of private use, and the two Unicode line ends. Newline and tab are harmless.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_ALLOWED = frozenset("\n\t")


def visible(text: str) -> str:
    """Return the text with every character that hides, reorders or commands written out as ⟨U+202E⟩."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character in _ALLOWED or unicodedata.category(character) not in _HIDDEN:
        return character
    return f"⟨U+{ord(character):04X}⟩"


def on_one_line(text: str) -> str:
    """Return the text made visible, with newlines and tabs as single spaces."""
    return " ".join(visible(text).split())


def bounded(text: str, limit: int) -> str:
    """Return at most `limit` characters, saying how many were left out."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… [{len(text) - limit} more characters]"


def shortened(text: str, limit: int) -> str:
    """Return at most `limit` characters of one line, the last an ellipsis where something was left out."""
    line = on_one_line(text)
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def anchor(prefix: str, *parts: str) -> str:
    """Return an HTML id that is stable for these parts, whatever characters they hold."""
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{prefix}-{digest[:12]}"
