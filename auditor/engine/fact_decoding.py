"""Decoding fact values that a person wrote in TOML, by the type that the vocabulary of facts gives them."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from auditor.model import known_facts
from auditor.model.fact import FactKey, Known, NotKnown, Reason
from auditor.model.version import Version

_SCALARS = (bool, int, float, str)


@functools.cache
def fact_keys() -> Mapping[str, FactKey[Any]]:
    """Return every fact of the vocabulary by its name."""
    return {key.name: key for key in vars(known_facts).values() if isinstance(key, FactKey)}


def decode_fact(name: str, document: Any) -> Known[Any] | NotKnown:
    """Return the fact that a document spells; ValueError says what does not fit.

    `{unknown = "denied"}` (with an optional `sentence`) is a fact that is not known, `{absent = true}` one that is
    proved to be absent. A field of a table that is left out is None where its type allows it, and empty for a list.
    """
    key = fact_keys().get(name)
    if key is None:
        raise ValueError(f"there is no fact called {name}")
    if isinstance(document, Mapping) and "unknown" in document:
        return decode_not_known(document, f"{key.meaning} could not be read.", (name,))
    return Known(decode_value(key.type, document, name), (name,))


def decode_not_known(document: Mapping[str, Any], sentence: str, questions: tuple[str, ...]) -> NotKnown:
    """Return the reason that `{unknown = "denied", sentence = "..."}` spells."""
    if surplus := set(document) - {"unknown", "sentence"}:
        raise ValueError(f"beside `unknown` only `sentence` may stand, not {', '.join(sorted(surplus))}")
    return NotKnown(Reason(document["unknown"]), document.get("sentence", sentence), questions)


def decode_value(of: Any, document: Any, place: str) -> Any:
    """Return the value of a type (scalar, version, time, tuple, dataclass, or one of these or None)."""
    if isinstance(of, types.UnionType):
        return _decode_optional(of, document, place)
    if typing.get_origin(of) is tuple:
        if not isinstance(document, list):
            raise ValueError(f"{place}: a list is expected, not {document!r}")
        inner = typing.get_args(of)[0]
        return tuple(decode_value(inner, item, f"{place}[{index}]") for index, item in enumerate(document))
    if of is Version:
        return Version.parse(document)
    if of is datetime:
        return document if document.tzinfo else document.replace(tzinfo=UTC)
    if dataclasses.is_dataclass(of):
        return _decode_table(of, document, place)
    if of is float and type(document) is int:
        return float(document)
    if of in _SCALARS and type(document) is of:
        return document
    raise ValueError(f"{place}: a value of type {getattr(of, '__name__', of)} is expected, not {document!r}")


def _decode_optional(of: types.UnionType, document: Any, place: str) -> Any:
    if document == {"absent": True}:
        return None
    (inner,) = (item for item in typing.get_args(of) if item is not type(None))
    return decode_value(inner, document, place)


@functools.cache
def _hints(of: Any) -> Mapping[str, Any]:
    return typing.get_type_hints(of)


def _decode_table(of: Any, document: Any, place: str) -> Any:
    if not isinstance(document, Mapping):
        raise ValueError(f"{place}: a table is expected, not {document!r}")
    hints = _hints(of)
    if surplus := set(document) - set(hints):
        raise ValueError(f"{place}: there is no field {', '.join(sorted(surplus))}; fields are {', '.join(hints)}")
    return of(**{name: _decode_field(hint, document, name, place) for name, hint in hints.items()})


def _decode_field(hint: Any, document: Mapping[str, Any], name: str, place: str) -> Any:
    if name in document:
        return decode_value(hint, document[name], f"{place}.{name}")
    if isinstance(hint, types.UnionType):
        return None
    if typing.get_origin(hint) is tuple:
        return ()
    raise ValueError(f"{place}: the field {name} is missing")
