"""Reading model files: YAML that may extend other files, with errors that name file, line and key."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from auditor.errors import DocumentError, Location

Model = TypeVar("Model", bound=BaseModel)
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Document:
    """A merged document and the files it came from, nearest last, each with its parsed node for line numbers."""

    content: dict[str, Any]
    sources: tuple[tuple[Path, yaml.Node], ...]

    def locate(self, keys: tuple[str | int, ...]) -> Location:
        """Return the place where the deepest of these keys was written, nearest file first."""
        name = ".".join(str(key) for key in keys)
        places = [(_depth_and_line(node, keys), file) for file, node in reversed(self.sources)]
        (_, line), file = max(places, key=lambda place: place[0][0])
        return Location(str(file), line, name)


def read_document(file: Path) -> Document:
    """Read a file with all it extends: mappings merge, a null deletes a key; raises `DocumentError`."""
    return _read(file, ())


def _read(file: Path, trail: tuple[Path, ...]) -> Document:
    file = file.resolve()
    if file in trail:
        raise DocumentError([(Location(str(file), key="extends"), "the file extends itself; take one of them out.")])
    try:
        text = file.read_text(encoding="utf-8")
        node, content = yaml.compose(text, Loader=_Loader), yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe one
    except OSError as error:
        raise DocumentError([(Location(str(file)), f"cannot be read: {error.strerror}.")]) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        location = Location(str(file), mark.line + 1 if mark else None)
        raise DocumentError([(location, f"is not YAML: {getattr(error, 'problem', error)}.")]) from error
    if not isinstance(content, dict) or node is None:
        raise DocumentError([(Location(str(file)), "must be a mapping of keys to values.")])
    extends = content.pop("extends", [])
    merged: dict[str, Any] = {}
    sources: list[tuple[Path, yaml.Node]] = []
    for name in [extends] if isinstance(extends, str) else extends:
        above = _read(file.parent / str(name), (*trail, file))
        merged = _merged(merged, above.content)
        sources.extend(above.sources)
    return Document(_merged(merged, content), (*sources, (file, node)))


def _merged(lower: dict[str, Any], upper: dict[str, Any]) -> dict[str, Any]:
    result = dict(lower)
    for key, value in upper.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            below = result.get(key)
            result[key] = _merged(below if isinstance(below, dict) else {}, value)
        else:
            result[key] = value
    return result


def validated(document: Document, model: type[Model]) -> Model:
    """Return the document as a model; raises `DocumentError` with one located sentence for each mistake."""
    try:
        return model.model_validate(document.content)
    except ValidationError as error:
        problems = []
        for mistake in error.errors():
            keys = tuple(mistake["loc"])
            sentence = f"{mistake['msg']}; found {str(mistake.get('input'))[:60]!r}."
            if mistake["type"] == "extra_forbidden":
                sentence = f"is not a known key{_suggestion(model, keys)}."
            problems.append((document.locate(keys), sentence))
        raise DocumentError(problems) from error


def _suggestion(model: type[BaseModel], keys: tuple[str | int, ...]) -> str:
    names = set(model.model_fields) if len(keys) == 1 else set()
    near = get_close_matches(str(keys[-1]), names, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _depth_and_line(node: yaml.Node, keys: tuple[str | int, ...]) -> tuple[int, int | None]:
    depth, line = 0, None
    for key in keys:
        if not isinstance(node, yaml.MappingNode):
            break
        pairs = [(name, value) for name, value in node.value if name.value == str(key)]
        if not pairs:
            break
        depth, line, node = depth + 1, pairs[-1][0].start_mark.line + 1, pairs[-1][1]
    return depth, line
