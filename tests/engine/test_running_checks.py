from __future__ import annotations

from typing import Any

import pytest

from auditor.check import (
    ComponentKind,
    Environment,
    Host,
    Inapplicable,
    Infrastructure,
    Purpose,
    Reason,
    Role,
    Severity,
    Status,
    Verdict,
    facts,
    failed,
    not_applicable,
    passed,
    unknown,
)
from auditor.engine.declaration import DeclarationError
from auditor.engine.runner import run_checks
from auditor.model.finding import EvidenceReference, Finding
from tests.engine.example_checks import environment_check, host_check, infrastructure_check, material, passing, small


def by_name(findings: tuple[Finding, ...], check_id: str) -> dict[str, Finding]:
    return {finding.subject.name: finding for finding in findings if finding.check == check_id}


def violated(_: Any) -> Verdict:
    return failed("It is broken.", expected="whole", found="broken")


def test_every_check_gives_exactly_one_finding_for_each_subject() -> None:
    checks = [
        host_check("HOST-001", passing),
        environment_check("ENV-001", passing),
        infrastructure_check("INFRA-001", passing),
    ]

    findings = run_checks(checks, small())

    assert [(finding.check, finding.subject.name) for finding in findings] == [
        ("ENV-001", "Development"),
        ("ENV-001", "Production"),
        ("HOST-001", "dev-1"),
        ("HOST-001", "prd-1"),
        ("INFRA-001", "Example"),
    ]


def test_hosts_outside_all_environments_are_judged_too() -> None:
    findings = run_checks([host_check("HOST-001", passing)], material({"hosts": {"spare-1": {}}}))

    assert [(finding.subject.name, finding.subject.environment) for finding in findings] == [("spare-1", "")]


def test_the_order_in_which_checks_are_given_changes_nothing() -> None:
    checks = [host_check("HOST-002", passing, needs=("HOST-001",)), host_check("HOST-001", violated)]

    assert run_checks(checks, small()) == run_checks(checks[::-1], small())


def test_a_check_that_needs_a_failed_one_that_blinds_is_unknown_because_of_it() -> None:
    checks = [host_check("ALPHA-001", passing, needs=("ZED-001",)), host_check("ZED-001", violated, blinds=True)]

    verdict = by_name(run_checks(checks, small()), "ALPHA-001")["dev-1"].verdict

    assert (verdict.status, verdict.reason, verdict.because_of) == (Status.UNKNOWN, Reason.CONTRADICTORY, "ZED-001")


def test_a_check_that_needs_a_failed_one_does_not_apply_because_of_it() -> None:
    checks = [host_check("ALPHA-001", passing, needs=("ZED-001",)), host_check("ZED-001", violated)]

    finding = by_name(run_checks(checks, small()), "ALPHA-001")["dev-1"]

    assert finding.verdict.status is Status.NOT_APPLICABLE
    assert finding.verdict.because_of == "ZED-001"
    assert "It is broken." in finding.verdict.sentence


def test_a_check_that_needs_an_unknown_one_is_unknown_for_the_same_reason() -> None:
    def silent(_: Host) -> Verdict:
        unknown(Reason.STALE, "It is too old.")

    checks = [host_check("HOST-002", passing, needs=("HOST-001",)), host_check("HOST-001", silent)]

    verdict = by_name(run_checks(checks, small()), "HOST-002")["dev-1"].verdict

    assert (verdict.status, verdict.reason, verdict.because_of) == (Status.UNKNOWN, Reason.STALE, "HOST-001")


def test_a_check_that_needs_a_broken_one_is_unknown_and_has_a_reason() -> None:
    checks = [host_check("HOST-002", passing, needs=("HOST-001",)), host_check("HOST-001", lambda host: 1 / 0)]

    verdict = by_name(run_checks(checks, small()), "HOST-002")["dev-1"].verdict

    assert (verdict.status, verdict.reason) == (Status.UNKNOWN, Reason.PARSE_ERROR)


