"""The `xml` verb on modelled text: only what the rules name is kept, everything else is dropped."""

from __future__ import annotations

import xml.parsers.expat as expat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from auditor.model.question import NOT_XML
from auditor.simulation.machine_telling import failed, matches


@dataclass(slots=True)
class Element:
    """A parsed element without namespaces."""

    name: str
    attributes: dict[str, str]
    text: str = ""
    children: list[Element] = field(default_factory=list)


def parsed(content: bytes) -> Element:
    """Parse XML without document types, so that no entity can be defined; raises `NotTold` (failed)."""
    parser = expat.ParserCreate()
    top = Element("", {})
    stack = [top]

    def start(name: str, attributes: dict[str, str]) -> None:
        element = Element(_local(name), {_local(key): value for key, value in attributes.items()})
        stack[-1].children.append(element)
        stack.append(element)

    def end(_: str) -> None:
        element = stack.pop()
        # White space between elements is layout, not text.
        element.text = element.text if element.text.strip() else ""

    def text(data: str) -> None:
        stack[-1].text += data

    def document_type(*_: object) -> None:
        raise failed("a document type is not allowed")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = document_type
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise failed(NOT_XML) from error
    return top.children[0]


def taken(root: Element, rules: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Apply the rules of the `xml` verb and return the root node."""
    kept: dict[int, list[Mapping[str, Any]]] = {}
    for rule in rules:
        _mark(root, str(rule["path"]).split("/"), rule, kept)
    return _node(root, kept)


def _mark(element: Element, path: list[str], rule: Mapping[str, Any], kept: dict[int, list[Mapping[str, Any]]]) -> bool:
    if element.name.casefold() != path[0].casefold():
        return False
    if len(path) > 1:
        found = [_mark(child, path[1:], rule, kept) for child in element.children]
        if any(found):
            kept.setdefault(id(element), [])
        return any(found)
    conditions = (rule.get("where") or {}).items()
    if any(name not in element.attributes or not matches(like, element.attributes[name]) for name, like in conditions):
        return False
    kept.setdefault(id(element), []).append(rule)
    return True


def _node(element: Element, kept: dict[int, list[Mapping[str, Any]]]) -> dict[str, Any]:
    rules = kept.get(id(element), [])
    names = [name for rule in rules for name in rule.get("attributes") or ()]
    node: dict[str, Any] = {
        "name": element.name,
        "attributes": {name: element.attributes[name] for name in names if name in element.attributes},
    }
    wishes = {rule.get("text") for rule in rules}
    if "value" in wishes:
        node["text"] = element.text
    elif "presence" in wishes:
        node["text"] = bool(element.text)
    node["children"] = [_node(child, kept) for child in element.children if id(child) in kept]
    return node


def _local(name: str) -> str:
    return name.rpartition(":")[2]
