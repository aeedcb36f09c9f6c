"""A MIT Kerberos KDC on loopback, with a realm of its own and nothing of the computer's configuration."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers.openssh import free_port

REALM = "OSAUDIT.TEST"
PRINCIPAL = f"auditor@{REALM}"
# Debian keeps the KDC's programs where only root's PATH looks.
_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


@dataclass(frozen=True, slots=True)
class Kdc:
    """A running KDC. `environment` makes a process use its realm, its keytab and a ticket cache of its own."""

    folder: Path
    password: str

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that MIT Kerberos reads."""
        return {
            "KRB5_CONFIG": str(self.folder / "krb5.conf"),
            "KRB5_KDC_PROFILE": str(self.folder / "kdc.conf"),
            "KRB5_KTNAME": f"FILE:{self.folder / 'services.keytab'}",
            "KRB5CCNAME": f"FILE:{self.folder / 'tickets'}",
        }

    def add_service(self, host: str) -> None:
        """Add the principal HTTP/host, with its key in the keytab."""
        self._admin(f"addprinc -randkey HTTP/{host}")
        self._admin(f"ktadd -k {self.folder / 'services.keytab'} HTTP/{host}")

    def sign_in(self, lifetime: str = "1h") -> None:
        """Put a ticket of PRINCIPAL into the cache."""
        _run(["kinit", "-l", lifetime, PRINCIPAL], self.environment, self.password)

    def sign_out(self) -> None:
        """Empty the cache."""
        (self.folder / "tickets").unlink(missing_ok=True)

    def _admin(self, command: str) -> None:
        _run(["kadmin.local", "-r", REALM, "-q", command], self.environment)


@contextmanager
def running_kdc(folder: Path, password: str) -> Iterator[Kdc]:
    """Make a realm in the folder, start its KDC on a free port, and stop it at the end."""
    port = free_port()
    (folder / "krb5.conf").write_text(
        f"""[libdefaults]
default_realm = {REALM}
dns_lookup_kdc = false
dns_lookup_realm = false
dns_canonicalize_hostname = false
rdns = false
udp_preference_limit = 1
[realms]
{REALM} = {{
 kdc = 127.0.0.1:{port}
}}
[domain_realm]
localhost = {REALM}
127.0.0.1 = {REALM}
[logging]
kdc = FILE:{folder}/kdc.log
"""
    )
    (folder / "kdc.conf").write_text(
        f"""[kdcdefaults]
kdc_listen = 127.0.0.1:{port}
kdc_tcp_listen = 127.0.0.1:{port}
[realms]
{REALM} = {{
 database_name = {folder}/principal
 key_stash_file = {folder}/stash
 acl_file = {folder}/acl
 supported_enctypes = aes256-cts-hmac-sha1-96:normal
}}
"""
    )
    kdc = Kdc(folder, password)
    _run(["kdb5_util", "create", "-s", "-r", REALM, "-P", "master-key-of-a-test"], kdc.environment)
    _run(["kadmin.local", "-r", REALM, "-q", f"addprinc -pw {password} {PRINCIPAL}"], kdc.environment)
    program = shutil.which("krb5kdc", path=_PATH)
    assert program, "the Debian package krb5-kdc is needed"
    process = subprocess.Popen(
        [program, "-n", "-r", REALM], env={**os.environ, **kdc.environment}, stdout=subprocess.DEVNULL
    )
    try:
        _wait_for(port)
        yield kdc
    finally:
        process.terminate()
        process.wait(5)


def _run(command: list[str], environment: Mapping[str, str], typed: str = "") -> None:
    program = shutil.which(command[0], path=_PATH)
    assert program, f"{command[0]} is needed: install krb5-kdc, krb5-admin-server and krb5-user"
    done = subprocess.run(
        [program, *command[1:]],
        env={**os.environ, **environment},
        input=f"{typed}\n",
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _wait_for(port: int) -> None:
    until = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < until, "the KDC did not start"
            time.sleep(0.05)
