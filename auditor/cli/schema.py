"""`osaudit schema`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Document(StrEnum):
    """The documents that a person writes."""

    INVENTORY = "inventory"
    REFERENCE = "reference"
    WAIVERS = "waivers"
    OSAUDIT = "osaudit"


def schema(document: Annotated[Document, typer.Argument(help="Which document.")]) -> None:
    """Print the JSON Schema of a document, for editors that complete and check it."""
    import json

    from auditor.settings.schemas import json_schema

    typer.echo(json.dumps(json_schema(document.value), indent=2, sort_keys=True))
