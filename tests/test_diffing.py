"""Comparing two scans."""

from __future__ import annotations

import dataclasses
import itertools

import pytest

from auditor.diffing import Again, compare
from auditor.errors import UsageError
from auditor.model.component import ComponentKind, RoleReading, State
from auditor.model.difference import ComponentLabel, Difference, FindingLabel, HostLabel, JudgedAgain, RoleLabel
from auditor.model.fact import Reason
from auditor.model.finding import Finding, Status, Verdict
from auditor.model.inventory import Purpose
from auditor.model.scan import RuleSet, ScanRecord, ScanState
from auditor.model.waiver import Waiver
from tests.reporting.northwind import (
    drifted_record,
    healthy_record,
    lifetime_waiver,
    reference_inventory,
    without_sight_of,
)
from tests.reporting.records import (
    component,
    environment,
    environment_subject,
    finding,
    host_subject,
    judged,
    linux,
    portrait,
    windows,
    with_findings,
    with_portrait,
)

DEV = host_subject("dev-1", "Development")
QA_HOST = reference_inventory().environments[1].hosts[0]


def verdict(status: Status, sentence: str = "seen") -> Verdict:
    return Verdict(status, sentence, reason=Reason.UNREACHABLE if status is Status.UNKNOWN else None)


def on_dev(status: Status, sentence: str = "seen", waiver: Waiver | None = None) -> Finding:
    return dataclasses.replace(finding("TOPO-006", DEV, verdict(status, sentence)), waiver=waiver)


def compared(was: Finding, now: Finding) -> Difference:
    return compare(with_findings(healthy_record(41), was), with_findings(healthy_record(42), now))


def labels(difference: Difference) -> list[FindingLabel]:
    return [change.label for change in difference.findings]


def judged_by(record: ScanRecord, digest: str) -> ScanRecord:
    return dataclasses.replace(record, judgement=dataclasses.replace(judged(record), rules=RuleSet(digest, "0.1.0")))


@pytest.mark.parametrize(
    ("was", "now", "label"),
    [
        ("pass", "fail", "regressed"),
        ("fail", "pass", "repaired"),
        ("pass", "unknown", "lost-sight"),
        ("fail", "unknown", "lost-sight"),
        ("fail", "error", "lost-sight"),
        ("unknown", "pass", "now-seen"),
        ("unknown", "fail", "now-seen"),
        ("error", "pass", "now-seen"),
        ("pass", "not-applicable", "out-of-scope"),
        ("fail", "not-applicable", "out-of-scope"),
        ("unknown", "not-applicable", "out-of-scope"),
        ("not-applicable", "fail", "in-scope"),
        ("not-applicable", "unknown", "in-scope"),
    ],
)
def test_each_pair_of_statuses_has_its_label(was: str, now: str, label: str) -> None:
    difference = compared(on_dev(Status(was)), on_dev(Status(now)))

    assert labels(difference) == [FindingLabel(label)]


def test_only_a_proved_pass_is_called_repaired() -> None:
    for was, now in itertools.product(Status, Status):
        difference = compared(on_dev(was), on_dev(now))
        repaired = FindingLabel.REPAIRED in labels(difference)

        assert repaired == (was is Status.FAIL and now is Status.PASS)


def test_the_same_verdict_with_another_sentence_is_changed_evidence() -> None:
    difference = compared(on_dev(Status.FAIL, "3 found"), on_dev(Status.FAIL, "4 found"))

    assert labels(difference) == [FindingLabel.EVIDENCE_CHANGED]


def test_a_waiver_that_begins_or_ends_is_told_and_nothing_is_repaired() -> None:
    waiver = dataclasses.replace(lifetime_waiver(), check="TOPO-006", environment="Development")
    failing, waived = on_dev(Status.FAIL), on_dev(Status.FAIL, waiver=waiver)

    assert labels(compared(failing, waived)) == [FindingLabel.WAIVED]
    assert labels(compared(waived, failing)) == [FindingLabel.WAIVER_ENDED]


def test_a_waived_failure_that_passes_is_repaired() -> None:
    waiver = dataclasses.replace(lifetime_waiver(), check="TOPO-006", environment="Development")

    difference = compared(on_dev(Status.FAIL, waiver=waiver), on_dev(Status.PASS))

    assert labels(difference) == [FindingLabel.REPAIRED]


def test_two_equal_scans_differ_in_nothing() -> None:
    difference = compare(healthy_record(41), healthy_record(42))

    assert difference.is_empty
    assert difference.unchanged == len(judged(healthy_record()).findings)


