"""The verdict sentence: the whole report in words, never better than what was seen."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.model.fact import Reason
from auditor.model.finding import Severity, Status
from auditor.model.scan import ScanRecord
from auditor.reporting.findings import short
from auditor.reporting.matrix import reading_state
from auditor.reporting.plain import shortened
from auditor.reporting.shapes import FindingView, Section, VerdictSentence
from auditor.reporting.words import count, enumeration

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
        return VerdictSentence("nothing", "?", "The hosts were read, but no check judged them.", doubts)
    if opened:
        return VerdictSentence(
            "bad", "▲", _opened(opened), (*_worst(opened), *_reopened(opened), *doubts, *chosen, *_waived(views))
        )
    passed = sum(view.section is Section.PASSED for view in views)
    if doubts or (chosen and not passed):
        headline = "No failure is open in what could be judged, but not everything could be."
        return VerdictSentence("doubtful", "?", headline, (*doubts, *chosen, *_waived(views)))
    if not passed:
        return VerdictSentence("nothing", "?", "No check applied to what was read.", _waived(views))
    if chosen:
        headline = (
            f"No failure is open in what servers can tell: {count(passed, 'verdict')} passed, every host was read."
        )
        return VerdictSentence("doubtful", "?", headline, (*chosen, *_waived(views)))
    headline = f"No failure is open: {count(passed, 'verdict')} passed, and every host was read."
    return VerdictSentence("good", "✓", headline, _waived(views))


def _nothing(hosts: int) -> str:
    if not hosts:
        return "Nothing was audited: the inventory declares no host."
    if hosts == 1:
        return "Nothing was audited: the only host could not be read."
    return f"Nothing was audited: none of the {hosts} hosts could be read."


def _opened(opened: list[FindingView]) -> str:
    severities = [
        (number, severity.value)
        for severity in Severity
        if (number := sum(view.severity == severity for view in opened))
    ]
    parts = enumeration([f"{number} {word}" for number, word in severities])
    hosts = {view.subject for view in opened if view.subject_kind == "host"}
    noun, verb = ("finding", "is") if len(opened) == 1 else ("findings", "are")
    where = f", on {count(len(hosts), 'host')}" if hosts else ""
    only = "" if all(view.subject_kind == "host" for view in opened) or not hosts else " and across environments"
    return f"{parts} {noun} {verb} open{where}{only}."


def _worst(opened: list[FindingView]) -> tuple[str, ...]:
    """Return the sentences of the critical findings, or of the first of the worst."""
    critical = [view.sentence for view in opened if view.severity == Severity.CRITICAL]
    first = min(opened, key=lambda view: (Severity(view.severity).rank, view.check)).sentence
    shown = critical[:_WORST] or [first]
    more = len(critical) - len(shown)
    return (
        *(f"Worst: {shortened(sentence, _SENTENCE)}" for sentence in shown),
        *([f"And {more} more critical."] if more > 0 else ()),
    )


def _reopened(opened: list[FindingView]) -> tuple[str, ...]:
    """Say what is open although a waiver in force is there, and why."""
    reopened = [view for view in opened if view.reopened]
    if not reopened:
        return ()
    names = [f"{view.check} {view.where}" for view in reopened[:_NAMED]]
    more = f" and {len(reopened) - _NAMED} more" if len(reopened) > _NAMED else ""
    listed = enumeration(names) if not more else ", ".join(names) + more
    is_ = "is" if len(reopened) == 1 else "are"
    return (f"{listed} {is_} open in spite of a waiver: the evidence is not what was accepted.",)


def _open_beside(opened: list[FindingView]) -> tuple[str, ...]:
    return (_opened(opened),) if opened else ()


def _doubts(readings: dict[str, str], views: Iterable[FindingView]) -> tuple[str, ...]:
    sentences = []
    for state, words in (("unread", "not read"), ("partly", "read only in part")):
        names = [short(name) for name, found in readings.items() if found == state]
        if names:
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            listed = enumeration(names) if not more else ", ".join(names[:_NAMED]) + more
            was = "was" if len(names) == 1 else "were"
            sentences.append(f"{len(names)} of {count(len(readings), 'host')} {was} {words}: {listed}.")
    waiting = [view for view in views if view.section is Section.UNDECIDED]
    broken = sum(view.status == Status.ERROR for view in waiting)
    lost = [view for view in waiting if view.status != Status.ERROR and view.reason != _NOT_CONFIGURED]
    if lost:
        checks = len({view.check for view in lost})
        sentences.append(f"{count(len(lost), 'verdict')} of {count(checks, 'check')} could not be given.")
    if broken:
        sentences.append(f"{count(broken, 'verdict')} could not be given because the check itself broke.")
    return tuple(sentences)


def _chosen(views: Iterable[FindingView]) -> tuple[str, ...]:
    """Say what waits for a source that nobody configured: the operator's choice, told apart from what was lost."""
    chosen = sum(view.section is Section.UNDECIDED and view.reason == _NOT_CONFIGURED for view in views)
    return (f"{count(chosen, 'verdict')} would need a witness that is not configured.",) if chosen else ()


def _waived(views: Iterable[FindingView]) -> tuple[str, ...]:
    waived = [view for view in views if view.section is Section.WAIVED]
    if not waived:
        return ()
    soon = sum(view.waiver is not None and view.waiver.expires_soon for view in waived)
    if len(waived) == 1:
        return (f"1 finding is accepted by a waiver{', which ends within 30 days' if soon else ''}.",)
    ending = f"; {soon} of the waivers {'ends' if soon == 1 else 'end'} within 30 days" if soon else ""
    return (f"{len(waived)} findings are accepted by waivers{ending}.",)
