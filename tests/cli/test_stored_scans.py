"""Commands on stored scans: scans, report, diff, evaluate. No server runs any more."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import openpyxl
import pytest

from tests.cli.program import ROOT, command, osaudit, refused, variables


def valid(text: str, schema: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text)
    jsonschema.validate(document, json.loads((ROOT / "docs" / "schemas" / schema).read_text(encoding="utf-8")))
    return document


INTERRUPTED = "update scan set state = 'running', finished_at = null where id = 2"


def written_by_hand(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "osaudit.db", isolation_level=None)) as store:
        store.execute(statement)


def test_scans_lists_what_is_stored(scanned_twice: Path) -> None:
    listed = osaudit(scanned_twice, "scans")

    header, *rows = listed.out.splitlines()
    assert header.split() == ["Scan", "Infrastructure", "Began", "(UTC)", "Ended", "(UTC)", "Hosts", "During"]
    cells = [row.split() for row in rows]
    assert [(row[0], row[1], " ".join(row[6:])) for row in cells] == [
        ("1", "reference", "6"),
        ("2", "reference", "6 CHG1234, patch 7"),
    ]
    assert (listed.code, listed.err) == (0, "")


def test_a_report_is_written_to_a_file_that_only_its_owner_reads(scanned_twice: Path) -> None:
    written = osaudit(scanned_twice, "report")

    assert (written.code, written.out) == (0, "osaudit-2.html\n")
    file = scanned_twice / "osaudit-2.html"
    assert "dev-1 (Development) also runs LifeTime" in file.read_text(encoding="utf-8")
    if sys.platform != "win32":
        assert file.stat().st_mode & 0o777 == 0o600


def test_a_report_tells_what_was_before_up_to_its_own_scan(scanned_twice: Path) -> None:
    first, second = (
        valid(osaudit(scanned_twice, "report", scan, "--format", "json").out, "report.schema.json") for scan in "12"
    )

    assert [[point["scan"] for point in report["history"]] for report in (first, second)] == [[1], [1, 2]]
    lives = {item["life"]["first_seen"]["scan"] for item in second["findings"] if item["status"] == "fail"}
    assert lives <= {1, 2}
    assert 2 in lives


def test_a_report_has_the_format_and_the_place_that_are_asked_for(scanned_twice: Path) -> None:
    page = osaudit(scanned_twice, "report", "1", "-o", "deep/first.html")
    data = osaudit(scanned_twice, "report", "--format", "json")
    file = osaudit(scanned_twice, "report", "--format", "json", "-o", "report.json")
    text = osaudit(scanned_twice, "report", "--format", "text")

    assert page.out == f"{Path('deep/first.html')}\n"
    assert (scanned_twice / "deep" / "first.html").is_file()
    assert valid(data.out, "report.schema.json")["infrastructure"] == "reference"
    assert (file.out, (scanned_twice / "report.json").read_text(encoding="utf-8")) == (
        "report.json\n",
        data.out,
    )
    assert "What is installed where" in text.out
    assert {page.code, data.code, file.code, text.code} == {0}


TEXT_FORMS = ["json", "csv", "csv-facts", "junit", "sarif", "ocsf", "markdown"]


@pytest.mark.parametrize("form", TEXT_FORMS)
def test_a_form_of_text_goes_to_the_screen_or_byte_by_byte_the_same_to_a_file(form: str, scanned_twice: Path) -> None:
    screen = subprocess.run(
        command("report", "--format", form),
        cwd=scanned_twice,
        env=variables(),
        capture_output=True,
        timeout=60,
        check=True,
    )
    file = osaudit(scanned_twice, "report", "--format", form, "-o", f"report.{form}")

    assert (file.code, file.out) == (0, f"report.{form}\n")
    assert (scanned_twice / f"report.{form}").read_bytes() == screen.stdout
    assert b"TOPO-006" in screen.stdout or form == "csv-facts"
    assert screen.stdout.startswith("\ufeff".encode()) == form.startswith("csv")
    assert screen.stderr == b""


def test_a_workbook_is_a_file_named_after_its_scan(scanned_twice: Path) -> None:
    written = osaudit(scanned_twice, "report", "1", "--format", "xlsx")

    assert (written.code, written.out) == (0, "osaudit-1.xlsx\n")
    assert openpyxl.load_workbook(scanned_twice / "osaudit-1.xlsx").sheetnames == ["findings", "facts"]


def test_a_workbook_without_its_library_is_one_sentence_that_says_what_to_install(scanned_twice: Path) -> None:
    # A module of the same name that cannot be imported stands in front, as if the extra were not installed.
    (scanned_twice / "without").mkdir()
    (scanned_twice / "without" / "xlsxwriter.py").write_text("raise ImportError", encoding="utf-8")
    places = os.pathsep.join((str(scanned_twice / "without"), str(ROOT)))

    refused(
        osaudit(scanned_twice, "report", "--format", "xlsx", PYTHONPATH=places),
        "needs XlsxWriter; install it with pip install 'outsystems-auditor[xlsx]', or ask for the format csv.",
    )
    assert not list(scanned_twice.glob("*.xlsx"))
    assert osaudit(scanned_twice, "report", "--format", "csv", PYTHONPATH=places).code == 0


def test_a_diff_has_no_form_that_only_a_report_has(scanned_twice: Path) -> None:
    ended = osaudit(scanned_twice, "diff", "--format", "sarif")

    assert ended.code == 2
    assert "'text', 'html', 'json'" in ended.err


def test_a_diff_compares_the_last_two_scans_or_those_that_are_named(scanned_twice: Path) -> None:
    last = osaudit(scanned_twice, "diff")
    backwards = osaudit(scanned_twice, "diff", "2", "1")
    data = osaudit(scanned_twice, "diff", "--format", "json")
    page = osaudit(scanned_twice, "diff", "1", "2", "--format", "html")

    assert "regressed" in last.out
    assert "TOPO-006" in last.out
    assert "repaired" in backwards.out
    assert "regressed" not in backwards.out
    valid(data.out, "diff.schema.json")
    assert page.out == "osaudit-1-2.html\n"
    assert "TOPO-006" in (scanned_twice / "osaudit-1-2.html").read_text(encoding="utf-8")
    assert {last.code, backwards.code, data.code, page.code} == {0}


def test_a_diff_of_a_single_scan_says_that_there_is_nothing_to_compare(scanned_twice: Path) -> None:
    refused(osaudit(scanned_twice, "diff", "1", "1000"), "holds no scan 1000")
    written_by_hand(scanned_twice, INTERRUPTED)
    ended = osaudit(scanned_twice, "diff")
    assert ended.code == 2
    assert "Scan 1 is the first complete one of reference; scan again." in ended.err


def test_a_report_and_a_diff_name_the_change_during_which_a_scan_was_made(scanned_twice: Path) -> None:
    report = valid(osaudit(scanned_twice, "report", "--format", "json").out, "report.schema.json")
    text = osaudit(scanned_twice, "diff")
    data = json.loads(osaudit(scanned_twice, "diff", "--format", "json").out)
    osaudit(scanned_twice, "report")

    assert report["scan"]["changes"] == ["CHG1234", "patch 7"]
    assert "Made during" in (scanned_twice / "osaudit-2.html").read_text(encoding="utf-8")
    assert "What differs is expected: scan 2 was made during CHG1234, patch 7." in text.out
    assert (data["expectation"], data["windows"]) == ("expected", [{"scan": 2, "changes": ["CHG1234", "patch 7"]}])
    written_by_hand(scanned_twice, "update scan set changes = '[]'")
    assert "What differs is unexpected: no scan since scan 1 was made" in osaudit(scanned_twice, "diff").out


def test_a_diff_tells_which_facts_drifted(scanned_twice: Path) -> None:
    text = osaudit(scanned_twice, "diff").out
    (host,) = json.loads(osaudit(scanned_twice, "diff", "--format", "json").out)["facts"]

    assert "lifetime.published_version" in text
    told = {(row["fact"], row["field"] or row["label"]): (row["before"], row["after"]) for row in host["changes"]}
    assert host["host"] == "dev-1"
    assert told["lifetime.published_version", "changed"][0] == "none"
    assert not [name for name, _ in told if name in ("os.last_boot", "clock.offset", "private_key.digest")]


def test_a_diff_after_newer_rules_judges_the_earlier_scan_again_and_stores_nothing(scanned_twice: Path) -> None:
    written_by_hand(scanned_twice, "update judgement set rules_digest = 'before' where scan = 1")
    text = osaudit(scanned_twice, "diff")

    assert "The answers of scan 1 were judged again as those of scan 2 were" in text.out
    assert "regressed" in text.out
    assert "changed by the rules" not in text.out
    with closing(sqlite3.connect(scanned_twice / "osaudit.db")) as store:
        assert store.execute("select count(*) from judgement").fetchone() == (2,)


ENDED = "update scan set finished_at = '2026-03-0' || id || ' 02:01:00.000000'"


def test_a_baseline_names_the_earlier_scan(scanned_twice: Path) -> None:
    plain = osaudit(scanned_twice, "diff", "1", "2")

    assert osaudit(scanned_twice, "diff", "--baseline", "1") == plain
    assert osaudit(scanned_twice, "diff", "--baseline", "1", "2") == plain
    refused(osaudit(scanned_twice, "diff", "--baseline", "9"), "The store holds no scan 9")
    refused(
        osaudit(scanned_twice, "diff", "--baseline", "1", "1", "2"), "--baseline names the earlier scan, so only one"
    )
    refused(osaudit(scanned_twice, "diff", "--baseline", "1", "--since", "2026-03-01"), "both name the earlier scan")


@pytest.mark.parametrize(
    ("since", "zone", "said"),
    [
        ("2026-03-02", "UTC", "Since 2026-03-02 00:00:00 UTC: the last scan that had ended by then is scan 1."),
        ("2026-03-01T02:01", "UTC", "Since 2026-03-01 02:01:00 UTC"),
        ("2026-03-01T02:01:00+00:00", "EST5", "Since 2026-02-28 21:01:00 EST"),
        ("2026-02-28T22:00", "EST5", "Since 2026-02-28 22:00:00 EST"),
    ],
)
def test_since_takes_the_last_scan_that_had_ended_by_then_and_says_in_which_zone(
    since: str, zone: str, said: str, scanned_twice: Path
) -> None:
    written_by_hand(scanned_twice, ENDED)
    found = osaudit(scanned_twice, "diff", "--since", since, TZ=zone)

    assert (found.code, found.out) == (0, osaudit(scanned_twice, "diff", "1", "2").out)
    assert found.err.startswith(said)


@pytest.mark.parametrize(
    ("since", "words"),
    [
        ("yesterday", "--since takes a date or a time, like 2026-03-31 or 2026-03-31T18:00; 'yesterday' is none."),
        ("2026-02-30", "'2026-02-30' is none."),
        ("", "'' is none."),
        (
            "2026-03-01",
            "No complete scan of reference had ended by 2026-03-01 00:00:00 UTC; the first one, scan 1, ended at "
            "2026-03-01 02:01:00 UTC.",
        ),
        ("2026-04-01", "Scan 2 had ended by 2026-04-01 00:00:00 UTC itself; name an earlier date, or a later scan."),
        ("0001-01-01", "is none."),
    ],
)
def test_a_date_that_names_no_earlier_scan_is_one_sentence(since: str, words: str, scanned_twice: Path) -> None:
    written_by_hand(scanned_twice, ENDED)

    refused(osaudit(scanned_twice, "diff", "--since", since, TZ="UTC"), words)


def test_a_site_is_written_and_brought_up_to_date(scanned_twice: Path) -> None:
    first, second = osaudit(scanned_twice, "site", "www"), osaudit(scanned_twice, "site", "www")

    assert (first.code, first.out) == (0, f"{Path('www/index.html')}\n")
    assert "4 written, 0 unchanged, 0 removed." in first.err
    assert "0 written, 4 unchanged, 0 removed." in second.err
    names = {"index.html", "scan-1.html", "scan-2.html", "diff-1-2.html", "osaudit-site.json"}
    assert {path.name for path in (scanned_twice / "www").iterdir()} == names
    refused(osaudit(scanned_twice, "site", "osaudit.db"), "cannot be written")


def test_evaluating_judges_again_without_a_server_and_adds_a_judgement(scanned_twice: Path) -> None:
    today = datetime.now(UTC).date()
    (scanned_twice / "waivers.yaml").write_text(
        f"""waivers:
  - check: TOPO-006
    host: dev-1
    reason: Moved in the next maintenance window.
    owner: operations
    approver: architecture
    date: {today}
    until: {today + timedelta(days=30)}