@pytest.mark.parametrize(
    ("edited", "label"),
    [("rules", FindingLabel.CHANGED_BY_RULES), ("reference", FindingLabel.CHANGED_BY_REFERENCE)],
)
def test_other_rules_or_another_reference_explain_every_change_that_cannot_be_told_apart(
    edited: str, label: FindingLabel
) -> None:
    before = with_findings(healthy_record(41), on_dev(Status.PASS))
    after = with_findings(healthy_record(42), on_dev(Status.FAIL))
    if edited == "rules":
        after = judged_by(after, "other")
    else:
        after = dataclasses.replace(after, reference=dataclasses.replace(after.reference, digest="other"))

    assert labels(compare(before, after)) == [label]


def test_a_check_that_came_with_newer_rules_is_no_new_subject() -> None:
    before = healthy_record(41)
    fewer = tuple(item for item in judged(before).findings if item.check != "TOPO-016")
    before = dataclasses.replace(before, judgement=dataclasses.replace(judged(before), findings=fewer))

    difference = compare(before, judged_by(healthy_record(42), "newer"))

    assert set(labels(difference)) == {FindingLabel.CHANGED_BY_RULES}


def test_no_rule_makes_a_host_unreachable() -> None:
    after = judged_by(without_sight_of(healthy_record(42), QA_HOST), "newer")

    difference = compare(healthy_record(41), after)
    on_host = [change for change in difference.findings if change.finding.subject.name == "qa-1"]

    lost = {change.label for change in on_host if change.finding.verdict.status is Status.UNKNOWN}
    assert lost == {FindingLabel.LOST_SIGHT}


def test_a_host_that_was_not_reached_is_lost_sight_in_every_respect() -> None:
    failing = finding("TOPO-006", host_subject("qa-1", "Quality"), verdict(Status.FAIL))
    before = with_findings(healthy_record(41), failing)
    difference = compare(before, without_sight_of(with_findings(healthy_record(42), failing), QA_HOST))

    assert [(change.host, change.label) for change in difference.hosts] == [("qa-1", HostLabel.LOST_SIGHT)]
    assert {change.label for change in difference.components} == {ComponentLabel.LOST_SIGHT}
    assert [change.label for change in difference.roles] == [RoleLabel.LOST_SIGHT]
    assert {change.label for change in difference.findings} == {FindingLabel.LOST_SIGHT, FindingLabel.REGRESSED}
    assert [change.finding.check for change in difference.changes_of(FindingLabel.REGRESSED)] == ["DATA-001"]


def test_a_host_that_is_read_again_is_seen_again_and_neither_installed_nor_repaired() -> None:
    difference = compare(without_sight_of(healthy_record(41), QA_HOST), healthy_record(42))

    assert [(change.host, change.label) for change in difference.hosts] == [("qa-1", HostLabel.SEEN_AGAIN)]
    assert {change.label for change in difference.components} == {ComponentLabel.NOW_SEEN}
    assert [change.finding.check for change in difference.changes_of(FindingLabel.REPAIRED)] == ["DATA-001"]


def test_a_host_that_neither_scan_saw_keeps_the_difference_from_being_empty() -> None:
    difference = compare(without_sight_of(healthy_record(41), QA_HOST), without_sight_of(healthy_record(42), QA_HOST))

    assert [(change.host, change.label) for change in difference.hosts] == [("qa-1", HostLabel.STILL_UNSEEN)]
    assert not difference.is_empty


def test_a_host_that_came_is_a_new_subject_and_one_that_left_a_gone_one() -> None:
    small, large = healthy_record(41), healthy_record(42)
    broker = linux("mq-2")
    inventory = dataclasses.replace(large.inventory, other_hosts=(*large.inventory.other_hosts, broker))
    large = dataclasses.replace(large, inventory=inventory, visits={**large.visits, "mq-2": large.visits["mq-1"]})
    large = with_findings(large, finding("DATA-001", host_subject("mq-2"), verdict(Status.PASS)))

    came, gone = compare(small, large), compare(large, small)

    assert [(change.host, change.label) for change in came.hosts] == [("mq-2", HostLabel.CAME)]
    assert labels(came) == [FindingLabel.NEW_SUBJECT]
    assert [(change.host, change.label) for change in gone.hosts] == [("mq-2", HostLabel.GONE)]
    assert labels(gone) == [FindingLabel.GONE_SUBJECT]


def test_a_host_that_moved_to_another_environment_is_told() -> None:
    before, after = healthy_record(41), healthy_record(42)
    moved = dataclasses.replace(after.inventory.environments[0], name="Sandbox", hosts=(windows("dev-1", "Sandbox"),))
    inventory = dataclasses.replace(after.inventory, environments=(moved, *after.inventory.environments[1:]))

    difference = compare(before, dataclasses.replace(after, inventory=inventory))

    change = next(change for change in difference.hosts if change.host == "dev-1")
    assert (change.label, change.environment_before, change.environment_after) == (
        HostLabel.MOVED,
        "Development",
        "Sandbox",
    )


