"""Findings and facts as one workbook of Excel. Every cell is a string: no formula, no number, no link."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

from auditor.errors import UsageError
from auditor.reporting.page_shapes import ReportView
from auditor.reporting.sheets import Sheet, facts_sheet, findings_sheet

_WIDE = frozenset({"title", "sentence", "expected", "found", "evidence", "meaning", "value", "not_known"})
# Widths of columns in characters.
_COLUMN, _WIDE_COLUMN = 16, 48


def xlsx_report(view: ReportView) -> bytes:
    """Return a workbook with the sheets findings and facts.

    Raises `UsageError` where the extra `xlsx` is not installed.
    """
    try:
        import xlsxwriter
    except ImportError as error:
        raise UsageError(
            "The format xlsx needs XlsxWriter; install it with pip install 'outsystems-auditor[xlsx]', "
            "or ask for the format csv."
        ) from error
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as workbook:
        workbook.set_properties(
            {
                "title": f"Audit of {view.infrastructure}, scan {view.scan}",
                # Not the time of writing: the same scan gives the same bytes.
                "created": datetime.fromisoformat(view.finished.iso or view.started.iso),
            }
        )
        bold = workbook.add_format({"bold": True})
        for sheet in (findings_sheet(view), facts_sheet(view)):
            _write(workbook.add_worksheet(sheet.name), sheet, bold)
    return content.getvalue()


def _write(worksheet: Any, sheet: Sheet, bold: Any) -> None:
    for column, header in enumerate(sheet.headers):
        worksheet.set_column(column, column, _WIDE_COLUMN if header in _WIDE else _COLUMN)
        worksheet.write_string(0, column, header, bold)
    for number, row in enumerate(sheet.rows, start=1):
        for column, cell in enumerate(row):
            worksheet.write_string(number, column, cell)
    worksheet.freeze_panes(1, 0)
    worksheet.autofilter(0, 0, len(sheet.rows), len(sheet.headers) - 1)
