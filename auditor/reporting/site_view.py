"""The index of a site: its scans, newest first, with what was open then and what changed since the one before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from auditor.model.difference import Difference, FindingLabel
from auditor.model.finding import Severity
from auditor.reporting.diff_shapes import DiffView
from auditor.reporting.language import _, ngettext
from auditor.reporting.page_shapes import ReportView
from auditor.reporting.plain import cut_line
from auditor.reporting.shapes import Moment
from auditor.reporting.words import EXPECTATIONS, FINDING_LABELS, SEVERITY_WORDS

_HEADLINE = 300
SHOWN_SEVERITIES = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)


@dataclass(frozen=True, slots=True)
class Line:
    """What the index says of one page. `numbers` are counts by severity, of what was not evaluated, and of waivers."""

    tone: str
    symbol: str
    headline: str
    detail: str = ""
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SiteRow:
    """One scan; `diff_page` is empty and `since` None for the first one of its infrastructure."""

    scan: int
    page: str
    line: Line
    ended: Moment
    changes: str
    diff_page: str
    since: Line | None


@dataclass(frozen=True, slots=True)
class SiteInfrastructure:
    """The scans of one infrastructure, newest first."""

    name: str
    anchor: str
    rows: tuple[SiteRow, ...]


@dataclass(frozen=True, slots=True)
class SiteView:
    """The finished index."""

    tool_version: str
    columns: tuple[str, ...]
    infrastructures: tuple[SiteInfrastructure, ...]


def report_line(view: ReportView) -> Line:
    """Return what the index says of a report."""
    numbers: Mapping[str, int] = {card.key: card.number for card in view.cards}
    keys = (*(severity.value for severity in SHOWN_SEVERITIES), "undecided", "waived")
    return Line(
        tone=view.verdict.tone,
        symbol=view.verdict.symbol,
        headline=cut_line(view.verdict.headline, _HEADLINE),
        detail=_("%(read)s of %(all)s", read=view.hosts_read, all=view.hosts_declared),
        numbers=tuple(numbers[key] for key in keys),
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


def build_site_view(infrastructures: Sequence[SiteInfrastructure], tool_version: str) -> SiteView:
    """Return the finished index."""
    columns = (*(SEVERITY_WORDS[item].capitalize() for item in SHOWN_SEVERITIES), _("Not evaluated"), _("Waived"))
    return SiteView(tool_version, columns, tuple(infrastructures))
