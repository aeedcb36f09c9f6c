"""The real program in a process of its own, with pipes or with a terminal."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from dataclasses import dataclass
from pathlib import Path

from tests.end_to_end.simulated import PASSWORD

ROOT = Path(__file__).parents[2]
PASSWORD_VARIABLE = "OSAUDIT_SIMULATION_PASSWORD"
_SECONDS = 60.0


@dataclass(frozen=True)
class Ended:
    """How a run ended. With a terminal all output is in `out`."""

    code: int
    out: str
    err: str = ""


def variables(**more: str) -> dict[str, str]:
    """Return the environment of a run: ours, without what would steer the program, and the password."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OSAUDIT_")}
    return {**kept, PASSWORD_VARIABLE: PASSWORD, "PYTHONPATH": str(ROOT), **more}


def command(*arguments: str, module: str = "auditor") -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def osaudit(folder: Path, *arguments: str, typed: str = "", module: str = "auditor", **more: str) -> Ended:
    """Run to the end with pipes; `module` starts the program, by default as a person does."""
    done = subprocess.run(
        command(*arguments, module=module),
        cwd=folder,
        env=variables(**more),
        input=typed,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=_SECONDS,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def refused(ended: Ended, *sentences: str) -> None:
    """Assert that a run ended with exit code 2 and one sentence per problem, and printed nothing else."""
    lines = [line for line in ended.err.splitlines() if not line.startswith("Using ")]
    assert (ended.code, ended.out) == (2, ""), ended
    assert len(lines) == len(sentences), ended.err
    for line, sentence in zip(lines, sentences, strict=True):
        assert line.startswith("osaudit: "), line
        assert sentence in line, line
        assert line.endswith((".", "?")), line


class Begun:
    """A run in progress, whose stderr is read line by line."""

    def __init__(self, folder: Path, *arguments: str, **more: str) -> None:
        self.process = subprocess.Popen(
            command(*arguments),
            cwd=folder,
            env=variables(**more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self.seen: list[str] = []

    def wait_for(self, words: str) -> None:
        """Read stderr until a line holds these words."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.seen.append(line)
            if words in line:
                return
        raise AssertionError(f"it ended without saying {words!r}: {''.join(self.seen)}")

    def end(self) -> Ended:
        """Wait for its end."""
        out, err = self.process.communicate(timeout=_SECONDS)
        return Ended(self.process.returncode, out, "".join(self.seen) + err)


def on_terminal(
    folder: Path, *arguments: str, typed: tuple[tuple[str, str], ...] = (), columns: int = 80, **more: str
) -> Ended:
    """Run with a terminal of this width; `typed` are (what is waited for, what is typed then)."""
    child, terminal = pty.fork()
    if child == 0:  # pragma: no cover - the child becomes the program
        os.chdir(folder)
        os.execve(sys.executable, command(*arguments), variables(**{"TERM": "xterm-256color", **more}))
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    waiting = list(typed)
    seen = b""
    until = time.monotonic() + _SECONDS
    try:
        while time.monotonic() < until:
            if not select.select([terminal], [], [], 1.0)[0]:
                continue
            try:
                part = os.read(terminal, 65536)
            except OSError:
                break  # Linux says so when the other end is closed
            if not part:
                break
            seen += part
            if waiting and waiting[0][0].encode() in seen:
                os.write(terminal, waiting.pop(0)[1].encode())
        else:
            raise AssertionError(f"it did not end: {seen!r}")
    finally:
        with contextlib.suppress(OSError):
            os.close(terminal)
        _, status = os.waitpid(child, 0)
    return Ended(os.waitstatus_to_exitcode(status), seen.decode("utf-8", "replace"))
