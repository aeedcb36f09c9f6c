"""The identity of a declared content, whatever file, folder, order of keys or comments it was written with."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any


def digest_of(value: Any) -> str:
    """Return 16 hexadecimal digits that identify the content of a frozen dataclass."""
    canonical = json.dumps(dataclasses.asdict(value), default=_plain, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _plain(value: Any) -> list[str]:
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no canonical form.")
