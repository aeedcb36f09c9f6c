"""Private keys for SSH: each file is read and decrypted once in a run, whoever asks first."""

from __future__ import annotations

import copy
import io
import os
import stat
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from auditor.errors import FailureKind, TransportError

_LARGEST_FILE = 100_000
_PUBLIC_BEGINNINGS = (b"ssh-", b"ecdsa-", b"sk-")
_PUTTY_BEGINNING = b"PuTTY-User-Key-File"
_CERTIFICATE_SUFFIX = "-cert.pub"


@dataclass(frozen=True, slots=True)
class LoadedKey:
    """A private key, and the same key with the certificate beside its file, if there is one."""

    path: Path
    plain: paramiko.PKey = field(repr=False)
    certified: paramiko.PKey | None = field(repr=False, default=None)


@dataclass(slots=True)
class _Slot:
    lock: threading.Lock = field(default_factory=threading.Lock)
    outcome: LoadedKey | str | None = None


class KeyRing:
    """The keys of one run. Loading costs up to half a second of processor time, so each file is loaded once.

    Safe to share between threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slots: dict[tuple[Path, str | None], _Slot] = {}

    def load(self, host: str, key_file: str, passphrase: str | None) -> LoadedKey:
        """Return the key for a host; raises `TransportError` KEY_UNREADABLE with the reason, also a second time."""
        path = Path(key_file).expanduser()
        with self._lock:
            slot = self._slots.setdefault((path, passphrase), _Slot())
        with slot.lock:
            if slot.outcome is None:
                try:
                    slot.outcome = _loaded(path, passphrase)
                except _UnreadableKeyError as error:
                    slot.outcome = str(error)
            if isinstance(slot.outcome, str):
                raise TransportError(host, FailureKind.KEY_UNREADABLE, slot.outcome)
            return slot.outcome


class _UnreadableKeyError(Exception):
    """Its text is the sentence for the operator."""


def _loaded(path: Path, passphrase: str | None) -> LoadedKey:
    plain = _private_key(path, _content(path), passphrase)
    certificate = Path(f"{path}{_CERTIFICATE_SUFFIX}")
    if not certificate.exists():
        return LoadedKey(path, plain)
    certified = copy.copy(plain)
    try:
        certified.load_certificate(str(certificate))
    except (OSError, ValueError, IndexError, paramiko.SSHException):
        _unreadable(
            f"{certificate} is not a certificate for the key {path}: sign the key again, or move the file away."
        )
    return LoadedKey(path, plain, certified)


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            _refuse_readable_by_others(path, os.fstat(file.fileno()))
            return file.read(_LARGEST_FILE)
    except FileNotFoundError:
        _unreadable(f"The key file {path} does not exist: correct key_file in the inventory.")
    except IsADirectoryError:
        _unreadable(f"The key file {path} is a folder: name the file with the private key.")
    except PermissionError:
        _unreadable(f"The key file {path} may not be read by this account: give the account that scans the right to.")
    except OSError as error:
        _unreadable(f"The key file {path} cannot be read ({error.strerror}): look at the disk it is on.")


def _refuse_readable_by_others(path: Path, status: os.stat_result) -> None:
    """As OpenSSH does: a key of ours that others can read is no longer ours alone."""
    if os.name != "posix" or status.st_uid != os.geteuid():
        return
    if stat.S_IMODE(status.st_mode) & 0o077:
        mode = stat.S_IMODE(status.st_mode)
        _unreadable(f"The key file {path} can be read by others (mode {mode:04o}): run chmod 600 on it.")


def _private_key(path: Path, content: bytes, passphrase: str | None) -> paramiko.PKey:
    if content.startswith(_PUTTY_BEGINNING):
        _unreadable(f"The key file {path} is in PuTTY's form: export it as an OpenSSH key with PuTTYgen.")
    if content.lstrip().startswith(_PUBLIC_BEGINNINGS):
        _unreadable(f"The key file {path} holds the public half: name the file with the private key.")
    if b"PRIVATE KEY-----" not in content:
        _unreadable(f"The key file {path} holds no private key: name a file made by ssh-keygen.")
    load = serialization.load_ssh_private_key if b"BEGIN OPENSSH" in content else serialization.load_pem_private_key
    password = passphrase.encode() if passphrase else None
    try:
        loaded = load(content, password)
    except TypeError:
        # Either it is encrypted and no passphrase was given, or the other way round, which does no harm.
        if password is None:
            _unreadable(f"The key file {path} is encrypted: give key_passphrase in the inventory.")
        loaded = load(content, None)
    except (ValueError, UnsupportedAlgorithm):
        if password is None:
            _unreadable(f"The key file {path} is damaged or of an unknown kind: make a new key with ssh-keygen.")
        _unreadable(f"The passphrase of the key file {path} is wrong, or the file is damaged.")
    return _for_paramiko(path, loaded)


def _for_paramiko(path: Path, key: object) -> paramiko.PKey:
    """paramiko reads keys from files only, so it gets the decrypted key as a file in memory."""
    if isinstance(key, Ed25519PrivateKey):
        return paramiko.Ed25519Key.from_private_key(_file(key))
    if isinstance(key, EllipticCurvePrivateKey):
        return paramiko.ECDSAKey.from_private_key(_file(key))
    if isinstance(key, RSAPrivateKey):
        return paramiko.RSAKey.from_private_key(_file(key))
    raise _UnreadableKeyError(f"The key file {path} is of a kind that is not used any more: make an ed25519 key.")


def _file(key: Ed25519PrivateKey | EllipticCurvePrivateKey | RSAPrivateKey) -> io.StringIO:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH
    return io.StringIO(key.private_bytes(encoding, form, serialization.NoEncryption()).decode("ascii"))


def _unreadable(sentence: str) -> NoReturn:
    raise _UnreadableKeyError(sentence)
