"""What shuts the gate of a scan or of a new judgement: severity, what is new, and how much could be decided."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.program import osaudit, refused
from tests.cli.test_stored_scans import written_by_hand

UNDECIDED = '''from auditor.check import Host, Reason, Severity, Verdict, check, unknown


@check.per_host("OWN-001", severity=Severity.LOW, sources=("DESIGN",))
def nobody_knows(host: Host) -> Verdict:
    """Nobody knows whether this holds.

    ## Why it matters

    It does not.

    ## How it is decided

    Not at all.

    ## How to fix

    1. Nothing.

    Effect on users: none.

    ## References

    - Architecture of osaudit (docs/architecture.md)
    """
    unknown(Reason.NOT_DECLARED, f"Nobody knows it of {host.name}.")
'''


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--fail-on-new", "--fail-on", "critical"), 10, r"1 new open finding is critical or worse, compared with"),
        (("--fail-on-new", "--baseline", "2", "--fail-on", "low"), 0, ""),
    ],
)
def test_only_what_was_not_open_in_the_compared_scan_counts(
    arguments: tuple[str, ...], code: int, said: str, scanned_twice: Path
) -> None:
    ended = osaudit(scanned_twice, "evaluate", *arguments)

    assert ended.code == code, ended.err
    assert bool(re.search(rf"^{said}", ended.err, re.M)) if said else "new" not in ended.err


def test_in_the_first_scan_everything_is_new(scanned_twice: Path) -> None:
    written_by_hand(scanned_twice, "update scan set state = 'running', finished_at = null where id = 1")
    ended = osaudit(scanned_twice, "evaluate", "2", "--fail-on-new")

    assert ended.code == 10
    assert "3 new open findings, as no complete scan was before." in ended.err


def test_the_file_shuts_the_gate_and_an_option_opens_it(scanned_twice: Path) -> None:
    (scanned_twice / "osaudit.yaml").write_text("scan: {fail_on_new: true, baseline: 1}\n", encoding="utf-8")

    shut = osaudit(scanned_twice, "evaluate")
    assert shut.code == 10
    assert "3 new open findings, compared with scan 1." in shut.err
    assert osaudit(scanned_twice, "evaluate", "--no-fail-on-new").code == 0
    shown = osaudit(scanned_twice, "config", "show", OSAUDIT_MIN_COVERAGE="90").out
    assert re.search(r"^scan\.fail_on_new +true +osaudit\.yaml:1$", shown, re.M)
    assert re.search(r"^scan\.baseline +1 +osaudit\.yaml:1$", shown, re.M)
    assert re.search(r"^scan\.min_coverage +90 +OSAUDIT_MIN_COVERAGE$", shown, re.M)
    # The scan to compare with at the gate is not that of a diff.
    assert osaudit(scanned_twice, "diff", "1", "2").code == 0


def test_a_baseline_that_cannot_be_compared_with_is_told_before_anything_is_read_or_judged(
    scanned_twice: Path,
) -> None:
    refused(osaudit(scanned_twice, "evaluate", "--baseline", "7"), "The store holds no scan 7")
    inventory = scanned_twice / "inventory.yaml"
    text = inventory.read_text(encoding="utf-8")
    inventory.write_text(re.sub("^infrastructure: .*$", "infrastructure: Other", text, flags=re.M), encoding="utf-8")

    refused(
        osaudit(scanned_twice, "scan", "--baseline", "2"),
        "Scan 2 is of 'reference', not of 'Other'; give --baseline a scan of the same infrastructure.",
    )
    with closing(sqlite3.connect(scanned_twice / "osaudit.db")) as store:
        assert store.execute("select (select count(*) from scan), (select count(*) from judgement)").fetchone() == (
            2,
            2,
        )


def test_less_decided_than_asked_for_is_incomplete_for_a_judgement_and_for_the_status(scanned_twice: Path) -> None:
    (scanned_twice / "own").mkdir()
    (scanned_twice / "own" / "nobody_knows.py").write_text(UNDECIDED, encoding="utf-8")

    ended = osaudit(scanned_twice, "evaluate", "--checks", "own", "--min-coverage", "100", "--fail-on", "critical")
    status = osaudit(scanned_twice, "status", OSAUDIT_MIN_COVERAGE="100")

    sentence = (
        r"^The audit is incomplete: only \d+ of \d+ verdicts \(9\d %\) could be decided, and 100 % are asked for\.$"
    )
    assert ended.code == 3
    assert re.search(sentence, ended.err, re.M), ended.err
    assert "1 open finding is critical or worse." in ended.err
    assert status.code == 3
    assert re.search(sentence, status.out, re.M), status.out
