"""The ready-made waivers of a report: what is pasted is taken."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from auditor.model.finding import Finding, Severity, Status, Subject, SubjectKind, Verdict
from auditor.model.waiver import MONTHS_WHEN_CRITICAL, NEVER_WAIVED, months_later
from auditor.reporting.waiving import snippet, waiver_entry
from auditor.settings.waivers import load_waivers
from auditor.settings.waivers_file import load_entry
from tests.reporting.formats import drifted_view
from tests.reporting.records import environment_subject, host_subject

TODAY = date(2026, 3, 3)


def failure(check: str, subject: Subject) -> Finding:
    verdict = Verdict(Status.FAIL, "Something is wrong.", "nothing wrong", "something wrong")
    return Finding(check, "a_slug", "A title", Severity.HIGH, subject, verdict)


def pasted(text: str, folder: Path) -> Path:
    """Return waivers.yaml with the text pasted under its heading."""
    file = folder / "waivers.yaml"
    lines = "".join(f"  {line}\n" for line in text.splitlines())
    file.write_text(f"waivers:\n{lines}", encoding="utf-8")
    return file


def test_every_snippet_of_a_report_is_taken_and_accepts_just_that_finding(tmp_path: Path) -> None:
    for group in drifted_view().open:
        if not group.snippet:
            assert group.check in NEVER_WAIVED
            continue
        waivers = load_waivers(pasted(group.snippet, tmp_path))

        scopes = {(item.check, item.host or item.environment) for item in waivers}
        subjects = {
            (item.check, None if item.subject_kind == "infrastructure" else item.subject) for item in group.findings
        }
        assert scopes == subjects
        assert all(item.granted == TODAY for item in waivers)
        assert [item.evidence for item in waivers] == [(item.evidence_fingerprint,) for item in group.findings]


def test_a_snippet_is_taken_without_indentation_too(tmp_path: Path) -> None:
    file = tmp_path / "waivers.yaml"
    file.write_text("waivers:\n" + waiver_entry(failure("TOPO-006", host_subject("dev-1")), TODAY), encoding="utf-8")

    (waiver,) = load_waivers(file)
    assert (waiver.host, waiver.until) == ("dev-1", date(2026, 6, 1))


def test_a_snippet_stays_within_the_limit_of_critical_findings_on_every_day_of_the_year() -> None:
    for number in range(366):
        today = date(2027, 1, 1) + timedelta(days=number)
        waiver = load_entry(waiver_entry(failure("TOPO-006", host_subject("dev-1")), today))
        assert today + timedelta(days=88) < waiver.until <= months_later(today, MONTHS_WHEN_CRITICAL), today


@pytest.mark.parametrize("name", ["Produção", 'a "b"', "yes", "012", "a: b # c", "- x", "C:\\new", "😀", "{a}", "null"])
def test_names_that_yaml_reads_otherwise_come_back_as_they_are(name: str, tmp_path: Path) -> None:
    (waiver,) = load_waivers(pasted(waiver_entry(failure("TOPO-015", environment_subject(name)), TODAY), tmp_path))

    assert waiver.environment == name


def test_an_infrastructure_is_a_scope_of_its_own(tmp_path: Path) -> None:
    subject = Subject(SubjectKind.INFRASTRUCTURE, "Northwind")
    (waiver,) = load_waivers(pasted(waiver_entry(failure("TOPO-004", subject), TODAY), tmp_path))

    assert (waiver.host, waiver.environment, waiver.purpose) == (None, None, None)


@pytest.mark.parametrize("check", sorted(NEVER_WAIVED))
def test_what_is_never_waived_has_no_snippet(check: str) -> None:
    assert waiver_entry(failure(check, host_subject("dev-1")), TODAY) == ""


def test_only_open_findings_have_one() -> None:
    view = drifted_view()

    assert {item.check for item in view.findings if item.status == Status.FAIL and not item.waiver_entry} == {
        "DATA-001",
        "TOPO-008",
    }


def test_a_long_list_ends_with_whole_entries_and_says_how_many_more(tmp_path: Path) -> None:
    entries = [waiver_entry(failure("TOPO-006", host_subject(f"host-{number}")), TODAY) for number in range(500)]
    text = snippet(entries)

    waivers = load_waivers(pasted(text, tmp_path))
    assert len(text) < 4000
    assert text.endswith(f"# and {500 - len(waivers)} more like this\n")
