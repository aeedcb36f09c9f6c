"""osaudit status: what monitoring learns of the last complete scan, and of a scan that is missing."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
from prometheus_client.parser import text_string_to_metric_families

from auditor.model.scan import ScanState
from auditor.reporting.status import LastScan, StatusView, status_lines, status_metrics
from auditor.store import scanning_alone
from tests.cli.program import ROOT, osaudit, refused
from tests.cli.test_stored_scans import INTERRUPTED, valid, written_by_hand

# A scan that is planned for this moment has had the time it takes.
DUE = datetime.now().astimezone() - timedelta(hours=2)


def planned(folder: Path, moment: datetime = DUE) -> None:
    (folder / "osaudit.yaml").write_text(f"schedule: {{at: '{moment:%H:%M}'}}\n", encoding="utf-8")


def older(folder: Path) -> None:
    written_by_hand(folder, "update scan set started_at = '2026-01-01 00:00:00', finished_at = '2026-01-01 00:01:00'")


def samples(text: str) -> dict[tuple[str, str], float]:
    """Return the value of each sample, by name and kind, as a released parser reads them."""
    families = list(text_string_to_metric_families(text))
    assert all(family.type == "gauge" and family.documentation for family in families)
    return {
        (sample.name.removeprefix("osaudit_"), sample.labels.get("kind", "")): sample.value
        for family in families
        for sample in family.samples
    }


def test_the_status_of_a_scan_that_saw_everything_is_0(scanned_twice: Path) -> None:
    told = osaudit(scanned_twice, "status")

    assert (told.code, told.err) == (0, "")
    first, headline, *rest = told.out.splitlines()
    assert first.startswith("Scan 2 of reference is the last complete one; it ended ")
    assert "open" in headline
    assert rest == ["No schedule is declared in osaudit.yaml, so a missing scan cannot be noticed."]


def test_a_planned_scan_that_is_missing_is_told_and_is_5(scanned_twice: Path) -> None:
    planned(scanned_twice)
    older(scanned_twice)

    text = osaudit(scanned_twice, "status")
    document = valid(osaudit(scanned_twice, "status", "--format", "json").out, "status.schema.json")
    metrics = samples(osaudit(scanned_twice, "status", "--format", "prometheus").out)

    moment = DUE.replace(second=0, microsecond=0).astimezone(UTC)
    assert text.code == 5
    assert f"A scan is missing: it was planned for {moment:%Y-%m-%d %H:%M}:00 UTC" in text.out
    assert document["missed_since"] == moment.isoformat()
    assert document["next_run"] == (moment + timedelta(days=1)).isoformat()
    assert metrics["scan_missed", ""] == 1
    assert metrics["next_scan_timestamp_seconds", ""] == (moment + timedelta(days=1)).timestamp()


def test_a_scan_that_may_still_run_is_not_missing(scanned_twice: Path) -> None:
    older(scanned_twice)
    planned(scanned_twice, datetime.now().astimezone() - timedelta(minutes=5))
    written_by_hand(scanned_twice, f"update scan set finished_at = '{datetime.now(UTC) - timedelta(hours=20):%F %T}'")
    assert osaudit(scanned_twice, "status").code == 0
    assert osaudit(scanned_twice, "status", "--scan-seconds", "86400").code == 0


def test_what_was_not_seen_is_3(scanned_twice: Path) -> None:
    written_by_hand(
        scanned_twice,
        "update visit set failure_kind = 'refused', failure_sentence = 'x' where scan = 2 and host = 'dev-1'",
    )
    told = osaudit(scanned_twice, "status")
    assert told.code == 3
    assert "The audit is incomplete: not read: dev-1." in told.out
    assert samples(osaudit(scanned_twice, "status", "--format", "prometheus").out)["saw_everything", ""] == 0


def test_a_store_without_a_complete_scan_is_4_and_none_at_all_is_2(scanned_twice: Path, tmp_path: Path) -> None:
    written_by_hand(scanned_twice, f"update scan set state = '{ScanState.RUNNING}', finished_at = null")

    told = osaudit(scanned_twice, "status")
    document = valid(osaudit(scanned_twice, "status", "--format", "json").out, "status.schema.json")

    assert told.code == 4
    assert told.out.startswith("There is no complete scan.\nScan 2 was begun later and not finished;")
    assert (document["last_complete_scan"], document["unfinished_scan"]) == (None, 2)
    refused(osaudit(tmp_path, "status"), "There is no store at osaudit.db")


def test_an_unfinished_scan_is_told_apart_from_one_at_work(scanned_twice: Path) -> None:
    written_by_hand(scanned_twice, INTERRUPTED)
    assert "Scan 2 was begun later and not finished" in osaudit(scanned_twice, "status").out

    with scanning_alone(str(scanned_twice / "osaudit.db"), "process 17, since yesterday"):
        told = osaudit(scanned_twice, "status")
        metrics = samples(osaudit(scanned_twice, "status", "--format", "prometheus").out)

    assert "A scan is at work (process 17, since yesterday)." in told.out
    assert "not finished" not in told.out
    assert metrics["scan_at_work", ""] == 1


def test_the_numbers_are_those_of_the_report_but_for_what_only_a_comparison_counts(scanned_twice: Path) -> None:
    report = json.loads(osaudit(scanned_twice, "report", "--format", "json").out)
    document = json.loads(osaudit(scanned_twice, "status", "--format", "json").out)
    metrics = samples(osaudit(scanned_twice, "status", "--format", "prometheus").out)

    counts = {kind: number for kind, number in report["counts"].items() if kind not in ("new", "resolved")}
    assert document["last_complete_scan"]["counts"] == counts
    assert {kind: value for (name, kind), value in metrics.items() if name == "findings"} == counts
    assert metrics["hosts_declared", ""] == metrics["hosts_read", ""] == 6
    assert metrics["saw_everything", ""] == 1
    finished = datetime.fromisoformat(report["scan"]["finished_at"])
    assert metrics["last_complete_scan_timestamp_seconds", ""] == finished.timestamp()


def test_metrics_are_written_whole_to_a_file_that_their_collector_reads(scanned_twice: Path) -> None:
    mask = os.umask(0o077)
    try:
        written = osaudit(scanned_twice, "status", "--format", "prometheus", "-o", "osaudit.prom")
    finally:
        os.umask(mask)
    file = scanned_twice / "osaudit.prom"
    assert (written.code, written.out) == (0, "")
    if sys.platform != "win32":
        assert file.stat().st_mode & 0o777 == 0o644
    assert samples(file.read_text(encoding="utf-8"))["hosts_read", ""] == 6


def test_a_name_with_quotes_and_backslashes_is_read_back() -> None:
    now = datetime.now(UTC)
    name = 'Example "North" \\ West'
    last = LastScan(1, name, now, now, 1, 1, {"high": 0}, "", "")
    view = StatusView(now, last, None, "\x1b[31m", None, None)
    (sample,) = next(iter(text_string_to_metric_families(status_metrics(view)))).samples
    assert sample.labels == {"infrastructure": name}
    assert "\x1b" not in "".join(status_lines(view))


def test_the_schema_of_the_status_is_well_formed() -> None:
    schema = json.loads((ROOT / "docs" / "schemas" / "status.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