def test_needs_reach_from_a_host_to_its_own_environment_and_to_the_infrastructure() -> None:
    def only_production(environment: Environment) -> Verdict:
        return violated(environment) if environment.purpose is Purpose.PRODUCTION else passing(environment)

    checks = [
        environment_check("ENV-001", only_production),
        infrastructure_check("INFRA-001", passing),
        host_check("HOST-001", passing, needs=("ENV-001", "INFRA-001")),
    ]

    found = by_name(run_checks(checks, small()), "HOST-001")

    assert found["dev-1"].verdict.status is Status.PASS
    assert found["prd-1"].verdict.because_of == "ENV-001"


def test_a_failed_infrastructure_holds_everything_back() -> None:
    checks = [infrastructure_check("INFRA-001", violated), environment_check("ENV-001", passing, needs=("INFRA-001",))]

    found = by_name(run_checks(checks, small()), "ENV-001")

    assert {finding.verdict.because_of for finding in found.values()} == {"INFRA-001"}


@pytest.mark.parametrize("environments", [1, 40])
def test_a_need_concerns_one_subject_and_not_its_neighbours(environments: int) -> None:
    document = {
        "environments": {f"E{number}": {"purpose": "other"} for number in range(environments)},
        "hosts": {
            f"h{number}": {"environment": f"E{number}", "roles": ["front-end"]} for number in range(environments)
        },
    }
    checks = [
        host_check("HOST-001", lambda host: violated(host) if host.name == "h0" else passing(host)),
        host_check("HOST-002", passing, needs=("HOST-001",)),
    ]

    found = by_name(run_checks(checks, material(document)), "HOST-002")

    assert [name for name, item in found.items() if item.verdict.status is not Status.PASS] == ["h0"]


def test_needs_in_a_circle_and_needs_of_nobody_are_refused_by_name() -> None:
    circle = [
        host_check("HOST-001", passing, needs=("HOST-002",)),
        host_check("HOST-002", passing, needs=("HOST-001",)),
    ]
    with pytest.raises(DeclarationError, match="HOST-001, HOST-002 need each other"):
        run_checks(circle, small())
    with pytest.raises(DeclarationError, match="HOST-001 needs HOST-002"):
        run_checks(circle[:1], small())


def test_a_check_after_all_sees_the_findings_of_all_others_and_of_those_after_all_before_it() -> None:
    seen: dict[str, set[str]] = {}

    def look(name: str) -> Any:
        def judge(infrastructure: Infrastructure) -> Verdict:
            seen[name] = {finding.check for finding in infrastructure.earlier}
            return passed("Seen.")

        return judge

    checks = [
        infrastructure_check("AAA-001", look("AAA"), after_all=True),
        infrastructure_check("BBB-001", look("BBB"), after_all=True),
        infrastructure_check("MMM-001", look("MMM")),
        host_check("ZZZ-001", passing),
    ]
    run_checks(checks, small())

    assert seen == {"AAA": {"MMM-001", "ZZZ-001"}, "BBB": {"AAA-001", "MMM-001", "ZZZ-001"}, "MMM": set()}


def test_an_environment_in_the_cloud_is_out_of_scope_unless_the_check_says_otherwise() -> None:
    stuff = small(environments={"Development": {"purpose": "development", "hosting": "cloud"},
                                "Production": {"purpose": "production"}})  # fmt: skip
    checks = [host_check("HOST-001", violated), host_check("HOST-002", violated, in_cloud=True)]
    findings = run_checks(checks, stuff)

    outside = by_name(findings, "HOST-001")
    assert (outside["dev-1"].verdict.status, outside["dev-1"].verdict.because_of) == (Status.NOT_APPLICABLE, "TOPO-018")
    assert outside["prd-1"].verdict.status is Status.FAIL
    assert by_name(findings, "HOST-002")["dev-1"].verdict.status is Status.FAIL


