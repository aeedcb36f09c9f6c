"""The words a check answers with."""

from __future__ import annotations

from typing import NoReturn

from auditor.engine.sight import Unknowable
from auditor.model.fact import NotKnown, Reason
from auditor.model.finding import Severity, Status, Verdict


def passed(sentence: str) -> Verdict:
    """The condition holds; the sentence says what was seen."""
    return Verdict(Status.PASS, sentence)


def failed(sentence: str, *, expected: str, found: str, severity: Severity | None = None, lasting: str = "") -> Verdict:
    """The condition is violated; the sentence has the measured value.

    `severity` lowers the check's for a violation that is proved to weigh less; a higher one has no effect. `lasting` is
    what a waiver accepts instead of `found`: without what is another every night, and with all that is only counted or
    cut in `found`.
    """
    return Verdict(Status.FAIL, sentence, expected, found, severity=severity, lasting=lasting)


def not_applicable(sentence: str, *, because_of: str | None = None) -> Verdict:
    """The subject is positively outside the scope of the check; `because_of` is the check that tells the cause."""
    return Verdict(Status.NOT_APPLICABLE, sentence, because_of=because_of)


def unknown(reason: Reason, sentence: str) -> NoReturn:
    """The check cannot be decided for a reason that no missing fact gives by itself."""
    raise Unknowable(NotKnown(reason, sentence))


def count(number: int, noun: str) -> str:
    """Return a number with its noun, for a sentence."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
