"""`osaudit report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from auditor.cli.options import DEFAULT_STORE, ChecksFolders, ReportForm, ReportLanguage, StoreLocation
from auditor.model.language import Language

if TYPE_CHECKING:
    from auditor.reporting.page_shapes import ReportView

# These are files by nature; all others can be read from a pipe.
_FILES = (ReportForm.HTML, ReportForm.XLSX)
# These are for people; what programs and the terminal take is English.
_TRANSLATED = (ReportForm.HTML, ReportForm.MARKDOWN)


def report(
    scan: Annotated[int | None, typer.Argument(help="The scan; by default the last complete one.")] = None,
    store: StoreLocation = DEFAULT_STORE,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file; by default osaudit-SCAN.html or .xlsx, else the screen."),
    ] = None,
    form: Annotated[ReportForm, typer.Option("--format", help="In which form.")] = ReportForm.HTML,
    lang: ReportLanguage = Language.ENGLISH,
    further: ChecksFolders = [],  # noqa: B006 - Typer reads the default, nobody changes it
) -> None:
    """Write the report of a stored scan: one file, complete without network and without JavaScript."""
    from auditor.cli.loading import load_rules, say, write_bytes
    from auditor.cli.printing import print_summary
    from auditor.cli.stored import complete_scan, open_store, stored_view
    from auditor.reporting.language import speaking

    rules = load_rules(further)
    with open_store(store) as opened, speaking(lang if form in _TRANSLATED else Language.ENGLISH):
        record = complete_scan(opened, scan)
        view = stored_view(opened, record, rules)
        if form is ReportForm.TEXT:
            print_summary(view)
            return
        content = _rendered(form, view)
    if output is None and form not in _FILES:
        # As bytes, so that no console changes line ends or characters.
        typer.echo(content, nl=False)
        return
    target = output or Path(f"osaudit-{record.id}.{form}")
    write_bytes(target, content)
    typer.echo(str(target))
    say(f"Report of scan {record.id} of {record.inventory.infrastructure}.")


def _rendered(form: ReportForm, view: ReportView) -> bytes:
    """Return the report as it stands in a file; only what a form needs is loaded."""
    if form is ReportForm.XLSX:
        from auditor.reporting.xlsx import xlsx_report

        return xlsx_report(view)
    return _text(form, view).encode("utf-8")


def _text(form: ReportForm, view: ReportView) -> str:
    match form:
        case ReportForm.HTML:
            from auditor import bundled
            from auditor.reporting.html import html_report

            return html_report(view, bundled.templates_folder())
        case ReportForm.CSV:
            from auditor.reporting.csv import csv_findings

            return csv_findings(view)
        case ReportForm.CSV_FACTS:
            from auditor.reporting.csv import csv_facts

            return csv_facts(view)
        case ReportForm.JUNIT:
            from auditor.reporting.junit import junit_report

            return junit_report(view)
        case ReportForm.SARIF:
            from auditor.reporting.sarif import sarif_report

            return sarif_report(view)
        case ReportForm.OCSF:
            from auditor.reporting.ocsf import ocsf_report

            return ocsf_report(view)
        case ReportForm.MARKDOWN:
            from auditor.reporting.markdown import markdown_summary

            return markdown_summary(view)
        case _:
            from auditor.reporting.json import json_report

            return json_report(view)
