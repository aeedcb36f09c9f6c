"""`osaudit evaluate`."""

from __future__ import annotations

from typing import Annotated

import typer

from auditor.cli.options import (
    DEFAULT_INVENTORY,
    DEFAULT_STORE,
    Baseline,
    ChecksFolders,
    FailOn,
    FailOnNew,
    InventoryPath,
    MinCoverage,
    StoreLocation,
    SummaryForm,
    WaiversPath,
)


def evaluate(
    scan: Annotated[int | None, typer.Argument(help="The scan; by default the last complete one.")] = None,
    store: StoreLocation = DEFAULT_STORE,
    inventory: InventoryPath = DEFAULT_INVENTORY,
    waivers: WaiversPath = None,
    fail_on: FailOn = None,
    fail_on_new: FailOnNew = False,
    compare_with: Baseline = None,
    min_coverage: MinCoverage = None,
    form: Annotated[SummaryForm, typer.Option("--format", help="What to print.")] = SummaryForm.TEXT,
    further: ChecksFolders = [],  # noqa: B006 - Typer reads the default, nobody changes it
) -> None:
    """Judge the stored answers of a scan again, by the checks of this osaudit; no host is contacted."""
    from auditor.cli.concluding import Gate, conclude
    from auditor.cli.loading import load_rules, say, taken
    from auditor.cli.stored import baseline, complete_scan, open_store
    from auditor.evaluating import judge
    from auditor.settings.waivers import load_waivers

    rules = load_rules(further)
    accepted = load_waivers(taken(inventory, waivers, "waivers.yaml"))
    with open_store(store) as opened:
        record = complete_scan(opened, scan)
        if compare_with is not None:
            baseline(opened, compare_with, record.inventory.infrastructure)
        judged_at = record.finished_at or record.started_at
        judgement = judge(
            record.inventory,
            record.reference,
            record.visits,
            rules,
            waivers=accepted,
            judged_at=judged_at,
            previous=opened.earlier_scan(record.id),
        )
        opened.judge_again(record.id, judgement)
        before = record.judgement.rules.digest if record.judgement else "none"
        say(f"Scan {record.id} was judged again: rule set {before} then, {judgement.rules.digest} now.")
        judged = opened.scan(record.id)
    conclude(judged, rules, Gate(fail_on, fail_on_new, compare_with, min_coverage), form=form, store=store)
