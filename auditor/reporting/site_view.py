"""The index of a site: its scans, newest first, with what was open then, what changed since, and the trend."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from auditor.model.difference import Difference, FindingLabel
from auditor.model.history import History, ScanPoint
from auditor.model.scan import ScanRecord
from auditor.reporting.diff_shapes import DiffView
from auditor.reporting.findings import short
from auditor.reporting.history import SEVERITIES, TrendView, percent, scan_point, trend_view
from auditor.reporting.language import _, ngettext
from auditor.reporting.page_shapes import ReportView
from auditor.reporting.plain import anchor, cut_line
from auditor.reporting.shapes import Moment
from auditor.reporting.words import EXPECTATIONS, FINDING_LABELS, SEVERITY_WORDS

_HEADLINE = 300


@dataclass(frozen=True, slots=True)
class Line:
    """What the index says of one page; a report also has the numbers of its scan."""

    tone: str
    symbol: str
    headline: str
    detail: str = ""
    point: ScanPoint | None = None


@dataclass(frozen=True, slots=True)
class SiteRow:
    """One scan; `diff_page` is empty and `since` None for the first one of its infrastructure.

    `numbers` are counts by severity, of what was not evaluated, and of waivers.
    """

    scan: int
    page: str
    line: Line
    numbers: tuple[int, ...]
    coverage: str
    ended: Moment
    changes: str
    diff_page: str
    since: Line | None


@dataclass(frozen=True, slots=True)
class SiteInfrastructure:
    """The scans of one infrastructure, newest first, and how it fared over them."""

    name: str
    anchor: str
    trend: TrendView
    rows: tuple[SiteRow, ...]


@dataclass(frozen=True, slots=True)
class SiteView:
    """The finished index."""

    tool_version: str
    columns: tuple[str, ...]
    infrastructures: tuple[SiteInfrastructure, ...]


def report_line(view: ReportView, record: ScanRecord) -> Line:
    """Return what the index says of a report."""
    return Line(
        tone=view.verdict.tone,
        symbol=view.verdict.symbol,
        headline=cut_line(view.verdict.headline, _HEADLINE),
        detail=_("%(read)s of %(all)s", read=view.hosts_read, all=view.hosts_declared),
        point=scan_point(record),
    )


def diff_line(view: DiffView, difference: Difference) -> Line:
    """Return what the index says of a comparison."""
    labels = Counter(change.label for change in difference.findings)
    # Another measured value is told on the page itself.
    told = [label for label in FindingLabel if labels[label] and label is not FindingLabel.EVIDENCE_CHANGED]
    parts = [f"{labels[label]} {FINDING_LABELS[label]}" for label in told]
    facts = len({(change.host, change.fact) for change in difference.facts})
    if facts:
        parts.append(ngettext("drift of %(num)s fact", "drift of %(num)s facts", facts))
    detail = ", ".join(parts) or (_("nothing") if difference.is_empty else _("no verdict changed"))
    if view.window and difference.expectation.value != "unexpected":
        detail += f" ({EXPECTATIONS[difference.expectation]})"
    return Line(view.verdict.tone, view.verdict.symbol, cut_line(view.verdict.headline, _HEADLINE), detail)


def site_row(scan: int, page: str, line: Line, ended: Moment, changes: str, diff: tuple[str, Line] | None) -> SiteRow:
    """Return the row of a scan; `diff` is the page of what changed since the one before, and its line."""
    point = line.point
    assert point is not None, "the line of a report has numbers"
    numbers = (*(point.opened[severity] for severity in SEVERITIES), point.undecided, point.waived)
    diff_page, since = diff or ("", None)
    return SiteRow(scan, page, line, numbers, percent(point), ended, changes, diff_page, since)


def site_infrastructure(name: str, rows: Sequence[SiteRow]) -> SiteInfrastructure:
    """Return the part of one infrastructure; its trend is drawn from the numbers in the rows."""
    points = tuple(row.line.point for row in reversed(rows) if row.line.point)
    return SiteInfrastructure(short(name), anchor("scans", name), trend_view(History(points)), tuple(rows))


def build_site_view(infrastructures: Sequence[SiteInfrastructure], tool_version: str) -> SiteView:
    """Return the finished index."""
    columns = (*(SEVERITY_WORDS[item].capitalize() for item in SEVERITIES), _("Not evaluated"), _("Waived"))
    return SiteView(tool_version, columns, tuple(infrastructures))
