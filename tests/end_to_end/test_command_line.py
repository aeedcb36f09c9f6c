"""`osaudit scan` and `osaudit hosts ping` as a person or a scheduler runs them, against servers that answer."""

from __future__ import annotations

import base64
import gzip
import json
import re
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema

from auditor.collectors import questions_for
from auditor.model.question import Platform
from auditor.simulation.options import WSManOptions
from auditor.transports.lifetime_calls import CALLS, request_in_words
from tests.cli.program import ROOT, Begun, Ended, on_terminal, osaudit
from tests.end_to_end.simulated import PASSWORD, modelled, serving

ALL = len(questions_for(Platform.WINDOWS))
EVIL = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202eevil"


def scanned(name: str, folder: Path, *arguments: str) -> Ended:
    with serving(modelled(name), folder):
        return osaudit(folder, "scan", *arguments)


def test_a_healthy_infrastructure_ends_with_0_and_a_result_on_stdout(tmp_path: Path) -> None:
    ended = scanned("reference", tmp_path, "--fail-on", "medium", "--report", "out/report.html")

    assert ended.code == 0, ended.err
    assert "What is installed where\n" in ended.out
    assert re.search(r"^LifeTime +lt-1 +● 11\.43\.0\.51000 +● 11\.43\.0\.51000 +● 11\.30\.1\.1500", ended.out, re.M)
    assert not any(line.endswith(" ") for line in ended.out.splitlines())
    progress = ended.err.splitlines()
    assert progress[0] == "Reading 6 hosts."
    assert [line.split()[0] for line in progress[1:7]] == [f"{number}/6" for number in range(1, 7)]
    assert f"dev-1: read by PowerShell over WinRM, {ALL} of {ALL} questions answered" in ended.err
    assert f"Report: {Path('out/report.html')}\n" in ended.err
    assert (tmp_path / "out" / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_the_report_of_a_scan_is_the_one_that_the_store_gives_later(tmp_path: Path) -> None:
    with serving(modelled("reference"), tmp_path):
        osaudit(tmp_path, "scan")
        osaudit(tmp_path, "scan", "--report", "now.html")
    osaudit(tmp_path, "report", "--output", "later.html")

    now = (tmp_path / "now.html").read_text(encoding="utf-8")
    assert now == (tmp_path / "later.html").read_text(encoding="utf-8")
    assert "scan 1 of" in now
    assert "2 scans are stored" in now


def test_a_host_that_keeps_answers_to_itself_ends_with_3_which_wins_over_10_and_both_are_said(tmp_path: Path) -> None:
    ended = scanned("p14-not-administrator", tmp_path, "--fail-on", "medium", "--format", "json")

    assert ended.code == 3
    assert re.search(r"^The audit is incomplete: \d+ questions had no answer\.$", ended.err, re.M)
    number = len(open_from(ended, "critical", "high", "medium"))
    assert number > 1
    assert f"{number} open findings are medium or worse." in ended.err
    report = json.loads(ended.out)
    schema = json.loads((ROOT / "docs" / "schemas" / "report.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(report, schema)
    assert {item["check"] for item in report["findings"] if item["status"] == "fail"} >= {"DATA-002", "DATA-011"}


def test_open_findings_end_with_10_and_waived_ones_do_not(tmp_path: Path) -> None:
    with serving(modelled("p05-lifetime-in-development"), tmp_path):
        failed = osaudit(tmp_path, "scan", "--fail-on", "critical", "--format", "json")
        accept(open_from(failed, "critical"), tmp_path / "accepted.yaml")
        (tmp_path / "own.yaml").write_text(
            "author: operations\nreason: a small site\ndate: 2026-01-31\nthresholds: {clock_offset_seconds: 30}\n",
            encoding="utf-8",
        )
        options = ("--waivers", "accepted.yaml", "--reference", "own.yaml", "--format", "json")
        waived = osaudit(tmp_path, "scan", "--fail-on", "critical", *options)

    assert failed.code == 10
    assert "TOPO-006" in {item["check"] for item in open_from(failed, "critical")}
    assert re.search(r"^\d+ open findings? (is|are) critical or worse\.$", failed.err, re.M)
    assert waived.code == 0, waived.err
    assert "or worse" not in waived.err
    references = [json.loads(ended.out)["judged_by"]["reference"] for ended in (failed, waived)]
    assert references[0] != references[1]


def open_from(ended: Ended, *severities: str) -> list[dict[str, Any]]:
    """Return the open findings of these severities in the result of a scan."""
    return [
        item
        for item in json.loads(ended.out)["findings"]
        if item["status"] == "fail" and not item["waiver"] and item["severity"] in severities
    ]


def accept(findings: list[dict[str, Any]], file: Path) -> None:
    """Write waivers for these findings."""
    today = datetime.now(UTC).date()
    said = {"reason": "moved soon", "owner": "a", "approver": "b", "date": str(today)}
    rows = []
    for item in findings:
        kind, name = item["subject"]["kind"], item["subject"]["name"]
        place = {kind: True if kind == "infrastructure" else name}
        rows.append({"check": item["check"], **place, **said, "until": str(today + timedelta(days=9))})
    file.write_text(json.dumps({"waivers": rows}), encoding="utf-8")


def inventory(folder: Path, *hosts: dict[str, Any]) -> None:
    rows = "".join(f"      - {json.dumps(host)}\n" for host in hosts)
    (folder / "inventory.yaml").write_text(
        "infrastructure: small\nenvironments:\n  - name: Development\n    purpose: development\n    hosts:\n" + rows,
        encoding="utf-8",
    )


def host(name: str, port: int, **more: Any) -> dict[str, Any]:
    secret = {"environment": "OSAUDIT_SIMULATION_PASSWORD"}
    return {"name": name, "address": "127.0.0.1", "port": port, "user": "auditor", "password": secret, **more}


def test_hosts_that_all_refuse_end_with_4(tmp_path: Path) -> None:
    with closing(socket.socket()) as bound:
        bound.bind(("127.0.0.1", 0))
        inventory(tmp_path, host("dev-1", bound.getsockname()[1]))
        ended = osaudit(tmp_path, "scan")

    assert ended.code == 4
    assert "1/1 dev-1: not read (refused): " in ended.err
    assert ended.err.endswith("Nothing was audited: no host could be read.\n")


def test_ctrl_c_says_what_is_kept_and_how_to_go_on(tmp_path: Path) -> None:
    infrastructure = modelled("reference")
    slow = {item.name: WSManOptions(command_seconds=20) for item in infrastructure.hosts[2:]}
    with serving(infrastructure, tmp_path, slow):
        begun = Begun(tmp_path, "scan")
        begun.wait_for("2/6")
        stopped_at = time.monotonic()
        begun.process.send_signal(signal.SIGINT)
        ended = begun.end()
        took = time.monotonic() - stopped_at

    assert (ended.code, ended.out) == (1, "")
    assert ended.err.endswith(
        "osaudit: stopped; 2 of 6 hosts are read and stored as scan 1; "
        "`osaudit scan --resume` with the same options reads the others.\n"
    )
    assert "Traceback" not in ended.err
    assert took < 5


def test_ping_tells_for_each_host_what_cannot_be_read_and_which_right_is_missing(tmp_path: Path) -> None:
    with serving(modelled("p14-not-administrator"), tmp_path):
        one = osaudit(tmp_path, "hosts", "ping", "dev-1")
        every = osaudit(tmp_path, "hosts", "ping")

    assert one.code == 0, one.err
    assert one.out == f"dev-1: read by PowerShell over WinRM, {ALL} of {ALL} questions answered\n"
    assert every.code == 3
    told = re.search(
        rf"^qa-1: read by PowerShell over WinRM, (\d+) of {ALL} questions answered\n    (.*)\n", every.out, re.M
    )
    assert told
    assert int(told[1]) < ALL
    assert told[2] == "The account is not an administrator there: what is kept from it can look as if it did not exist."
    assert (
        "    denied (access denied); needs read access to server.hsconf, by default administrator:\n"
        "        network.configured, server_configuration.content\n"
    ) in every.out
    assert every.err.endswith("6 hosts: 5 read whole, 1 in part, 0 not.\n")
    assert not (tmp_path / "osaudit.db").exists()


def altered(change: Callable[[dict[str, Any]], None]) -> Callable[[bytes], bytes]:
    """Return what changes the answer document that a server prints."""
    begin, end = b"-----BEGIN OSAUDIT ANSWER-----", b"-----END OSAUDIT ANSWER-----"

    def spoil(printed: bytes) -> bytes:
        before, _, rest = printed.partition(begin)
        body, _, after = rest.partition(end)
        document = json.loads(gzip.decompress(base64.b64decode(body)))
        change(document)
        packed = base64.encodebytes(gzip.compress(json.dumps(document).encode()))
        return before + begin + b"\n" + packed + end + after

    return spoil


EVIL_ANSWERS = 4


def deny_with_evil_words(document: dict[str, Any]) -> None:
    for answer in document["answers"][5 : 5 + EVIL_ANSWERS]:
        answer.update(outcome="failed", value=None, detail=f"no {EVIL}")


class Greeting:
    """A server that greets with one line whoever comes."""

    def __init__(self, line: bytes) -> None:
        self._line = line
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]

    def __enter__(self) -> Greeting:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.sendall(self._line)


def test_nothing_that_a_server_says_reaches_the_terminal_as_a_command(tmp_path: Path) -> None:
    options = {"qa-1": WSManOptions(spoil=altered(deny_with_evil_words), stderr=EVIL.encode())}
    greeting = f"220 {EVIL} ready\r\n".encode()
    with serving(modelled("hostile"), tmp_path, options), Greeting(greeting) as greets:
        place = tmp_path / "inventory.yaml"
        stranger = host("stranger", greets.port, transport="ssh", platform="linux")
        place.write_text(place.read_text() + f"other_hosts:\n  - {json.dumps(stranger)}\n")
        scan = on_terminal(tmp_path, "scan")
        plain = on_terminal(tmp_path, "hosts", "ping", "dev-1", "qa-1", "stranger", TERM="dumb")
        piped = osaudit(tmp_path, "scan")

    assert {scan.code, plain.code, piped.code} == {3}, scan.out
    for told in (scan.out, plain.out, piped.err):
        assert f"{ALL - EVIL_ANSWERS} of {ALL} questions answered" in told
        assert "stranger: not read (not-ssh)" in told
        assert "owned" in told, "what the server said is shown, made harmless"
    # A bar is drawn with colours, and by moving the cursor within its own line and hiding it.
    drawn = re.sub("\x1b\\[[0-9;]*m|\x1b\\[\\?25[lh]|\x1b\\[1A|\x1b\\[2K", "", scan.out)
    for told in (drawn, plain.out, piped.out + piped.err):
        assert {letter for letter in told if not letter.isprintable()} <= {"\r", "\n"}
    assert "\x1b[31mred" not in scan.out


def test_a_terminal_shows_a_bar_while_the_scan_runs_and_takes_it_away(tmp_path: Path) -> None:
    slow = WSManOptions(command_seconds=1.0)
    with serving(modelled("reference"), tmp_path, {"lt-1": slow}):
        ended = on_terminal(tmp_path, "scan", columns=100)

    assert ended.code == 0, ended.out
    assert re.search(r"Reading hosts.*━.*5/6", ended.out)
    after = ended.out[ended.out.index("No failure is open") :]
    assert "Reading hosts" not in after
    assert "questions answered" not in ended.out, "a host that was read whole needs no line of its own"
    assert all(len(re.sub("\x1b\\[[0-9;]*m", "", line)) <= 100 for line in after.split("\r\n"))


def test_a_password_that_is_typed_is_shown_nowhere(tmp_path: Path) -> None:
    with serving(modelled("reference"), tmp_path):
        place = tmp_path / "inventory.yaml"
        text = place.read_text(encoding="utf-8")
        place.write_text(
            text.replace('{"environment": "OSAUDIT_SIMULATION_PASSWORD"}', '{"prompt": "Password of CORP"}')
        )
        ended = on_terminal(tmp_path, "scan", typed=(("Password of CORP", f"{PASSWORD}\n"),))
        piped = osaudit(tmp_path, "scan", typed=f"{PASSWORD}\n")

    assert ended.code == 0, ended.out
    assert ended.out.count("Password of CORP") == 1, "six hosts with one secret ask once"
    assert PASSWORD not in ended.out
    assert piped.code == 4
    assert "nobody can be asked without a terminal" in piped.err
    assert PASSWORD not in piped.out + piped.err


CRASH = """
import sys
from auditor.transports import winrm
from auditor.cli import main

def broken(name, endpoint, secrets, limits, witness, trust):
    raise RuntimeError(f"cannot sign in with {secrets.password}")

winrm.connect = broken
sys.argv = ["osaudit", *sys.argv[1:]]
main()
"""


def test_a_crash_inside_a_transport_is_told_without_what_it_said(tmp_path: Path) -> None:
    import subprocess
    import sys

    from tests.cli.program import variables

    inventory(tmp_path, host("dev-1", 9, transport="winrm", https=False, sign_in="ntlm"))
    for arguments in (["scan"], ["hosts", "ping"]):
        done = subprocess.run(
            [sys.executable, "-c", CRASH, *arguments],
            cwd=tmp_path,
            env=variables(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode in (3, 4), said
        assert "osaudit itself failed on this host (RuntimeError); please report it." in said
        assert "Traceback" not in said
        assert PASSWORD not in said
    assert PASSWORD.encode() not in b"".join(file.read_bytes() for file in tmp_path.glob("osaudit.db*"))


def test_ctrl_c_at_a_prompt_leaves_no_scan_behind(tmp_path: Path) -> None:
    inventory(tmp_path, host("dev-1", 9, transport="winrm", password={"prompt": "Password of CORP"}))
    ended = on_terminal(tmp_path, "scan", typed=(("Password of CORP", "\x03"),))

    assert ended.code == 1
    assert "osaudit: stopped; no host had been asked." in ended.out
    assert "Traceback" not in ended.out
    assert "The store holds no scan yet" in osaudit(tmp_path, "scans").err


def test_ping_tells_what_the_token_of_lifetime_may_see(tmp_path: Path) -> None:
    with serving(modelled("reference-with-lifetime"), tmp_path):
        strong = osaudit(tmp_path, "hosts", "ping", "LifeTime API")
    with serving(modelled("p21-weak-token"), tmp_path):
        weak = osaudit(tmp_path, "hosts", "ping", "LifeTime API")

    assert strong.code == 0, strong
    assert "LifeTime API: read by LifeTime API, 6 of 6 questions answered" in strong.out
    sees = "The token sees 2 applications, 3 environments, 4 roles, 1 teams, 4 users, 3 zones"
    assert f"{sees}; it may manage users, so keep it apart" in " ".join(strong.out.split())
    assert weak.code == 3, weak
    told = " ".join(weak.out.split())
    assert "sees nothing of people" in told
    assert "needs a service account that may manage users and roles (osaudit-identity)" in told
    assert PASSWORD not in strong.out + strong.err + weak.out + weak.err


def test_explain_tells_every_call_of_lifetime_in_words(tmp_path: Path) -> None:
    text = osaudit(tmp_path, "explain", "--platform", "lifetime").out

    for call in CALLS:
        assert f"requests: {request_in_words(call)}" in text
    assert text.count("requests: GET ") == len(CALLS)
