"""waivers.yaml: the deviations that somebody accepted, each with a reason and an end."""

from __future__ import annotations

import re
from pathlib import Path as FilePath
from typing import Annotated

from pydantic import AfterValidator, Field

from auditor.errors import DocumentError, Location
from auditor.model.inventory import Purpose
from auditor.model.waiver import MONTHS, NEVER_WAIVED, Waiver, months_later
from auditor.settings.documents import Document, read_document
from auditor.settings.fields import CalendarDate, DocumentModel, HostName, Line, Name, Prose, mistake
from auditor.settings.structure import judge
from auditor.settings.wording import Path, shown


def _evidence(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{12}", text):
        raise mistake(f"found {shown(text)}; expected a fingerprint as a report shows it, such as '3f9a01c27b5e'.")
    return text


def _check(text: str) -> str:
    if re.fullmatch(r"[A-Z]{2,5}-[0-9]{3}|[a-z][a-z0-9_]*", text):
        return text
    if re.fullmatch(r"[A-Z]{2,5}-[0-9]{3}", text.upper()):
        raise mistake(f"found {shown(text)}; did you mean {text.upper()}?")
    raise mistake(f"found {shown(text)}; expected the id of a check, such as TOPO-006, or its name in words_like_this.")


class WaiverSettings(DocumentModel):
    """One accepted deviation, for a host, an environment, a purpose, or everywhere."""

    check: Annotated[str, AfterValidator(_check)] = Field(description="The id or the name of the check.")
    reason: Prose = Field(description="Why the deviation is accepted.")
    owner: Line = Field(description="Who has to remove the deviation.")
    approver: Line = Field(description="Who accepted it.")
    date: CalendarDate = Field(description="When it was accepted; the waiver holds from this day on.")
    until: CalendarDate = Field(description="The last day on which it holds: at most 12 months after the date.")
    host: HostName | None = Field(default=None, description="The host it is for, as named in the inventory.")
    environment: Name | None = Field(default=None, description="The environment it is for.")
    purpose: Annotated[Purpose, Field(strict=False)] | None = Field(
        default=None, description="The purpose of the environments it is for."
    )
    infrastructure: bool = Field(default=False, description="true: it holds everywhere, with no other scope beside.")
    evidence: list[Annotated[str, AfterValidator(_evidence)]] | None = Field(
        default=None,
        description="The fingerprints of the evidence that was accepted; without them, whatever is found is accepted.",
        min_length=1,
    )


class WaiversDocument(DocumentModel):
    """All accepted deviations."""

    waivers: list[WaiverSettings] = Field(description="The accepted deviations.")


def load_waivers(path: FilePath | None) -> tuple[Waiver, ...]:
    """Return the waivers of a file, none without a file; raises `DocumentError` with all that is wrong.

    An expired waiver is returned too: that it has expired is a finding, not a mistake in the file. Whether a check
    exists, and the shorter limit for critical ones, are for those who know the checks.
    """
    if path is None:
        return ()
    return waivers_of(read_document(path), path.name)


def waivers_of(document: Document, name: str) -> tuple[Waiver, ...]:
    """Return the waivers of a document that was read; `name` is what places in it are called by."""
    if document.content is None:
        return ()
    structure = judge(document, WaiversDocument)
    problems = [*document.problems, *structure.problems]
    written = document.content.get("waivers") if isinstance(document.content, dict) else None
    waivers: list[Waiver] = []
    for index, item in enumerate(written if isinstance(written, list) else ()):
        place: Path = ("waivers", index)
        if not structure.is_sound(place):
            continue
        model = WaiverSettings.model_validate(item)
        problems += [(document.location((*place, *key)), sentence) for key, sentence in _mistakes(model)]
        line = document.location(place).line
        waivers.append(_waiver(model, str(Location(name, line))))
    if problems:
        raise DocumentError(sorted(problems, key=lambda problem: problem[0].line or 0))
    return tuple(waivers)


def _waiver(model: WaiverSettings, place: str) -> Waiver:
    return Waiver(
        check=model.check,
        reason=model.reason,
        owner=model.owner,
        approver=model.approver,
        granted=model.date,
        until=model.until,
        host=model.host,
        environment=model.environment,
        purpose=None if model.purpose is None else model.purpose.value,
        place=place,
        evidence=tuple(model.evidence or ()),
    )


def _mistakes(model: WaiverSettings) -> list[tuple[Path, str]]:
    found: list[tuple[Path, str]] = []
    if model.check in NEVER_WAIVED:
        sentence = f"{model.check} is never waived: it says whether the audit itself can be trusted; remove the waiver."
        found.append((("check",), sentence))
    scoped = any(item is not None for item in (model.host, model.environment, model.purpose))
    if not scoped and not model.infrastructure:
        found.append(((), "names no scope; expected host, environment, purpose, or infrastructure: true."))
    if scoped and model.infrastructure:
        found.append((("infrastructure",), "holds everywhere; expected no host, environment or purpose beside it."))
    last = months_later(model.date, MONTHS)
    if model.until < model.date:
        found.append((("until",), f"found {model.until}, which is before the date {model.date}."))
    elif model.until > last:
        sentence = f"found {model.until}; expected {last} at the latest: a waiver holds 12 months at most."
        found.append((("until",), sentence))
    return found
