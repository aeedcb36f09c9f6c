"""The accounts of simulated servers, and the one file from which pyspnego reads those that sign in by NTLM."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_VARIABLE = "NTLM_USER_FILE"


class Accounts:
    """Users with passwords. A user is written as in a sign-in: `name`, `DOMAIN\\name` or `name@domain`."""

    def __init__(self, accounts: Mapping[str, str], machine_name: str) -> None:
        self._passwords = {user.casefold(): password for user, password in accounts.items()}
        self._names = {user.casefold(): user for user in accounts}
        self.ntlm_lines = "".join(_lines(user, password, machine_name) for user, password in accounts.items())

    def named(self, user: str) -> str | None:
        """Return the account as declared, whatever the case it was written in."""
        return self._names.get(user.casefold())

    def accepts(self, user: str, password: str) -> bool:
        """Whether this is the password of a user."""
        return self._passwords.get(user.casefold()) == password


def _lines(user: str, password: str, machine_name: str) -> str:
    """Return the lines of pyspnego's file, `DOMAIN:user:password`, for all the ways to write a local account."""
    if any(character in user + password for character in ":\r\n"):
        raise ValueError("user names and passwords of simulated servers must not hold colons or line breaks")
    domain, backslash, name = user.rpartition("\\")
    domains = [domain] if backslash or "@" in user else ["", ".", machine_name]
    return "".join(f"{one}:{name}:{password}\n" for one in domains)


class _UserFile:
    """The file that the environment variable NTLM_USER_FILE names.

    pyspnego takes the accounts of its NTLM server from there and from nowhere else, so this is the one place where the
    process's environment changes: when the first server starts, and back when the last one stops. Between the two
    only the content of the file changes, under a lock, so that each server sees its own accounts.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._servers = 0
        self._before: str | None = None
        self._folder = ""
        self._content: str | None = None

    def keep(self) -> None:
        """Have the file, until `give_up` is called as often."""
        with self._lock:
            self._servers += 1
            if self._servers > 1:
                return
            # A new folder is readable for its owner alone.
            self._folder = tempfile.mkdtemp(prefix="osaudit-simulation-")
            self._before = os.environ.get(_VARIABLE)
            self._write("")
            os.environ[_VARIABLE] = str(Path(self._folder, "accounts"))

    def give_up(self) -> None:
        """Need the file no longer."""
        with self._lock:
            self._servers -= 1
            if self._servers:
                return
            if self._before is None:
                os.environ.pop(_VARIABLE, None)
            else:
                os.environ[_VARIABLE] = self._before
            shutil.rmtree(self._folder, ignore_errors=True)

    @contextmanager
    def showing(self, accounts: Accounts) -> Iterator[None]:
        """Let the file hold these accounts; everybody else waits meanwhile."""
        with self._lock:
            if self._content != accounts.ntlm_lines:
                self._write(accounts.ntlm_lines)
            yield

    def _write(self, content: str) -> None:
        Path(self._folder, "accounts").write_text(content, encoding="utf-8")
        self._content = content


USER_FILE = _UserFile()
