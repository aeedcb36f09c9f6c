"""Whatever a file holds, it is loaded or refused in plain words; nothing else happens."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.errors import DocumentError
from auditor.model.inventory import Inventory
from auditor.settings.configuration import load_configuration
from auditor.settings.inventory import load_inventory
from auditor.settings.reference import load_reference
from auditor.settings.schemas import json_schema
from auditor.settings.waivers import load_waivers

LOADERS: list[Callable[[Path], object]] = [load_inventory, load_reference, load_waivers, load_configuration]
JARGON = re.compile(r"pydantic|model_|input should|_type|NoneType|Traceback|<class|Error\b", re.IGNORECASE)


def keys_of(document: str) -> set[str]:
    schema = json_schema(document)
    groups = [schema, *schema["$defs"].values()]
    return {key for group in groups for key in group.get("properties", {})}


KEYS = st.sampled_from(
    sorted(keys_of("inventory") | keys_of("reference") | keys_of("waivers") | keys_of("osaudit"))
) | st.text(max_size=5)
WORDS = st.sampled_from(
    ["winrm", "ssh", "basic", "ntlm", "kerberos", "development", "lifetime", "cloud", "front-end", "a", "::1", "x y",
     "~", "TOPO-006", "DATA-001", "2026-01-31", "2027-06-30", "true", "*a", "&a", "!x", "%", "\ud800", "\x00",
     "-----BEGIN"]
)  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | WORDS
SECRET = st.sampled_from(
    [
        {"environment": "A"},
        {"file": "/a"},
        {"keyring": "a/b"},
        {"prompt": "a"},
        {"command": ["a"]},
        {"a": 1},
        "text",
        None,
    ]
)
CONNECTION = st.fixed_dictionaries(
    {},
    optional={
        "transport": st.sampled_from(["winrm", "ssh", None, "x"]),
        "user": st.sampled_from(["a", "", None, 5]),
        "port": st.sampled_from([22, 5985, 5986, 0, "22", None]),
        "https": st.sampled_from([True, False, None, "no"]),
        "sign_in": st.sampled_from(["basic", "ntlm", "kerberos", "certificate", "negotiate", None]),
        "password": SECRET,
        "key_file": st.sampled_from(["~/k", "k", None]),
        "ssh_config": st.sampled_from(["/nowhere/config", "/", "\x00", None]),
        "use_agent": st.booleans(),
        "platform": st.sampled_from(["linux", "windows"]),
        "bastion": st.none() | st.dictionaries(st.sampled_from(["address", "user", "password", "port"]), SCALARS),
    },
)
NAMES = st.sampled_from(["a", "A", "b", "c", "a b", "::1", "", 5, None])
HOST = st.builds(lambda settings, own: {**settings, **own}, CONNECTION, st.fixed_dictionaries(
    {"name": NAMES},
    optional={"address": NAMES, "aliases": st.lists(NAMES, max_size=2), "same_machine_as": st.lists(NAMES, max_size=2),
              "roles": st.lists(WORDS, max_size=2), "passive": SCALARS},
))  # fmt: skip
INVENTORY = st.fixed_dictionaries(
    {
        "infrastructure": st.just("E"),
        "environments": st.lists(
            st.fixed_dictionaries(
                {"name": NAMES, "purpose": st.sampled_from(["development", "quality", "x"])},
                optional={
                    "hosting": WORDS,
                    "hosts": st.lists(HOST, max_size=3),
                    "defaults": CONNECTION,
                    "sources": SCALARS,
                },
            ),
            max_size=3,
        ),
    },
    optional={"defaults": CONNECTION, "other_hosts": st.lists(HOST, max_size=2)},
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)  # fmt: skip


def loads_or_refuses(data: bytes, loader: Callable[[Path], object]) -> object | None:
    """Return what was loaded, or None after holding the refusal against what a person can use."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "document.yaml"
        path.write_bytes(data)
        try:
            return loader(path)
        except DocumentError as error:
            assert error.problems
            for location, sentence in error.problems:
                assert location.file == str(path)
                assert location.line is None or 1 <= location.line <= data.count(b"\n") + data.count(b"\r") + 100
                assert sentence.isprintable() and location.key.isprintable()
                assert sentence.endswith((".", "?"))
                assert not JARGON.search(re.sub("'.*'", "", sentence)), sentence
            return None


def as_yaml(tree: Any) -> bytes:
    """Write a tree as JSON, which is YAML; lone surrogates stay escapes."""
    return json.dumps(tree, ensure_ascii=True).encode()


@pytest.mark.parametrize("loader", LOADERS)
@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=200) | st.text(alphabet=" \n:-[]{}&*!|>'\"%@`#,?~ab0\\U\t", max_size=80).map(str.encode))
def test_any_bytes_are_loaded_or_refused(loader: Callable[[Path], object], data: bytes) -> None:
    loads_or_refuses(data, loader)


@pytest.mark.parametrize("loader", LOADERS)
@settings(max_examples=150, deadline=None)
@given(tree=TREES)
def test_any_tree_is_loaded_or_refused(loader: Callable[[Path], object], tree: object) -> None:
    loads_or_refuses(as_yaml(tree), loader)


@settings(max_examples=300, deadline=None)
@given(tree=INVENTORY)
def test_anything_like_an_inventory_is_an_inventory_or_refused(tree: object) -> None:
    loaded = loads_or_refuses(as_yaml(tree), load_inventory)
    assert loaded is None or isinstance(loaded, Inventory)


@settings(max_examples=150, deadline=None)
@given(tree=INVENTORY, key=KEYS, value=TREES, data=st.data())
def test_an_inventory_with_anything_in_any_place_is_loaded_or_refused(
    tree: dict[str, Any], key: str, value: object, data: st.DataObject
) -> None:
    place: Any = tree
    while isinstance(place, dict | list) and place and data.draw(st.booleans()):
        inner = place[data.draw(st.sampled_from(sorted(place, key=str)))] if isinstance(place, dict) else place[0]
        if not isinstance(inner, dict | list):
            break
        place = inner
    if isinstance(place, dict):
        place[key] = value
    else:
        place.append(value)
    loads_or_refuses(as_yaml(tree), load_inventory)
