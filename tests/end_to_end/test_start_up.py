"""Help starts at nearly the cost of Python with typer: counted as modules that are loaded, and once as time."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer

from auditor.cli.app import COMMANDS
from benchmarks import store_rows
from tests.cli.program import ROOT, osaudit

HEAVY = {
    "alembic",
    "apprise",
    "babel",
    "cryptography",
    "jinja2",
    "paramiko",
    "pydantic",
    "requests",
    "rich",
    "spnego",
    "sqlalchemy",
    "winrm",
    "xlsxwriter",
    "yaml",
}
# Releases of typer read the options of a single command with it; the help of the whole does without.
TYPERS_OWN = {"pydantic"}
# A store is read with SQLAlchemy, and what comes back is validated; the configuration is YAML.
NEEDED_BY_A_STORE = {"pydantic", "sqlalchemy", "yaml"}
NOT_FOR_STATUS = ("collectors", "detection", "evaluating", "scanning", "simulation", "transports", "notification")
# Of osaudit itself, help needs the application and what it says of errors.
LIGHT = {"auditor", "auditor.cli", "auditor.cli.app", "auditor.cli.exit_codes", "auditor.errors"}
# The acceptance line: CPU time of help over that of importing typer.
MOST = 1.5
ROUNDS = 15

LOADED = """
import json, sys
from auditor.cli import main
sys.argv = ["osaudit", *sys.argv[1:]]
try:
    main()
except SystemExit as ended:
    assert not ended.code, ended.code
print(json.dumps(sorted(sys.modules)))
"""


def loaded(folder: Path, *arguments: str) -> set[str]:
    """Return the modules that are loaded when the program has done what it was asked."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [("--help",), ("--version",)])
def test_help_loads_nothing_heavy_and_no_command(arguments: tuple[str, ...], tmp_path: Path) -> None:
    modules = loaded(tmp_path, *arguments)
    assert HEAVY & modules == set()
    assert {name for name in modules if name.partition(".")[0] == "auditor"} == LIGHT


def test_status_loads_the_store_and_neither_transports_nor_what_reads_and_judges(tmp_path: Path) -> None:
    store_rows.write(tmp_path / "osaudit.db", store_rows.made(5))
    modules = loaded(tmp_path, "status")
    assert (HEAVY - NEEDED_BY_A_STORE) & modules == set()
    rooms = {".".join(name.split(".")[:2]) for name in modules if name.startswith("auditor.")}
    assert rooms & {f"auditor.{name}" for name in NOT_FOR_STATUS} == set()


def test_what_reads_hosts_loads_a_protocol_only_for_a_host_that_speaks_it() -> None:
    code = (
        "import json, sys\n"
        "from auditor.scanning import visit_all\n"
        "from auditor.transports.base import Limits\n"
        "from auditor.transports.opening import Connections\n"
        "with Connections(Limits()):\n"
        "    print(json.dumps(sorted(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert {"paramiko", "winrm", "spnego", "requests", "sqlalchemy"} & set(json.loads(done.stdout)) == set()


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_the_help_of_a_command_loads_nothing_heavy(command: str, tmp_path: Path) -> None:
    assert (HEAVY - TYPERS_OWN) & loaded(tmp_path, command, "--help") == set()


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_help_says_of_each_command_what_the_command_says_of_itself(command: str) -> None:
    attribute, summary = COMMANDS[command]
    found = getattr(import_module(f"auditor.cli.{command}"), attribute)
    own = str(found.info.help if isinstance(found, typer.Typer) else found.__doc__)
    assert own.splitlines()[0] == summary


def test_help_shows_every_command_and_an_unknown_one_its_neighbours(tmp_path: Path) -> None:
    text = osaudit(tmp_path, "--help").out
    commands = [line.split()[0] for line in text.partition("Commands:")[2].splitlines() if line[2:3].strip()]
    assert commands == list(COMMANDS)
    assert "Did you mean 'scan', 'scans'?" in osaudit(tmp_path, "scn").err


def cpu_seconds(*arguments: str) -> float:
    """Return the CPU time, user and system, of one run of Python."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.stderr is not None
    with process.stderr as complaints:
        assert process.returncode == 0, complaints.read()
    return used.ru_utime + used.ru_stime


def test_help_costs_at_most_one_and_a_half_times_the_import_of_typer() -> None:
    """Compared pair by pair, so that a busy computer slows both."""
    pairs = [(cpu_seconds("-m", "auditor", "--help"), cpu_seconds("-c", "import typer")) for _ in range(ROUNDS)]
    assert statistics.median(ours / theirs for ours, theirs in pairs) <= MOST, pairs
