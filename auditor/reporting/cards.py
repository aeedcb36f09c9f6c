"""The cards: numbers that lead to the part of the report that explains them, and narrow the findings to it."""

from __future__ import annotations

from collections import Counter

from auditor.model.finding import Severity
from auditor.reporting.changes import Changes
from auditor.reporting.history import SEVERITIES
from auditor.reporting.language import _
from auditor.reporting.shapes import Card, FindingView, Section
from auditor.reporting.words import SEVERITY_SYMBOLS, SEVERITY_WORDS, count


def cards(views: tuple[FindingView, ...], changed: Changes | None) -> tuple[Card, ...]:
    """Return the cards; what is new and what is resolved can only be told against an earlier scan."""
    sections = Counter(view.section for view in views)
    opened = Counter(view.severity for view in views if view.section is Section.OPEN)
    soon = sum(view.expires_soon for view in views)
    checks = count(len({view.check for view in views if view.section is Section.UNDECIDED}), "check", "checks")
    undecided, waived, passed = (sections[item] for item in (Section.UNDECIDED, Section.WAIVED, Section.PASSED))
    result = [_severity(severity, opened[severity.value]) for severity in SEVERITIES]
    if changed is not None:
        since = _("since scan %(scan)s", scan=changed.id)
        result.insert(0, Card("new", "✱", len(changed.opened), _("new"), since, "#changes", "bad", "status=new"))
    result.append(Card("undecided", "?", undecided, _("not evaluated"), checks, "#undecided", "doubtful",
                       "status=not+evaluated"))  # fmt: skip
    result.append(Card("waived", "✎", waived, _("waived"), _("accepted"), "#waived", "note", "status=waived"))
    result.append(Card("expiring", "◔", soon, _("expiring"), _("in 30 days"), "#waived", "note", "status=expiring"))
    if changed is not None:
        number = len(changed.resolved)
        result.append(Card("resolved", "↺", number, _("resolved"), since, "#changes", "good", "status=resolved"))
    result.append(Card("passed", "✓", passed, _("passed"), _("with evidence"), "#passed", "good", "status=passed"))
    return tuple(result)


def _severity(severity: Severity, number: int) -> Card:
    symbol, code = SEVERITY_SYMBOLS[severity], severity.value
    return Card(
        code, symbol, number, SEVERITY_WORDS[severity], _("open"), "#open", "bad", f"status=open&severity={code}"
    )
