"""The languages that reports speak."""

from __future__ import annotations

from enum import StrEnum


class Language(StrEnum):
    """A language by its code."""

    ENGLISH = "en"
    PORTUGUESE = "pt"
