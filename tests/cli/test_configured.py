"""osaudit.yaml lies under the options: an option wins over the environment, and that over the file."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from auditor.cli.app import COMMANDS
from auditor.cli.configured import CONFIGURED
from tests.cli.program import osaudit, refused

INVENTORY = """infrastructure: {name}
environments:
  - name: Development
    purpose: development
    hosts: [{{name: {name}-1, sign_in: ntlm, user: u, password: {{environment: NOT_SET}}}}]
"""


def folder_with(folder: Path, text: str) -> Path:
    for name in ("north", "south", "east"):
        (folder / f"{name}.yaml").write_text(INVENTORY.format(name=name), encoding="utf-8")
    (folder / "osaudit.yaml").write_text(text, encoding="utf-8")
    return folder


def test_an_option_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, "inventory: north.yaml\n")

    by_file = osaudit(folder, "hosts", "list")
    by_variable = osaudit(folder, "hosts", "list", OSAUDIT_INVENTORY="south.yaml")
    by_option = osaudit(folder, "hosts", "list", "-i", "east.yaml", OSAUDIT_INVENTORY="south.yaml")

    assert [("north" in by_file.out), ("south" in by_variable.out), ("east" in by_option.out)] == [True] * 3
    assert by_file.err == "Using osaudit.yaml.\n"


def test_a_named_file_is_taken_from_any_folder_and_its_paths_are_its_own(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, "inventory: north.yaml\nstore: data/osaudit.db\n")
    (tmp_path / "elsewhere").mkdir()

    listed = osaudit(tmp_path / "elsewhere", "--config", str(folder / "osaudit.yaml"), "hosts", "list")
    scanned = osaudit(tmp_path / "elsewhere", "scan", OSAUDIT_CONFIG=str(folder / "osaudit.yaml"))

    assert ("north-1" in listed.out, listed.err) == (True, "")
    assert scanned.code == 4
    assert (folder / "data" / "osaudit.db").is_file()
    refused(osaudit(tmp_path, "--config", "other.yaml", "scans"), "other.yaml: there is no such file")


def test_show_tells_every_setting_and_where_it_comes_from(tmp_path: Path) -> None:
    folder = folder_with(
        tmp_path,
        """inventory: north.yaml
scan:
  fail_on: high
  scan_seconds: 600
checks: [rules]
schedule: {at: 02:00, days: [monday], account: osaudit}
notifications:
  link: https://reports.example.com/
  targets:
    - {name: operations, address: {environment: OSAUDIT_MAIL}, attach_report: true}
""",
    )
    (folder / "waivers.yaml").write_text("waivers: []\n", encoding="utf-8")

    shown = osaudit(folder, "config", "show", OSAUDIT_SCAN_SECONDS="60", OSAUDIT_MAIL="mailtos://u:Planted-7431@x")

    rows = dict(re.split(r"\s{2,}", line, maxsplit=1) for line in shown.out.splitlines())
    assert shown.code == 0, shown.err
    assert re.split(r"\s{2,}", rows["inventory"]) == [str(folder / "north.yaml"), "osaudit.yaml:1"]
    assert re.split(r"\s{2,}", rows["scan.fail_on"]) == ["high", "osaudit.yaml:3"]
    assert re.split(r"\s{2,}", rows["scan.scan_seconds"]) == ["60", "OSAUDIT_SCAN_SECONDS"]
    assert re.split(r"\s{2,}", rows["scan.visit_seconds"]) == ["180", "default"]
    assert re.split(r"\s{2,}", rows["store"]) == ["osaudit.db", "default"]
    assert re.split(r"\s{2,}", rows["checks"]) == [str(folder / "rules"), "osaudit.yaml:5"]
    assert re.split(r"\s{2,}", rows["waivers"]) == [str(folder / "waivers.yaml"), "beside the inventory"]
    assert re.split(r"\s{2,}", rows["schedule"]) == ["osaudit: 02:00, monday, as osaudit", "osaudit.yaml:6"]
    assert "operations: address from the environment variable OSAUDIT_MAIL, with the report" in shown.out
    assert "Planted" not in shown.out + shown.err


@pytest.mark.parametrize("command", [("scan",), ("scans",), ("status",), ("hosts", "list"), ("config", "show")])
def test_a_mistake_in_the_file_is_told_with_its_place_and_nothing_is_written(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    folder = folder_with(tmp_path, "scan:\n  visit_seconds: soon\nstor: x\n")
    before = sorted(folder.iterdir())

    refused(
        osaudit(folder, *command),
        "osaudit.yaml:2: scan.visit_seconds: found 'soon'; expected a whole number.",
        "osaudit.yaml:3: stor: 'stor' is not a known key; did you mean store?",
    )
    assert sorted(folder.iterdir()) == before


def test_help_and_commands_that_take_nothing_of_the_file_do_without_it(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, "scann: {}\n")

    for arguments in (("scan", "--help"), ("hosts", "list", "-h"), ("explain",), ("schema", "osaudit"), ("--version",)):
        ended = osaudit(folder, *arguments)
        assert (ended.code, ended.err) == (0, ""), arguments


def test_every_command_is_known_to_take_the_file_or_not() -> None:
    assert set(COMMANDS) - CONFIGURED == {"init", "explain", "schema", "demo"}


def test_folders_of_checks_in_a_variable_are_separated_as_in_path(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    shown = osaudit(tmp_path, "config", "show", OSAUDIT_CHECKS=os.pathsep.join(("a", "b")))
    assert re.search(r"^checks +a, b +OSAUDIT_CHECKS$", shown.out, re.MULTILINE)
