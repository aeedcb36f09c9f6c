"""The workbook, read back with openpyxl."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import openpyxl
import pytest

from auditor.reporting.page_shapes import ReportView
from auditor.reporting.sheets import facts_sheet, findings_sheet
from auditor.reporting.view import build_view
from auditor.reporting.xlsx import xlsx_report
from tests.reporting.formats import drifted_view, hidden, hostile_view
from tests.reporting.hostile import FORMULAS, TRIGGERS, saying
from tests.reporting.pages import check_texts

VIEWS = {
    "drifted": drifted_view(),
    "hostile": hostile_view(),
    "formulas": build_view(saying(FORMULAS), check_texts()),
    "triggers": build_view(saying(TRIGGERS), check_texts()),
}


def workbook(view: ReportView) -> Any:
    return openpyxl.load_workbook(io.BytesIO(xlsx_report(view)))


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_the_sheets_hold_findings_and_facts_cell_by_cell(view: ReportView) -> None:
    book = workbook(view)

    assert book.sheetnames == ["findings", "facts"]
    for sheet in (findings_sheet(view), facts_sheet(view)):
        found = [tuple(cell or "" for cell in row) for row in book[sheet.name].iter_rows(values_only=True)]
        assert found == [sheet.headers, *sheet.rows]


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_every_cell_is_a_string_and_none_a_formula_or_a_link(view: ReportView) -> None:
    for sheet in workbook(view):
        for row in sheet.iter_rows():
            for cell in row:
                # Excel writes s for a string and n for an empty cell.
                assert cell.data_type in {"s", "n"} and (cell.data_type == "s" or cell.value is None)
                assert cell.hyperlink is None
                assert hidden(cell.value or "") == set()
    with zipfile.ZipFile(io.BytesIO(xlsx_report(view))) as parts:
        sheets = [parts.read(name) for name in parts.namelist() if name.startswith("xl/worksheets/")]
        assert not [name for name in parts.namelist() if "externalLink" in name or "vba" in name]
    assert not [sheet for sheet in sheets if b"<f>" in sheet or b"<hyperlink" in sheet]


def test_headers_stay_in_sight_and_can_be_filtered() -> None:
    for sheet in workbook(drifted_view()):
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref == sheet.dimensions


def test_the_same_scan_gives_the_same_bytes() -> None:
    assert xlsx_report(drifted_view()) == xlsx_report(drifted_view())