def test_purposes_and_roles_limit_the_subjects() -> None:
    checks = [
        host_check("HOST-001", passing, purposes=frozenset({Purpose.PRODUCTION})),
        host_check("HOST-002", passing, roles=frozenset({Role.CACHE_BROKER})),
    ]
    findings = run_checks(checks, small())

    assert by_name(findings, "HOST-001")["dev-1"].verdict.status is Status.NOT_APPLICABLE
    assert by_name(findings, "HOST-001")["prd-1"].verdict.status is Status.PASS
    assert by_name(findings, "HOST-002")["prd-1"].verdict.status is Status.NOT_APPLICABLE


def test_a_role_that_nobody_declared_excludes_nothing() -> None:
    stuff = material({
        "environments": {"Production": {"purpose": "production"}},
        "hosts": {"prd-1": {"environment": "Production"}, "spare-1": {}},
    })  # fmt: skip
    found = by_name(run_checks([host_check("HOST-001", passing, roles=frozenset({Role.FRONT_END}))], stuff), "HOST-001")

    assert (found["prd-1"].verdict.status, found["prd-1"].verdict.reason) == (Status.UNKNOWN, Reason.NOT_DECLARED)
    assert found["spare-1"].verdict.status is Status.NOT_APPLICABLE


def test_a_fact_that_is_not_known_makes_the_verdict_unknown_with_the_cause() -> None:
    stuff = small(
        hosts={
            "dev-1": {
                "environment": "Development",
                "facts": {"os.name": {"unknown": "denied", "sentence": "WMI is not allowed."}},
            }
        }
    )
    judged = host_check("HOST-001", lambda host: passed(host.fact(facts.OS_NAME)))
    verdict = by_name(run_checks([judged], stuff), "HOST-001")["dev-1"].verdict

    assert (verdict.status, verdict.reason) == (Status.UNKNOWN, Reason.DENIED)
    assert verdict.sentence == "WMI is not allowed."


def test_a_check_that_raises_is_an_error_and_the_run_goes_on() -> None:
    checks = [host_check("HOST-001", lambda host: 1 / 0), host_check("HOST-002", passing)]
    findings = run_checks(checks, small())

    broken = by_name(findings, "HOST-001")["dev-1"].verdict
    assert broken.status is Status.ERROR
    assert "HOST-001" in broken.sentence
    assert "ZeroDivisionError" in broken.sentence
    assert by_name(findings, "HOST-002")["dev-1"].verdict.status is Status.PASS


@pytest.mark.parametrize("answer", [None, True, "pass"])
def test_a_check_that_returns_no_verdict_is_an_error(answer: object) -> None:
    found = by_name(run_checks([host_check("HOST-001", lambda host: answer)], small()), "HOST-001")

    assert found["dev-1"].verdict.status is Status.ERROR


def test_a_check_may_find_its_subject_out_of_scope_from_deep_inside() -> None:
    def judge(_: Host) -> Verdict:
        raise Inapplicable("Nothing to judge.", because_of="COMP-001")

    verdict = by_name(run_checks([host_check("HOST-001", judge)], small()), "HOST-001")["dev-1"].verdict

    assert verdict == not_applicable("Nothing to judge.", because_of="COMP-001")


def test_info_checks_never_fail_and_keep_what_they_found() -> None:
    found = by_name(run_checks([host_check("HOST-001", violated, severity=Severity.INFO)], small()), "HOST-001")

    verdict = found["dev-1"].verdict
    assert (verdict.status, verdict.expected, verdict.found) == (Status.PASS, "whole", "broken")


@pytest.mark.parametrize(
    ("check_id", "severity", "expected"),
    [
        ("COMP-900", Severity.CRITICAL, Severity.HIGH),
        ("COMP-900", Severity.HIGH, Severity.MEDIUM),
        ("COMP-900", Severity.MEDIUM, Severity.LOW),
        ("COMP-900", Severity.LOW, Severity.LOW),
        ("COMP-900", Severity.INFO, Severity.INFO),
        ("TOPO-900", Severity.CRITICAL, Severity.CRITICAL),
        ("LIC-900", Severity.HIGH, Severity.HIGH),
        ("DATA-900", Severity.MEDIUM, Severity.MEDIUM),
    ],
)
def test_the_reference_lowers_severity_by_one_step_but_not_for_all_groups(
    check_id: str, severity: Severity, expected: Severity
) -> None:
    stuff = small(reference={"lower_severity_for": ["development"]})
    found = by_name(run_checks([host_check(check_id, passing, severity=severity)], stuff), check_id)

    assert found["dev-1"].severity is expected
    assert found["prd-1"].severity is severity


