"""Log and journal as the command line keeps them: what is in them, what never is, and when they stop the work."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path

import pytest

from auditor.model.inventory import LIFETIME_API
from auditor.simulation.options import Fault, Step, WSManOptions, fault
from tests.cli.program import osaudit, refused
from tests.end_to_end.simulated import PASSWORD, modelled, serving
from tests.end_to_end.test_secrets_stay import planted
from tests.peers.openssh import OpenSSHServer, make_key

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (INFO|WARNING|ERROR|CRITICAL) \[\d+\] \S.*")


def journal_of(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "kept" / "journal.jsonl").read_text("ascii").splitlines()]


@pytest.mark.parametrize("name", ["demo", "p16-clear-text-password"])
def test_a_scan_and_a_ping_are_logged_and_journalled_and_no_secret_is_in_either(name: str, tmp_path: Path) -> None:
    infrastructure = modelled(name)
    (tmp_path / "osaudit.yaml").write_text("log: kept/log.txt\njournal: kept/journal.jsonl\n", encoding="utf-8")
    # One session is taken away, so that one host is asked once more.
    windows = next(host.name for host in infrastructure.hosts if host.transport.value == "winrm")
    trouble = WSManOptions(troubles={Step.COMMAND: fault(Fault.INVALID_SELECTORS, times=1)})
    with serving(infrastructure, tmp_path, options={windows: trouble}) as (served, inventory):
        scan = osaudit(tmp_path, "scan")
        ping = osaudit(tmp_path, "hosts", "ping")
        asked = {
            name: server.requests[Step.COMMAND] + server.requests[Step.EXEC] for name, server in served.servers.items()
        }
        digested = {name: len(server.scripts) for name, server in served.servers.items()}

    names = [host.name for host in inventory.hosts]
    journal, log = journal_of(tmp_path), (tmp_path / "kept" / "log.txt").read_text("utf-8")
    assert scan.code in (0, 3), scan.err
    for host in names:
        own = [line["event"] for line in journal if line["host"] == host]
        again = ["sign-in", "request"] * (host == windows)
        assert own == [*again, "sign-in", "request", "end", "sign-in", "request", "end"]
        assert own.count("request") == asked[host] == digested[host] + (host == windows)
    assert len({line["process"] for line in journal}) == 2
    assert [line["time"] for line in journal] == sorted(str(line["time"]) for line in journal)

    assert all(LINE.fullmatch(line) for line in log.splitlines()), log
    said = [line.split("] ", 1)[1] for line in log.splitlines()]
    assert said[0].endswith(" began: scan.")
    assert f"osaudit ended with exit code {scan.code}." in said
    assert said[-1] == f"osaudit ended with exit code {ping.code}."
    for host in names:
        assert sum(line.startswith(f"{host}: ") for line in said) == 2

    found = {secret for secret in planted(infrastructure) if secret in log or secret in json.dumps(journal)}
    assert found == set()


def test_a_log_in_json_has_what_a_program_asks_for(tmp_path: Path) -> None:
    refusing = {"qa-1": WSManOptions(refuses_sign_in=True)}
    with serving(modelled("reference"), tmp_path, options=refusing):
        ended = osaudit(tmp_path, "--log", "log.jsonl", "--log-format", "json", "scan")

    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text("ascii").splitlines()]
    assert {"time", "level", "process", "message"} <= set.intersection(*(set(line) for line in lines))
    assert lines[0]["command"] == "scan"
    assert (lines[-1]["exit_code"], ended.code) == (3, 3)
    hosts = {line["host"]: line for line in lines if "host" in line}
    assert (hosts["qa-1"]["level"], hosts["qa-1"]["failure"]) == ("warning", "sign-in-refused")
    assert (hosts["dev-1"]["level"], hosts["dev-1"]["failure"]) == ("info", None)
    assert hosts["dev-1"]["channel"] == "powershell-over-winrm"
    assert hosts["dev-1"]["answered"] == hosts["dev-1"]["questions"] > 50
    assert [line["scan"] for line in lines if "scan" in line] == [1]


def test_what_a_server_says_stays_on_its_line(tmp_path: Path) -> None:
    key = make_key(tmp_path / "key")
    forged = r"\r2026-11-26T00:00:00.000Z INFO [1] forged\033[2J\342\200\250\342\200\256"
    options = (f"ForceCommand printf '{forged}' >&2; exit 127",)
    with OpenSSHServer(tmp_path / "sshd", authorized=(key,), options=options) as server:
        (tmp_path / "inventory.yaml").write_text(
            f"""infrastructure: north
environments:
- name: Production
  purpose: production
  hosts:
  - name: web-1
    address: 127.0.0.1
    port: {server.port}
    transport: ssh
    platform: linux
    user: root
    key_file: {key}
    known_hosts: {server.known_hosts()}
