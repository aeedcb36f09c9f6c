"""The checks of the first release: each is here, with its cases."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from auditor.bundled import checks_folder
from auditor.engine.cases import load_cases
from auditor.engine.discovery import load_checks

CASES_FOLDER = Path(__file__).parents[2] / "fixtures" / "checks"
FIRST_RELEASE = {
    "TOPO": (*range(1, 9), 10, 11, *range(14, 19)),
    "COMP": (*range(1, 9), 10, 13),
    "VER": (1, 2, 5, 6, 7, 12, 13, 14, 16, 17, 21),
    "HW": (1, 2, 4, 10, 11),
    "OS": (1, 2, 3, 5, 10, 13, 14, 16),
    "NET": (1, 2, 3, 4, 6, 7, 8),
    "IIS": (1, 2, 3, 4, 6, 17, 18),
    "SVC": (1, 2, 3, 6, 7, 8),
    "CONF": (*range(1, 8), 9, 10),
    "DB": (4, 5),
    "CACHE": (1, 3),
    "SEC": (1, 2, 4),
    "HA": (1,),
    "LT": (1, 2, 3, 4, 5),
    "DATA": (*range(1, 6), *range(7, 16)),
}


def ids_of(groups: Mapping[str, tuple[int, ...]]) -> set[str]:
    return {f"{group}-{number:03}" for group, numbers in groups.items() for number in numbers}


def test_every_check_of_the_first_release_is_here_with_cases() -> None:
    ids = ids_of(FIRST_RELEASE)
    checks = {check.id: check for check in load_checks([checks_folder()])}

    assert len(ids) == 105
    assert ids - set(checks) == set()
    assert all(load_cases(CASES_FOLDER / f"{checks[name].slug}.toml") for name in ids)
