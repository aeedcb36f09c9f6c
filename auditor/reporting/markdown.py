"""The report in a few lines of Markdown, for a chat or a ticket: bounded, and nothing in it triggers anything.

What comes from servers and files is text: no mark-up, no HTML, no link, and nobody is mentioned.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from auditor.reporting.page_shapes import ReportView
from auditor.reporting.plain import shortened
from auditor.reporting.shapes import FindingGroup, FindingView, Section

_LINES = 10
_SENTENCE = 300
_NAME = 100
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# Chats and trackers make mentions, references and links even of escaped text, so these are written so that they do not.
_TRIGGERS = re.compile(r"@|#(?=\w)|:(?=//)|(?<=www)\.|(?<=mailto):|(?<=xmpp):", re.IGNORECASE)
_MARKUP = re.compile(r"[\\`*_{}\[\]|~$]")


def markdown_summary(view: ReportView) -> str:
    """Return verdict, counts, what is newly open, what else is open, and what could not be evaluated."""
    new = [group for group in view.open if any(finding.newly_open for finding in group.findings)]
    others = [group for group in view.open if group not in new]
    parts = [
        f"## osaudit: {_text(view.infrastructure, _NAME)}, scan {view.scan}",
        f"**{_text(view.verdict.headline)}**",
        *(_text(sentence) for sentence in view.verdict.sentences),
        " · ".join([*(f"{card.number} {_text(card.label)}" for card in view.cards), _not_applicable(view)]),
        _since(view),
        _list("New", [_open(group) for group in new]),
        _list("Also open" if new else "Open", [_open(group) for group in others]),
        _list("Critical, and could not be evaluated", [_urgent(finding) for finding in view.urgent_unknowns]),
        _list("Could not be evaluated", [f"{cause.title}: {cause.summary}" for cause in view.causes]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _text(text: str, limit: int = _SENTENCE) -> str:
    """Return a text of others as one line that means nothing to a reader of Markdown."""
    line = _TRIGGERS.sub(lambda found: f"[{found[0]}]", shortened(text, limit))
    line = _MARKUP.sub(lambda found: f"\\{found[0]}", line)
    return "".join(_ENTITIES.get(character, character) for character in line)


def _not_applicable(view: ReportView) -> str:
    return f"{sum(finding.section is Section.NOT_APPLICABLE for finding in view.findings)} not applicable"


def _since(view: ReportView) -> str:
    if view.previous is None:
        return ""
    changes = ", ".join(f"{number} × {word}" for word, number in view.previous.counts)
    return f"Since scan {view.previous.id}: {changes or 'no verdict changed'}. {view.previous.caution}".strip()


def _list(title: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    more = [f"- and {len(lines) - _LINES} more"] if len(lines) > _LINES else []
    return "\n".join([f"### {title}", "", *(f"- {line}" for line in lines[:_LINES]), *more])


def _open(group: FindingGroup) -> str:
    change = f" ({group.change_word})" if group.change_word else ""
    return f"**{group.severity}** {group.check} {_text(group.places, _NAME)}: {_text(group.headline)}{change}"


def _urgent(finding: FindingView) -> str:
    return f"{finding.check} {_text(finding.where, _NAME)}: {_text(finding.title)}"
