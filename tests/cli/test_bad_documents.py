"""A corpus of bad documents: every mistake is told with its place, a scan ends with exit code 2, nothing is written."""

from __future__ import annotations

import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from auditor.cli import main
from tests.cli.program import ROOT

CORPUS: list[dict[str, Any]] = tomllib.loads((ROOT / "fixtures" / "mistakes.toml").read_text(encoding="utf-8"))[
    "mistake"
]
GOOD = "infrastructure: Example\nenvironments:\n  - {name: D, purpose: development, hosts: [{name: h, user: a}]}\n"


@pytest.mark.parametrize("case", CORPUS, ids=[f"{item['document']}-{at}" for at, item in enumerate(CORPUS)])
def test_a_mistake_is_told_and_nothing_is_written(
    case: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"{case['document']}.yaml"
    (tmp_path / "inventory.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / name).write_text(case["content"], encoding="utf-8", newline="\n")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["osaudit", "scan"])

    with pytest.raises(SystemExit) as ended:
        main()

    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (2, "")
    told = [f"osaudit: {name}:{sentence}" for sentence in case["told"]]
    # Where the file was found is said too, for those who did not know that it would be read.
    assert [line for line in err.splitlines() if not line.startswith("Using ")] == told
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_corpus_has_many_mistakes_of_every_document() -> None:
    counted = Counter(item["document"] for item in CORPUS)

    assert len(CORPUS) >= 60
    assert set(counted) == {"inventory", "reference", "waivers", "osaudit"}
    assert min(counted.values()) >= 10
