"""One scan of a store at a time: a lock that the operating system holds, and lets go when the process ends, however.

The lock stands on a file of its own beside the store, because closing a second handle of the database file would drop
the locks that SQLite has on it. The file stays: removing it would let two scans lock two files of the same name.
A database of a server has locks of its own (`advisory`).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from auditor.errors import StoreError
from auditor.store import advisory
from auditor.store.opening import file_of

# Windows keeps others from reading what is locked, so the locked byte lies behind what the holder writes about itself.
_LOCKED_BYTE = 4096
_SAID_BYTES = 200
# Whoever asks whether a scan is at work holds the lock for a moment; a scan does not give up over that.
_TRIES = 20
_PAUSE_SECONDS = 0.05


@contextmanager
def scanning_alone(location: str, holder: str, zone: str | None = None) -> Iterator[None]:
    """Keep every other scan and pruning out of the store at a path or database URL; StoreError when one is at work.

    `holder` says in a few words who is at work and since when; the refusal of another repeats it. In a database of a
    server, a scan of one zone keeps out those of the same zone and of no zone; in a file, all.
    """
    place = _lock_file(location)
    if place is None:
        with advisory.holding(location, holder, zone):
            yield
        return
    try:
        descriptor = os.open(place, os.O_CREAT | os.O_RDWR | getattr(os, "O_CLOEXEC", 0), 0o600)
    except OSError as error:
        sentence = f"{place} cannot be opened: {error.strerror}; it must belong to the account that scans."
        raise StoreError(sentence) from error
    try:
        if not _locked_soon(descriptor):
            raise StoreError(
                f"Another run writes into the store {location} ({_said(descriptor)}); wait for its end, or stop it."
            )
        _say(descriptor, place, holder)
        yield
    finally:
        os.close(descriptor)


def scan_at_work(location: str) -> str | None:
    """Return what the scan that is at work in the store says of itself, or None when there is none."""
    place = _lock_file(location)
    if place is None:
        return advisory.holders(location)
    try:
        descriptor = os.open(place, os.O_RDWR)
    except OSError:
        return None
    try:
        return None if _locked(descriptor) else _said(descriptor)
    finally:
        os.close(descriptor)


def _lock_file(location: str) -> Path | None:
    file = file_of(location)
    return None if file is None else file.with_name(f"{file.name}.lock")


def _say(descriptor: int, place: Path, holder: str) -> None:
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, holder.encode("utf-8")[:_SAID_BYTES].ljust(_SAID_BYTES))
    except OSError as error:
        raise StoreError(f"{place} cannot be written: {error.strerror}; look at its disk and its rights.") from error


def _said(descriptor: int) -> str:
    os.lseek(descriptor, 0, os.SEEK_SET)
    return os.read(descriptor, _SAID_BYTES).decode("utf-8", "replace").strip()


def _locked_soon(descriptor: int) -> bool:
    for _ in range(_TRIES):
        if _locked(descriptor):
            return True
        time.sleep(_PAUSE_SECONDS)
    return False


def _locked(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
