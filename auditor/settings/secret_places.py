"""The places outside this process where a secret may be kept: a file, a keyring, the output of a command.

Each function returns the secret, or None with the rest of a sentence that says why there is none. What stands in a
file, and what a command prints, is never repeated in a sentence.
"""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path

_MAXIMUM_BYTES = 65_536

Fetched = tuple[str | None, str]


def from_file(name: str) -> Fetched:
    """Read a file that holds one line, the secret; on POSIX only if nobody but its owner, or root, can read it.

    On Windows the access list is not judged: keep the file where only the account that runs osaudit has rights.
    """
    # A pipe without a writer would block for ever.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(name, flags)
        try:
            # Judged on the open file, so that it cannot be exchanged in between.
            if refusal := _refusal(name, os.fstat(descriptor)):
                return None, refusal
            data = os.read(descriptor, _MAXIMUM_BYTES + 1)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        return None, f"there is no file {name}; write it, or correct the inventory."
    except OSError as error:
        return None, f"the file {name} cannot be read: {error.strerror}."
    if len(data) > _MAXIMUM_BYTES:
        return None, f"the file {name} is larger than {_MAXIMUM_BYTES} bytes; it must hold the secret alone."
    try:
        text = data.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        return None, f"the file {name} is not UTF-8 text; write the secret alone into it, as one line."
    if len(text.splitlines()) > 1:
        return None, f"the file {name} has more than one line; it must hold the secret alone, as one line."
    return text, ""


def _refusal(name: str, status: os.stat_result) -> str | None:
    if not stat.S_ISREG(status.st_mode):
        return f"{name} is not a plain file; name the file that holds the secret."
    if os.name != "posix":
        return None
    if status.st_uid not in (os.geteuid(), 0):
        return f"the file {name} belongs to another account; it must belong to the one that runs osaudit, or to root."
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        mode = stat.S_IMODE(status.st_mode)
        return f"the file {name} is open to other accounts (mode {mode:04o}); run `chmod 600` on it."
    return None


def from_keyring(name: str) -> Fetched:
    """Ask the keyring of the operating system for SERVICE/USER."""
    try:
        import keyring
        import keyring.errors
    except ImportError:
        return None, (
            "the keyring needs a package that is not installed; "
            "run `pip install outsystems-auditor[keyring]`, or keep the secret elsewhere."
        )
    service, _, user = name.rpartition("/")
    try:
        secret = keyring.get_password(service, user)
    except (keyring.errors.KeyringError, OSError, RuntimeError) as error:
        # The words of a keyring are not ours to vouch for; the kind of its error is enough to look it up.
        return (
            None,
            f"the keyring did not give {name} ({type(error).__name__}); unlock it, or keep the secret elsewhere.",
        )
    if secret is None:
        return None, f"the keyring has no entry {name}; run `keyring set {shlex.quote(service)} {shlex.quote(user)}`."
    return str(secret), ""


def from_command(line: str, environment: Mapping[str, str], seconds: float) -> Fetched:
    """Run a program without a shell and without input; the first line that it prints is the secret.

    What it says on stderr is not kept: nobody can tell whether it repeats the secret.
    """
    words = shlex.split(line)
    program = Path(words[0]).name
    try:
        ended = subprocess.run(  # noqa: S603 - the operator wrote it as a list of words, and no shell reads it
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            env=dict(environment),
            check=False,
        )
    except FileNotFoundError:
        return None, f"there is no program {program}; write its full path into the inventory."
    except subprocess.TimeoutExpired:
        return None, f"the program {program} gave nothing within {seconds:g} seconds; run it by hand to see why."
    except OSError as error:
        return None, f"the program {program} cannot be run: {error.strerror}."
    if ended.returncode:
        return None, f"the program {program} ended with {ended.returncode}; run it by hand to see why."
    try:
        lines = ended.stdout.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        return None, f"the program {program} did not print UTF-8 text; it must print the secret as its first line."
    if not lines:
        return None, f"the program {program} printed nothing; it must print the secret as its first line."
    return lines[0], ""
