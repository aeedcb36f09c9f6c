"""What a person mistypes is told with its place, and ends with exit code 2 without a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.program import osaudit, refused

INVENTORY = """infrastructure: example
environments:
  - name: Development
    purpos: development
    hosts:
      - name: dev-1
        port: many
"""


def test_every_mistake_in_an_inventory_is_told_with_file_line_key_and_what_is_expected(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(INVENTORY, encoding="utf-8")
    refused(
        osaudit(tmp_path, "scan", "-i", "bad.yaml"),
        "bad.yaml:3: environments[0].purpose: is missing; expected development, quality, production",
        "bad.yaml:4: environments[0].purpos: 'purpos' is not a known key; did you mean purpose?",
        "bad.yaml:7: environments[0].hosts[0].port: found 'many'; expected a whole number",
    )
    assert not (tmp_path / "osaudit.db").exists()


@pytest.mark.parametrize("command", [("scan",), ("hosts", "list"), ("hosts", "ping")])
def test_an_inventory_that_is_not_there_is_told_with_how_to_begin_one(command: tuple[str, ...], tmp_path: Path) -> None:
    refused(osaudit(tmp_path, *command), "inventory.yaml: there is no such file; `osaudit init` writes an example.")


def test_files_that_are_named_must_be_there(tmp_path: Path) -> None:
    osaudit(tmp_path, "init")
    refused(osaudit(tmp_path, "scan", "--reference", "other.yaml"), "other.yaml: there is no such file")
    refused(osaudit(tmp_path, "scan", "--waivers", "other.yaml"), "other.yaml: there is no such file")


def test_a_host_that_the_inventory_does_not_have_is_told(tmp_path: Path) -> None:
    osaudit(tmp_path, "init")
    refused(osaudit(tmp_path, "hosts", "ping", "dev-9"), "The inventory has no host 'dev-9'; `osaudit hosts list`")
    refused(osaudit(tmp_path, "hosts", "trust", "dev-1"), "dev-1 is read over WinRM and has no SSH host key")


def test_a_zone_that_is_not_there_and_a_host_that_no_zone_would_read_are_told_before_anything_is_read(
    tmp_path: Path,
) -> None:
    osaudit(tmp_path, "init")
    refused(osaudit(tmp_path, "scan", "--zone", "dmz"), "No host of the inventory is in the zone dmz: it has none")
    text = (tmp_path / "inventory.yaml").read_text(encoding="utf-8").replace("    #zone: dmz", "    zone: dmz")
    (tmp_path / "inventory.yaml").write_text(text, encoding="utf-8")
    refused(osaudit(tmp_path, "scan", "--zone", "office"), "is in the zone office: it has dmz; name a zone")
    refused(
        osaudit(tmp_path, "scan", OSAUDIT_ZONE="dmz"), "No collector of a zone would read dev-1, qa-1, lt-1, broker-1;"
    )
    assert not (tmp_path / "osaudit.db").exists()


@pytest.mark.parametrize("place", ["argument", "variable", "file"])
def test_a_password_in_the_url_of_a_store_is_refused_wherever_it_stands_and_not_repeated(
    place: str, tmp_path: Path
) -> None:
    location = "postgresql://osaudit:Planted-3311@127.0.0.1/osaudit"
    if place == "argument":
        ended = osaudit(tmp_path, "scans", "--store", location)
    elif place == "variable":
        ended = osaudit(tmp_path, "config", "show", OSAUDIT_STORE=location)
    else:
        (tmp_path / "osaudit.yaml").write_text(f"store: {location}\n", encoding="utf-8")
        ended = osaudit(tmp_path, "status")
    refused(ended, "a password")
    assert "Planted-3311" not in ended.err


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "CHG\x1b[31m", "CHG\n1"])
def test_a_name_that_no_change_can_have_is_told_before_anything_is_read(name: str, tmp_path: Path) -> None:
    osaudit(tmp_path, "init")
    refused(
        osaudit(tmp_path, "scan", "--change", "CHG1", "--change", name), "--change takes the name of a change, 1 to 80"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("scam",), "No such command 'scam'"),
        (("scan", "--fail-on", "awful"), "'awful' is not one of 'critical', 'high', 'medium', 'low'"),
        (("scan", "--concurrency", "0"), "--concurrency"),
        (("report", "first"), "Invalid value for"),
        (("schema", "letter"), "'letter' is not one of 'inventory', 'reference', 'waivers'"),
    ],
)
def test_arguments_that_do_not_exist_are_told(arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    ended = osaudit(tmp_path, *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert words in ended.err
    assert "Usage: osaudit" in ended.err
    assert "Traceback" not in ended.err


def test_an_output_that_cannot_show_every_letter_shows_the_others(tmp_path: Path) -> None:
    shown = osaudit(tmp_path, "checks", "explain", "TOPO-006", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert shown.code == 0, shown.err
    assert "TOPO-006" in shown.out