@pytest.mark.parametrize(
    ("was", "now", "label"),
    [
        ((State.ABSENT, None), (State.PRESENT, "11.28.0"), "installed"),
        ((State.LEFTOVER, "11.28.0"), (State.BROKEN, "11.28.0"), "installed"),
        ((State.PRESENT, "11.28.0"), (State.ABSENT, None), "removed"),
        ((State.PRESENT, "11.28.0"), (State.LEFTOVER, "11.28.0"), "removed"),
        ((State.PRESENT, "11.9.0"), (State.PRESENT, "11.28.0"), "upgraded"),
        ((State.PRESENT, "11.28.0"), (State.PRESENT, "11.9.0"), "downgraded"),
        ((State.PRESENT, "11.28.0"), (State.PRESENT, "eleven"), "version-changed"),
        ((State.PRESENT, "11.28.0"), (State.BROKEN, "11.28.0"), "state-changed"),
        ((State.PRESENT, "11.28.0"), (State.BROKEN, None), "state-changed"),
        ((State.ABSENT, None), (State.LEFTOVER, "11.28.0"), "state-changed"),
        ((State.PRESENT, "11.28.0"), (State.UNKNOWN, None), "lost-sight"),
        ((State.PRESENT, "11.28.0"), (State.PRESENT, None), "lost-sight"),
        ((State.ABSENT, None), (State.UNKNOWN, None), "lost-sight"),
        ((State.UNKNOWN, None), (State.ABSENT, None), "now-seen"),
        ((State.UNKNOWN, None), (State.PRESENT, "11.28.0"), "now-seen"),
    ],
)
def test_each_change_of_a_component_has_its_label(
    was: tuple[State, str | None], now: tuple[State, str | None], label: str
) -> None:
    dev = windows("dev-1", "Development")
    records = [
        with_portrait(healthy_record(scan), portrait(dev, {ComponentKind.LIFETIME: found}))
        for scan, found in ((41, was), (42, now))
    ]

    difference = compare(*records)

    assert [(change.kind, change.label.value) for change in difference.components] == [(ComponentKind.LIFETIME, label)]


def test_an_unknown_component_is_never_called_removed() -> None:
    dev = windows("dev-1", "Development")
    for state in State:
        seen = with_portrait(healthy_record(41), portrait(dev, {ComponentKind.LIFETIME: (state, None)}))
        blind = with_portrait(healthy_record(42), portrait(dev, {ComponentKind.LIFETIME: (State.UNKNOWN, None)}))

        assert ComponentLabel.REMOVED not in {change.label for change in compare(seen, blind).components}


def test_roles_that_changed_are_told() -> None:
    before, after = healthy_record(41), healthy_record(42)
    old = judged(after).portraits["dev-1"]
    assert isinstance(old.roles, RoleReading)
    stopped = dataclasses.replace(old, roles=dataclasses.replace(old.roles, runs_scheduler=False))

    difference = compare(before, with_portrait(after, stopped))

    assert [(change.host, change.label) for change in difference.roles] == [("dev-1", RoleLabel.CHANGED)]


def test_a_failure_that_opened_is_for_the_worse_and_a_waived_one_is_not() -> None:
    difference = compare(healthy_record(41), drifted_record(42))

    worse = {change.finding.check for change in difference.findings if change.is_for_the_worse}
    assert worse == {"TOPO-004", "TOPO-006", "DATA-001", "DATA-005"}


def test_the_order_of_the_input_does_not_matter() -> None:
    before, after = healthy_record(41), drifted_record(42)
    turned = dataclasses.replace(
        after,
        judgement=dataclasses.replace(judged(after), findings=tuple(reversed(judged(after).findings))),
        visits=dict(reversed(list(after.visits.items()))),
    )

    assert compare(before, turned) == compare(before, after)


def test_scans_of_different_infrastructures_are_refused() -> None:
    other = dataclasses.replace(reference_inventory(), infrastructure="Elsewhere")

    with pytest.raises(UsageError, match="one infrastructure"):
        compare(healthy_record(41), dataclasses.replace(healthy_record(42), inventory=other))


@pytest.mark.parametrize("side", [0, 1])
def test_an_unfinished_scan_is_refused(side: int) -> None:
    records = [healthy_record(41), healthy_record(42)]
    records[side] = dataclasses.replace(records[side], state=ScanState.RUNNING, judgement=None)

    with pytest.raises(UsageError, match="was not finished"):
        compare(*records)


