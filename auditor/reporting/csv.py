"""Findings or facts as CSV (RFC 4180): UTF-8 with a byte order mark, so that Excel on Windows reads it as it is.

No cell can be taken for a formula: one that begins like a formula gets an apostrophe in front.
"""

from __future__ import annotations

import csv
import io

from auditor.reporting.page_shapes import ReportView
from auditor.reporting.sheets import Sheet, facts_sheet, findings_sheet

_BYTE_ORDER_MARK = "\ufeff"
# Spreadsheets take a cell that begins with one of these for a formula, in some languages also the full-width ones.
# Tabs and line ends, which hide such a beginning, do not stand at the beginning of a cell of a sheet.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def csv_findings(view: ReportView) -> str:
    """Return every finding as CSV."""
    return _csv(findings_sheet(view))


def csv_facts(view: ReportView) -> str:
    """Return every fact of every host as CSV."""
    return _csv(facts_sheet(view))


def _csv(sheet: Sheet) -> str:
    text = io.StringIO(newline="")
    text.write(_BYTE_ORDER_MARK)
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(sheet.headers)
    writer.writerows([_no_formula(cell) for cell in row] for row in sheet.rows)
    return text.getvalue()


def _no_formula(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
