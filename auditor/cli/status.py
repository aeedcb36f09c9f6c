"""`osaudit status`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from auditor.cli.exit_codes import ExitCode
from auditor.cli.options import (
    DEFAULT_SCAN_SECONDS,
    DEFAULT_STORE,
    MinCoverage,
    ScanSeconds,
    StatusForm,
    StoreLocation,
)

if TYPE_CHECKING:
    from auditor.engine.completeness import Completeness
    from auditor.model.scan import ScanRecord
    from auditor.model.unattended import Schedule
    from auditor.reporting.status import LastScan, StatusView
    from auditor.store import ScanSummary, Store

# Whoever collects metrics runs as another account, and metrics are numbers.
_READ_BY_ALL = 0o644


def status(
    context: typer.Context,
    store: StoreLocation = DEFAULT_STORE,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file; by default the screen.")] = None,
    form: Annotated[StatusForm, typer.Option("--format", help="In which form.")] = StatusForm.TEXT,
    scan_seconds: ScanSeconds = DEFAULT_SCAN_SECONDS,
    min_coverage: MinCoverage = None,
) -> None:
    """Say when the last complete scan was, what it saw, and whether a planned one is missing."""
    from auditor.cli.configured import configuration_of
    from auditor.cli.loading import write_bytes
    from auditor.cli.stored import open_store
    from auditor.engine.completeness import completeness
    from auditor.model.scan import ScanState
    from auditor.reporting import status as forms

    with open_store(store) as opened:
        stored = opened.scans()
        complete = [scan.id for scan in stored if scan.state is ScanState.COMPLETE]
        record = opened.scan(complete[-1], with_facts=False) if complete else None
        unfinished = stored[-1].id if stored and stored[-1].state is ScanState.RUNNING else None
        waits_for = _zones_of(opened, stored[-1]) if unfinished else ()
    done = None if record is None else completeness(record, min_coverage)
    last = None if record is None or done is None else _last(record, done)
    view = _state(store, configuration_of(context).schedule, scan_seconds, last, unfinished, waits_for)
    render = {StatusForm.JSON: forms.status_json, StatusForm.PROMETHEUS: forms.status_metrics}.get(form, _text)
    content = render(view).encode("utf-8")
    if output is None:
        typer.echo(content, nl=False)
    else:
        write_bytes(output, content, mode=_READ_BY_ALL)
    code = _earned(view, done)
    if code is not ExitCode.CLEAN:
        raise typer.Exit(code)


def _zones_of(opened: Store, scan: ScanSummary) -> tuple[str, ...]:
    """Return the zones that a scan waits for, none where it is not shared."""
    is_shared = any(shared.id == scan.id for shared in opened.shared_scans(scan.infrastructure))
    return opened.scan(scan.id).missing_zones if is_shared else ()


def _text(view: StatusView) -> str:
    from auditor.reporting.status import status_lines

    return "".join(f"{line}\n" for line in status_lines(view))


def _last(record: ScanRecord, done: Completeness) -> LastScan:
    from auditor.cli.concluding import incomplete
    from auditor.reporting.status import last_scan

    return last_scan(record, "" if done.is_complete else incomplete(done))


def _state(
    store: str,
    schedule: Schedule | None,
    scan_seconds: float,
    last: LastScan | None,
    unfinished: int | None,
    waits_for: tuple[str, ...],
) -> StatusView:
    from auditor.cli.loading import now
    from auditor.reporting.status import StatusView, missed_since
    from auditor.store import scan_at_work

    at = now()
    return StatusView(
        at=at,
        last=last,
        unfinished=unfinished,
        waits_for=waits_for,
        at_work=scan_at_work(store) or "",
        next_run=schedule.next(at) if schedule else None,
        missed=missed_since(schedule, last, at, scan_seconds) if schedule else None,
    )


def _earned(view: StatusView, done: Completeness | None) -> ExitCode:
    if view.missed is not None:
        return ExitCode.OVERDUE
    if done is None or done.audited == 0:
        return ExitCode.NOTHING_AUDITED
    return ExitCode.CLEAN if done.is_complete else ExitCode.INCOMPLETE
