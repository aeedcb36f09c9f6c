"""Taking a scan out of the store, and telling of the last one if it is not fit to be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.cli.loading import say
from auditor.model.scan import ScanState

if TYPE_CHECKING:
    from auditor.evaluating import Rules
    from auditor.model.scan import ScanRecord
    from auditor.reporting.page_shapes import ReportView
    from auditor.store import Store


def open_store(location: str, *, create: bool = False) -> Store:
    """Open a store as `auditor.store.open_store` does, and say what has to be done to it before it can be used."""
    from auditor import store

    return store.open_store(location, create=create, tell=say)


def complete_scan(opened: Store, scan: int | None) -> ScanRecord:
    """Return a complete scan, by default the last one; StoreError when there is none or it is not complete.

    An incomplete scan that is newer than what is shown by default is told of, so that nobody takes the old one for it.
    """
    if scan is None:
        tell_incomplete(opened)
    return opened.complete_scan(scan)


def baseline(opened: Store, scan: int, infrastructure: str) -> ScanRecord:
    """Return a complete scan of this infrastructure to compare with; UsageError where it is of another one."""
    from auditor.errors import UsageError

    record = opened.complete_scan(scan)
    if record.inventory.infrastructure != infrastructure:
        raise UsageError(
            f"Scan {scan} is of {record.inventory.infrastructure!r}, not of {infrastructure!r}; give --baseline a scan "
            "of the same infrastructure."
        )
    return record


def scan_compared(opened: Store, record: ScanRecord, compare_with: int | None = None) -> ScanRecord | None:
    """Return what a scan is compared with: the scan of this number, else the complete one before, if there is one."""
    if compare_with is None:
        return opened.scan_before(record.id)
    return baseline(opened, compare_with, record.inventory.infrastructure)


def stored_view(opened: Store, record: ScanRecord, rules: Rules, compare_with: int | None = None) -> ReportView:
    """Return the report of a stored scan: compared with the scan before or that one, and with the history of all."""
    from auditor.reporting.view import build_view

    previous = scan_compared(opened, record, compare_with)
    difference = None
    if previous is not None:
        from auditor.comparing import compared

        difference = compared(opened, previous, record, lambda: rules)
    return build_view(
        record,
        rules.texts,
        difference,
        figures=rules.age_of_figures(record),
        outcome=_outcome(record),
        history=opened.history(record.id),
    )


def _outcome(record: ScanRecord) -> str:
    """Return the exit code that the scan has earned, with its meaning; what shuts a gate belongs to a call."""
    from auditor.cli.exit_codes import ExitCode
    from auditor.engine.completeness import completeness
    from auditor.reporting.language import _

    done = completeness(record)
    if done.audited == 0:
        return _("%(code)s: nothing was audited, because no host could be read", code=ExitCode.NOTHING_AUDITED)
    if not done.is_complete:
        return _(
            "%(code)s: incomplete, because not every host, question and check did its part", code=ExitCode.INCOMPLETE
        )
    return _(
        "%(code)s: complete; %(findings)s where --fail-on or --fail-on-new found something open, "
        "%(incomplete)s where --min-coverage asked for more",
        code=ExitCode.CLEAN,
        findings=ExitCode.FINDINGS,
        incomplete=ExitCode.INCOMPLETE,
    )


def tell_incomplete(opened: Store) -> None:
    """Say that the last scan is incomplete, if it is."""
    scans = opened.scans()
    if scans and scans[-1].state is ScanState.RUNNING:
        last = scans[-1]
        hosts = f"{last.hosts_visited} host{'s' * (last.hosts_visited != 1)} read"
        say(
            f"Scan {last.id} of {last.infrastructure} is incomplete ({hosts}): "
            "it still runs, or `osaudit scan --resume` completes it."
        )
