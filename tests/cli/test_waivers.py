"""osaudit waivers: list, add, check. No server runs any more."""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.program import Ended, osaudit, refused
from tests.cli.test_stored_scans import valid

TODAY = datetime.now(UTC).date()
SAID = ("--reason", "Moves: soon # really", "--owner", "operations", "--approver", "architecture")
ENTRY = "  - {{check: {check}, reason: r, owner: o, approver: a, date: {date}, until: {until}, {scope}}}\n"


def add(folder: Path, check: str, *scope: str, days: int = 60) -> Ended:
    return osaudit(folder, "waivers", "add", check, *scope, *SAID, "--until", str(TODAY + timedelta(days=days)))


def test_a_finding_is_accepted_as_it_is_and_the_file_stays_as_it_was(scanned_twice: Path) -> None:
    file = scanned_twice / "waivers.yaml"
    file.write_text("# ours\nwaivers: []  # none yet\n", encoding="utf-8")
    file.chmod(0o640)

    written = add(scanned_twice, "lifetime_not_in_existing_environment", "--host", "dev-1")
    judged = osaudit(scanned_twice, "evaluate", "--format", "json")
    listed = valid(osaudit(scanned_twice, "waivers", "list", "--format", "json").out, "waiver-list.schema.json")

    assert (written.code, written.out) == (0, "waivers.yaml:3\n")
    assert "TOPO-006 is accepted until" in written.err
    assert file.read_text(encoding="utf-8").startswith("# ours\nwaivers:  # none yet\n  - check: TOPO-006\n")
    if sys.platform != "win32":
        assert file.stat().st_mode & 0o777 == 0o640
    (waived,) = [item for item in json.loads(judged.out)["findings"] if item["waiver"]]
    assert (waived["check"], waived["waiver"]["reason"]) == ("TOPO-006", "Moves: soon # really")
    (waiver,) = listed["waivers"]
    assert (waiver["state"], waiver["covers"], waiver["evidence"]) == (
        "in-force",
        ["dev-1"],
        [waived["evidence_fingerprint"]],
    )


def test_the_list_says_how_each_waiver_stands_and_a_judgement_what_one_no_longer_covers(scanned_twice: Path) -> None:
    def row(check: str, scope: str, begins: int, ends: int) -> str:
        days = {"date": TODAY + timedelta(days=begins), "until": TODAY + timedelta(days=ends)}
        return ENTRY.format(check=check, scope=scope, **days)

    text = "waivers:\n" + "".join(
        (
            row("TOPO-006", "host: dev-1, evidence: ['0123456789ab']", -1, 60),
            row("TOPO-004", "infrastructure: true", -1, 20),
            row("DATA-005", "host: dev-1", -40, -1),
            row("COMP-001", "host: dev-1", -1, 60),
        )
    )
    (scanned_twice / "waivers.yaml").write_text(text, encoding="utf-8")

    judged = osaudit(scanned_twice, "evaluate")
    listed = osaudit(scanned_twice, "waivers", "list")

    assert "TOPO-006 dev-1 (Development) is open in spite of a waiver: the evidence is not what was accepted." in (
        judged.out.splitlines()
    )
    cells = [re.split(r"\s{2,}", line)[:3] for line in listed.out.splitlines()[1:]]
    assert listed.code == 0, listed.err
    assert cells == [
        ["evidence changed", "TOPO-006", "dev-1"],
        ["expiring", "TOPO-004", "everything"],
        ["expired", "DATA-005", "dev-1"],
        ["dead", "COMP-001", "dev-1"],
    ]
    assert "Does not cover dev-1: the evidence is not what was accepted." in listed.out
    assert f"As of {TODAY}, beside scan 2 of reference." in listed.err


@pytest.mark.parametrize(
    ("check", "scope", "days", "sentence"),
    [
        ("DATA-001", ("--host", "dev-1"), 60, "DATA-001 is never waived"),
        ("TOPO-006", ("--host", "dev-1"), 100, "--until: found "),
        ("TOPO-016", ("--purpose", "production"), 400, "--until: found "),
        ("COMP-001", ("--host", "dev-1"), 60, "Scan 2 has no finding of COMP-001 there that needs a waiver."),
        ("TOPO-006", (), 60, "Say where: --host, --environment, --purpose, or --infrastructure"),
        ("TOPO-006", ("--infrastructure", "--host", "dev-1"), 60, "--infrastructure is everywhere"),
    ],
)
def test_what_the_rules_forbid_is_refused_by_its_option_and_nothing_is_written(
    check: str, scope: tuple[str, ...], days: int, sentence: str, scanned_twice: Path
) -> None:
    refused(add(scanned_twice, check, *scope, days=days), sentence)
    assert not (scanned_twice / "waivers.yaml").exists()


def test_nothing_is_added_to_a_file_that_has_mistakes(scanned_twice: Path) -> None:
    file = scanned_twice / "waivers.yaml"
    file.write_text("waivers:\n  - {check: TOPO-006, until: soon}\n", encoding="utf-8")
    before = file.read_bytes()

    ended = add(scanned_twice, "TOPO-006", "--host", "dev-1")

    assert (ended.code, ended.out) == (2, "")
    assert "waivers.yaml:2: waivers[0].until: found 'soon'; expected a date as 2026-12-31." in ended.err
    assert file.read_bytes() == before
    assert sorted(path.name for path in scanned_twice.glob("*waivers*")) == ["waivers.yaml"]


def test_the_file_is_checked_without_a_scan(scanned_twice: Path) -> None:
    (scanned_twice / "osaudit.db").unlink()
    refused(osaudit(scanned_twice, "waivers", "check"), "There is no waivers.yaml; `osaudit waivers add` writes one.")
    good = ENTRY.format(check="TOPO-006", scope="host: dev-1", date="2026-01-01", until="2026-12-01")
    bad = ENTRY.format(check="TOPO-006", scope="host: dev-9", date="2026-01-01", until="2026-02-01")
    file = scanned_twice / "waivers.yaml"

    file.write_text(f"waivers:\n{good}", encoding="utf-8")
    taken = osaudit(scanned_twice, "waivers", "check")
    file.write_text(f"waivers:\n{good}{bad}", encoding="utf-8")

    assert (taken.code, taken.out) == (0, "waivers.yaml: 1 waiver is well-formed.\n")
    assert "waivers.yaml:2: TOPO-006 can be critical, and a waiver for a critical finding holds 3 months" in taken.err
    refused(
        osaudit(scanned_twice, "waivers", "check"), "waivers.yaml:3: waivers[1].host: there is no host 'dev-9'; did"
    )
