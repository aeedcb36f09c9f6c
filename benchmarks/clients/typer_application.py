"""The smallest application of typer without rich: what every command line made with it costs."""

from __future__ import annotations

import typer

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def scan(store: str = "osaudit.db") -> None:
    """Do nothing."""


@app.command()
def status(store: str = "osaudit.db") -> None:
    """Do nothing."""


if __name__ == "__main__":
    app()
