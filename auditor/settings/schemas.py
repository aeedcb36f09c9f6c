"""JSON Schemas of the documents that people write, for editors."""

from __future__ import annotations

from typing import Any

from auditor.settings.configuration import OsauditDocument
from auditor.settings.connection_settings import SecretReference
from auditor.settings.fields import DocumentModel
from auditor.settings.inventory_document import InventoryDocument
from auditor.settings.reference import ReferenceDocument
from auditor.settings.waivers import WaiversDocument

DOCUMENTS: dict[str, type[DocumentModel]] = {
    "inventory": InventoryDocument,
    "reference": ReferenceDocument,
    "waivers": WaiversDocument,
    "osaudit": OsauditDocument,
}


def json_schema(document: str) -> dict[str, Any]:
    """Return the JSON Schema of `inventory`, `reference`, `waivers` or `osaudit`; `KeyError` for anything else."""
    schema = _without_titles(DOCUMENTS[document].model_json_schema())
    reference = schema.get("$defs", {}).get(SecretReference.__name__)
    for setting in reference["properties"].values() if reference else ():
        # Elsewhere null forgets what was inherited; a reference has nothing to forget.
        setting.update(setting.pop("anyOf")[0])
        del setting["default"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{document}.yaml of osaudit",
        **schema,
    }


def _without_titles(schema: Any) -> Any:
    """Drop the titles that repeat the key, keeping settings that are themselves called title."""
    if isinstance(schema, list):
        return [_without_titles(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _without_titles(value) for key, value in schema.items() if key != "title" or not isinstance(value, str)
    }
