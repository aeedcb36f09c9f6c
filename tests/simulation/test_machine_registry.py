"""The registry of a modelled Windows server, asked by the verb and through StdRegProv."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from auditor.simulation.machine import Machine, load_machine

MODEL = r"""
name: probe
registry:
  HKLM\SOFTWARE\Vendor\Product:
    "": the default
    Text: words
    Number: 7
    Long: {qword: 8589934592}
    Many: [one, two]
    Expanded: {expand: '%ProgramFiles%\Vendor'}
    Bytes: {binary: 0aff}
  HKLM\SOFTWARE\Vendor\Product\First: {Text: a, Number: 1}
  HKLM\SOFTWARE\Vendor\Product\Second: {Number: 2}
  HKLM\SOFTWARE\Vendor\Locked: {Text: hidden}
  HKLM\SOFTWARE\Vendor\Locked\Below: {Text: hidden}
  HKLM\SOFTWARE\WOW6432Node\Vendor\Narrow: {Text: thirty-two}
denied: {registry: {'HKLM\SOFTWARE\Vendor\Locked': true}}
"""
KEY = r"HKLM\SOFTWARE\Vendor\Product"
HKLM = 2147483650


@pytest.fixture
def machine(tmp_path: Any) -> Machine:
    (tmp_path / "probe.yaml").write_text(MODEL)
    return load_machine(tmp_path / "probe.yaml")


@pytest.fixture
def ask(machine: Machine) -> Callable[..., dict[str, Any]]:
    def put(**arguments: Any) -> dict[str, Any]:
        question = {"id": "q", "verb": "registry", "arguments": arguments}
        answer: dict[str, Any] = machine.answer({"osaudit": 1, "questions": [question]})["answers"][0]
        return answer

    return put


def test_named_values_come_typed_and_absent_ones_are_left_out(ask: Callable[..., dict[str, Any]]) -> None:
    answer = ask(key=KEY, values=["", "TEXT", "Number", "Long", "Many", "Expanded", "Bytes", "Nowhere"])
    assert answer["outcome"] == "ok"
    assert answer["value"] == {
        "values": {
            "": "the default",
            "TEXT": "words",
            "Number": 7,
            "Long": 8589934592,
            "Many": ["one", "two"],
            "Expanded": r"C:\Program Files\Vendor",
        }
    }


def test_a_star_gives_names_and_no_data(ask: Callable[..., dict[str, Any]]) -> None:
    value = ask(key=KEY, values="*")["value"]
    assert value == {"values": {}, "names": ["", "Bytes", "Expanded", "Long", "Many", "Number", "Text"]}


def test_subkeys_come_one_level_down_with_the_same_values(ask: Callable[..., dict[str, Any]]) -> None:
    value = ask(key=KEY.lower(), values=["Text", "Number"], subkeys=True)["value"]
    assert value["subkeys"] == {"First": {"Text": "a", "Number": 1}, "Second": {"Number": 2}}
    value = ask(key=KEY, values=[], subkeys=True, subkeys_like="sec*")["value"]
    assert value["subkeys"] == {"Second": {}}


def test_a_missing_key_is_missing_and_a_denied_one_denied_with_all_below(ask: Callable[..., dict[str, Any]]) -> None:
    assert ask(key=r"HKLM\SOFTWARE\Vendor\Other", values=["x"])["outcome"] == "missing"
    assert ask(key=r"HKLM\SOFTWARE\vendor\LOCKED", values=["x"])["outcome"] == "denied"
    assert ask(key=r"HKLM\SOFTWARE\Vendor\Locked\Below", values=["x"])["outcome"] == "denied"
    assert ask(key=r"HKLM\SOFTWARE\Vendor\Locked\NotThere", values=["x"])["outcome"] == "denied"
    assert ask(key=r"HKLM\SOFTWARE\Vendor", values=["x"], subkeys=True)["outcome"] == "denied"


def test_the_narrow_view_is_the_redirected_part_of_the_tree(ask: Callable[..., dict[str, Any]]) -> None:
    assert ask(key=r"HKLM\SOFTWARE\Vendor\Narrow", values=["Text"])["outcome"] == "missing"
    expected = {"values": {"Text": "thirty-two"}}
    assert ask(key=r"HKLM\SOFTWARE\Vendor\Narrow", view=32, values=["Text"])["value"] == expected
    assert ask(key=r"HKLM\SOFTWARE\WOW6432Node\Vendor\Narrow", values=["Text"])["value"] == expected
    assert ask(key=r"HKLM\SOFTWARE\WOW6432Node\Vendor\Narrow", view=32, values=["Text"])["value"] == expected


def test_another_hive_is_refused(ask: Callable[..., dict[str, Any]]) -> None:
    assert ask(key=r"HKCU\SOFTWARE", values=["x"])["outcome"] == "failed"


def test_five_hundred_subkeys_are_the_most(tmp_path: Any) -> None:
    keys = {rf"HKLM\SOFTWARE\Many\{number:04}": {"n": number} for number in range(501)}
    (tmp_path / "many.yaml").write_text(yaml.safe_dump({"name": "many", "registry": keys}))
    question = {
        "id": "q", "verb": "registry", "arguments": {"key": r"HKLM\SOFTWARE\Many", "values": ["n"], "subkeys": True},
    }  # fmt: skip
    answer = load_machine(tmp_path / "many.yaml").answer({"questions": [question]})["answers"][0]
    assert len(answer["value"]["subkeys"]) == 500
    assert answer["complete"] is False


@pytest.mark.parametrize(
    ("method", "name", "expected"),
    [
        ("GetStringValue", "Text", {"ReturnValue": 0, "sValue": "words"}),
        ("GetStringValue", "", {"ReturnValue": 0, "sValue": "the default"}),
        ("GetDWORDValue", "number", {"ReturnValue": 0, "uValue": 7}),
        ("GetQWORDValue", "Long", {"ReturnValue": 0, "uValue": 8589934592}),
        ("GetMultiStringValue", "Many", {"ReturnValue": 0, "sValue": ["one", "two"]}),
        ("GetExpandedStringValue", "Expanded", {"ReturnValue": 0, "sValue": r"C:\Program Files\Vendor"}),
        ("GetBinaryValue", "Bytes", {"ReturnValue": 0, "uValue": [10, 255]}),
        ("GetStringValue", "Nowhere", {"ReturnValue": 1, "sValue": None}),
        ("GetDWORDValue", "Text", {"ReturnValue": 2147749893, "uValue": None}),
    ],
)
def test_stdregprov_reads_each_type(machine: Machine, method: str, name: str, expected: dict[str, Any]) -> None:
    arguments = {"hDefKey": HKLM, "sSubKeyName": r"SOFTWARE\Vendor\Product", "sValueName": name}
    assert machine.registry_method(method, arguments) == expected


def test_stdregprov_lists_keys_and_values_with_their_types(machine: Machine) -> None:
    arguments = {"hDefKey": str(HKLM), "sSubKeyName": r"SOFTWARE\Vendor\Product"}
    assert machine.registry_method("EnumKey", arguments) == {"ReturnValue": 0, "sNames": ["First", "Second"]}
    listing = machine.registry_method("EnumValues", arguments)
    assert dict(zip(listing["sNames"], listing["Types"], strict=True)) == {
        "": 1, "Text": 1, "Number": 4, "Long": 11, "Many": 7, "Expanded": 2, "Bytes": 3,
    }  # fmt: skip
    empty = machine.registry_method("EnumValues", {"hDefKey": HKLM, "sSubKeyName": r"SOFTWARE\Vendor"})
    assert empty == {"ReturnValue": 0, "sNames": None, "Types": None}


def test_stdregprov_tells_no_key_and_no_access_apart(machine: Machine) -> None:
    assert machine.registry_method("EnumKey", {"sSubKeyName": r"SOFTWARE\Nothing"}) == {"ReturnValue": 2}
    assert machine.registry_method("EnumKey", {"sSubKeyName": r"SOFTWARE\Vendor\Locked"}) == {"ReturnValue": 5}
    assert machine.registry_method("EnumKey", {"hDefKey": 1, "sSubKeyName": "SOFTWARE"}) == {"ReturnValue": 2}
    assert machine.registry_method("DeleteKey", {"sSubKeyName": "SOFTWARE"})["ReturnValue"] != 0