@pytest.mark.parametrize(
    ("own", "given", "expected"),
    [
        (Severity.CRITICAL, Severity.MEDIUM, Severity.MEDIUM),
        (Severity.CRITICAL, Severity.CRITICAL, Severity.CRITICAL),
        (Severity.CRITICAL, None, Severity.CRITICAL),
        (Severity.MEDIUM, Severity.CRITICAL, Severity.MEDIUM),
        (Severity.LOW, Severity.HIGH, Severity.LOW),
    ],
)
def test_a_verdict_may_weigh_less_than_its_check_but_never_more(
    own: Severity, given: Severity | None, expected: Severity
) -> None:
    judge = host_check("TOPO-900", lambda host: failed("No.", expected="a", found="b", severity=given), severity=own)
    found = by_name(run_checks([judge], small()), "TOPO-900")

    assert (found["dev-1"].severity, found["dev-1"].verdict.status) == (expected, Status.FAIL)


@pytest.mark.parametrize(
    ("check_id", "given", "expected"),
    [("COMP-900", Severity.HIGH, Severity.MEDIUM), ("COMP-900", Severity.LOW, Severity.LOW),
     ("TOPO-900", Severity.HIGH, Severity.HIGH)],
)  # fmt: skip
def test_the_reference_lowers_what_the_verdict_has_lowered(check_id: str, given: Severity, expected: Severity) -> None:
    def judge(_: Host) -> Verdict:
        return failed("No.", expected="a", found="b", severity=given)

    stuff = small(reference={"lower_severity_for": ["development"]})
    found = by_name(run_checks([host_check(check_id, judge, severity=Severity.CRITICAL)], stuff), check_id)

    assert (found["dev-1"].severity, found["prd-1"].severity) == (expected, given)


def test_of_a_host_that_could_not_be_read_a_verdict_only_says_where_the_cause_stands() -> None:
    silent = {"dev-1": {"environment": "Development", "visit": {"failure": "dropped", "sentence": "A long story."}}}
    judges = {
        "HOST-001": lambda host: passed(host.fact(facts.OS_NAME)),
        "HOST-002": lambda host: passed(host.component(ComponentKind.LIFETIME).state),
        "HOST-003": lambda host: passed(host.role_reading.statement),
        "HOST-004": lambda host: passed(str(host.demand_visit())),
    }
    checks = [host_check(name, judge) for name, judge in judges.items()]

    verdicts = {finding.verdict for finding in run_checks(checks, small(hosts=silent))}

    assert verdicts == {
        Verdict(Status.UNKNOWN, "dev-1 could not be read (see DATA-001).", reason=Reason.UNREACHABLE,
                because_of="DATA-001")
    }  # fmt: skip


def test_the_evidence_of_a_finding_is_what_was_looked_at_for_its_own_subject() -> None:
    judged = host_check("HOST-001", lambda host: passed(host.fact(facts.HOST_NAME)))
    found = by_name(run_checks([judged], small()), "HOST-001")

    assert found["dev-1"].evidence == (EvidenceReference("dev-1", "host.name"),)
    assert found["prd-1"].evidence == (EvidenceReference("prd-1", "host.name"),)


def test_a_finding_keeps_its_fingerprint_when_the_answer_changes() -> None:
    before = run_checks([host_check("HOST-001", passing)], small())
    after = run_checks([host_check("HOST-001", violated)], small())

    assert [finding.fingerprint for finding in before] == [finding.fingerprint for finding in after]
    assert len({finding.fingerprint for finding in before}) == 2
