"""The page of the user guide says what the code does."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.settings.configuration import load_configuration
from auditor.settings.inventory import load_inventory
from auditor.settings.reference import load_reference
from auditor.settings.schemas import DOCUMENTS, json_schema
from auditor.settings.waivers import load_waivers

PAGE = (Path(__file__).parents[2] / "docs" / "inventory.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n# (\w+)\.yaml\n(.*?)```", PAGE, flags=re.DOTALL)
LOADERS: dict[str, Callable[[Path], object]] = {
    "inventory": load_inventory, "reference": load_reference, "waivers": load_waivers,
    "osaudit": load_configuration,
}  # fmt: skip


@pytest.mark.parametrize(("document", "text"), EXAMPLES)
def test_every_example_of_the_page_is_valid(write: Callable[..., Path], document: str, text: str) -> None:
    assert LOADERS[document](write(text))


def test_the_page_has_an_example_of_every_document() -> None:
    assert {document for document, _ in EXAMPLES} == set(DOCUMENTS)
    assert len(EXAMPLES) == PAGE.count("```yaml")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_page_names_every_setting_and_every_choice(document: str) -> None:
    schema = json_schema(document)
    words = {key for group in (schema, *schema["$defs"].values()) for key in group.get("properties", {})}
    words |= {word for group in schema["$defs"].values() for word in group.get("enum", [])}
    assert [word for word in sorted(words) if not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", PAGE)] == []
