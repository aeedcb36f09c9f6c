"""Files of a modelled Windows server: places, listings, XML, digests."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import pytest

from auditor.simulation.machine import load_machine

MODEL = r"""
name: probe
variables: {ROOT_FOLDER: 'D:\Data'}
registry:
  HKLM\SOFTWARE\Vendor: {Folder: 'D:\Data'}
  HKLM\SOFTWARE\Closed: {Folder: 'D:\Data'}
  HKLM\SOFTWARE\WOW6432Node\Narrow: {Folder: 'D:\Data'}
files:
  D:\Data\Readme.txt: {text: "hello world", bom: true, version: 1.2.3.4}
  D:\Data\big.bin: {size: 5}
  D:\Data\Sub\Deep.txt: x
  D:\Secret\in\file.txt: x
  D:\Data\good.xml: |
    <?xml version="1.0"?>
    <c:Root xmlns:c="urn:x" a="1">
      <Group ProviderKey="SqlServer" other="hidden">
        <Leaf>text</Leaf><Leaf encrypted="true">secret</Leaf><Empty/>
      </Group>
      <Group ProviderKey="Oracle"><Leaf>second</Leaf></Group>
      <Aside>dropped</Aside>
    </c:Root>
  D:\Data\entity.xml: '<!DOCTYPE r [<!ENTITY e SYSTEM "file:///c:/windows/win.ini">]><r>&e;</r>'
  D:\Data\broken.xml: '<r><a></r>'
folders: {'D:\Data\Empty': true}
denied:
  files: {'D:\Secret': true}
  registry: {'HKLM\SOFTWARE\Closed': true}