def test_an_environment_that_came_is_a_new_subject() -> None:
    after = healthy_record(42)
    added = environment("Sandbox", Purpose.OTHER)
    inventory = dataclasses.replace(after.inventory, environments=(*after.inventory.environments, added))
    after = dataclasses.replace(after, inventory=inventory)
    after = with_findings(after, finding("TOPO-016", environment_subject("Sandbox"), verdict(Status.FAIL)))

    assert labels(compare(healthy_record(41), after)) == [FindingLabel.NEW_SUBJECT]


def test_evidence_alone_does_not_make_a_component_change() -> None:
    after = healthy_record(42)
    old = judged(after).portraits["dev-1"]
    bare = tuple(dataclasses.replace(item, evidence=()) for item in old.components)
    after = with_portrait(after, dataclasses.replace(old, components=bare))

    assert component("dev-1", ComponentKind.RABBITMQ, State.PRESENT).evidence
    assert compare(healthy_record(41), after).components == ()


# Judged alike


def again(then: Finding, now: Finding, half: Finding | None = None) -> Again:
    """Return judgements of the healthy scans in which this one finding is another."""
    record = healthy_record(41)
    return Again(*(judged(with_findings(record, item)) for item in (half or then, then, now)))


@pytest.mark.parametrize(
    ("stored", "half", "alike", "label"),
    [
        ("pass fail", "fail", "fail fail", "changed-by-rules"),
        ("pass fail", "pass", "fail fail", "changed-by-reference"),
        ("fail pass", "pass", "pass pass", "changed-by-rules"),
        ("pass fail", "pass", "pass fail", "regressed"),
        ("fail pass", "fail", "fail pass", "repaired"),
        ("pass unknown", "pass", "pass unknown", "lost-sight"),
        ("fail fail", "pass", "pass fail", "regressed"),
        ("fail fail", "fail", "fail fail", None),
        ("unknown fail", "pass", "pass fail", "regressed"),
    ],
)
def test_what_the_installation_did_is_told_from_what_rules_and_reference_did(
    stored: str, half: str, alike: str, label: str | None
) -> None:
    was, now = (on_dev(Status(status)) for status in stored.split())
    then, later = (on_dev(Status(status)) for status in alike.split())
    before = with_findings(healthy_record(41), was)
    after = judged_by(with_findings(healthy_record(42), now), "newer")
    judgement = dataclasses.replace(again(then, later, on_dev(Status(half))), now=judged(after))

    difference = compare(before, after, again=judgement)

    assert labels(difference) == ([FindingLabel(label)] if label else [])
    assert difference.judged_again is JudgedAgain.BEFORE
    assert difference.unchanged + len(difference.findings) == len(judged(before).findings)


@pytest.mark.parametrize(
    ("stored", "alike", "label"),
    [
        ("pass fail", "pass fail", "regressed"),
        ("pass fail", "fail fail", "changed-by-rules"),
        ("pass pass", "fail pass", None),
        ("fail fail", "pass fail", None),
    ],
)
def test_rules_that_judged_neither_scan_explain_a_change_and_find_none(
    stored: str, alike: str, label: str | None
) -> None:
    was, now = (on_dev(Status(status)) for status in stored.split())
    then, later = (on_dev(Status(status)) for status in alike.split())
    after = judged_by(with_findings(healthy_record(42), now), "newer")

    difference = compare(with_findings(healthy_record(41), was), after, again=again(then, later))

    assert labels(difference) == ([FindingLabel(label)] if label else [])
    assert difference.judged_again is JudgedAgain.BOTH
    assert [(change.before, change.after) for change in difference.findings] == ([(was, now)] if label else [])


def test_components_and_facts_are_those_that_were_read_alike() -> None:
    dev = windows("dev-1", "Development")
    seen = with_portrait(healthy_record(41), portrait(dev, {ComponentKind.LIFETIME: (State.PRESENT, "11.28.0")}))
    after = judged_by(seen, "newer")

    difference = compare(healthy_record(40), after, again=Again(judged(seen), judged(seen), judged(after)))

    assert (difference.components, difference.facts) == ((), ())


def test_a_waiver_that_was_laid_beside_then_stays_where_it_was_judged_again() -> None:
    waiver = dataclasses.replace(lifetime_waiver(), check="TOPO-006", environment="Development")
    waived = on_dev(Status.FAIL, waiver=waiver)
    after = judged_by(with_findings(healthy_record(42), waived), "newer")
    judgement = dataclasses.replace(again(on_dev(Status.FAIL), waived), now=judged(after))

    assert labels(compare(with_findings(healthy_record(41), waived), after, again=judgement)) == []
    ended = compare(with_findings(healthy_record(41), on_dev(Status.FAIL)), after, again=judgement)
    assert labels(ended) == [FindingLabel.WAIVED]
