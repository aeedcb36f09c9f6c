"""When a planned scan is due, on days when clocks are changed too, and when it is missing."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.unattended import Schedule, Weekday
from auditor.reporting.status import LastScan, missed_since

LISBON, BERLIN = ZoneInfo("Europe/Lisbon"), ZoneInfo("Europe/Berlin")
NIGHTLY = Schedule(time(2, 0))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "last", "following"),
    [
        ("2026-01-15T00:59:59", "2026-01-14T01:00:00", "2026-01-15T01:00:00"),
        ("2026-01-15T01:00:00", "2026-01-15T01:00:00", "2026-01-16T01:00:00"),
        # In summer, two o'clock in Berlin is midnight in UTC.
        ("2026-07-15T12:00:00", "2026-07-15T00:00:00", "2026-07-16T00:00:00"),
        # The night in which clocks go back has two o'clock twice; the first counts.
        ("2026-10-25T12:00:00", "2026-10-25T00:00:00", "2026-10-26T01:00:00"),
    ],
)
def test_a_nightly_scan_is_planned_in_local_time(now: str, last: str, following: str) -> None:
    assert NIGHTLY.last(at(now), BERLIN) == at(last)
    assert NIGHTLY.next(at(now), BERLIN) == at(following)


def test_only_the_days_that_are_named_count() -> None:
    weekends = Schedule(time(23, 30), (Weekday.SATURDAY,))
    assert weekends.last(at("2026-01-16T12:00:00"), UTC) == at("2026-01-10T23:30:00")
    assert weekends.next(at("2026-01-17T23:30:00"), UTC) == at("2026-01-24T23:30:00")


@given(
    st.integers(946_684_800, 2_840_140_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.times().map(lambda moment: moment.replace(second=0, microsecond=0)),
    st.sets(st.sampled_from(Weekday), min_size=1),
    st.sampled_from([UTC, LISBON, BERLIN]),
)
def test_now_stands_between_the_last_and_the_next_moment(
    now: datetime, moment: time, days: set[Weekday], zone: ZoneInfo
) -> None:
    schedule = Schedule(moment, tuple(day for day in Weekday if day in days))
    last, following = schedule.last(now, zone), schedule.next(now, zone)
    assert last <= now < following
    assert following - last <= timedelta(days=7, hours=2)
    assert schedule.next(last, zone) == following


def ended(when: datetime) -> LastScan:
    return LastScan(1, "x", when, when, 1, 1, {}, "", "")


def test_a_scan_is_missing_when_none_ended_after_its_planned_moment_and_its_deadline_passed() -> None:
    nightly = Schedule(time(12, 0))
    now = datetime.now(UTC)
    planned = nightly.last(now)
    deadline = timedelta(hours=1, minutes=30)

    assert missed_since(nightly, ended(planned + timedelta(minutes=5)), planned + deadline, 3600) is None
    assert missed_since(nightly, ended(planned - timedelta(minutes=5)), planned + deadline, 3600) == planned
    before = planned + deadline - timedelta(seconds=1)
    assert missed_since(nightly, ended(planned - timedelta(minutes=5)), before, 3600) is None
    assert missed_since(nightly, None, planned + deadline, 3600) == planned
