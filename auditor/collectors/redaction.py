"""The second guard against secrets: what looks like one is taken out of an answer before anybody stores it.

The first guard is that nobody asks for them: questions name what they want, and the server drops everything else.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from auditor.model.observation import Visit
from auditor.model.question import Answer

MARK = "[redacted]"
_DEEPEST = 40

_PATTERNS = (
    # PEM private keys, also ones cut short.
    re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[^-]*(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----)?"),
    # Texts that OutSystems encrypted with the environment's key.
    re.compile(r"\$2\$[^\s\"'<>;]{4,}"),
    # Connection strings: two or more of their settings in a row.
    re.compile(
        r"(?:\b(?:data source|server|address|initial catalog|database|user id|uid|password|pwd|integrated security)"
        r"\s{0,5}=\s{0,5}[^;\r\n]{0,200};\s{0,5}){2,}[^\r\n]{0,200}",
        re.IGNORECASE,
    ),
    # name=secret, name: secret, also inside JSON and XML attributes.
    re.compile(
        r"\b(?:\w{0,30}(?:password|passwd|passphrase)|pwd|(?:client[_-]?|aws[_-]?)secret\w{0,20}|secret[_-]?key"
        r"|api[_-]?key|access[_-]?token|auth[_-]?token|token)[\"']?\s{0,5}[=:]\s{0,5}[\"']?[^\s\"';,<>]+",
        re.IGNORECASE,
    ),
    # Command line switches.
    re.compile(r"(?:^|\s)(?:--?|/)(?:password|passwd|pwd|secret|token)[\s:=]+[^\s\"']+", re.IGNORECASE),
    # What signs a request in.
    re.compile(r"\b(?:bearer|basic)\s+[A-Za-z0-9._~+/-]{16,}={0,2}", re.IGNORECASE),
    re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),
    re.compile(r"\b(?:AKIA|ASIA|AGPA|AROA)[0-9A-Z]{16}\b"),
    # A user and password inside an address.
    re.compile(r"\b[a-z][a-z0-9+.-]{1,15}://[^\s/:@]{1,100}:[^\s/@]{1,200}@", re.IGNORECASE),
    # 16 bytes in base64: a line of private.key.
    re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{22}==(?![A-Za-z0-9+/=])"),
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
    value, detail = _clean(answer.value, 0), _clean_text(answer.detail)
    if value == answer.value and detail == answer.detail:
        return answer
    return dataclasses.replace(answer, value=value, detail=detail)


def secrets_found(visit: Visit) -> tuple[str, ...]:
    """Return the questions, sorted, whose answers held what looks like a secret: redacted, or still there."""
    return tuple(sorted(name for name, answer in visit.answers.items() if _is_suspect(answer)))


def _is_suspect(answer: Answer) -> bool:
    return redact(answer) is not answer or _has_mark(answer.value, 0) or MARK in answer.detail


def _has_mark(value: Any, depth: int) -> bool:
    if isinstance(value, str):
        return MARK in value
    if depth >= _DEEPEST:
        return False
    if isinstance(value, Mapping):
        return any(_has_mark(item, depth + 1) for pair in value.items() for item in pair)
    return isinstance(value, list | tuple) and any(_has_mark(item, depth + 1) for item in value)


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
    for pattern in _PATTERNS:
        text = pattern.sub(MARK, text)
    text = _SERIAL.sub(r"\1-***-***-***-***-***-***-\2", text)
    return _LONG_BASE64.sub(lambda match: MARK if _looks_random(match[0]) else match[0], text)


def _looks_random(text: str) -> bool:
    kinds = (str.isupper, str.islower, str.isdigit)
    mixed = all(any(kind(letter) for letter in text) for kind in kinds)
    return mixed and (text.endswith("=") or "+" in text)
