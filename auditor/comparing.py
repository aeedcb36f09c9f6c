"""The comparison: two stored scans, judged alike where they were judged otherwise, with the changes in between."""

from __future__ import annotations

from collections.abc import Callable

from auditor.diffing import Again, compare, judged_otherwise
from auditor.evaluating import Rules, judged_again, read_again
from auditor.model.difference import Difference, ScanWindow
from auditor.model.scan import EarlierScan, ScanRecord, ScanState
from auditor.store import Store


def compared(store: Store, before: ScanRecord, after: ScanRecord, load_rules: Callable[[], Rules]) -> Difference:
    """Compare two complete scans of one infrastructure; the rules at hand are loaded only where they are needed.

    Where other rules or another reference judged the earlier scan, its answers are judged again by those of the later
    one, in memory: nothing is stored. If the later scan's rules are not at hand, both are judged by those that are.
    """
    windows = _windows(store, before, after)
    if not judged_otherwise(before, after):
        return compare(before, after, windows=windows)
    return compare(before, after, again=_again(store, before, after, load_rules()), windows=windows)


def _again(store: Store, before: ScanRecord, after: ScanRecord, rules: Rules) -> Again:
    stored = after.judgement
    if stored is not None and stored.rules == rules.rule_set:
        now = stored
    else:
        now = judged_again(after, rules, after.reference, _earlier(store, after))
    previous = _earlier(store, before)
    then = judged_again(before, rules, after.reference, previous)
    if before.reference.digest == after.reference.digest:
        return Again(then, then, now)
    return Again(judged_again(before, rules, before.reference, previous), then, now)


def _earlier(store: Store, record: ScanRecord) -> EarlierScan | None:
    previous = store.scan_before(record.id)
    return None if previous is None else read_again(previous, store.last_read(previous.id))


def _windows(store: Store, before: ScanRecord, after: ScanRecord) -> tuple[ScanWindow, ...]:
    first, last = sorted((before.id, after.id))
    return tuple(
        ScanWindow(scan.id, scan.changes)
        for scan in store.scans(after.inventory.infrastructure)
        if first < scan.id <= last and scan.state is ScanState.COMPLETE
    )