""",
            encoding="utf-8",
        )
        ended = osaudit(tmp_path, "--log", "log.txt", "--journal", "kept/journal.jsonl", "scan")

    log = (tmp_path / "log.txt").read_text("utf-8")
    assert ended.code == 4, ended.err
    assert sum("forged" in line for line in log.splitlines()) == 1
    assert all(LINE.fullmatch(line) and line.isprintable() for line in log.splitlines()), log
    assert [(line["event"], line.get("result")) for line in journal_of(tmp_path)] == [
        ("sign-in", None),
        ("request", None),
        ("end", "no-interpreter"),
    ]


@pytest.mark.parametrize(
    ("option", "sentence"),
    [("--log", "The log kept cannot be written: "), ("--journal", "The journal kept cannot be written: ")],
)
@pytest.mark.parametrize("command", [("scan",), ("hosts", "ping")])
def test_what_cannot_be_written_stops_the_command_before_any_host_is_contacted(
    option: str, sentence: str, command: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "kept").mkdir()
    with serving(modelled("reference"), tmp_path) as (served, _):
        refused(osaudit(tmp_path, option, "kept", *command), sentence)
        assert [server.connections for server in served.servers.values()] == [0] * 6
    assert not (tmp_path / "osaudit.db").exists()


def test_a_log_that_fails_later_is_said_once_and_a_journal_that_fails_later_leaves_hosts_unread(tmp_path: Path) -> None:
    with serving(modelled("reference"), tmp_path) as (served, _):
        logged = osaudit(tmp_path, "--log", "/dev/full", "hosts", "ping")
        assert logged.code == 0
        assert logged.err.count("The log /dev/full cannot be written any more; the work goes on.") == 1
        contacts = [server.connections for server in served.servers.values()]

        journalled = osaudit(tmp_path, "--journal", "/dev/full", "scan")
        assert journalled.code == 4
        assert "not read (journal-not-written): The journal /dev/full cannot be written" in journalled.err
        assert [server.connections for server in served.servers.values()] == contacts


def test_trusting_a_host_key_is_journalled(tmp_path: Path) -> None:
    with OpenSSHServer(tmp_path / "sshd") as server:
        host = f"port: {server.port}, transport: ssh, platform: linux, user: root, use_agent: true"
        (tmp_path / "inventory.yaml").write_text(
            "infrastructure: north\nenvironments:\n  - name: Production\n    purpose: production\n    hosts:\n"
            f"      - {{name: web-1, address: 127.0.0.1, {host}, known_hosts: {tmp_path / 'trusted'}}}\n",
            encoding="utf-8",
        )
        osaudit(tmp_path, "--journal", "kept/journal.jsonl", "hosts", "trust", "web-1", "--fingerprint", "SHA256:x")
        assert server.count("Connection from", 1) == 1

    (line,) = journal_of(tmp_path)
    assert (line["event"], line["host"], line["user"]) == ("host-key", "web-1", None)


def test_a_crash_is_logged_without_its_words(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import auditor.cli.scans\n"
        "def crash(): raise RuntimeError('Planted-Word-99')\n"
        "auditor.cli.scans.scans = crash\n",
        encoding="utf-8",
    )
    paths = os.pathsep.join((str(tmp_path), str(Path.cwd())))
    ended = osaudit(tmp_path, "--log", "log.txt", "scans", PYTHONPATH=paths)

    log = (tmp_path / "log.txt").read_text("utf-8")
    assert ended.code == 1
    assert " CRITICAL [" in log and "osaudit crashed (RuntimeError)." in log
    assert "osaudit ended with exit code 1." in log
    assert "Planted-Word-99" not in log


def test_every_request_to_lifetimes_api_is_in_the_journal_without_its_token(tmp_path: Path) -> None:
    with serving(modelled("reference-with-lifetime"), tmp_path) as (_, inventory):
        ended = osaudit(tmp_path, "--journal", "kept/journal.jsonl", "hosts", "ping", LIFETIME_API)

    assert ended.code == 0, ended.err
    assert inventory.lifetime is not None
    journal = journal_of(tmp_path)
    questions = [line["questions"] for line in journal if line["event"] == "request"]
    zones = ["lifetime.zones"]
    assert [line["event"] for line in journal] == ["sign-in", *["request"] * len(questions), "end"]
    # LifeTime does not list its own environment.
    assert questions.count(zones) == len(inventory.environments) - 1
    assert [own for own in questions if own != zones] == [
        [f"lifetime.{name}"] for name in ("environments", "applications", "roles", "users", "teams")
    ]
    assert {line["host"] for line in journal} == {LIFETIME_API}
    sent = f"GET {inventory.lifetime.url}/lifetimeapi/rest/v2/environments/"
    assert journal[1]["sha256"] == hashlib.sha256(sent.encode()).hexdigest()
    assert (journal[-1]["result"], journal[-1]["requests"]) == ("answered", len(questions))
    assert PASSWORD not in json.dumps(journal)
