"""Values of the model to JSON and back. What comes back has been validated against the model's types."""

from __future__ import annotations

import functools
import json
import zlib
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import TypeAdapter
from pydantic_core import to_jsonable_python

from auditor.model.component import Portrait
from auditor.model.fact import Facts, Known, NotKnown
from auditor.model.finding import Finding
from auditor.model.inventory import Environment, Host, Inventory
from auditor.model.known_facts import KEYS
from auditor.model.question import Answer
from auditor.model.reference import Reference

T = TypeVar("T")

# How the body of a thin document begins, and that of no whole one; the id of the one that it is like follows.
_THIN = b"^"
_ID = slice(1, 9)
# As far back as zlib looks.
_WINDOW = 32768
# How patches are written (`patching`); most are so small that it is half of them. Thin documents cannot be read with
# other words than those that they were written with.
_PATCH_WORDS = (
    b'"],"1":["=","value":["~",{"entries":["~",{"name":["=","value":["~",{"subkeys":["~",{"value":["~",{"rows":["~",'
    b'{"0":["~",{"facts":["~",{"value":["~",{"digest":["=","utc":["=","value":["=",{"0":["=","]},[]]},[]]},[]]},[]]},[]]'
)
_CREDENTIALS = frozenset({"password", "key_passphrase"})


@functools.cache
def _adapter(of: Any) -> TypeAdapter[Any]:
    return TypeAdapter(of)


def _dump(of: Any, value: Any) -> Any:
    return to_jsonable_python(_with_sorted_sets(_adapter(of).dump_python(value)))


def _with_sorted_sets(data: Any) -> Any:
    # The order of a set changes from process to process, and equal values must have equal documents.
    if isinstance(data, dict):
        return {key: _with_sorted_sets(value) for key, value in data.items()}
    if isinstance(data, frozenset):
        return sorted(data)
    if isinstance(data, list | tuple):
        return [_with_sorted_sets(value) for value in data]
    return data


def _load(of: Any, data: Any) -> Any:
    return _adapter(of).validate_python(data)


def pack(data: Any) -> bytes:
    """Return canonical JSON, so that equal content has equal bytes."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def compress(packed: bytes) -> bytes:
    """Return the form in which a document is kept."""
    return zlib.compress(packed, 9)


def decompress(body: bytes) -> bytes:
    """Return the canonical JSON of a whole document."""
    return zlib.decompress(body)


def _words(whole: bytes) -> bytes:
    return (whole + _PATCH_WORDS)[-_WINDOW:]


def compress_thin(patch: Any, base: int, whole: bytes) -> bytes:
    """Return the form in which a patch is kept: compressed with the words of the document that it is a patch of."""
    compressor = zlib.compressobj(level=9, zdict=_words(whole))
    return b"".join((_THIN, base.to_bytes(8, "big"), compressor.compress(pack(patch)), compressor.flush()))


def base_of(body: bytes) -> int | None:
    """Return the id of the document that a thin one is like, None for a whole one."""
    return int.from_bytes(body[_ID], "big") if body.startswith(_THIN) else None


def unpack_thin(body: bytes, whole: bytes) -> Any:
    """Return the patch of a thin document; `whole` is the canonical JSON of what it is a patch of."""
    decompressor = zlib.decompressobj(zdict=_words(whole))
    return json.loads(decompressor.decompress(body[_ID.stop :]) + decompressor.flush())


def dump_inventory(inventory: Inventory) -> Any:
    """Return the inventory without its references to credentials: a store needs to know nothing of them."""
    return {
        "infrastructure": inventory.infrastructure,
        "digest": inventory.digest,
        "environments": _without_credentials(_dump(tuple[Environment, ...], inventory.environments)),
        "other_hosts": _without_credentials(_dump(tuple[Host, ...], inventory.other_hosts)),
    }


def _without_credentials(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _without_credentials(value) for key, value in data.items() if key not in _CREDENTIALS}
    if isinstance(data, list):
        return [_without_credentials(value) for value in data]
    return data


def load_inventory(data: Any) -> Inventory:
    """Return the inventory of a scan."""
    return Inventory(
        infrastructure=data["infrastructure"],
        environments=_load(tuple[Environment, ...], data["environments"]),
        other_hosts=_load(tuple[Host, ...], data["other_hosts"]),
        digest=data["digest"],
    )


def dump_reference(reference: Reference) -> Any:
    """Return the reference as data."""
    return _dump(Reference, reference)


def load_reference(data: Any) -> Reference:
    """Return the reference of a scan."""
    reference: Reference = _load(Reference, data)
    return reference


def dump_answers(answers: Mapping[str, Answer]) -> Any:
    """Return the answers of one visit without their times, which differ every night."""
    rows = {}
    for question, answer in answers.items():
        row = _dump(Answer, answer)
        del row["milliseconds"], row["question"]
        rows[question] = row
    return rows


def load_answers(data: Any, milliseconds: dict[str, int]) -> dict[str, Answer]:
    """Return the answers of one visit, or of a part of it."""
    return {
        question: _load(Answer, {**row, "question": question, "milliseconds": milliseconds.get(question, 0)})
        for question, row in data.items()
    }


def dump_facts(facts: Facts) -> Any:
    """Return facts as data: a value and its questions, or the reason why there is none."""
    rows: dict[str, Any] = {}
    for name, fact in facts:
        if isinstance(fact, Known):
            kind = KEYS[name].type if name in KEYS else Any
            rows[name] = {"value": _dump(kind, fact.value), "questions": list(fact.questions)}
        else:
            rows[name] = _dump(NotKnown, fact)
    return {"facts": rows, "otherwise": None if facts.otherwise is None else _dump(NotKnown, facts.otherwise)}


def load_facts(host: str, data: Any) -> Facts:
    """Return the facts of a host; a fact that this version no longer knows keeps its raw value."""
    facts: dict[str, Known[Any] | NotKnown] = {}
    for name, row in data["facts"].items():
        if "value" in row:
            kind = KEYS[name].type if name in KEYS else Any
            facts[name] = Known(_load(kind, row["value"]), tuple(row["questions"]))
        else:
            facts[name] = _load(NotKnown, row)
    otherwise = data["otherwise"]
    return Facts(host, facts, None if otherwise is None else _load(NotKnown, otherwise))


def dump_portrait(portrait: Portrait) -> Any:
    """Return a portrait as data."""
    return _dump(Portrait, portrait)


def load_portrait(data: Any) -> Portrait:
    """Return a portrait."""
    portrait: Portrait = _load(Portrait, data)
    return portrait


def dump_findings(findings: tuple[Finding, ...]) -> Any:
    """Return the findings of one subject as data."""
    return _dump(tuple[Finding, ...], findings)


def load_findings(data: Any) -> tuple[Finding, ...]:
    """Return the findings of one subject."""
    findings: tuple[Finding, ...] = _load(tuple[Finding, ...], data)
    return findings