""",
        encoding="utf-8",
    )
    judged = osaudit(scanned_twice, "evaluate", "--fail-on", "critical")
    after = osaudit(scanned_twice, "report", "--format", "json")

    assert "Scan 2 was judged again" in judged.err
    assert "Using waivers.yaml." in judged.err
    assert judged.code == 0, judged.err
    assert _waived(after.out) == ["TOPO-006"]
    with closing(sqlite3.connect(scanned_twice / "osaudit.db")) as store:
        assert store.execute("select scan, count(*) from judgement group by scan").fetchall() == [(1, 1), (2, 2)]


def _waived(report: str) -> list[str]:
    return [item["check"] for item in json.loads(report)["findings"] if item["waiver"]]


def test_evaluating_fails_on_what_is_open(scanned_twice: Path) -> None:
    ended = osaudit(scanned_twice, "evaluate", "--fail-on", "critical", "--format", "json")
    assert ended.code == 10
    assert "critical or worse" in ended.err
    valid(ended.out, "report.schema.json")


def test_an_incomplete_scan_is_told_of_and_never_shown_as_complete(scanned_twice: Path) -> None:
    written_by_hand(scanned_twice, INTERRUPTED)

    refused(osaudit(scanned_twice, "report", "2"), "Scan 2 is incomplete; `osaudit scan --resume` completes it.")
    refused(osaudit(scanned_twice, "evaluate", "2"), "Scan 2 is incomplete")
    older = osaudit(scanned_twice, "report", "--format", "json")
    listed = osaudit(scanned_twice, "scans")

    assert json.loads(older.out)["scan"]["id"] == 1
    for said in (older.err, listed.err):
        assert "Scan 2 of reference is incomplete (6 hosts read)" in said
    assert "incomplete" in listed.out.splitlines()[2]


@pytest.mark.parametrize("command", ["scans", "report"])
def test_a_store_that_is_not_there_is_not_made(command: str, tmp_path: Path) -> None:
    refused(osaudit(tmp_path, command), "There is no store at osaudit.db; run a scan first or name another")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_store_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "letters.db"
    other.write_text("Dear Sir or Madam,\n" * 100, encoding="utf-8")
    refused(osaudit(tmp_path, "scans", "-s", "letters.db"), "not a database")
    assert other.read_text(encoding="utf-8").startswith("Dear")

    with closing(sqlite3.connect(tmp_path / "music.db")) as music:
        music.execute("create table song (title text)")
    refused(osaudit(tmp_path, "scans", "-s", "music.db"), "is a database of something else")


def test_a_store_of_a_newer_osaudit_is_not_touched(scanned_twice: Path) -> None:
    written_by_hand(scanned_twice, "update alembic_version set version_num = '9999'")
    store_before = (scanned_twice / "osaudit.db").read_bytes()
    refused(osaudit(scanned_twice, "scans"), "was written by a newer osaudit (schema 9999")
    assert (scanned_twice / "osaudit.db").read_bytes() == store_before


def test_a_locked_store_is_read_and_says_who_to_wait_for_when_it_would_be_written(scanned_twice: Path) -> None:
    other = sqlite3.connect(scanned_twice / "osaudit.db", isolation_level=None)
    other.execute("begin immediate")
    try:
        assert osaudit(scanned_twice, "scans").code == 0
        ended = osaudit(scanned_twice, "scan", "-s", "sqlite:///osaudit.db?timeout=0.3")
    finally:
        other.close()
    refused(ended, "cannot be used: database is locked; wait for the program that uses it.")


def test_a_result_that_cannot_be_written_is_one_sentence(scanned_twice: Path) -> None:
    (scanned_twice / "taken").write_text("a file", encoding="utf-8")
    refused(osaudit(scanned_twice, "report", "-o", "taken/report.html"), "cannot be written")
