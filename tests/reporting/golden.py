"""The golden files: what every form says of one small world, to the byte; `make golden` writes them anew.

Three modelled servers are read on two days by a fixed clock and judged by four checks of their own. What changes at a
release (version, digests of the rules) is fixed, and in place of style and script stand short texts, so that the files
change when the words or the structure of a form change, and not with the catalogue.
"""

from __future__ import annotations

import dataclasses
import io
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import redirect_stdout
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from auditor import bundled
from auditor.cli.printing import print_difference, print_summary
from auditor.cli.stored import stored_view
from auditor.comparing import compared
from auditor.errors import FailureKind
from auditor.evaluating import Rules, judge
from auditor.model.inventory import Inventory
from auditor.model.observation import Failure, Visit
from auditor.model.reference import Reference
from auditor.model.scan import RuleSet
from auditor.model.waiver import Waiver
from auditor.publishing import INDEX, publish
from auditor.reporting.csv import csv_findings
from auditor.reporting.diff_view import build_diff_view
from auditor.reporting.html import html_diff, html_report
from auditor.reporting.json import json_diff, json_report
from auditor.reporting.junit import junit_report
from auditor.reporting.markdown import markdown_summary
from auditor.reporting.ocsf import ocsf_report
from auditor.reporting.sarif import sarif_report
from auditor.simulation.infrastructure import ModelledInfrastructure, Reach, load_infrastructure
from auditor.store import Store, open_store
from tests.end_to_end.offline import declared, visit_of

GOLDEN = Path(__file__).parents[2] / "fixtures" / "golden"
FILES = GOLDEN / "files"
DAYS = {"healthy": datetime(2026, 3, 2, 2, 0, tzinfo=UTC), "drifted": datetime(2026, 3, 3, 2, 0, tzinfo=UTC)}
REFERENCE = Reference(digest="3f5c0a9d71e2")
WAIVER = Waiver(
    "TOPO-002", "The console may be down for a day.", "Platform team", "Head of operations",
    date(2026, 1, 10), date(2026, 3, 21), environment="LifeTime", place="waivers.yaml:4",
)  # fmt: skip


def golden_rules() -> Rules:
    """Return the checks of the small world, under a version and a digest that no release changes."""
    rules = Rules.load((GOLDEN / "checks",))
    return dataclasses.replace(rules, rule_set=RuleSet("9f3ab82c41d6", "1.2.3"))


def golden_files() -> dict[str, bytes]:
    """Return every golden file by name, as it is made today."""
    rules = golden_rules()
    with tempfile.TemporaryDirectory() as name, open_store(str(Path(name, "osaudit.db")), create=True) as store:
        folder = Path(name)
        for day, begin in DAYS.items():
            _keep(store, load_infrastructure(GOLDEN / day), begin, rules)
        templates = _templates(folder)
        publish(store, folder / "site", rules, templates)
        texts = {**_of_the_report(store, rules, templates), **_of_the_diff(store, rules, templates)}
        made = {name: text.encode("utf-8") for name, text in texts.items()}
        return {**made, "site.html": (folder / "site" / INDEX).read_bytes()}


def _of_the_report(store: Store, rules: Rules, templates: Path) -> Mapping[str, str]:
    view = stored_view(store, store.complete_scan(), rules)
    screen = io.StringIO()
    with redirect_stdout(screen):
        print_summary(view)
    return {
        "report.html": html_report(view, templates),
        "report.json": json_report(view),
        "report.csv": csv_findings(view),
        "report-junit.xml": junit_report(view),
        "report.sarif": sarif_report(view),
        "report-ocsf.json": ocsf_report(view),
        "report.md": markdown_summary(view),
        "report.txt": screen.getvalue(),
    }


def _of_the_diff(store: Store, rules: Rules, templates: Path) -> Mapping[str, str]:
    before, after = store.scan(1), store.scan(2)
    difference = compared(store, before, after, lambda: rules)
    view = build_diff_view(difference, before, after, rules.texts)
    screen = io.StringIO()
    with redirect_stdout(screen):
        print_difference(difference)
    return {"diff.html": html_diff(view, templates), "diff.json": json_diff(difference), "diff.txt": screen.getvalue()}


def _keep(store: Store, infrastructure: ModelledInfrastructure, begin: datetime, rules: Rules) -> None:
    """Store a scan that begins at this time, lasts 74 seconds and reads each server in nine."""
    inventory = dataclasses.replace(declared(infrastructure), digest="4be1c9d07a52")
    visits = _visits(infrastructure, inventory, begin)
    scan = store.begin(inventory, REFERENCE, begin)
    for visit in visits.values():
        store.record(scan, visit)
    end = begin + timedelta(seconds=74)
    judgement = judge(inventory, REFERENCE, visits, rules, waivers=(WAIVER,), judged_at=end,
                      previous=store.earlier_scan(scan))  # fmt: skip
    store.seal(scan, judgement, end)


def _visits(infrastructure: ModelledInfrastructure, inventory: Inventory, begin: datetime) -> dict[str, Visit]:
    silent = Failure(FailureKind.TIMED_OUT, "nothing came back within 6 s; look at the load of the server.")
    end = begin + timedelta(seconds=9)
    return {
        host.name: dataclasses.replace(visit_of(host, inventory), started_at=begin, observed_at=end)
        if host.reach is Reach.OK
        else Visit(host.name, begin, end, failure=silent)
        for host in infrastructure.hosts
    }


def _templates(folder: Path) -> Path:
    """Return a copy of the templates with short texts in place of style and script, which stand in files already."""
    copy = Path(shutil.copytree(bundled.templates_folder(), folder / "templates"))
    (copy / "assets" / "report.css").write_text("/* the style */", encoding="utf-8")
    (copy / "assets" / "report.js").write_text("// the script", encoding="utf-8")
    return copy


def main() -> None:
    """Write the golden files anew, and remove those that are no longer made."""
    made = golden_files()
    FILES.mkdir(exist_ok=True)
    for old in FILES.iterdir():
        if old.name not in made:
            old.unlink()
    for name, content in made.items():
        (FILES / name).write_bytes(content)


if __name__ == "__main__":
    main()
