from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from auditor.bundled import checks_folder
from auditor.check import ComponentKind, Reason, Severity, State, Status, Unknowable, Version, facts
from auditor.engine.case_material import merge
from auditor.engine.cases import Case, CaseError, impossible_statuses, load_cases, run_case
from auditor.engine.discovery import load_checks
from auditor.engine.fact_decoding import decode_fact, fact_keys
from auditor.engine.healthy_lifetime import PEOPLE
from auditor.engine.runner import run_checks
from auditor.model.fact import Known, NotKnown
from tests.engine.example_checks import hosts_of, small

CHECKS = load_checks([checks_folder()])

BASE = """
[base.environments]
Production.purpose = "production"

[base.hosts.prd-1]
environment = "Production"
roles = ["deployment-controller", "front-end"]
"""


def cases_of(tmp_path: Path, text: str, slug: str = "platform_server_on_each_server") -> tuple[Case, ...]:
    file = tmp_path / f"{slug}.toml"
    file.write_text(BASE + text, encoding="utf-8")
    return load_cases(file)


def test_a_case_is_laid_over_the_base_and_leaves_it_as_it_was_for_the_next(tmp_path: Path) -> None:
    first, second = cases_of(
        tmp_path,
        """
["without the host"]
without = ["hosts/prd-1"]
hosts.prd-2 = {environment = "Production", roles = ["front-end"]}
expect.prd-2 = "pass"

["as it was"]
expect.prd-1 = "pass"
""",
    )

    assert list(first.material(CHECKS).visits) == ["prd-2"]
    assert list(second.material(CHECKS).visits) == ["prd-1"]
    assert run_case(first, CHECKS) == run_case(second, CHECKS) == []


@pytest.mark.parametrize(
    ("expect", "complaint"),
    [
        ('expect.prd-1 = "fail"', "expected fail, but it is pass"),
        ('expect.prd-1 = {status = "pass", reason = "denied"}', "expected the reason denied"),
        ('expect.prd-1 = {status = "pass", because_of = "COMP-009"}', "expected because of COMP-009"),
        ('expect.prd-1 = {status = "pass", severity = "low"}', "expected severity low"),
        ('expect.prd-1 = {status = "pass", says = "purple"}', "'purple' is not said"),
        ('expect.prd-9 = "pass"', "There is no subject prd-9; there are prd-1."),
    ],
)
def test_what_is_not_as_expected_is_said(tmp_path: Path, expect: str, complaint: str) -> None:
    (case,) = cases_of(tmp_path, f'["a case"]\n{expect}\n')

    (wrong,) = run_case(case, CHECKS)
    assert complaint in wrong


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "there is no case"),
        ("[", "this is not TOML"),
        ('["a case"]\nhosts.prd-1.roles = []', "the case expects nothing"),
        ('["a case"]\nexpect.prd-1 = "good"', "'good' is not a valid Status"),
        ('["a case"]\nexpect.prd-1 = {status = "fail", say = "x"}', "unknown key say"),
        ('["a case"]\nwithout = ["hosts/prd-9"]\nexpect.prd-1 = "pass"', "there is no hosts/prd-9"),
    ],
)
def test_a_case_file_that_is_not_well_formed_is_refused_by_name(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(CaseError, match=complaint) as error:
        cases_of(tmp_path, text)

    assert "platform_server_on_each_server.toml" in str(error.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("hosts.prd-1.component.lifetime = 'present'", "unknown key component"),
        ("hosts.prd-1.components.livetime = 'present'", "unknown key livetime"),
        ("hosts.prd-1.components.lifetime = 'there'", "'there' is not a valid State"),
        ("hosts.prd-1.facts.'host.nam' = 'x'", "there is no fact called host.nam"),
        ("hosts.prd-1.facts.'host.name' = 7", "a value of type str is expected, not 7"),
        ("hosts.prd-1.facts.'host.name' = {unknown = 'lazy'}", "'lazy' is not a valid Reason"),
        ("hosts.prd-1.environment = 'Produktion'", "there is no environment called Produktion"),
        ("hosts.prd-1.roles = ['boss']", "'boss' is not a valid Role"),
        ("hosts.prd-1.visit.failure = 'tired'", "'tired' is not a valid FailureKind"),
        ("hosts.prd-1.answers.clock = 'maybe'", "'maybe' is not a valid Outcome"),
        ("environments.Production.purpos = 'x'", "unknown key purpos"),
        ("reference.threshold.x = 1", "unknown key threshold"),
        ("wavers = []", "unknown key wavers"),
        ("waivers = [{check = 'TOPO-001', scope = 'x'}]", "scope"),
    ],
)
def test_a_case_that_says_something_unknown_is_refused_by_name(tmp_path: Path, text: str, complaint: str) -> None:
    (case,) = cases_of(tmp_path, f'["a case"]\nexpect.prd-1 = "pass"\n{text}\n')

    with pytest.raises(CaseError, match=complaint) as error:
        case.material(CHECKS)

    assert "a case" in str(error.value)


