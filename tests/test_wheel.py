"""The wheel holds everything that the commands need, and nothing beside the package."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and unpack it where no checkout is near."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # Without the site packages' link to the checkout, the unpacked package is the only one.
    start = f"import sys; sys.path.insert(0, {str(site)!r}); from auditor.cli import main; main()"
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, "-c", start, *arguments],
        cwd=site.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_only_the_package_and_its_metadata_are_installed(unpacked: Path) -> None:
    assert {path.name.partition("-")[0] for path in unpacked.iterdir()} == {"auditor", "outsystems_auditor"}


def test_the_checks_of_the_wheel_are_those_of_the_checkout(unpacked: Path) -> None:
    listed = run(unpacked, "checks", "list")

    assert listed.returncode == 0, listed.stderr
    in_checkout = [path for path in (ROOT / "checks").rglob("*.py") if not path.name.startswith("_")]
    assert len(listed.stdout.splitlines()) == len(in_checkout)
    assert {path.stem for path in (unpacked / "auditor" / "_bundle" / "checks").rglob("*.py")} == {
        path.stem for path in in_checkout
    }


def test_the_demo_runs_from_the_wheel(unpacked: Path) -> None:
    shown = run(unpacked, "demo", "shown")

    assert shown.returncode == 0, shown.stderr
    report = (unpacked.parent / "shown" / "report.html").read_text(encoding="utf-8")
    assert "LifeTime" in report
    assert (unpacked.parent / "shown" / "diff.html").stat().st_size > 10_000

    told = run(unpacked, "report", "--store", "shown/osaudit.db", "--format", "markdown", "--lang", "pt")
    assert "análise" in told.stdout, told.stderr
