"""The same observations give the same bytes, whatever the order of sets and dictionaries in a process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.simulated import modelled, scan_once, serving

REPORTS = ("html", "json", "csv", "csv-facts", "xlsx", "junit", "sarif", "ocsf", "markdown")


def run(folder: Path, seed: str, *arguments: str) -> bytes:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path.cwd()), "TZ": f"UTC{seed}"}
    command = [sys.executable, "-m", "auditor", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=60, check=True).stdout


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two scans of which the second has violations."""
    folder = tmp_path_factory.mktemp("bytes")
    with serving(modelled("demo"), folder) as (served, inventory):
        scan_once(inventory, folder)
        served.become(modelled("demo-drifted"))
        scan_once(inventory, folder)
    return folder / "osaudit.db"


@pytest.mark.parametrize(
    "command",
    [
        *(("report", "--format", form) for form in REPORTS),
        ("diff", "--format", "html"),
    ],
    ids=" ".join,
)
def test_two_processes_write_the_same_bytes(store: Path, tmp_path: Path, command: tuple[str, ...]) -> None:
    written = []
    for seed in ("1", "2"):
        run(tmp_path, seed, *command, "--store", str(store), "--output", f"out-{seed}")
        written.append((tmp_path / f"out-{seed}").read_bytes())

    assert len(written[0]) > 2_000
    assert written[0] == written[1]


def test_two_processes_write_the_same_site(store: Path, tmp_path: Path) -> None:
    for seed in ("1", "2"):
        run(tmp_path, seed, "site", f"site-{seed}", "--store", str(store))
    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / f"site-{seed}").iterdir()} for seed in ("1", "2")
    )

    assert len(first) == 5
    assert first == second


def test_judging_the_same_answers_again_gives_the_same_report(store: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    shutil.copy(store, copy)
    before = run(tmp_path, "1", "report", "--format", "json", "--store", str(copy))
    environment = {**os.environ, "PYTHONHASHSEED": "3", "PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, "-m", "auditor", "evaluate", "--store", str(copy)]
    judged = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=False)
    assert judged.returncode == 3, judged.stderr  # one host was silent

    assert run(tmp_path, "2", "report", "--format", "json", "--store", str(copy)) == before
