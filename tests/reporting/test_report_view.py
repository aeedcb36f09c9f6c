"""The finished view: counted, sorted, worded."""

from __future__ import annotations

import dataclasses
import itertools

import pytest

from auditor.diffing import compare
from auditor.errors import UsageError
from auditor.model.component import ComponentKind, State
from auditor.model.fact import Reason
from auditor.model.finding import Severity, Status, Verdict
from auditor.model.inventory import Environment, Hosting, Inventory, Purpose
from auditor.model.scan import ScanRecord, ScanState
from auditor.reporting.page_shapes import ReportView
from auditor.reporting.shapes import Section
from auditor.reporting.view import build_view
from tests.reporting.northwind import (
    INFRASTRUCTURE,
    drifted_record,
    healthy_record,
    reference_inventory,
    without_sight_of,
)
from tests.reporting.pages import check_texts
from tests.reporting.records import (
    UNREACHED,
    failing,
    finding,
    host_subject,
    judged,
    linux,
    passed,
    portrait,
    unknown,
    with_findings,
    with_portrait,
)


def view_of(record: ScanRecord) -> ReportView:
    return build_view(record, check_texts())


def only(record: ScanRecord, *verdicts: tuple[str, Verdict]) -> ScanRecord:
    """Return the record with nothing but these verdicts on dev-1."""
    subject = host_subject("dev-1", "Development")
    findings = tuple(finding(check, subject, verdict) for check, verdict in verdicts)
    return dataclasses.replace(record, judgement=dataclasses.replace(judged(record), findings=findings))


def test_a_scan_that_was_not_sealed_has_no_report() -> None:
    with pytest.raises(UsageError, match="was not finished"):
        view_of(dataclasses.replace(healthy_record(), state=ScanState.RUNNING, judgement=None))


def test_every_finding_stands_in_exactly_one_section() -> None:
    record = drifted_record()
    view = view_of(record)

    placed = [item.fingerprint for groups in (view.open, view.waived, view.passed, view.not_applicable)
              for group in groups for item in group.findings]  # fmt: skip
    placed += [item.fingerprint for cause in view.causes for row in cause.rows for item in row.findings]

    assert sorted(placed) == sorted(item.fingerprint for item in judged(record).findings)


def test_the_same_check_on_several_subjects_is_one_row_worst_first() -> None:
    view = view_of(drifted_record())

    assert [(group.check, len(group.findings)) for group in view.open] == [
        ("TOPO-006", 1),
        ("DATA-001", 1),
        ("TOPO-004", 1),
        ("DATA-005", 2),
    ]
    assert view.open[3].headline == "2 hosts: “The declared role is the observed role” does not hold."


def test_the_verdict_counts_by_severity_and_names_what_was_not_seen() -> None:
    verdict = view_of(drifted_record()).verdict

    assert verdict.tone == "bad"
    assert verdict.headline == "1 critical, 2 high and 2 medium findings are open, on 4 hosts and across environments."
    assert "1 of 7 hosts was not read: qa-1." in verdict.sentences
    assert "8 verdicts of 8 checks could not be given." in verdict.sentences
    assert "1 finding is accepted by a waiver, which ends within 30 days." in verdict.sentences


def test_all_is_well_is_said_only_with_complete_sight() -> None:
    record = healthy_record()
    lost = reference_inventory().environments[1].hosts[0]
    unread = without_sight_of(record, lost)
    no_finding_of_it = with_findings(unread, finding("DATA-001", host_subject("qa-1", "Quality"), passed("Seen.")))

    assert view_of(record).verdict.tone == "good"
    assert view_of(no_finding_of_it).verdict.tone == "doubtful"


@pytest.mark.parametrize("status", [Status.UNKNOWN, Status.ERROR])
def test_one_verdict_that_could_not_be_given_is_enough_for_doubt(status: Status) -> None:
    verdict = Verdict(status, "It broke.", reason=Reason.DENIED if status is Status.UNKNOWN else None)

    assert view_of(only(healthy_record(), ("COMP-001", verdict))).verdict.tone == "doubtful"


def test_a_witness_that_nobody_configured_is_told_apart_from_what_was_lost() -> None:
    chosen = Verdict(Status.UNKNOWN, "Only LifeTime knows.", reason=Reason.SOURCE_NOT_CONFIGURED)
    alone = view_of(only(healthy_record(), ("DATA-002", chosen))).verdict
    beside = view_of(only(healthy_record(), ("DATA-002", chosen), ("COMP-001", passed("Seen.")))).verdict

    assert alone.headline == "No failure is open in what could be judged, but not everything could be."
    assert beside.headline == "No failure is open in what servers can tell: 1 verdict passed, every host was read."
    assert (alone.tone, beside.tone) == ("doubtful", "doubtful")
    assert alone.sentences == beside.sentences == ("1 verdict would need a witness that is not configured.",)


