"""The package can be loaded on Windows: no module of it imports at load time what only POSIX systems have."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "auditor"
POSIX_ONLY = {"crypt", "fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty"}


def imported_at_load(source: str) -> set[str]:
    """Return the top names of all imports outside of functions."""
    found: set[str] = set()
    waiting: list[ast.AST] = [ast.parse(source)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))
    return found


@pytest.mark.parametrize("file", sorted(PACKAGE.rglob("*.py")), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_nothing_that_only_posix_has_is_imported_at_load(file: Path) -> None:
    assert not imported_at_load(file.read_text(encoding="utf-8")) & POSIX_ONLY


def test_the_test_would_notice() -> None:
    assert imported_at_load("try:\n    import fcntl\nexcept ImportError:\n    pass") & POSIX_ONLY
    assert not imported_at_load("def lock():\n    import fcntl") & POSIX_ONLY