def test_a_case_about_no_known_check_is_refused(tmp_path: Path) -> None:
    (case,) = cases_of(tmp_path, '["a case"]\nexpect.prd-1 = "pass"\n', slug="no_such_check")

    with pytest.raises(CaseError, match="no check of this name"):
        run_case(case, CHECKS)


def test_statuses_that_a_check_cannot_come_to_are_no_case(tmp_path: Path) -> None:
    text = '[never]\nunknown = "All is at hand."\n["a case"]\nexpect.prd-1 = "pass"\n'

    assert [case.name for case in cases_of(tmp_path, text)] == ["a case"]
    assert impossible_statuses(tmp_path / "platform_server_on_each_server.toml") == {Status.UNKNOWN: "All is at hand."}


@pytest.mark.parametrize(
    ("base", "change", "expected"),
    [
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}, {"a": {"b": 3, "c": 2}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": {"b": 1}}, {"a": {"unknown": "denied"}}, {"a": {"unknown": "denied"}}),
        ({"a": {"state": "present", "version": "1"}}, {"a": {"state": "absent"}}, {"a": {"state": "absent"}}),
        ({"a": {"b": 1}}, {"a": {"absent": True}}, {"a": {"absent": True}}),
        ({}, {"a": {"b": 1}}, {"a": {"b": 1}}),
    ],
)
def test_tables_are_merged_and_values_replaced(base: Any, change: Any, expected: Any) -> None:
    assert merge(base, change) == expected


def test_facts_are_decoded_by_the_type_of_the_vocabulary() -> None:
    stopped = {"name": "W3SVC", "display_name": "IIS", "state": "stopped", "start_mode": "auto", "delayed": False,
               "account": "x", "image_path": "y", "process": 0}  # fmt: skip

    assert decode_fact("os.version", "10.0.20348") == Known(Version((10, 0, 20348)), ("os.version",))
    assert decode_fact("clock.offset", 3) == Known(3.0, ("clock.offset",))
    assert decode_fact("machine.uuid", {"absent": True}) == Known(None, ("machine.uuid",))
    assert decode_fact("host.names", ["a", "b"]) == Known(("a", "b"), ("host.names",))
    local = datetime(2026, 1, 1)  # noqa: DTZ001 - TOML has times without a zone
    assert decode_fact("os.last_boot", local) == Known(datetime(2026, 1, 1, tzinfo=UTC), ("os.last_boot",))
    services = decode_fact("services", [stopped])
    assert isinstance(services, Known)
    assert services.value == (facts.Service("W3SVC", "IIS", "stopped", "auto", False, "x", "y", 0),)
    unread = decode_fact("services", {"unknown": "stale"})
    assert isinstance(unread, NotKnown)
    assert unread.reason is Reason.STALE


