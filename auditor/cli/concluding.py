"""How a scan or a new judgement ends: what is printed, and the exit code that it has earned."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from auditor.cli.exit_codes import ExitCode
from auditor.cli.options import DEFAULT_STORE, SeverityName, SummaryForm
from auditor.model.language import Language

if TYPE_CHECKING:
    from auditor.engine.completeness import Completeness
    from auditor.evaluating import Rules
    from auditor.model.finding import Finding
    from auditor.model.scan import ScanRecord
    from auditor.sharing import ZoneScan
    from auditor.store import Store


_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Gate:
    """What a result is held against; as the options say. `compare_with` is a scan in the place of the one before."""

    fail_on: SeverityName | None = None
    only_new: bool = False
    compare_with: int | None = None
    min_coverage: int | None = None


def conclude(
    record: ScanRecord,
    rules: Rules,
    gate: Gate,
    *,
    form: SummaryForm = SummaryForm.TEXT,
    report: Path | None = None,
    store: str = DEFAULT_STORE,
    lang: Language = Language.ENGLISH,
) -> None:
    """Print the result, write the report if asked, and end with the exit code that the result has earned.

    Report and gate take from the `store` what was before; the report alone is in the language that is asked for.
    """
    from auditor.cli.loading import say
    from auditor.cli.printing import print_summary
    from auditor.cli.stored import open_store
    from auditor.engine.completeness import completeness
    from auditor.reporting.json import json_report
    from auditor.reporting.language import speaking
    from auditor.reporting.view import build_view

    view = build_view(record, rules.texts, figures=rules.age_of_figures(record))
    _log.info("Scan %s: %s", record.id, view.verdict.headline, extra={"fields": {"scan": record.id}})
    if form is SummaryForm.JSON:
        typer.echo(json_report(view), nl=False)
    else:
        print_summary(view)
    if report is not None:
        with open_store(store) as opened, speaking(lang):
            _write_report(report, opened, record, rules, gate)
    done = completeness(record, gate.min_coverage)
    stopping, told = _stopping(record, gate, store)
    if stopping:
        say(told, logging.WARNING)
    _end_where_sight_is_missing(done, "Nothing was audited: no host could be read.")
    if stopping:
        raise typer.Exit(ExitCode.FINDINGS)


def conclude_zone(read: ZoneScan, zone: str) -> None:
    """Say for which zones a scan waits, and end with the exit code that the own zone alone has earned.

    A scan that is not complete is held against no gate; whoever seals it does that.
    """
    from dataclasses import replace

    from auditor.cli.loading import say
    from auditor.engine.completeness import completeness

    own = {host.name for host in read.record.inventory.asked if host.zone == zone}
    visits = {name: visit for name, visit in read.record.visits.items() if name in own}
    said = f"The zone {zone} is in: scan {read.record.id} holds {len(visits)} of its {len(own)} hosts"
    missing = ", ".join(read.record.missing_zones)
    if missing:
        until = f"{read.shared.ends_at:%Y-%m-%d %H:%M} UTC"
        say(f"{said}, waits for {missing} until {until}, and is judged and held against gates only then.")
    else:
        say(f"{said}; another collector seals it and says what came of it.")
    done = completeness(replace(read.record, visits=visits, judgement=None))
    _end_where_sight_is_missing(done, "Nothing was audited: no host of the zone could be read.")


def _end_where_sight_is_missing(done: Completeness, nothing: str) -> None:
    """Say what could not be read, `nothing` where it is all, and end with its exit code; return where all was read."""
    from auditor.cli.loading import say

    if done.audited == 0:
        say(nothing, logging.WARNING)
        raise typer.Exit(ExitCode.NOTHING_AUDITED)
    if not done.is_complete:
        say(incomplete(done), logging.WARNING)
        raise typer.Exit(ExitCode.INCOMPLETE)


def _write_report(file: Path, opened: Store, record: ScanRecord, rules: Rules, gate: Gate) -> None:
    from auditor import bundled
    from auditor.cli.loading import say, write_text
    from auditor.cli.stored import stored_view
    from auditor.reporting.html import html_report

    whole = stored_view(opened, record, rules, compare_with=gate.compare_with)
    write_text(file, html_report(whole, bundled.templates_folder()))
    say(f"Report: {file}")


def _stopping(record: ScanRecord, gate: Gate, store: str) -> tuple[tuple[Finding, ...], str]:
    """Return the findings for which the gate is shut, and the sentence that says so."""
    from auditor.cli.stored import open_store, scan_compared
    from auditor.engine.completeness import at_or_above, open_findings, opened_since
    from auditor.model.finding import Severity

    if gate.fail_on is None and not gate.only_new:
        return (), ""
    found, since, is_new = open_findings(record), "", ""
    if gate.only_new:
        with open_store(store) as opened:
            before = scan_compared(opened, record, gate.compare_with)
        found = opened_since(before, found)
        is_new = "new "
        since = f", compared with scan {before.id}" if before else ", as no complete scan was before"
    if gate.fail_on is not None:
        found = at_or_above(found, Severity(gate.fail_on.value))
    one = len(found) == 1
    noun = f"{len(found)} {is_new}open {'finding' if one else 'findings'}"
    severe = f" {'is' if one else 'are'} {gate.fail_on} or worse" if gate.fail_on else ""
    return found, f"{noun}{severe}{since}."


def incomplete(done: Completeness) -> str:
    """Return what a scan could not do, in one sentence."""
    parts = []
    if done.hosts:
        parts.append(f"not read: {', '.join(done.hosts)}")
    if done.questions:
        parts.append(f"{done.questions} question{'s' * (done.questions != 1)} had no answer")
    if done.broken_checks:
        parts.append(f"checks that broke: {', '.join(done.broken_checks)}")
    if not done.is_covered:
        coverage = done.coverage
        counted = f"{coverage.decided} of {coverage.decided + coverage.unknown} verdicts ({coverage.percent or 0} %)"
        parts.append(f"only {counted} could be decided, and {done.least_percent} % are asked for")
    return f"The audit is incomplete: {'; '.join(parts)}."
