"""The JSON Schemas of the question document and of the answer document, as published in docs/schemas."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from auditor.model.question import Verb
from auditor.transports.answer_shapes import AnswerDocument, AnyValue


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AskedQuestion(_Shape):
    """One question. Which arguments a verb takes stands in docs/questions.md."""

    id: str = Field(min_length=1, max_length=200)
    verb: Verb
    arguments: dict[str, Any]


class RequestDocument(_Shape):
    """All that is asked in one visit. Times are whole seconds, `digest_key` is base64."""

    osaudit: int = Field(ge=1, le=1)
    deadline_seconds: int = Field(ge=1)
    question_seconds: int = Field(ge=1)
    digest_key: str
    questions: list[AskedQuestion]


def request_schema() -> dict[str, Any]:
    """Return the schema of the question document."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **RequestDocument.model_json_schema()}


def answer_schema() -> dict[str, Any]:
    """Return the schema of the answer document; a value has the form of one of the verbs, or is null."""
    schema = AnswerDocument.model_json_schema()
    values = TypeAdapter(AnyValue).json_schema(ref_template="#/$defs/{model}")
    schema["$defs"] |= values.pop("$defs")
    schema["$defs"]["AnswerEntry"]["properties"]["value"] = {
        "anyOf": [*values["anyOf"], {"type": "null"}],
        "default": None,
        "title": "Value",
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
