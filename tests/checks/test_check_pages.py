"""The pages of the checks are those in docs/checks, and they leave nothing out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from auditor.bundled import checks_folder
from auditor.engine.declaration import Check
from auditor.evaluating import Rules

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "checks"
RULES = Rules.load((checks_folder(),))


def test_the_pages_in_the_documents_are_current() -> None:
    written = {file.name: file.read_text(encoding="utf-8") for file in FOLDER.iterdir()}

    assert set(written) == set(RULES.pages), "run: osaudit checks pages docs/checks, and delete what is left over"
    stale = [name for name, text in RULES.pages.items() if written[name] != text]
    assert stale == [], "run: osaudit checks pages docs/checks"


@pytest.mark.parametrize("check", RULES.checks, ids=lambda check: check.slug)
def test_a_check_stands_in_the_index_by_group_severity_source_and_file(check: Check) -> None:
    index = RULES.pages["README.md"]
    *_, group, severity, source, file = re.split(r"^## ", index, flags=re.MULTILINE)
    link = f"[{check.id}]({check.id.lower()}.md)"

    assert group.count(link) == severity.count(link) == 1
    assert source.count(link) == len(check.sources)
    (listed,) = re.findall(rf"^\| {check.id} \| `([^`]+)` \|$", file, re.MULTILINE)
    assert (ROOT / listed).is_file()


@pytest.mark.parametrize("check", RULES.checks, ids=lambda check: check.slug)
def test_a_page_holds_every_part_and_no_tag(check: Check) -> None:
    page = RULES.pages[f"{check.id.lower()}.md"]

    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == list(check.sections)
    assert "<" not in "".join(page.split("`")[::2]), "a tag stands outside of backticks"
    assert page.startswith(f"# {check.id}: ")
