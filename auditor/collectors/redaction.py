"""The second guard against secrets: what looks like one is taken out of an answer before anybody stores it.

The first guard is that nobody asks for them: questions name what they want, and the server drops everything else.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from auditor.model.observation import Visit
from auditor.model.question import Answer

MARK = "[redacted]"
_DEEPEST = 40
# The only secrets that are nothing but letters and digits are at least as long.
_SHORTEST_WORD = 20


class _Pattern(NamedTuple):
    """What a secret looks like, and pieces in lower case of which every match holds one.

    Looking for the pieces is a hundred times as fast as looking for the expression.
    """

    expression: re.Pattern[str]
    pieces: tuple[str, ...]

    def may_be_in(self, text: str, lower: str) -> bool:
        """Whether the expression has to be looked for. Letters beyond ASCII can stand for others in lower case."""
        return any(piece in lower for piece in self.pieces) or not text.isascii()


_PATTERNS = (
    # PEM private keys, also ones cut short.
    _Pattern(
        re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[^-]*(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----)?"),
        ("private key-----",),
    ),
    # Texts that OutSystems encrypted with the environment's key.
    _Pattern(re.compile(r"\$2\$[^\s\"'<>;]{4,}"), ("$2$",)),
    # Connection strings: two or more of their settings in a row.
    _Pattern(
        re.compile(
            r"(?:\b(?:data source|server|address|initial catalog|database|user id|uid|password|pwd|integrated security)"
            r"\s{0,5}=\s{0,5}[^;\r\n]{0,200};\s{0,5}){2,}[^\r\n]{0,200}",
            re.IGNORECASE,
        ),
        ("=",),
    ),
    # name=secret, name: secret, also inside JSON and XML attributes.
    _Pattern(
        re.compile(
            r"\b(?:\w{0,30}(?:password|passwd|passphrase)|pwd|(?:client[_-]?|aws[_-]?)secret\w{0,20}|secret[_-]?key"
            r"|api[_-]?key|access[_-]?token|auth[_-]?token|token)[\"']?\s{0,5}[=:]\s{0,5}[\"']?[^\s\"';,<>]+",
            re.IGNORECASE,
        ),
        ("passw", "passphrase", "pwd", "secret", "api-key", "api_key", "apikey", "token"),
    ),
    # Command line switches.
    _Pattern(
        re.compile(r"(?:^|\s)(?:--?|/)(?:password|passwd|pwd|secret|token)[\s:=]+[^\s\"']+", re.IGNORECASE),
        ("passw", "pwd", "secret", "token"),
    ),
    # What signs a request in.
    _Pattern(re.compile(r"\b(?:bearer|basic)\s+[A-Za-z0-9._~+/-]{16,}={0,2}", re.IGNORECASE), ("bearer", "basic")),
    _Pattern(re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"), (".eyj",)),
    _Pattern(re.compile(r"\b(?:AKIA|ASIA|AGPA|AROA)[0-9A-Z]{16}\b"), ("akia", "asia", "agpa", "aroa")),
    # A user and password inside an address.
    _Pattern(re.compile(r"\b[a-z][a-z0-9+.-]{1,15}://[^\s/:@]{1,100}:[^\s/@]{1,200}@", re.IGNORECASE), ("://",)),
    # 16 bytes in base64: a line of private.key.
    _Pattern(re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{22}==(?![A-Za-z0-9+/=])"), ("==",)),
)
# Longer base64 is only suspected where it cannot be a path, a name or a hexadecimal digest.
_LONG_BASE64 = re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{40,}={0,2}(?![A-Za-z0-9+/=])")
_SERIAL = re.compile(r"\b([0-9A-Z]{3})(?:-[0-9A-Z]{3}){6}-([0-9A-Z]{3})\b", re.IGNORECASE)
_SECRET_NAME = re.compile(r"passw(or)?d|passphrase|secret|connectionstring|privatekey", re.IGNORECASE)


def redact(answer: Answer) -> Answer:
    """Return the answer as it may be stored; the same object if nothing had to change.

    What looks like a secret is replaced by the mark. Of the platform's serial number, which identifies the licence of a
    customer, the first and last group are kept: WMI cannot be asked for less than the whole.
    """
    if not _may_hold_secret(answer):
        return answer
    value, detail = _clean(answer.value, 0), _clean_text(answer.detail)
    if value == answer.value and detail == answer.detail:
        return answer
    return dataclasses.replace(answer, value=value, detail=detail)


def secrets_found(visit: Visit) -> tuple[str, ...]:
    """Return the questions, sorted, whose answers held what looks like a secret: redacted, or still there."""
    return tuple(sorted(name for name, answer in visit.answers.items() if _is_suspect(answer)))


def _is_suspect(answer: Answer) -> bool:
    texts = _texts(answer)
    return texts is None or MARK in texts or redact(answer) is not answer


def _may_hold_secret(answer: Answer) -> bool:
    """Whether it is worth looking closely: all its texts are looked through at once, which is much faster.

    What is found in one text is found in all of them too, because a line break between two is no part of a word.
    """
    texts = _texts(answer)
    if texts is None:
        return True
    lower = texts.lower()
    return any(pattern.may_be_in(texts, lower) and pattern.expression.search(texts) for pattern in _PATTERNS) or any(
        expression.search(texts) for expression in (_SECRET_NAME, _SERIAL, _LONG_BASE64)
    )


def _texts(answer: Answer) -> str | None:
    """Return all texts of an answer, a line break between two; None where it is nested deeper than any can be."""
    found = [answer.detail]
    return "\n".join(found) if _gather((answer.value,), 0, found) else None


def _gather(items: Iterable[Any], depth: int, found: list[str]) -> bool:
    """Add all texts below; False where they are nested too deep."""
    if depth > _DEEPEST:
        return False
    for item in items:
        if isinstance(item, str):
            found.append(item)
        elif isinstance(item, Mapping):
            if not (_gather(item, depth + 1, found) and _gather(item.values(), depth + 1, found)):
                return False
        elif isinstance(item, list | tuple) and not _gather(item, depth + 1, found):
            return False
    return True


def _clean(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _clean_text(value)
    if depth >= _DEEPEST:
        # No answer is that deep; what cannot be looked through is not kept.
        return MARK if isinstance(value, Mapping | list | tuple) else value
    if isinstance(value, Mapping):
        return _clean_mapping(value, depth)
    if isinstance(value, list | tuple):
        return [_clean(item, depth + 1) for item in value]
    return value


def _clean_mapping(value: Mapping[Any, Any], depth: int) -> dict[Any, Any]:
    # In the answer of `xml` the name of an element stands beside its text.
    element = value.get("name")
    named = isinstance(element, str) and _SECRET_NAME.search(element) is not None
    cleaned = {}
    for key, item in value.items():
        is_secret = isinstance(key, str) and (_SECRET_NAME.search(key) is not None or (named and key == "text"))
        name = _clean_text(key) if isinstance(key, str) else key
        cleaned[name] = MARK if is_secret and isinstance(item, str) and item else _clean(item, depth + 1)
    return cleaned


def _clean_text(text: str) -> str:
    if len(text) < _SHORTEST_WORD and text.isalnum():
        return text
    lower = text.lower()
    for pattern in _PATTERNS:
        if pattern.may_be_in(text, lower):
            text = pattern.expression.sub(MARK, text)
    text = _SERIAL.sub(r"\1-***-***-***-***-***-***-\2", text)
    return _LONG_BASE64.sub(lambda match: MARK if _looks_random(match[0]) else match[0], text)


def _looks_random(text: str) -> bool:
    kinds = (str.isupper, str.islower, str.isdigit)
    mixed = all(any(kind(letter) for letter in text) for kind in kinds)
    return mixed and (text.endswith("=") or "+" in text)
