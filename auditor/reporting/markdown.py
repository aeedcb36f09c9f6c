"""The report in a few lines of Markdown, for a chat or a ticket: bounded, and nothing in it triggers anything.

What comes from servers and files is text: no mark-up, no HTML, no link, and nobody is mentioned.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from auditor.reporting.language import _, in_digits, ngettext
from auditor.reporting.page_shapes import ReportView
from auditor.reporting.plain import shortened
from auditor.reporting.shapes import FindingGroup, FindingView, Section

_LINES = 10
_SENTENCE = 300
NAME = 100
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# Chats and trackers make mentions, references and links even of escaped text, so these are written so that they do not.
_TRIGGERS = re.compile(r"@|#(?=\w)|:(?=//)|(?<=www)\.|(?<=mailto):|(?<=xmpp):", re.IGNORECASE)
_MARKUP = re.compile(r"[\\`*_{}\[\]|~$]")


def markdown_summary(view: ReportView) -> str:
    """Return verdict, counts, what is newly open, what else is open, and what could not be evaluated."""
    new = [group for group in view.open if any(finding.newly_open for finding in group.findings)]
    others = [group for group in view.open if group not in new]
    parts = [
        "## osaudit: " + _("%(name)s, scan %(scan)s", name=plain_text(view.infrastructure, NAME), scan=view.scan),
        f"**{plain_text(view.verdict.headline)}**",
        *(plain_text(sentence) for sentence in view.verdict.sentences),
        " · ".join([*(f"{card.number} {plain_text(card.label)}" for card in view.cards), _not_applicable(view)]),
        since_line(view),
        bullets(_("New"), [open_line(group) for group in new]),
        bullets(_("Also open") if new else _("Open"), [open_line(group) for group in others]),
        bullets(_("Critical, and could not be evaluated"), [_urgent(finding) for finding in view.urgent_unknowns]),
        bullets(_("Could not be evaluated"), [f"{cause.title}: {cause.summary}" for cause in view.causes]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def plain_text(text: str, limit: int = _SENTENCE) -> str:
    """Return a text of others as one line that means nothing to a reader of Markdown."""
    line = _TRIGGERS.sub(lambda found: f"[{found[0]}]", shortened(text, limit))
    line = _MARKUP.sub(lambda found: f"\\{found[0]}", line)
    return "".join(_ENTITIES.get(character, character) for character in line)


def _not_applicable(view: ReportView) -> str:
    number = sum(finding.section is Section.NOT_APPLICABLE for finding in view.findings)
    return f"{in_digits(number)} {_('not applicable')}"


def since_line(view: ReportView) -> str:
    """Return what changed since the scan before, counted, empty without one."""
    if view.previous is None:
        return ""
    changes = ", ".join(f"{number} × {word}" for word, number in view.previous.counts)
    told = changes or _("no verdict changed")
    sentence = _("Since scan %(scan)s: %(changes)s.", scan=view.previous.id, changes=told)
    return f"{sentence} {view.previous.caution}".strip()


def bullets(title: str, lines: Sequence[str]) -> str:
    """Return a part with at most ten lines, saying how many more there are; empty without lines."""
    if not lines:
        return ""
    left = len(lines) - _LINES
    more = [f"- {ngettext('and %(num)s more', 'and %(num)s more', left)}"] if left > 0 else []
    return "\n".join([f"### {title}", "", *(f"- {line}" for line in lines[:_LINES]), *more])


def open_line(group: FindingGroup) -> str:
    """Return an open finding with its severity, its places and its sentence."""
    change = f" ({group.change_word})" if group.change_word else ""
    return (
        f"**{_(group.severity)}** {group.check} {plain_text(group.places, NAME)}: {plain_text(group.headline)}{change}"
    )


def _urgent(finding: FindingView) -> str:
    return f"{finding.check} {plain_text(finding.where, NAME)}: {plain_text(finding.title)}"