def test_fields_that_are_left_out_are_absent_or_empty_and_others_are_demanded() -> None:
    configuration = decode_fact("server_configuration", {"controller_host": "a"})
    assert isinstance(configuration, Known)
    assert (configuration.value.controller_host, configuration.value.cache_host) == ("a", None)
    assert configuration.value.databases == ()
    with pytest.raises(ValueError, match="the field state is missing"):
        decode_fact("services", [{"name": "x", "display_name": "x"}])
    with pytest.raises(ValueError, match="there is no field colour"):
        decode_fact("server_configuration", {"colour": "red"})
    with pytest.raises(ValueError, match="a value of type bool is expected"):
        decode_fact("os.is_server", 1)


def test_every_fact_of_the_vocabulary_can_be_spelled_as_not_known() -> None:
    for name in fact_keys():
        assert isinstance(decode_fact(name, {"unknown": "denied"}), NotKnown)


def test_a_host_of_a_case_is_healthy_until_something_else_is_said() -> None:
    host = hosts_of(small())["dev-1"]

    assert host.component(ComponentKind.PLATFORM_SERVER).state is State.PRESENT
    assert host.component(ComponentKind.LIFETIME).state is State.ABSENT
    assert host.role_reading.runs_scheduler
    assert host.fact(facts.SERVER_CONFIGURATION) is not None


def test_a_host_whose_visit_failed_tells_nothing() -> None:
    host = hosts_of(small(hosts={"dev-1": {"environment": "Development", "visit": {"failure": "refused"}}}))["dev-1"]

    for ask in (lambda: host.fact(facts.HOST_NAME), lambda: host.component(ComponentKind.LIFETIME),
                lambda: host.role_reading, host.demand_visit):  # fmt: skip
        with pytest.raises(Unknowable) as error:
            ask()
        assert error.value.not_known.reason is Reason.UNREACHABLE


# What a broker on Windows has, and the rights of service accounts, no question tells.
LEFT_TO_OTHER_WITNESSES = [
    *(("CACHE-001", f"{name}-1") for name in ("development", "lifetime", "production", "quality")),
    ("COMP-009", "Production"),
    *(("OS-016", name) for name in ("development-1", "lifetime-1", "production-1", "production-2", "quality-1")),
]


# About older versions of Platform Server, and about Windows authentication to the database.
OF_OTHER_SETUPS = {"OS-010", "SVC-006", "VER-014"}


def test_the_whole_catalogue_judges_the_healthy_four_environments_without_a_failure() -> None:
    both = ["deployment-controller", "front-end"]
    purposes = {"Development": "development", "Quality": "quality", "Production": "production", "LifeTime": "lifetime"}
    stuff = small(
        environments={
            name: {"purpose": purpose, "sources": [], "address": f"{purpose}.example.com"}
            for name, purpose in purposes.items()
        },
        hosts={f"{name.lower()}-1": {"environment": name, "roles": both, "previous": {}} for name in purposes}
        | {"production-2": {"environment": "Production", "roles": ["front-end"]}},
        lifetime={},
        reference={"people": dict(PEOPLE) | {"operations": {"roles": ["Operations", "Administrator"]}}},
    )
    findings = run_checks(CHECKS, stuff)

    # What only other witnesses tell is not known, and counted apart.
    apart = [item for item in findings if item.verdict.reason is Reason.SOURCE_NOT_CONFIGURED]
    bad = [item for item in findings if item.verdict.status not in (Status.PASS, Status.NOT_APPLICABLE)]
    assert [item for item in bad if item not in apart] == []
    assert [(item.check, item.subject.name) for item in apart] == LEFT_TO_OTHER_WITNESSES
    assert {item.check for item in findings if item.verdict.status is Status.PASS} >= {
        item.id for item in CHECKS if item.severity is not Severity.INFO
    } - {check for check, _ in LEFT_TO_OTHER_WITNESSES} - OF_OTHER_SETUPS