def test_no_host_read_means_that_nothing_was_audited() -> None:
    record = healthy_record()
    for host in record.inventory.hosts:
        record = without_sight_of(record, host)

    assert view_of(record).verdict.headline == "Nothing was audited: none of the 7 hosts could be read."
    assert view_of(record).verdict.tone == "nothing"


def test_an_empty_inventory_audits_nothing() -> None:
    record = dataclasses.replace(healthy_record(), inventory=Inventory("Empty", ()), visits={})
    empty = dataclasses.replace(judged(record), facts={}, portraits={}, findings=())

    verdict = view_of(dataclasses.replace(record, judgement=empty)).verdict

    assert verdict.headline == "Nothing was audited: the inventory declares no host."


def test_no_finding_at_all_is_not_a_clean_bill() -> None:
    record = healthy_record()
    record = dataclasses.replace(record, judgement=dataclasses.replace(judged(record), findings=()))

    assert view_of(record).verdict.tone == "nothing"


def test_only_not_applicable_is_not_a_clean_bill() -> None:
    verdict = Verdict(Status.NOT_APPLICABLE, "Not meant for it.")

    assert view_of(only(healthy_record(), ("COMP-001", verdict))).verdict.tone == "nothing"


def test_the_matrix_has_a_row_for_every_host_also_outside_of_environments() -> None:
    view = view_of(drifted_record())

    hosts = {group.name: [row.host for row in group.rows] for group in view.matrix.groups}
    assert hosts == {
        "Development": ["dev-1"],
        "Quality": ["qa-1"],
        "Production": ["prd-ctl", "prd-fe1", "prd-fe2"],
        "LifeTime": ["lt-1"],
        "No environment": ["mq-1"],
    }


def test_a_cell_has_word_symbol_and_version() -> None:
    view = view_of(drifted_record())
    cells = {cell.name: cell for cell in view.matrix.groups[0].rows[0].cells}

    lifetime = cells["LifeTime"]
    assert (lifetime.state, lifetime.word, lifetime.version) == ("present", "present", "11.28.0.1200")
    assert lifetime.symbol


def test_an_unread_host_is_not_known_and_never_absent() -> None:
    row = view_of(drifted_record()).matrix.groups[1].rows[0]

    assert row.reading == "unread"
    assert "did not answer" in row.blind
    assert row.cells == ()


def test_a_left_out_column_is_told_with_the_hosts_where_it_is_not_known() -> None:
    view = view_of(drifted_record())

    assert "Java stack" not in view.matrix.columns
    assert view.matrix.elsewhere == (
        "Looked for and found on none of 6 hosts: Integration Studio, Java stack and Detached installation. "
        "Not known on qa-1."
    )


def test_a_component_that_is_found_anywhere_has_a_column() -> None:
    host = linux("mq-1")
    record = with_portrait(healthy_record(), portrait(host, {ComponentKind.JAVA_STACK: (State.LEFTOVER, None)}))

    assert "Java stack" in view_of(record).matrix.columns


def test_a_host_without_any_component_is_said_to_have_none() -> None:
    record = with_portrait(healthy_record(), portrait(linux("mq-1"), {}))

    assert view_of(record).matrix.groups[-1].rows[0].roles == "no OutSystems component"


def test_an_environment_in_the_cloud_says_why_it_has_no_hosts() -> None:
    record = healthy_record()
    cloud = Environment("Cloud", Purpose.PRODUCTION, Hosting.CLOUD)
    record = dataclasses.replace(
        record, inventory=Inventory(record.inventory.infrastructure, (*record.inventory.environments, cloud))
    )

    group = view_of(record).matrix.groups[-1]
    assert group.note == "Hosted in the cloud: its servers are not ours to read."
    assert group.description == "Production, in the cloud"


def test_causes_say_what_to_do_and_a_broken_check_comes_first() -> None:
    record = only(
        healthy_record(),
        ("COMP-001", unknown()),
        ("TOPO-006", Verdict(Status.ERROR, "The check TOPO-006 broke: KeyError")),
        ("DATA-002", Verdict(Status.UNKNOWN, "No database.", reason=Reason.SOURCE_NOT_CONFIGURED)),
    )

    causes = view_of(record).causes

    assert [cause.reason for cause in causes] == ["error", "unreachable", "source-not-configured"]
    assert all(cause.what_to_do for cause in causes)


