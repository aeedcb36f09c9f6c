"""Findings and facts as CSV."""

from __future__ import annotations

import csv
import io

import pytest

from auditor.reporting.csv import csv_facts, csv_findings
from auditor.reporting.page_shapes import ReportView
from auditor.reporting.view import build_view
from tests.reporting.formats import drifted_view, hidden, hostile_view
from tests.reporting.hostile import FORMULAS, saying
from tests.reporting.pages import check_texts

MARK = "\ufeff"


def rows(text: str) -> list[dict[str, str]]:
    assert text.startswith(MARK)
    return list(csv.DictReader(io.StringIO(text.removeprefix(MARK), newline=""), strict=True))


def test_every_finding_is_a_row_with_its_verdict() -> None:
    found = {(row["check"], row["subject"]): row for row in rows(csv_findings(drifted_view()))}
    lifetime = found["TOPO-006", "dev-1"]

    assert len(found) == len(drifted_view().findings)
    assert (lifetime["severity"], lifetime["status"], lifetime["section"]) == ("critical", "fail", "open")
    assert (lifetime["environment"], lifetime["change"]) == ("Development", "regressed")
    assert "11.28.0.1200" in lifetime["sentence"]
    assert "dev-1 registry.server (ok): " in lifetime["evidence"]
    assert {(row["infrastructure"], row["scan"]) for row in found.values()} == {("Northwind Insurance", "42")}


def test_a_waiver_stands_beside_the_verdict() -> None:
    (waived,) = [row for row in rows(csv_findings(drifted_view())) if row["section"] == "waived"]

    assert waived["status"] == "fail"
    assert waived["waived_until"] and waived["waiver_owner"] and waived["waiver_approver"] and waived["waiver_reason"]


def test_every_fact_is_a_row_and_a_fact_that_is_not_known_says_why() -> None:
    found = [row for row in rows(csv_facts(drifted_view())) if row["host"] == "dev-1"]
    facts = {row["fact"]: row for row in found}

    assert (facts["os.name"]["known"], facts["os.name"]["value"]) == ("yes", "Windows Server 2022 Standard")
    assert (facts["iis.bindings"]["known"], facts["iis.bindings"]["value"]) == ("no", "")
    assert "may not read applicationHost.config" in facts["iis.bindings"]["not_known"]
    assert facts["hardware.volumes"]["record"] == "1"
    assert facts["hardware.volumes"]["value"] == "name: C:; size: 300.0 GiB; free: 200.0 GiB"


def test_a_host_that_was_not_read_is_a_row_that_says_so() -> None:
    (unread,) = [row for row in rows(csv_facts(drifted_view())) if row["host"] == "qa-1"]

    assert (unread["known"], unread["value"]) == ("no", "")
    assert "did not answer on port 5986" in unread["not_known"]


def test_lines_end_and_cells_are_quoted_as_rfc_4180_says() -> None:
    for text in (csv_findings(hostile_view()), csv_facts(hostile_view())):
        lines = text.removeprefix(MARK).split("\r\n")
        assert lines.pop() == ""
        assert all(line.startswith('"') and line.endswith('"') and "\n" not in line for line in lines)


@pytest.mark.parametrize(
    "view", [hostile_view(), build_view(saying(FORMULAS), check_texts())], ids=["hostile", "saying"]
)
def test_no_cell_can_be_taken_for_a_formula_or_hides_anything(view: ReportView) -> None:
    for text in (csv_findings(view), csv_facts(view)):
        for row in rows(text):
            for cell in row.values():
                assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
                assert hidden(cell) == set()
                assert "\n" not in cell and "\t" not in cell
                assert len(cell) <= 8001


def test_a_formula_stays_readable() -> None:
    sentences = {row["sentence"] for row in rows(csv_findings(build_view(saying(FORMULAS), check_texts())))}

    assert {"'=cmd|'/c calc'!A1", "'+1+1", "'-1+1", "'@SUM(1;1)", "'=1+1", "'＝1+1"} <= sentences
    assert {'"=1+1', 'x","=1+1', "⟨U+000D⟩=1+1", "⟨U+200B⟩=1+1"} <= sentences
