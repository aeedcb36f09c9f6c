"""Version numbers as OutSystems, Microsoft and RabbitMQ print them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

_VERSION = re.compile(r"\d{1,9}(?:\.\d{1,9}){0,5}")


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A dotted version that compares by its numbers, so that 11.7.0 follows 11.0.615.0."""

    parts: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the version that `text` spells; ValueError when it spells none."""
        stripped = text.strip()
        if not _VERSION.fullmatch(stripped):
            raise ValueError(f"{stripped[:40]!r} is not a version")
        return cls(tuple(int(part) for part in stripped.split(".")))

    def __str__(self) -> str:
        return ".".join(str(part) for part in self.parts)

    @property
    def release(self) -> Self:
        """Major, minor and patch: what the vendor's tables are written in."""
        return type(self)((*self.parts, 0, 0, 0)[:3])