"""
KEY = b"0123456789abcdef"
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(tmp_path: Any) -> Ask:
    (tmp_path / "probe.yaml").write_text(MODEL)
    machine = load_machine(tmp_path / "probe.yaml")

    def put(verb: str, **arguments: Any) -> dict[str, Any]:
        request = {
            "digest_key": base64.b64encode(KEY).decode(),
            "questions": [{"id": "q", "verb": verb, "arguments": arguments}],
        }
        answer: dict[str, Any] = machine.answer(request)["answers"][0]
        return answer

    return put


def test_a_file_gives_size_time_version_and_asked_text(ask: Ask) -> None:
    assert ask("file", path=r"d:/data\README.TXT", text=5)["value"] == {
        "path": r"d:\data\README.TXT", "size": 14, "modified": "2026-01-10T08:00:00Z", "version": None,
        "text": "he",
    }  # fmt: skip
    assert "text" not in ask("file", path=r"%ROOT_FOLDER%\big.bin")["value"]
    assert ask("file", path=r"D:\Data\big.bin", text=65537)["outcome"] == "failed"


def test_what_does_not_exist_is_missing_and_what_is_closed_is_denied(ask: Ask) -> None:
    assert ask("file", path=r"D:\Data\none.txt")["outcome"] == "missing"
    assert ask("file", path=r"D:\Data\Sub")["outcome"] == "missing"
    assert ask("directory", path=r"D:\Data\Readme.txt")["outcome"] == "missing"
    for verb in ("file", "directory", "xml", "digest"):
        assert ask(verb, path=r"D:\secret\in\file.txt")["outcome"] == "denied"
        assert ask(verb, path=r"D:\secret\not\there")["outcome"] == "denied"


def test_only_full_paths_of_local_drives_are_looked_at(ask: Ask) -> None:
    for path in (r"Data\Readme.txt", r"\\server\share\x", "%Unknown%\\x", ""):
        assert ask("file", path=path)["outcome"] == "failed"


def test_places_rest_on_a_registry_value_in_either_view(ask: Ask) -> None:
    base = {"key": r"HKLM\SOFTWARE\Vendor", "value": "folder"}
    assert ask("file", path=r"Sub\Deep.txt", base=base)["value"]["path"] == r"D:\Data\Sub\Deep.txt"
    assert ask("directory", path="", base=base)["value"]["path"] == r"D:\Data"
    assert ask("directory", base={"key": r"HKLM\SOFTWARE\Narrow", "value": "Folder"})["outcome"] == "ok"


def test_a_base_that_is_absent_falls_to_otherwise_and_a_closed_one_never_does(ask: Ask) -> None:
    absent = {"key": r"HKLM\SOFTWARE\Vendor", "value": "Nothing"}
    answer = ask("file", path="Readme.txt", base=absent)
    assert (answer["outcome"], answer["detail"]) == ("missing", "base")
    assert ask("file", path="Readme.txt", base=absent, otherwise="%ROOT_FOLDER%")["outcome"] == "ok"
    closed = {"key": r"HKLM\SOFTWARE\Closed", "value": "Folder"}
    assert ask("file", path="Readme.txt", base=closed, otherwise="%ROOT_FOLDER%")["outcome"] == "denied"


def test_a_listing_is_derived_sorted_filtered_and_cut(ask: Ask) -> None:
    entries = ask("directory", path=r"D:\Data")["value"]["entries"]
    assert [entry["name"] for entry in entries] == [
        "big.bin", "broken.xml", "Empty", "entity.xml", "good.xml", "Readme.txt", "Sub",
    ]  # fmt: skip
    assert [entry["name"] for entry in entries if entry["folder"]] == ["Empty", "Sub"]
    filtered = ask("directory", path=r"D:\Data", like="*.XML", limit=2)
    assert [entry["name"] for entry in filtered["value"]["entries"]] == ["broken.xml", "entity.xml"]
    assert filtered["complete"] is False
    assert ask("directory", path=r"D:\Data", like="?ood.xml")["value"]["entries"] == []
    assert ask("directory", path=r"D:\Data\Empty")["value"]["entries"] == []


def test_a_digest_is_keyed(ask: Ask) -> None:
    expected = hmac.new(KEY, bytes(5), hashlib.sha256).hexdigest()
    assert ask("digest", path=r"D:\Data\big.bin")["value"] == {
        "path": r"D:\Data\big.bin", "size": 5, "digest": expected,
    }  # fmt: skip


def test_xml_keeps_only_what_the_rules_name(ask: Ask) -> None:
    rules = [
        {"path": "root/group", "attributes": ["ProviderKey"]},
        {"path": "Root/Group/Leaf", "attributes": ["encrypted"], "text": "presence"},
        {"path": "Root/Group/Empty", "text": "presence"},
    ]
    root = ask("xml", path=r"D:\Data\good.xml", take=rules)["value"]["root"]
    leaf = {"name": "Leaf", "attributes": {}, "text": True, "children": []}
    assert root == {
        "name": "Root",
        "attributes": {},
        "children": [
            {
                "name": "Group",
                "attributes": {"ProviderKey": "SqlServer"},
                "children": [
                    leaf,
                    {**leaf, "attributes": {"encrypted": "true"}},
                    {"name": "Empty", "attributes": {}, "text": False, "children": []},
                ],
            },
            {"name": "Group", "attributes": {"ProviderKey": "Oracle"}, "children": [leaf]},
        ],
    }


def test_xml_takes_text_and_chooses_by_attribute(ask: Ask) -> None:
    rules = [{"path": "Root/Group", "where": {"ProviderKey": "sql*"}, "attributes": []}]
    root = ask("xml", path=r"D:\Data\good.xml", take=rules)["value"]["root"]
    assert root["children"] == [{"name": "Group", "attributes": {}, "children": []}]
    rules = [{"path": "Root/Group", "text": "presence"}]
    root = ask("xml", path=r"D:\Data\good.xml", take=rules)["value"]["root"]
    assert [child["text"] for child in root["children"]] == [False, False]
    root = ask("xml", path=r"D:\Data\good.xml", take=[{"path": "Root/Aside", "text": "value"}])["value"]["root"]
    assert root["children"][0]["text"] == "dropped"
    assert ask("xml", path=r"D:\Data\good.xml", take=[{"path": "Other"}])["value"]["root"]["children"] == []


def test_document_types_and_broken_files_fail(ask: Ask) -> None:
    assert ask("xml", path=r"D:\Data\entity.xml", take=[{"path": "r", "text": "value"}])["outcome"] == "failed"
    assert ask("xml", path=r"D:\Data\broken.xml", take=[{"path": "r"}])["outcome"] == "failed"
    assert ask("xml", path=r"D:\Data\big.bin", take=[{"path": "r"}])["outcome"] == "failed"