def test_verdicts_that_quote_the_failure_of_one_host_wait_for_it_together() -> None:
    record = drifted_record()
    quoting = finding("TOPO-003", INFRASTRUCTURE, unknown(f"Not all could be seen (qa-1): {UNREACHED.sentence}"))

    (cause,) = view_of(with_findings(record, quoting)).causes
    (row,) = cause.rows
    assert row.sentence == UNREACHED.sentence
    assert {"TOPO-003", "TOPO-006"} <= {item.check for item in row.findings}


def test_every_reason_has_words() -> None:
    for reason in Reason:
        view = view_of(only(healthy_record(), ("COMP-001", Verdict(Status.UNKNOWN, "Because.", reason=reason))))

        assert [cause.reason for cause in view.causes] == [reason.value]


def test_critical_checks_without_a_verdict_are_listed_beside_the_failures() -> None:
    view = view_of(drifted_record())

    assert {item.check for item in view.urgent_unknowns} == {"COMP-001", "COMP-002", "TOPO-006", "TOPO-015"}


def test_an_info_finding_is_recorded_and_never_open() -> None:
    record = with_findings(healthy_record(), finding("DATA-015", INFRASTRUCTURE, failing("None.", "some", "none")))

    view = view_of(record)
    item = next(item for item in view.findings if item.check == "DATA-015")
    assert (item.severity, item.section) == (Severity.INFO, Section.PASSED)


def test_a_waiver_keeps_the_verdict_and_says_when_it_ends() -> None:
    group = view_of(drifted_record()).waived[0]
    waiver = group.findings[0].waiver

    assert (group.check, group.status) == ("TOPO-008", "fail")
    assert waiver is not None
    assert (waiver.expiry, waiver.expires_soon, waiver.scope) == ("ends in 18 days", True, "environment LifeTime")


def test_evidence_quotes_the_stored_answer_with_time_and_channel() -> None:
    evidence = view_of(drifted_record()).open[0].findings[0].evidence

    registry = next(item for item in evidence if item.question == "registry.server")
    assert "values.Server = 11.38.0.47000" in registry.excerpt
    assert (registry.outcome, registry.channel) == ("ok", "PowerShell over WinRM")
    assert registry.at.words == "2026-03-03 02:00:09 UTC"


def test_evidence_of_a_host_that_was_not_read_says_so() -> None:
    group = next(group for group in view_of(drifted_record()).open if group.check == "DATA-001")

    assert group.findings[0].evidence[0].outcome == "none"
    assert "did not answer" in group.findings[0].evidence[0].excerpt


def test_what_changed_since_the_scan_before_is_marked() -> None:
    before, after = healthy_record(41), drifted_record(42)
    view = build_view(after, check_texts(), compare(before, after))

    assert view.previous is not None
    assert dict(view.previous.counts) == {"regressed": 6, "lost sight": 8}
    assert view.open[0].change_word == "regressed"
    assert view.open[0].findings[0].before == "passed: dev-1 is as it should be."


def test_topology_links_front_ends_with_controller_broker_and_databases() -> None:
    drawing = view_of(healthy_record()).lanes[2].drawings[0]

    assert [box.name for box in drawing.boxes] == ["prd-ctl", "prd-fe1", "prd-fe2"]
    assert [wire.meaning for wire in drawing.wires] == [
        "prd-fe1 and prd-fe2: controlled by prd-ctl",
        "prd-ctl, prd-fe1 and prd-fe2: use the cache broker mq-1.corp.example:5672",
        "prd-ctl, prd-fe1 and prd-fe2: use outsystems_prd and outsystems_prd_session on sql-pr",
    ]
    assert [target.kind for target in drawing.targets] == ["broker", "database"]


def test_topology_marks_a_deviating_host_and_links_its_finding() -> None:
    view = view_of(drifted_record())
    box = view.lanes[0].drawings[0].boxes[0]

    assert box.badge is not None
    assert box.badge.words == "critical: TOPO-006"
    assert box.badge.href == f"#{view.open[0].findings[0].anchor}"


def test_boxes_of_a_drawing_do_not_overlap_and_lie_inside() -> None:
    for lane in view_of(drifted_record()).lanes:
        for drawing in lane.drawings:
            spans = [(box.y, box.y + box.height) for box in drawing.boxes]
            spans += [(target.y, target.y + target.height) for target in drawing.targets]

            assert all(first[1] < second[0] for first, second in itertools.pairwise(spans))
            assert spans[-1][1] <= drawing.height


def test_the_topology_says_what_is_not_known() -> None:
    rows = {row.host: row for row in view_of(drifted_record()).topology}

    assert (rows["qa-1"].controller, rows["qa-1"].databases) == ("not known", "not known")
    assert rows["prd-fe1"].controller == "prd-ctl"
