"""How large the HTML report is, what it costs to make, and how fast a browser takes it: python -m benchmarks.report.

The hosts are those of benchmarks.evaluation. Their verdicts are filled up to the wanted number of checks with copies;
one verdict in fifty is made to fail, among a third of the checks, and one in a hundred to be unknown. Prints a
Markdown table. `usable` is the time from the address to the first screen with everything that it leads to within
reach, beside that of an empty page; `complete` is the time to the last part of the page; `filter` is the time from a
choice in the filter to the finished layout: of the slowest choice, the median of five.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from auditor import bundled
from auditor.model.fact import Reason
from auditor.model.finding import Finding, Status, SubjectKind, Verdict
from auditor.model.reference import Reference
from auditor.model.scan import ScanRecord, ScanState
from auditor.reporting.html import html_report
from auditor.reporting.view import build_view
from auditor.simulation.infrastructure import load_infrastructure
from benchmarks.evaluation import write_infrastructure
from tests.end_to_end.offline import declared, judged, readings, visits
from tests.end_to_end.simulated import rules
from tests.peers.browser import chromium, opened

# One verdict in so many.
FAILS, UNKNOWN = 50, 100
ROUNDS = 5
CHOICES = {"status": "open", "severity": "high", "group": "COMP", "environment": "Environment 1", "text": "front-end"}
FILTER = """async ([name, value]) => {
    const field = document.getElementById(`filter-${name}`);
    const begun = performance.now();
    field.value = value;
    field.dispatchEvent(new Event('input'));
    document.body.getBoundingClientRect();
    const took = performance.now() - begun;
    document.getElementById('filter-clear').click();
    return took;
}"""
USABLE = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
COMPLETE = "performance.getEntriesByName('complete')[0]"


@dataclass(frozen=True, slots=True)
class Measured:
    """One row of the table: bytes, CPU milliseconds for each host, and milliseconds in the browser."""

    verdicts: int
    size: int
    view: float
    html: float
    usable: float
    empty: float
    complete: float
    filter: float


def modelled(hosts: int, checks: int) -> ScanRecord:
    """Return a sealed scan of so many hosts, each judged by about so many checks."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_infrastructure(folder, hosts)
        infrastructure = load_infrastructure(folder)
        inventory, answered = declared(infrastructure), visits(infrastructure)
    judgement = judged(inventory, answered, readings(inventory, answered))
    findings = tuple(_disturbed([*judgement.findings, *_copies(judgement.findings, hosts * checks)]))
    started = min(visit.started_at for visit in answered.values())
    judgement = dataclasses.replace(judgement, findings=findings)
    return ScanRecord(
        1, started, started + timedelta(minutes=5), ScanState.COMPLETE, inventory, Reference(), answered, judgement
    )


def _copies(findings: tuple[Finding, ...], wanted: int) -> Iterator[Finding]:
    own = [item for item in findings if item.subject.kind is SubjectKind.HOST]
    for number in range(max(0, wanted - len(findings))):
        origin = own[number % len(own)]
        group, _, serial = origin.check.partition("-")
        yield dataclasses.replace(origin, check=f"{group}-{int(serial) + 500 + 100 * (number // len(own))}")


def _disturbed(findings: list[Finding]) -> Iterator[Finding]:
    third = set(sorted({item.check for item in findings})[::3])
    fails = 0
    for number, item in enumerate(findings):
        fails += item.check in third
        if item.subject.kind is SubjectKind.HOST and item.check in third and fails % (FAILS // 3) == 0:
            words = f"{item.subject.name} is not as {item.check} asks for.", "as asked for", "something else"
            yield dataclasses.replace(item, verdict=Verdict(Status.FAIL, *words))
        elif number % UNKNOWN == 1:
            why = f"The account may not look on {item.subject.name}."
            yield dataclasses.replace(item, verdict=Verdict(Status.UNKNOWN, why, reason=Reason.DENIED))
        else:
            yield item


def measure(hosts: int, checks: int, browser: Browser) -> Measured:
    """Make the report of a modelled scan and open it."""
    record, texts = modelled(hosts, checks), rules().texts
    begun = time.process_time()
    view = build_view(record, texts)
    viewed = time.process_time()
    page = html_report(view)
    rendered = time.process_time()
    assert record.judgement is not None
    with tempfile.TemporaryDirectory() as name:
        file, nothing = Path(name, "report.html"), Path(name, "empty.html")
        file.write_text(page, encoding="utf-8")
        nothing.write_text("<!doctype html><title>empty</title>", encoding="utf-8")
        with opened(browser, nothing) as empty:
            base = float(empty.page.evaluate(USABLE))
        with opened(browser, file) as report:
            usable = float(report.page.evaluate(USABLE))
            expect(report.page.locator("noscript")).to_have_count(0)
            complete = float(report.page.evaluate(f"{COMPLETE}.startTime"))
            slowest = max(statistics.median(_filtering(report.page, choice)) for choice in CHOICES.items())
    return Measured(
        verdicts=len(record.judgement.findings),
        size=len(page.encode("utf-8")),
        view=(viewed - begun) * 1000 / hosts,
        html=(rendered - viewed) * 1000 / hosts,
        usable=usable,
        empty=base,
        complete=complete,
        filter=slowest,
    )


def _filtering(page: Page, choice: tuple[str, str]) -> list[float]:
    return [float(page.evaluate(FILTER, list(choice))) for _ in range(ROUNDS)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", default=["10x105", "200x105", "1000x120"], help="HOSTSxCHECKS")
    chosen = parser.parse_args(arguments)
    assets = sum(file.stat().st_size for file in (bundled.templates_folder() / "assets").iterdir())
    print(f"Style and script: {assets} bytes.\n")
    print(
        "| hosts x checks | verdicts | bytes | view, ms a host | HTML, ms a host | usable, ms (empty) "
        "| complete, ms | filter, ms |"
    )
    print("|---|---|---|---|---|---|---|---|")
    with chromium() as browser:
        for size in chosen.sizes:
            hosts, _, checks = size.partition("x")
            found = measure(int(hosts), int(checks), browser)
            print(
                f"| {hosts} x {checks} | {found.verdicts} | {found.size} | {found.view:.2f} | {found.html:.2f} "
                f"| {found.usable:.0f} ({found.empty:.0f}) | {found.complete:.0f} | {found.filter:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
