"""Holding a document against its model, with every mistake located and said in plain words."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import ValidationError

from auditor.settings.documents import Document, Problem
from auditor.settings.fields import SENTENCE, DocumentModel
from auditor.settings.wording import REFERENCE_KINDS, Path, found, holds_secret, nearest, one_of, shown

Model = TypeVar("Model", bound=DocumentModel)

_EXPECTED: Mapping[str, str] = {
    "string_type": "text; put it in quotes if it is meant literally",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list: lines that start with a hyphen, or [one, two]",
    "model_type": "a group of settings: lines of `key: value` below it",
    "dict_type": "a group of settings: lines of `key: value` below it",
}


@dataclass(frozen=True, slots=True)
class Structure:
    """The mistakes in the form of a document, and where they are, so that the sound rest can be judged further."""

    problems: tuple[Problem, ...]
    broken: tuple[Path, ...]

    def is_sound(self, path: Path) -> bool:
        """Whether nothing is wrong at this place, below it, and with what it stands in."""
        return not any(broken[: len(path)] == path or path[: len(broken)] == broken for broken in self.broken)


def judge(document: Document, model: type[DocumentModel]) -> Structure:
    """Return all that is wrong with the form of the document."""
    try:
        model.model_validate(document.content)
    except ValidationError as error:
        mistakes = error.errors(include_url=False)
        paths = [tuple(item["loc"]) for item in mistakes]
        problems = [_problem(document, model, path, item) for path, item in zip(paths, mistakes, strict=True)]
        return Structure(tuple(problems), tuple(paths))
    return Structure((), ())


def _problem(document: Document, model: type[DocumentModel], path: Path, error: Mapping[str, Any]) -> Problem:
    kind, value = error["type"], error["input"]
    if kind == SENTENCE:
        sentence = str(error["ctx"]["sentence"])
    elif kind == "missing":
        sentence = f"is missing; expected {_expectation(model, path)}."
    elif kind == "extra_forbidden":
        sentence = _unknown_key(model, path)
    elif value is None:
        sentence = f"found nothing; expected {_expectation(model, path)}."
    elif kind == "enum":
        sentence = f"found {found(value, path)}; expected {_expectation(model, path)}."
        meant = nearest(value, _choices(_annotation(model, path))) if isinstance(value, str) else None
        sentence += f" Did you mean {meant}?" if meant else ""
    elif kind in ("greater_than_equal", "less_than_equal"):
        bound = f"at least {error['ctx']['ge']}" if "ge" in error["ctx"] else f"at most {error['ctx']['le']}"
        sentence = f"found {found(value, path)}; expected {bound}."
    elif kind == "too_short":
        sentence = "found an empty list; expected at least one entry."
    else:
        sentence = f"found {found(value, path)}; expected {_EXPECTED[kind]}."
    return document.location(path), sentence


def _unknown_key(model: type[DocumentModel], path: Path) -> str:
    key, group = str(path[-1]), path[:-1]
    if key == "<<":
        return "merging with << is not understood; write what hosts have in common under defaults."
    if holds_secret(group):
        return f"a key here is not known; expected {one_of(REFERENCE_KINDS)}."
    owner = _annotation(model, group)
    known = list(owner.model_fields)
    meant = nearest(key, known)
    if meant:
        return f"{shown(key)} is not a known key; did you mean {meant}?"
    hint = owner.hint_for(key)
    return f"{shown(key)} is not a known key; {hint or f'expected {one_of(known)}.'}"


def _expectation(model: type[DocumentModel], path: Path) -> str:
    """Say what a setting takes."""
    kind = _annotation(model, path)
    if choices := _choices(kind):
        return one_of(choices)
    origin = typing.get_origin(kind) or kind
    names = {str: "text", int: "a whole number", bool: "true or false", list: "a list"}
    if origin in names:
        return names[origin]
    return "a group of settings" if isinstance(origin, type) and issubclass(origin, DocumentModel) else "a date"


def _choices(kind: Any) -> list[str]:
    return [member.value for member in kind] if isinstance(kind, type) and issubclass(kind, StrEnum) else []


def _annotation(model: Any, path: Path) -> Any:
    """Return the type that stands at this path of a model, without None and annotations."""
    kind = model
    for part in path:
        kind = typing.get_args(kind)[0] if isinstance(part, int) else kind.model_fields[part].annotation
        kind = _bare(kind)
    return kind


def _bare(kind: Any) -> Any:
    while True:
        if typing.get_origin(kind) is typing.Annotated:
            kind = typing.get_args(kind)[0]
        elif typing.get_origin(kind) in (types.UnionType, typing.Union):
            kind = next(item for item in typing.get_args(kind) if item is not type(None))
        else:
            return kind
