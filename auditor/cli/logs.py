"""The log: what is said to a person, one line for each, with the time. Kept only where a file is named for it."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from pathlib import Path

import typer

from auditor.cli.app import LogForm

_OWN = logging.getLogger("auditor")


def keep_log(path: Path, form: LogForm) -> None:
    """Append from now on to this file; UsageError where that cannot be done."""
    from auditor.errors import UsageError

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # It names servers, so a new file is its owner's alone; the rights of one that is there are left alone.
        path.touch(mode=0o600)
        file = _File(path, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise UsageError(f"The log {path} cannot be written: {error.strerror}; name another file.") from error
    file.setFormatter(_JSONLines() if form is LogForm.JSON else _TextLines())
    _OWN.addHandler(file)
    _OWN.setLevel(logging.INFO)


class _File(logging.FileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Go on without the log; the work is worth more, and its result tells as much."""
        _OWN.removeHandler(self)
        typer.echo(f"osaudit: The log {self.baseFilename} cannot be written any more; the work goes on.", err=True)


class _TextLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Return time in UTC, level, number of the process and the sentence."""
        return f"{_time(record)} {record.levelname} [{record.process}] {_sentence(record)}"


class _JSONLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Return the same as a JSON document in ASCII, with what a program would have to read out of the sentence."""
        line = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "process": record.process,
            "message": _sentence(record),
            **getattr(record, "fields", {}),
        }
        return json.dumps(line)


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"


def _sentence(record: logging.LogRecord) -> str:
    """Return the sentence on one line; what a server said inside it is shown, never obeyed."""
    from auditor.reporting.plain import on_one_line

    return on_one_line(record.getMessage())
