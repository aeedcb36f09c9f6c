"""What is told after a scan: whether there is news, and the message, a bounded text in Markdown.

Its parts are those of the summary in Markdown, so what comes from servers and files is plain text here too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from auditor.model.difference import Difference, FindingChange, FindingLabel, HostLabel
from auditor.model.finding import Severity
from auditor.reporting.diff_verdict import cautions, diff_verdict
from auditor.reporting.language import _
from auditor.reporting.markdown import NAME, bullets, open_line, plain_text, since_line
from auditor.reporting.page_shapes import ReportView
from auditor.reporting.plain import shortened
from auditor.reporting.shapes import FindingView, WaiverView

_TITLE = 200
# What is told although no open finding came or went: somebody accepted something, or sight changed.
_NEWS = frozenset({FindingLabel.LOST_SIGHT, FindingLabel.NOW_SEEN, FindingLabel.WAIVED, FindingLabel.WAIVER_ENDED})
_SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Notice:
    """A message: a title on one line of plain text, and a body in Markdown."""

    title: str
    body: str


def has_news(view: ReportView, difference: Difference | None) -> bool:
    """Whether something changed, was lost sight of, or ends soon; the first scan of an infrastructure is news.

    A measured value that moves alone, a check that now applies and passes, and a host that is still not seen are none.
    """
    if difference is None:
        return True
    findings = any(change.label in _NEWS or _came_or_went(change) for change in difference.findings)
    hosts = any(change.label is not HostLabel.STILL_UNSEEN for change in difference.hosts)
    return bool(findings or hosts or difference.components or difference.roles or _newly_ending(view, difference))


def _came_or_went(change: FindingChange) -> bool:
    was, now = (finding is not None and finding.is_open for finding in (change.before, change.after))
    return was != now


def notice(view: ReportView, difference: Difference | None, link: str = "") -> Notice:
    """Return what is told of a scan; `difference` is the one that the view was built with."""
    title = shortened(f"osaudit: {view.infrastructure}: {view.verdict.headline}", _TITLE)
    return Notice(title, "\n\n".join(part for part in _parts(view, difference, link) if part) + "\n")


def _parts(view: ReportView, difference: Difference | None, link: str) -> Iterator[str]:
    yield f"**{plain_text(view.verdict.headline)}**"
    yield from (plain_text(sentence) for sentence in view.verdict.sentences)
    new = [group for group in view.open if any(finding.newly_open for finding in group.findings)]
    if difference is None:
        yield _(
            "Scan %(scan)s is the first complete one of %(name)s.",
            scan=view.scan,
            name=plain_text(view.infrastructure, NAME),
        )
        yield bullets(_("Open"), [open_line(group) for group in view.open])
    else:
        verdict = diff_verdict(difference)
        yield since_line(view)
        # The worst finding stands in the verdict of the scan already.
        yield from (plain_text(sentence) for sentence in (verdict.headline, *verdict.others, *cautions(difference)))
        yield bullets(_("New"), [open_line(group) for group in new])
        for label, title in ((FindingLabel.REPAIRED, _("Resolved")), (FindingLabel.LOST_SIGHT, _("No longer seen"))):
            changed = [_line(finding) for finding in _worst_first(view) if finding.change == label.value]
            yield bullets(title, changed)
    yield bullets(_("Could not be evaluated"), [f"{cause.title}: {cause.summary}" for cause in view.causes])
    yield bullets(_("Waivers that end within 30 days"), [_ending(*waived) for waived in _waived(view)])
    if link:
        yield _("Reports: %(link)s", link=f"<{link}>")


def _worst_first(view: ReportView) -> list[FindingView]:
    return sorted(view.findings, key=lambda finding: Severity(finding.severity).rank)


def _line(finding: FindingView) -> str:
    return (
        f"**{_(finding.severity)}** {finding.check} {plain_text(finding.where, NAME)}: {plain_text(finding.sentence)}"
    )


def _waived(view: ReportView) -> list[tuple[FindingView, WaiverView]]:
    found = [(item, item.waiver) for item in view.findings if item.waiver is not None and item.waiver.expires_soon]
    return sorted(found, key=lambda pair: (pair[1].until, pair[0].check, pair[0].where))


def _ending(finding: FindingView, waiver: WaiverView) -> str:
    about = f"{finding.check} {plain_text(finding.where, NAME)}"
    owner = _("owner %(name)s", name=plain_text(waiver.owner, NAME))
    return f"{about}: {plain_text(waiver.expiry)}, {owner}"


def _newly_ending(view: ReportView, difference: Difference) -> bool:
    """Whether a waiver came to its last thirty days since the scan before."""
    before = (difference.before.finished_at or difference.before.started_at).date()
    return any(date.fromisoformat(waiver.until) - before > _SOON for _finding, waiver in _waived(view))


def trial() -> Notice:
    """Return the message with which somebody tries whether the targets are reached."""
    return Notice(_("osaudit: test"), _("This is a test: messages of osaudit arrive here.") + "\n")
