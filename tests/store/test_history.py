"""The history of an infrastructure: numbers of every scan, and the life of every failure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event

from auditor.model.component import Portrait
from auditor.model.fact import Facts, NotKnown, Reason
from auditor.model.finding import Finding, Severity, Status, Subject, SubjectKind, Verdict
from auditor.model.history import History, Life
from auditor.model.inventory import Environment, Inventory, Purpose
from auditor.model.reference import Reference
from auditor.model.scan import Judgement, RuleSet
from auditor.model.waiver import Waiver
from auditor.store import Store, encoding

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
INVENTORY = Inventory("example", (Environment("Development", Purpose.DEVELOPMENT),), digest="d")
WAIVER = Waiver("TOPO-006", "For now.", "Ann", "Bob", date(2026, 1, 1), date(2026, 9, 1), host="a")


def finding(host: str, status: Status, check: str = "TOPO-006") -> Finding:
    subject = Subject(SubjectKind.HOST, host, "Development")
    reason = Reason.UNREACHABLE if status is Status.UNKNOWN else None
    return Finding(check, check.lower(), "Title", Severity.HIGH, subject, Verdict(status, "As seen.", reason=reason))


def failing(host: str, check: str = "TOPO-006") -> Finding:
    return finding(host, Status.FAIL, check)


def passing(host: str) -> Finding:
    return finding(host, Status.PASS)


def blind(host: str) -> Finding:
    return finding(host, Status.UNKNOWN)


def waived(host: str) -> Finding:
    return dataclasses.replace(failing(host), waiver=WAIVER)


def judgement(*findings: Finding, rules: str = "rules") -> Judgement:
    hosts = [item.subject.name for item in findings]
    facts = {host: Facts(host, {}, None) for host in hosts}
    portraits = {host: Portrait(host, (), NotKnown(Reason.NOT_ASKED, "Not asked.")) for host in hosts}
    return Judgement(facts, portraits, findings, RuleSet(rules, "0.1.0"))


def scanned(store: Store, *scans: Iterable[Finding], inventory: Inventory = INVENTORY) -> int:
    """Store complete scans with these findings and return the id of the last."""
    last = 0
    for findings in scans:
        last = store.begin(inventory, Reference(), NOW)
        store.seal(last, judgement(*findings), NOW + timedelta(days=last))
    return last


def life(history: History, host: str = "a") -> Life | None:
    return history.lives.get(failing(host).fingerprint)


def test_each_scan_is_counted_by_severity_and_by_what_could_be_decided(store: Store) -> None:
    last = scanned(store, [passing("a"), failing("b")], [failing("a"), waived("b")], [blind("a"), passing("b")])

    points = store.history(last).points

    assert [point.scan for point in points] == [1, 2, 3]
    assert [point.opened[Severity.HIGH] for point in points] == [1, 1, 0]
    assert [point.waived for point in points] == [0, 1, 0]
    assert [(point.decided, point.undecided) for point in points] == [(2, 0), (2, 0), (1, 1)]
    assert [point.coverage for point in points] == [1.0, 1.0, 0.5]
    assert points[0].finished_at == NOW + timedelta(days=1)


def test_not_applicable_counts_nowhere(store: Store) -> None:
    (point,) = store.history(scanned(store, [finding("a", Status.NOT_APPLICABLE)])).points

    assert (point.decided, point.undecided, point.coverage) == (0, 0, 0.0)


@pytest.mark.parametrize(
    ("scans", "expected"),
    [
        ([passing, passing], None),
        ([failing, failing, failing], Life(1, 3)),
        ([passing, failing, failing, passing], Life(2, 3)),
        ([failing, passing, failing], Life(1, 3, reopened=1)),
        ([failing, passing, failing, passing, failing, failing], Life(1, 6, reopened=2)),
        ([failing, blind, failing], Life(1, 3)),
        ([failing, waived, failing], Life(1, 3)),
        ([failing, None, failing], Life(1, 3)),
        ([failing, None, None, passing, failing], Life(1, 5, reopened=1)),
        ([None, failing, None], Life(2, 2)),
        ([failing, blind, passing, blind, failing], Life(1, 5, reopened=1)),
    ],
)
def test_a_failure_is_reopened_only_after_it_was_proved_to_be_gone(
    store: Store, scans: list[object], expected: Life | None
) -> None:
    last = scanned(store, *([make("a")] if callable(make) else [] for make in scans))

    assert life(store.history(last)) == expected


def test_an_earlier_scan_knows_nothing_of_later_ones(store: Store) -> None:
    scanned(store, [failing("a")], [passing("a")], [failing("a")])

    early = store.history(1)

    assert life(early) == Life(1, 1)
    assert len(early.points) == 1


def test_other_infrastructures_and_unfinished_scans_do_not_count(store: Store) -> None:
    scanned(store, [failing("a")])
    scanned(store, [failing("a")], inventory=dataclasses.replace(INVENTORY, infrastructure="other"))
    store.begin(INVENTORY, Reference(), NOW)
    last = scanned(store, [failing("a")])

    assert [point.scan for point in store.history(last).points] == [1, last]
    assert life(store.history(last)) == Life(1, last)


def test_the_judgement_that_counts_is_the_newest(store: Store) -> None:
    last = scanned(store, [failing("a")])
    store.judge_again(last, judgement(passing("a"), rules="newer"))

    again = store.history(last)

    assert life(again) is None
    assert again.points[0].rules == "newer"


def test_a_host_that_moved_has_a_finding_of_its_own(store: Store) -> None:
    moved = dataclasses.replace(passing("a"), subject=Subject(SubjectKind.HOST, "a", "Quality"))
    last = scanned(store, [failing("a")], [moved], [failing("a")])

    assert life(store.history(last)) == Life(1, 3)


def test_a_year_of_nights_costs_two_statements_and_reads_each_document_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts = [f"h{number}" for number in range(5)]
    quiet = [passing(host) for host in hosts]
    loud = [failing("h0"), *quiet[1:]]
    last = scanned(store, *(loud if night % 10 == 0 else quiet for night in range(60)))
    statements: list[str] = []
    read: list[bytes] = []
    decompress = encoding.decompress

    def reading(body: bytes) -> bytes:
        read.append(body)
        return decompress(body)

    event.listen(store._engine, "before_cursor_execute", lambda *call: statements.append(call[2].lower()))
    monkeypatch.setattr(encoding, "decompress", reading)

    history = store.history(last)

    # One more looks the scan up.
    assert len([statement for statement in statements if statement.startswith(("select", "with"))]) == 3
    assert len(read) == len(hosts) + 1
    assert life(history, "h0") == Life(1, 51, reopened=5)
    assert [point.opened[Severity.HIGH] for point in history.points[:11]] == [1, *[0] * 9, 1]
