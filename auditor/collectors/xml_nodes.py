"""Walking through the nodes of an `xml` answer: element and attribute names without regard to case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditor.collectors.reading import IllTyped, items, mapping, member, text

Node = Mapping[str, Any]


def root(value: Any, name: str) -> Node:
    """Return the root element, which must have this name."""
    node = mapping(member(value, "root"))
    if not has_name(node, name):
        raise IllTyped(f"the root element is not {name}")
    return node


def has_name(node: Node, name: str) -> bool:
    """Whether the element has this name."""
    return text(member(node, "name")).casefold() == name.casefold()


def below(node: Node, path: str) -> tuple[Node, ...]:
    """Return the elements that the path leads to, in the order of the file."""
    nodes: tuple[Node, ...] = (node,)
    for name in path.split("/"):
        children = [mapping(child) for parent in nodes for child in items(member(parent, "children"))]
        nodes = tuple(child for child in children if has_name(child, name))
    return nodes


def attribute(node: Node, name: str) -> str:
    """Return an attribute; empty where there is none."""
    data = member(mapping(member(node, "attributes")), name)
    return "" if data is None else text(data)


def content(node: Node, path: str) -> str | None:
    """Return the text of the first element that the path leads to; None where there is none or it is empty."""
    for found in below(node, path)[:1]:
        data = member(found, "text")
        return None if data is None else text(data).strip() or None
    return None
