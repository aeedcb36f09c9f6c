"""The verdict sentence: the whole report in words, never better than what was seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from auditor.model.fact import Reason
from auditor.model.finding import Severity, Status
from auditor.model.scan import ScanRecord
from auditor.reporting.findings import short
from auditor.reporting.language import _, ngettext
from auditor.reporting.matrix import reading_state
from auditor.reporting.plain import shortened
from auditor.reporting.shapes import FindingView, Section, VerdictSentence
from auditor.reporting.words import count, count_of_severities, first_few

_NAMED = 5
_WORST = 3
_SENTENCE = 300
_NOT_CONFIGURED = Reason.SOURCE_NOT_CONFIGURED.value


def verdict_sentence(record: ScanRecord, views: tuple[FindingView, ...]) -> VerdictSentence:
    """Return the verdict. Good is only said where every host was read and every verdict was given."""
    readings = {host.name: reading_state(record.visits.get(host.name))[0] for host in record.inventory.hosts}
    unread = [name for name, state in readings.items() if state == "unread"]
    opened = [view for view in views if view.section is Section.OPEN]
    doubts, chosen = _doubts(readings, views), _chosen(views)
    if not readings or len(unread) == len(readings):
        return VerdictSentence("nothing", "?", _nothing(len(readings)), _open_beside(opened))
    if not views:
        return VerdictSentence("nothing", "?", _("The hosts were read, but no check judged them."), doubts)
    if opened:
        more = (*_further_critical(opened), *_reopened(opened), *doubts, *chosen, *_waived(views))
        return VerdictSentence("bad", "▲", _opened(opened), more, _worst(opened))
    passed = sum(view.section is Section.PASSED for view in views)
    if doubts or (chosen and not passed):
        headline = _("No failure is open in what could be judged, but not everything could be.")
        return VerdictSentence("doubtful", "?", headline, (*doubts, *chosen, *_waived(views)))
    if not passed:
        return VerdictSentence("nothing", "?", _("No check applied to what was read."), _waived(views))
    if chosen:
        headline = ngettext(
            "No failure is open in what servers can tell: %(num)s verdict passed, every host was read.",
            "No failure is open in what servers can tell: %(num)s verdicts passed, every host was read.",
            passed,
        )
        return VerdictSentence("doubtful", "?", headline, (*chosen, *_waived(views)))
    headline = ngettext(
        "No failure is open: %(num)s verdict passed, and every host was read.",
        "No failure is open: %(num)s verdicts passed, and every host was read.",
        passed,
    )
    return VerdictSentence("good", "✓", headline, _waived(views))


def _nothing(hosts: int) -> str:
    if not hosts:
        return _("Nothing was audited: the inventory declares no host.")
    return ngettext(
        "Nothing was audited: the only host could not be read.",
        "Nothing was audited: none of the %(num)s hosts could be read.",
        hosts,
    )


def _opened(opened: list[FindingView]) -> str:
    severities = Counter(Severity(view.severity) for view in opened)
    told = {"severities": count_of_severities(severities), "where": _where(opened)}
    return ngettext(
        "%(severities)s finding is open%(where)s.", "%(severities)s findings are open%(where)s.", len(opened), **told
    )


def _where(opened: list[FindingView]) -> str:
    hosts = {view.subject for view in opened if view.subject_kind == "host"}
    if not hosts:
        return ""
    told = count(len(hosts), "host", "hosts")
    if all(view.subject_kind == "host" for view in opened):
        return _(", on %(hosts)s", hosts=told)
    return _(", on %(hosts)s and across environments", hosts=told)


def _worst(opened: list[FindingView]) -> tuple[str, ...]:
    """Return the sentences of the critical findings, or of the first of the worst."""
    critical = [view.sentence for view in opened if view.severity == Severity.CRITICAL]
    first = min(opened, key=lambda view: (Severity(view.severity).rank, view.check)).sentence
    return tuple(shortened(sentence, _SENTENCE) for sentence in critical[:_WORST] or [first])


def _further_critical(opened: list[FindingView]) -> tuple[str, ...]:
    more = sum(view.severity == Severity.CRITICAL for view in opened) - _WORST
    return (ngettext("And %(num)s more critical.", "And %(num)s more critical.", more),) if more > 0 else ()


def _reopened(opened: list[FindingView]) -> tuple[str, ...]:
    """Say what is open although a waiver in force is there, and why."""
    reopened = [view for view in opened if view.reopened]
    if not reopened:
        return ()
    return (
        ngettext(
            "%(named)s is open in spite of a waiver: the evidence is not what was accepted.",
            "%(named)s are open in spite of a waiver: the evidence is not what was accepted.",
            len(reopened),
            named=first_few([f"{view.check} {view.where}" for view in reopened], _NAMED),
        ),
    )


def _open_beside(opened: list[FindingView]) -> tuple[str, ...]:
    return (_opened(opened),) if opened else ()


def _doubts(readings: dict[str, str], views: Iterable[FindingView]) -> tuple[str, ...]:
    sentences = []
    for state, words in (("unread", _not_read), ("partly", _read_in_part)):
        names = [short(name) for name, found in readings.items() if found == state]
        if names:
            sentences.append(words(names, count(len(readings), "host", "hosts")))
    waiting = [view for view in views if view.section is Section.UNDECIDED]
    broken = sum(view.status == Status.ERROR for view in waiting)
    lost = [view for view in waiting if view.status != Status.ERROR and view.reason != _NOT_CONFIGURED]
    if lost:
        checks = len({view.check for view in lost})
        sentences.append(
            ngettext(
                "%(num)s verdict of %(checks)s could not be given.",
                "%(num)s verdicts of %(checks)s could not be given.",
                len(lost),
                checks=count(checks, "check", "checks"),
            )
        )
    if broken:
        sentences.append(
            ngettext(
                "%(num)s verdict could not be given because the check itself broke.",
                "%(num)s verdicts could not be given because the check itself broke.",
                broken,
            )
        )
    return tuple(sentences)


def _not_read(names: list[str], hosts: str) -> str:
    return ngettext(
        "%(num)s of %(hosts)s was not read: %(names)s.",
        "%(num)s of %(hosts)s were not read: %(names)s.",
        len(names),
        hosts=hosts,
        names=first_few(names, _NAMED),
    )


def _read_in_part(names: list[str], hosts: str) -> str:
    return ngettext(
        "%(num)s of %(hosts)s was read only in part: %(names)s.",
        "%(num)s of %(hosts)s were read only in part: %(names)s.",
        len(names),
        hosts=hosts,
        names=first_few(names, _NAMED),
    )


def _chosen(views: Iterable[FindingView]) -> tuple[str, ...]:
    """Say what waits for a source that nobody configured: the operator's choice, told apart from what was lost."""
    chosen = sum(view.section is Section.UNDECIDED and view.reason == _NOT_CONFIGURED for view in views)
    if not chosen:
        return ()
    return (
        ngettext(
            "%(num)s verdict would need a witness that is not configured.",
            "%(num)s verdicts would need a witness that is not configured.",
            chosen,
        ),
    )


def _waived(views: Iterable[FindingView]) -> tuple[str, ...]:
    waived = [view for view in views if view.section is Section.WAIVED]
    if not waived:
        return ()
    soon = sum(view.waiver is not None and view.waiver.expires_soon for view in waived)
    accepted = ngettext(
        "%(num)s finding is accepted by a waiver", "%(num)s findings are accepted by waivers", len(waived)
    )
    if not soon:
        return (f"{accepted}.",)
    if len(waived) == 1:
        return (_("%(accepted)s, which ends within 30 days.", accepted=accepted),)
    return (
        ngettext(
            "%(accepted)s; %(num)s of the waivers ends within 30 days.",
            "%(accepted)s; %(num)s of the waivers end within 30 days.",
            soon,
            accepted=accepted,
        ),
    )
