"""The page of all commands and the man page are those of the commands, and programs that show man pages take it."""

from __future__ import annotations

import re
import subprocess

import pytest

from docs import commands as made
from tests.test_documentation import Command, commands, section


def test_both_pages_are_current() -> None:
    manual = made.MAN.read_text(encoding="utf-8")

    assert made.PAGE.read_text(encoding="utf-8") == made.page(), "run: make commands"
    assert manual == made.manual(made.day_of(manual)), "run: make commands"
    assert made.day_of(manual)


@pytest.mark.parametrize("command", commands(), ids=str)
def test_every_command_is_there_with_its_options_and_variables(command: Command) -> None:
    part = section(made.PAGE, str(command) if command.words else "Before the command")
    names = {name for option in command.options for name in (*option.opts, *option.secondary_opts)} - {"--help", "-h"}
    variables = {option.envvar for option in command.options if option.envvar}

    assert {name for name in names | variables if f"`{name}`" not in part} == set()


def test_every_kind_of_parameter_is_shown_with_what_it_takes() -> None:
    page = made.page()

    for row in (
        "| `--store`, `-s` TEXT | The store: a file, made by the first scan, or postgresql://user@host/database. | "
        "`osaudit.db` | `OSAUDIT_STORE` |",
        "| `--log-format` WORD | What a line of the log is. One of `text`, `json`. | `text` | `OSAUDIT_LOG_FORMAT` |",
        "| `--visit-seconds` SECONDS | Deadline of one host. At least 1. | `180` | `OSAUDIT_VISIT_SECONDS` |",
    ):
        assert row in page
    assert "From 1 to 100." in page
    assert "\nosaudit waivers add --reason TEXT --owner TEXT --approver TEXT --until DATE [OPTIONS] CHECK\n" in page
    assert "\nosaudit hosts ping [OPTIONS] [NAMES]...\n" in page


@pytest.mark.parametrize(
    "command",
    [
        ["mandoc", "-T", "lint", "-W", "warning"],
        ["groff", "-ww", "-man", "-z", "-T", "utf8"],
    ],
    ids=lambda command: command[0],
)
def test_the_man_page_is_taken_without_a_warning(command: list[str]) -> None:
    done = subprocess.run([*command, str(made.MAN)], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_man_page_reads_as_a_man_page_does() -> None:
    done = subprocess.run(["mandoc", "-T", "ascii", str(made.MAN)], capture_output=True, text=True, check=True)
    shown = re.sub(r".\x08", "", done.stdout)

    for heading in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "COMMANDS", "EXIT STATUS", "FILES", "SEE ALSO"):
        assert re.search(rf"^{heading}$", shown, re.MULTILINE)
    for command in commands():
        assert f"   {command}" in shown or not command.words
    assert re.search(r"^ +10 +open findings at or above --fail-on", shown, re.MULTILINE)
