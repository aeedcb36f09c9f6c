"""A real OpenSSH server on 127.0.0.1 with a configuration of its own, and accounts to sign in to."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

SSHD = "/usr/sbin/sshd"
_START_SECONDS = 15.0
_LOG_SECONDS = 5.0
# Whoever asks the kernel for any port is given a higher one, so none of these is taken between the look and the use.
_PORTS = range(20_000, 32_000)
_LISTENS = "Server listening on"


def free_port(address: str = "127.0.0.1") -> int:
    """Return a port on which nothing listens."""
    while True:
        port = secrets.choice(_PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((address, port))
            return port


def make_key(path: Path, kind: str = "ed25519", passphrase: str = "", bits: int | None = None) -> Path:
    """Make a private key with ssh-keygen, its public half beside it."""
    size = ["-b", str(bits)] if bits else []
    command = ["ssh-keygen", "-q", "-t", kind, *size, "-N", passphrase, "-C", "test", "-f", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return path


def certify(authority: Path, key: Path, principal: str) -> Path:
    """Sign the public half of a key, so that a certificate lies beside it."""
    command = ["ssh-keygen", "-q", "-s", str(authority), "-I", "test", "-n", principal, "-V", "+1h", f"{key}.pub"]
    subprocess.run(command, check=True, capture_output=True)
    return Path(f"{key}-cert.pub")


class OpenSSHServer:
    """One sshd in the foreground, ended when left.

    `options` are further lines of sshd_config; `authorized` are key files whose public halves may sign in as anybody.
    """

    def __init__(
        self,
        folder: Path,
        *,
        address: str = "127.0.0.1",
        port: int | None = None,
        authorized: tuple[Path, ...] = (),
        host_key_kinds: tuple[str, ...] = ("ed25519",),
        options: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.address = address
        self.port = port or free_port(address)
        self.log = folder / "sshd.log"
        self.host_keys = tuple(self._host_key(kind) for kind in host_key_kinds)
        self._environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None
        # sshd reads it with the rights of the account, and folders of tests are closed to others.
        self._open_folder = Path(tempfile.mkdtemp(prefix="osaudit-sshd-"))
        self._open_folder.chmod(0o755)
        keys = self._open_folder / "authorized_keys"
        keys.write_text("".join(Path(f"{key}.pub").read_text() for key in authorized))
        self._config = folder / "sshd_config"
        self._config.write_text("\n".join((*options, *self._lines(keys))) + "\n")

    def _lines(self, keys: Path) -> tuple[str, ...]:
        return (
            f"ListenAddress {self.address}:{self.port}",
            *(f"HostKey {key}" for key in self.host_keys),
            f"AuthorizedKeysFile {keys}",
            f"PidFile {self.folder / 'sshd.pid'}",
            # The folders of tests may be writable by others, which sshd else refuses.
            "StrictModes no",
            "UsePAM yes",
            "PermitRootLogin yes",
            "UseDNS no",
            "LogLevel VERBOSE",
        )

    def _host_key(self, kind: str) -> Path:
        path = self.folder / f"host_{kind}"
        return path if path.exists() else make_key(path, kind)

    def start(self) -> None:
        """Start it and wait until it listens."""
        Path("/run/sshd").mkdir(exist_ok=True)
        started_before = self.count(_LISTENS) if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [SSHD, "-D", "-e", "-f", str(self._config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self._environment},
                start_new_session=True,
            )
        end = time.monotonic() + _START_SECONDS
        while self.count(_LISTENS) == started_before:
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"sshd did not start: {self.log.read_text(errors='replace')}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it and every connection that it serves; it may be started again."""
        process, self._process = self._process, None
        if process is None:
            return
        for child in _descendants(process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, 9)
        process.terminate()
        process.wait(timeout=10)

    def __enter__(self) -> OpenSSHServer:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.stop()
        shutil.rmtree(self._open_folder, ignore_errors=True)

    @property
    def process_id(self) -> int:
        """The id of the listening process."""
        assert self._process is not None
        return self._process.pid

    def known_hosts_lines(self, name: str | None = None) -> str:
        """Return its host keys as lines of known_hosts, under its own address and port or another name."""
        shown = name or f"[{self.address}]:{self.port}"
        return "".join(f"{shown} {_public(key)}\n" for key in self.host_keys)

    def known_hosts(self, *others: OpenSSHServer) -> Path:
        """Write a known_hosts file that knows this server and others, and return it."""
        path = self.folder / "known_hosts"
        path.write_text("".join(server.known_hosts_lines() for server in (self, *others)))
        return path

    def count(self, words: str, at_least: int = 0) -> int:
        """Return how many lines of its log hold these words; wait a while for some, as they come after the answer."""
        end = time.monotonic() + _LOG_SECONDS
        while True:
            counted = sum(words in line for line in self.log.read_text(errors="replace").splitlines())
            if counted >= at_least or time.monotonic() > end:
                return counted
            time.sleep(0.02)


@dataclass(frozen=True, slots=True)
class Account:
    """A temporary account of this computer."""

    name: str
    password: str
    home: Path


@contextlib.contextmanager
def account(home: Path, shell: str = "/bin/sh") -> Iterator[Account]:
    """Make an unprivileged account with a password, and remove it afterwards."""
    name = f"osaudit{secrets.token_hex(4)}"
    password = secrets.token_urlsafe(12)
    _run_alone(["useradd", "--no-create-home", "--home-dir", str(home), "--shell", shell, name])
    try:
        _run_alone(["chpasswd"], f"{name}:{password}")
        yield Account(name, password, home)
    finally:
        _run_alone(["userdel", name])


def _run_alone(command: list[str], text: str = "") -> None:
    """Run a program that locks the account files, waiting for who holds the lock, and for processes that end."""
    for _ in range(50):
        done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
        if done.returncode == 0:
            return
        if "lock" not in done.stderr and "currently used" not in done.stderr:
            break
        time.sleep(0.2)
    raise RuntimeError(f"{command[0]}: {done.stderr}")


def _public(key: Path) -> str:
    return " ".join(Path(f"{key}.pub").read_text().split()[:2])


def _descendants(process_id: int) -> list[int]:
    children = []
    for task in Path(f"/proc/{process_id}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            children += [int(child) for child in task.read_text().split()]
    return [descendant for child in children for descendant in (*_descendants(child), child)]
