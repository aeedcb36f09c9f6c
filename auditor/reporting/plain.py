"""Making any text harmless and bounded, visibly: what a server answered is shown, never obeyed."""

from __future__ import annotations

import hashlib
import unicodedata

from auditor.reporting.language import ngettext

# Control and format characters (escape codes, bidirectional overrides, zero-width characters), halves of surrogate
# pairs, characters of private use, and the two Unicode line ends. Newline and tab are harmless.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_ALLOWED = frozenset("\n\t")
# The longest single text of a report.
LONGEST = 4000
# How many times its limit a text may be long before it is cut unread; spaces in a row become one.
_GENEROUS = 8


def visible(text: str) -> str:
    """Return the text with every character that hides, reorders or commands written out as ⟨U+202E⟩."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character in _ALLOWED or unicodedata.category(character) not in _HIDDEN:
        return character
    return f"⟨U+{ord(character):04X}⟩"


def harmless(text: str) -> str:
    """Return a text as it may stand in any report: visible, and cut where it is longer than people read."""
    return visible(bounded(text, LONGEST))


def on_one_line(text: str) -> str:
    """Return the text made visible, with newlines and tabs as single spaces."""
    return " ".join(visible(text).split())


def bounded(text: str, limit: int) -> str:
    """Return at most `limit` characters, saying how many were left out."""
    if len(text) <= limit:
        return text
    return text[:limit] + _left_out(len(text) - limit)


def cut_line(text: str, limit: int) -> str:
    """Return at most `limit` characters of the text as one line, saying how many were left out.

    The text is cut first, so that a value of megabytes costs no more than a short one.
    """
    if len(text) <= limit:
        return on_one_line(text)
    return on_one_line(text[:limit]) + _left_out(len(text) - limit)


def _left_out(characters: int) -> str:
    return ngettext("… [%(num)s more characters]", "… [%(num)s more characters]", characters)


def shortened(text: str, limit: int) -> str:
    """Return at most `limit` characters of one line, the last an ellipsis where something was left out."""
    cut = len(text) > _GENEROUS * limit
    line = on_one_line(text[: _GENEROUS * limit])
    return f"{line[: limit - 1]}…" if cut or len(line) > limit else line


def anchor(prefix: str, *parts: str) -> str:
    """Return an HTML id that is stable for these parts, whatever characters they hold."""
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{prefix}-{digest[:12]}"
