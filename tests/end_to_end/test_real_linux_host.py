"""One inventory with this computer's own OpenSSH server and with simulated Windows hosts."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from auditor.collectors import questions_for
from auditor.model.component import ComponentKind
from auditor.model.question import Platform
from tests.cli.program import on_terminal, osaudit
from tests.end_to_end.simulated import modelled, serving
from tests.peers.openssh import OpenSSHServer, make_key

ALL = len(questions_for(Platform.LINUX))
READ_WHOLE = f"web-1: read by sh over SSH, {ALL} of {ALL} questions answered"


@dataclass(frozen=True)
class Site:
    """A folder with an inventory; `known` is the file of trusted host keys, empty at first."""

    folder: Path
    server: OpenSSHServer
    known: Path

    @property
    def fingerprint(self) -> str:
        """What the owner of the server sees."""
        shown = subprocess.run(
            ["ssh-keygen", "-lf", f"{self.server.host_keys[0]}.pub"], capture_output=True, text=True, check=True
        )
        return shown.stdout.split()[1]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    key = make_key(tmp_path / "auditor")
    with (
        OpenSSHServer(tmp_path / "sshd", authorized=(key,)) as server,
        serving(modelled("reference"), tmp_path),
    ):
        linux = {
            "name": "web-1",
            "aliases": [socket.gethostname()],
            "address": "127.0.0.1",
            "port": server.port,
            "transport": "ssh",
            "platform": "linux",
            "user": "root",
            "key_file": str(key),
            "known_hosts": str(tmp_path / "trusted"),
        }
        with (tmp_path / "inventory.yaml").open("a", encoding="utf-8") as inventory:
            inventory.write(f"other_hosts:\n  - {json.dumps(linux)}\n")
        yield Site(tmp_path, server, tmp_path / "trusted")


def test_a_linux_server_without_outsystems_is_reported_as_such(site: Site) -> None:
    trusted = osaudit(site.folder, "hosts", "trust", "web-1", "--fingerprint", site.fingerprint)
    assert trusted.code == 0, trusted.err
    scan = osaudit(site.folder, "scan", "--format", "json", "--report", "report.html")
    ping = osaudit(site.folder, "hosts", "ping", "web-1")

    assert scan.code == 0, scan.err
    assert READ_WHOLE in scan.err
    report = json.loads(scan.out)
    (web,) = (host for host in report["hosts"] if host["name"] == "web-1")
    outsystems = {kind.value for kind in ComponentKind} - {ComponentKind.RABBITMQ.value}
    states = {item["kind"]: item["state"] for item in web["components"]}
    assert {kind: states[kind] for kind in outsystems} == dict.fromkeys(outsystems, "absent")
    assert all(item["evidence"] for item in web["components"]), "absence needs evidence"
    about_it = [item for item in report["findings"] if item["subject"]["name"] == "web-1"]
    assert about_it
    assert [item["sentence"] for item in about_it if item["status"] not in ("pass", "not-applicable")] == []
    others = {host["name"]: host for host in report["hosts"]}
    assert {item["state"] for item in others["lt-1"]["components"] if item["kind"] == "lifetime"} == {"present"}

    page = (site.folder / "report.html").read_text(encoding="utf-8")
    row = re.search(r"<tr[^>]*>(?:(?!</tr>).)*web-1(?:(?!</tr>).)*</tr>", page, re.S)
    assert row
    text = " ".join(re.sub("<[^>]*>", " ", row[0]).split())
    assert "absent" in text
    assert "not known" not in text
    assert "11." not in text
    assert (ping.code, ping.out) == (0, f"{READ_WHOLE}\n")


def test_a_host_key_that_nobody_trusted_is_told_with_what_to_do(site: Site) -> None:
    ended = osaudit(site.folder, "hosts", "ping", "web-1", "dev-1")

    assert ended.code == 3
    assert "web-1: not read (host-key-unknown)" in ended.out
    assert "osaudit hosts trust web-1" in ended.out
    assert site.fingerprint in ended.out
    assert "dev-1: read by PowerShell over WinRM" in ended.out
    assert ended.err.endswith("2 hosts: 1 read whole, 0 in part, 1 not.\n")


def test_trust_shows_the_fingerprint_that_the_server_itself_shows_and_adds_only_what_is_confirmed(site: Site) -> None:
    line = f"web-1 shows ssh-ed25519 {site.fingerprint}"

    wrong = osaudit(site.folder, "hosts", "trust", "web-1", "--fingerprint", "SHA256:" + "A" * 43)
    assert wrong.code == 2
    assert line in wrong.out
    assert "web-1 does not show the fingerprint that was given; nothing was added." in wrong.err
    assert not site.known.exists()

    unasked = osaudit(site.folder, "hosts", "trust", "web-1")
    assert unasked.code != 0
    assert not site.known.exists()

    no = on_terminal(site.folder, "hosts", "trust", "web-1", typed=(("[y/N]", "n\n"),), columns=200)
    assert no.code == 2
    assert line in no.out
    assert "Nothing was added." in no.out
    assert not site.known.exists()

    yes = on_terminal(site.folder, "hosts", "trust", "web-1", typed=(("[y/N]", "y\n"),), columns=200)
    assert yes.code == 0, yes.out
    assert site.known.read_text(encoding="ascii") == site.server.known_hosts_lines()

    again = osaudit(site.folder, "hosts", "trust", "web-1", "--fingerprint", site.fingerprint)
    assert again.code == 0
    assert f"It is in {site.known} already." in again.out
    assert site.known.read_text(encoding="ascii") == site.server.known_hosts_lines()


def test_hosts_list_shows_how_each_host_is_read(site: Site) -> None:
    listed = osaudit(site.folder, "hosts", "list")

    rows = {line.split()[1]: line for line in listed.out.splitlines()[1:]}
    assert list(rows) == ["dev-1", "qa-1", "prd-ctl", "prd-fe1", "prd-fe2", "lt-1", "web-1"]
    assert f"SSH 127.0.0.1:{site.server.port} (linux)" in rows["web-1"]
    assert "(ntlm)" in rows["dev-1"]
    assert rows["prd-ctl"].endswith("deployment-controller")
    assert rows["web-1"].startswith("none ")
    assert (listed.code, listed.err) == (0, "")
