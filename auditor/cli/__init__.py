"""The command line: one module per command, each imported only when it is called."""

from __future__ import annotations

from auditor.cli.app import main

__all__ = ["main"]
