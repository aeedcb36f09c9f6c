"""What a report says of earlier scans: the life of a finding, the trend, and what changed."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from auditor.diffing import compare
from auditor.model.finding import Severity
from auditor.model.history import History, ScanPoint
from auditor.reporting.history import trend_view
from auditor.reporting.json import json_report
from auditor.reporting.page_shapes import ReportView
from auditor.reporting.view import build_view
from tests.reporting.northwind import drifted_record, healthy_record, history_of, lifetime_waiver, repaired_since
from tests.reporting.pages import check_texts
from tests.reporting.records import judged, with_findings

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def view() -> ReportView:
    before, after = with_findings(healthy_record(41), repaired_since()), drifted_record(42)
    return build_view(after, check_texts(), compare(before, after), history=history_of(after))


def point(scan: int, critical: int, decided: int = 10, undecided: int = 0) -> ScanPoint:
    opened = {Severity.CRITICAL: critical, Severity.HIGH: 0, Severity.MEDIUM: 0, Severity.LOW: 0}
    return ScanPoint(scan, NOW + timedelta(days=scan), "rules", opened, 0, decided, undecided)


def test_a_failure_tells_its_life_and_a_pass_has_none(view: ReportView) -> None:
    first = next(item for item in view.findings if item.status == "fail")
    assert first.life is not None
    assert (first.life.first_words, first.life.last_words, first.life.reopened_words) == (
        "scan 31",
        "this scan",
        "2 times",
    )
    assert all(item.life is None for item in view.findings if item.status == "pass")


def test_the_json_report_has_history_and_lives(view: ReportView) -> None:
    document = json.loads(json_report(view))

    assert [item["scan"] for item in document["history"]] == list(range(31, 43))
    assert document["history"][-1]["open"] == {"critical": 1, "high": 2, "medium": 2, "low": 0}
    lives = [item["life"] for item in document["findings"] if item["life"]]
    assert {"first_seen", "last_seen", "reopened"} == set(lives[0])
    assert document["counts"]["resolved"] == 1
    without = json.loads(json_report(build_view(drifted_record(), check_texts())))
    assert without["history"] is None
    assert "new" not in without["counts"]


def test_the_trend_says_first_and_last_and_draws_what_there_is() -> None:
    trend = trend_view(History(tuple(point(scan, scan % 3, 99, 1) for scan in range(1, 6))))

    assert trend.sentence == (
        "5 scans are stored: 1 open finding in scan 1 and 2 in scan 5; "
        "99 % and 99 % of the verdicts that were asked for could be given."
    )
    opened, coverage = trend.charts
    assert [line.key for line in opened.lines] == ["critical"]
    assert len(opened.lines[0].points.split()) == 5
    assert opened.meaning.startswith("Open findings by severity over 5 scans: first 1 critical, 0 high")
    assert coverage.meaning == "Coverage over 5 scans: first 99 %, last 99 %."
    assert [row.scan for row in trend.rows] == [5, 4, 3, 2, 1]


def test_everything_was_seen_is_said_only_where_nothing_is_missing() -> None:
    assert trend_view(History((point(1, 0, 9999, 1),))).rows[0].coverage == "99 %"
    assert trend_view(History((point(1, 0, 9999, 0),))).rows[0].coverage == "100 %"


def test_one_scan_is_no_trend() -> None:
    trend = trend_view(History((point(1, 0),)))

    assert trend.charts == ()
    assert trend.sentence == "This is the first stored scan of the infrastructure; a trend needs two."


def test_years_of_scans_stay_a_small_drawing_and_table() -> None:
    trend = trend_view(History(tuple(point(scan, scan % 7) for scan in range(1, 2001))))

    assert len(trend.charts[0].lines[0].points.split()) == 366
    assert len(trend.rows) == 60
    assert trend.left_out == "1940 older scans in the JSON report."
    assert len(trend.points) == 2000


def test_labels_of_lines_that_end_together_do_not_stand_over_each_other() -> None:
    same = dataclasses.replace(point(1, 0), opened=dict.fromkeys(list(Severity)[:4], 3))
    trend = trend_view(History((same, dataclasses.replace(same, scan=2))))

    places = sorted(line.y for line in trend.charts[0].lines)
    assert all(two - one >= 12 for one, two in pairwise(places))
    assert places[-1] <= trend.charts[0].height


def test_what_is_new_and_what_is_resolved_is_told_with_its_sentence(view: ReportView) -> None:
    assert view.previous is not None
    assert view.previous.opened[0].check == "TOPO-006"
    (resolved,) = view.previous.resolved
    assert (resolved.check, resolved.before) == ("COMP-013", "failed: Development names no cache broker.")
    assert view.previous.summary == "5 findings newly open, 1 resolved, 8 verdicts can no longer be given"
    things = {(item.host, item.what, item.word, item.sentence) for item in view.previous.things}
    assert ("dev-1", "LifeTime", "installed", "absent → present 11.28.0.1200") in things
    assert ("qa-1", "host", "lost sight", "") in things
    assert not [item for item in view.previous.things if item.host == "qa-1" and item.what != "host"]


def test_what_nobody_could_look_at_is_not_resolved() -> None:
    failing = next(item for item in judged(drifted_record()).findings if item.check == "TOPO-006" and item.is_open)
    unseen = next(item for item in judged(drifted_record()).findings if item.verdict.reason is not None)
    before = with_findings(healthy_record(41), dataclasses.replace(unseen, verdict=failing.verdict))
    after = drifted_record(42)

    changed = build_view(after, check_texts(), compare(before, after)).previous

    assert changed is not None
    assert changed.resolved == ()


def test_what_is_now_waived_is_told_and_not_called_resolved() -> None:
    after = drifted_record(42)
    waived = next(item for item in judged(after).findings if item.is_waived)
    assert waived.waiver == lifetime_waiver()
    before = with_findings(healthy_record(41), dataclasses.replace(waived, waiver=None))

    changed = build_view(after, check_texts(), compare(before, after)).previous

    assert changed is not None
    assert [item.check for item in changed.accepted] == ["TOPO-008"]
    assert changed.resolved == ()
