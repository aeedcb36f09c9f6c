"""How a modelled server tells the end of one question, and the wildcards it understands."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from auditor.model.question import Outcome


@dataclass(frozen=True, slots=True)
class Told:
    """What one question came to."""

    outcome: Outcome
    value: Any = None
    detail: str = ""
    complete: bool = True


class NotTold(Exception):  # noqa: N818 - it is not an error but an answer
    """A question that ends without a value; carries how it ended."""

    def __init__(self, outcome: Outcome, detail: str = "") -> None:
        self.told = Told(outcome, detail=detail)
        super().__init__(detail)


def missing(detail: str = "") -> NotTold:
    """The thing asked for is proved not to exist."""
    return NotTold(Outcome.MISSING, detail)


def denied(detail: str = "access denied") -> NotTold:
    """The thing asked for may not be looked at."""
    return NotTold(Outcome.DENIED, detail)


def failed(detail: str) -> NotTold:
    """The question could not be answered."""
    return NotTold(Outcome.FAILED, detail)


def matches(pattern: str, name: str, *, fold: bool = True) -> bool:
    """Whether the name matches a pattern in which only `*` is special; `fold` compares without regard to case."""
    expression = ".*".join(re.escape(part) for part in pattern.split("*"))
    flags = re.DOTALL | (re.IGNORECASE if fold else 0)
    return re.fullmatch(expression, name, flags) is not None


def covered(path: str, patterns: Iterable[str], separator: str, *, fold: bool = True) -> bool:
    """Whether a pattern matches the path or one of the folders or keys above it."""
    parts = path.split(separator)
    lineage = [separator.join(parts[: count + 1]) for count in range(len(parts))]
    return any(matches(pattern, item, fold=fold) for pattern in patterns for item in lineage)
