"""Where the data that ship with osaudit are: in the wheel below the package, in a checkout beside it."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _folder(packed: str, beside: str) -> Path:
    inside = _PACKAGE / "_bundle" / packed
    return inside if inside.is_dir() else _PACKAGE.parent / beside


def checks_folder() -> Path:
    """Return the folder of the check files."""
    return _folder("checks", "checks")


def templates_folder() -> Path:
    """Return the folder of the report templates."""
    return _folder("templates", "reports/templates")


def machines_folder() -> Path:
    """Return the folder of the machine models."""
    return _folder("machines", "fixtures/machines")


def infrastructures_folder() -> Path:
    """Return the folder of the modelled infrastructures."""
    return _folder("infrastructures", "fixtures/infrastructures")
