"""What several tests of the command line look at: two stored scans whose servers are gone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.program import osaudit
from tests.end_to_end.simulated import modelled, serving


@pytest.fixture(scope="session")
def _scanned_twice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scanned")
    with serving(modelled("reference"), folder) as (served, _):
        first = osaudit(folder, "scan")
        served.become(modelled("p05-lifetime-in-development"))
        second = osaudit(folder, "scan", "--change", "CHG1234", "--change", "CHG1234", "--change", " patch 7 ")
    assert (first.code, second.code) == (0, 0), first.err + second.err
    return folder


@pytest.fixture
def scanned_twice(_scanned_twice: Path, tmp_path: Path) -> Path:
    """A folder with an inventory and a store of two scans; LifeTime came to Development between them, in a change.

    No server of the inventory runs any more.
    """
    folder = tmp_path / "scanned"
    shutil.copytree(_scanned_twice, folder)
    return folder
