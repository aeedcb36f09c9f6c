"""The golden files: a change of what any form says is seen, and what is fixed in them stays fixed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import unified_diff
from itertools import islice

import pytest

from auditor import __version__
from tests.end_to_end.simulated import rules
from tests.reporting.golden import FILES, GOLDEN, golden_files

COMMAND = "make golden"
SHOWN = 20


@pytest.fixture(scope="module")
def kept() -> dict[str, bytes]:
    """The golden files as they are kept."""
    return {path.name: path.read_bytes() for path in FILES.iterdir()}


def differences(kept: Mapping[str, bytes], made: Mapping[str, bytes]) -> list[str]:
    """Return the first different lines of every file that is not made as it is kept."""
    result = []
    for name in sorted(kept.keys() | made.keys()):
        before, after = (side.get(name, b"") for side in (kept, made))
        if before != after:
            old, new = (side.decode("utf-8").splitlines(keepends=True) for side in (before, after))
            shown = islice(unified_diff(old, new, f"{name} (kept)", f"{name} (made)", n=0), SHOWN)
            result.append("".join(line[:300] for line in shown))
    return result


def test_every_form_says_to_the_byte_what_it_said(kept: dict[str, bytes]) -> None:
    found = differences(kept, golden_files())

    assert not found, "\n".join((f"If this is meant, `{COMMAND}` writes the golden files anew:", *found))


def test_a_difference_of_one_byte_is_told(kept: dict[str, bytes]) -> None:
    name = "report.csv"

    (told,) = differences(kept, {**kept, name: kept[name].replace(b"critical", b"Critical", 1)})

    assert f"--- {name} (kept)" in told
    assert f"+++ {name} (made)" in told


def test_no_golden_file_speaks_of_the_catalogue_or_of_a_version_of_ours(kept: dict[str, bytes]) -> None:
    text = b"\n".join(kept.values()).decode("utf-8")

    assert not {check.slug for check in rules().checks} & set(re.findall(r"\w+", text))
    assert rules().rule_set.digest not in text
    assert not re.search(rf"(?<![\d.]){re.escape(__version__)}(?![\d.])", text)


def test_the_golden_files_stay_small() -> None:
    assert sum(path.stat().st_size for path in GOLDEN.rglob("*") if path.is_file()) < 600_000
