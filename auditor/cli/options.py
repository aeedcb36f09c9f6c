"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from auditor.model.language import Language

InventoryPath = Annotated[
    Path, typer.Option("--inventory", "-i", envvar="OSAUDIT_INVENTORY", help="The inventory of environments and hosts.")
]
ReferencePath = Annotated[
    Path | None,
    typer.Option(
        "--reference",
        envvar="OSAUDIT_REFERENCE",
        help="Overlay of the built-in reference; by default reference.yaml beside the inventory, if there is one.",
    ),
]
WaiversPath = Annotated[
    Path | None,
    typer.Option(
        "--waivers",
        envvar="OSAUDIT_WAIVERS",
        help="Accepted deviations; by default waivers.yaml beside the inventory, if there is one.",
    ),
]


def _without_password(location: str) -> str:
    from auditor.errors import UsageError
    from auditor.model.store_location import REFUSAL, holds_password

    if holds_password(location):
        raise UsageError(REFUSAL)
    return location


StoreLocation = Annotated[
    str,
    typer.Option(
        "--store",
        "-s",
        envvar="OSAUDIT_STORE",
        callback=_without_password,
        help="The store: a file, made by the first scan, or postgresql://user@host/database.",
    ),
]
ChecksFolders = Annotated[
    list[Path],
    typer.Option("--checks", envvar="OSAUDIT_CHECKS", help="A further folder of checks; can be given more than once."),
]

DEFAULT_INVENTORY = Path("inventory.yaml")
DEFAULT_STORE = "osaudit.db"
DEFAULT_SCAN_SECONDS = 3600.0
ScanSeconds = Annotated[
    float, typer.Option("--scan-seconds", envvar="OSAUDIT_SCAN_SECONDS", min=1, help="Deadline of the whole scan.")
]


ZoneOption = Annotated[
    str | None,
    typer.Option(
        "--zone",
        envvar="OSAUDIT_ZONE",
        help="Read only the hosts of this zone, into the scan that the collectors of all zones share.",
    ),
]


class SeverityName(StrEnum):
    """Severities as an option; the same words as `model.finding.Severity`, kept here so that help starts fast."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


FailOn = Annotated[
    SeverityName | None,
    typer.Option(
        "--fail-on", envvar="OSAUDIT_FAIL_ON", help="End with exit code 10 on open findings at least this severe."
    ),
]


FailOnNew = Annotated[
    bool,
    typer.Option(
        "--fail-on-new/--no-fail-on-new",
        envvar="OSAUDIT_FAIL_ON_NEW",
        help="Only findings that were not open in the compared scan count; without --fail-on, all of these.",
    ),
]
Baseline = Annotated[
    int | None,
    typer.Option("--baseline", envvar="OSAUDIT_BASELINE", help="Compare with this scan instead of the one before."),
]
MinCoverage = Annotated[
    int | None,
    typer.Option(
        "--min-coverage",
        envvar="OSAUDIT_MIN_COVERAGE",
        min=1,
        max=100,
        help="Which percentage of the verdicts has to be decided, or the scan is incomplete (exit code 3).",
    ),
]


class NotifyName(StrEnum):
    """When to notify as an option; the same words as `model.unattended.NotifyWhen`."""

    CHANGED = "changed"
    ALWAYS = "always"
    NEVER = "never"


NotifyAfter = Annotated[
    NotifyName,
    typer.Option(
        "--notify", envvar="OSAUDIT_NOTIFY", help="Whom osaudit.yaml names is told: when something changed, or else."
    ),
]


ReportLanguage = Annotated[
    Language,
    typer.Option("--lang", envvar="OSAUDIT_LANG", help="The language of pages, Markdown and messages."),
]


def beside(inventory: Path, given: Path | None, name: str) -> Path | None:
    """Return the file that was given, else the one of this name beside the inventory, else none."""
    if given is not None:
        return given
    found = inventory.parent / name
    return found if found.is_file() else None


class SummaryForm(StrEnum):
    """What a scan prints."""

    TEXT = "text"
    JSON = "json"


class ReportForm(StrEnum):
    """In which form a report is written."""

    TEXT = "text"
    HTML = "html"
    JSON = "json"
    CSV = "csv"
    CSV_FACTS = "csv-facts"
    XLSX = "xlsx"
    JUNIT = "junit"
    SARIF = "sarif"
    OCSF = "ocsf"
    MARKDOWN = "markdown"


class StatusForm(StrEnum):
    """In which form the status is told."""

    TEXT = "text"
    JSON = "json"
    PROMETHEUS = "prometheus"


class DiffForm(StrEnum):
    """In which form a diff is written."""

    TEXT = "text"
    HTML = "html"
    JSON = "json"
