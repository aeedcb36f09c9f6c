"""The commented example documents that `osaudit init` writes."""

from __future__ import annotations

from importlib import resources


def examples() -> dict[str, str]:
    """Return the text of each example document by its file name."""
    folder = resources.files(__name__)
    return {
        item.name: item.read_text(encoding="utf-8")
        for item in sorted(folder.iterdir(), key=lambda item: item.name)
        if item.name.endswith(".yaml")
    }
