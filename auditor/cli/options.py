"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

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
StoreLocation = Annotated[
    str, typer.Option("--store", "-s", envvar="OSAUDIT_STORE", help="The store: a file, made by the first scan.")
]
ChecksFolders = Annotated[
    list[Path], typer.Option("--checks", help="A further folder of checks; can be given more than once.")
]

DEFAULT_INVENTORY = Path("inventory.yaml")
DEFAULT_STORE = "osaudit.db"


class SeverityName(StrEnum):
    """Severities as an option; the same words as `model.finding.Severity`, kept here so that help starts fast."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


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


class DiffForm(StrEnum):
    """In which form a diff is written."""

    TEXT = "text"
    HTML = "html"
    JSON = "json"
