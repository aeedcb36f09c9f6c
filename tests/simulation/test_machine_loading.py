"""Model files: extending others, and errors that say where and what."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.errors import DocumentError
from auditor.simulation.machine import load_machine


def write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_mappings_merge_nulls_delete_and_later_bases_win(tmp_path: Path) -> None:
    write(tmp_path, "one.yaml", "name: one\nservices: {A: auto/running, B: auto/running}\nvariables: {X: '1'}\n")
    write(tmp_path, "two.yaml", "name: two\nvariables: {X: '2', Y: '3'}\n")
    machine = load_machine(
        write(tmp_path, "m.yaml", "extends: [one.yaml, two.yaml]\nservices: {B: null, C: disabled/stopped/me}\n")
    )
    assert machine.name == "two"
    rows = machine.wql("root/cimv2", "select Name, StartMode, StartName from Win32_Service")
    assert rows == [
        {"Name": "A", "StartMode": "Auto", "StartName": "LocalSystem"},
        {"Name": "C", "StartMode": "Disabled", "StartName": "me"},
    ]
    arguments = {
        "sSubKeyName": r"SYSTEM\CurrentControlSet\Control\Session Manager\Environment", "sValueName": "X",
    }  # fmt: skip
    assert machine.registry_method("GetStringValue", arguments)["sValue"] == "2"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("name: m\nservicse: {}\n", 2, "did you mean services?"),
        ("name: m\nhardware:\n  memory: 3\n", 3, "hardware.memory"),
        ("name: m\nos: {release: '1999'}\n", 2, "os.release"),
        ("name: m\ndenied: {verbs: {look: true}}\n", 2, "look is not a verb"),
        ("summary: x\n", None, "Field required"),
        ("name: [unclosed\n", 2, "is not YAML"),
        ("- a\n", None, "must be a mapping"),
        ("extends: nowhere.yaml\n", None, "cannot be read"),
        ("extends: m.yaml\n", None, "extends itself"),
        ("name: m\nservices: {A: sometimes/running}\n", 2, "mode"),
        ("name: m\nservices: {A: auto}\n", 2, "services.A"),
        ("name: m\nlisteners: {http: x}\n", 2, "listeners"),
        ("name: m\nregistry: {'HKLM\\A': {v: {hex: 1}}}\n", 2, "registry"),
        ("name: m\nclock: {fixed: yesterday}\n", 2, "clock.fixed"),
    ],
)
def test_mistakes_are_located(tmp_path: Path, text: str, line: int | None, words: str) -> None:
    file = write(tmp_path, "m.yaml", text)
    with pytest.raises(DocumentError) as caught:
        load_machine(file)
    assert words in str(caught.value)
    assert caught.value.problems[0][0].line == line


def test_a_mistake_is_found_in_the_file_that_holds_it(tmp_path: Path) -> None:
    write(tmp_path, "base.yaml", "name: base\n\nhardware:\n  processors: many\n")
    with pytest.raises(DocumentError, match=r"base\.yaml:4: hardware\.processors"):
        load_machine(write(tmp_path, "m.yaml", "extends: base.yaml\nhardware: {memory_gb: 2}\n"))
