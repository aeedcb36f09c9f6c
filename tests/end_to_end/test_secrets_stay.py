"""No secret of the servers, and none of ours, is found in anything that osaudit leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from auditor.simulation.infrastructure import ModelledInfrastructure
from auditor.store.encoding import decompress
from tests.end_to_end.simulated import PASSWORD, modelled, serving

PROFILES = ["reference", "p10-outsystems-10", "p11-java-stack", "p16-clear-text-password", "p17-external-broker"]


def planted(infrastructure: ModelledInfrastructure) -> set[str]:
    """Everything that must not be found: secrets of the models, what may leave masked only, and our own password."""
    models = {secret for host in infrastructure.hosts for secret in (*host.machine.secrets, *host.machine.masked)}
    return models | {PASSWORD}


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OSAUDIT_SIMULATION_PASSWORD": PASSWORD, "PYTHONPATH": str(Path.cwd())}
    return subprocess.run(
        [sys.executable, "-m", "auditor", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def stored(database: Path) -> str:
    """Return all text of a store, its compressed documents unpacked."""
    import sqlite3

    with sqlite3.connect(database) as connection:
        tables = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
        rows = [row for table in tables for row in connection.execute(f"select * from {table}")]
        documents = [json.loads(decompress(body)) for (body,) in connection.execute("select body from document")]
    return repr(rows) + repr(documents)


@pytest.mark.parametrize("name", PROFILES)
def test_nothing_that_is_left_behind_holds_a_secret(name: str, tmp_path: Path) -> None:
    infrastructure = modelled(name)
    with serving(infrastructure, tmp_path) as (served, _):
        scan = run(tmp_path, "scan", "--store", "osaudit.db", "--report", "report.html", "--format", "json")
        ping = run(tmp_path, "hosts", "ping")
        scripts = "".join(script for server in served.servers.values() for script in server.scripts)
        lines = "".join(line for server in served.servers.values() for line in server.command_lines)
    diff = run(tmp_path, "report", "--store", "osaudit.db", "--format", "text")

    assert scan.returncode in (0, 3), scan.stderr
    left_behind = {
        "database": stored(tmp_path / "osaudit.db"),
        "raw database": (tmp_path / "osaudit.db").read_bytes().decode("latin-1"),
        "report": (tmp_path / "report.html").read_text(encoding="utf-8"),
        "scan": scan.stdout + scan.stderr,
        "ping": ping.stdout + ping.stderr,
        "text": diff.stdout + diff.stderr,
        "script": scripts + lines,
    }
    assert all(left_behind.values())
    secrets = planted(infrastructure)
    assert len(secrets) > 5
    found = {(place, secret) for place, text in left_behind.items() for secret in secrets if secret in text}
    assert found == set()


def test_the_password_is_in_no_process_argument_while_a_scan_runs(tmp_path: Path) -> None:
    from auditor.simulation.options import WSManOptions

    environment = {**os.environ, "OSAUDIT_SIMULATION_PASSWORD": PASSWORD, "PYTHONPATH": str(Path.cwd())}
    with serving(modelled("reference"), tmp_path, otherwise=WSManOptions(latency=0.3)) as (served, _):
        process = subprocess.Popen(
            [sys.executable, "-m", "auditor", "scan", "--store", "osaudit.db"],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        seen = []
        while process.poll() is None:
            seen.append(Path(f"/proc/{process.pid}/cmdline").read_bytes())
            time.sleep(0.05)
        assert all(server.users for server in served.servers.values())

    assert any(b"auditor" in line for line in seen)
    assert not any(PASSWORD.encode() in line for line in seen)
