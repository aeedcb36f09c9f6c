"""The verdict sentence of a comparison: what is worse, what is better, what is no longer seen."""

from __future__ import annotations

from auditor.model.difference import Difference, Expectation, FindingChange, FindingLabel, HostLabel, JudgedAgain
from auditor.model.finding import Severity
from auditor.reporting.findings import named, short
from auditor.reporting.plain import shortened
from auditor.reporting.shapes import VerdictSentence
from auditor.reporting.words import count, enumeration

_NOT_BY_THE_INSTALLATION = frozenset({FindingLabel.CHANGED_BY_RULES, FindingLabel.CHANGED_BY_REFERENCE})
_NAMED = 5
_SENTENCE = 300


def diff_verdict(difference: Difference) -> VerdictSentence:
    """Return the verdict; what the rules changed is told apart and never counted as a change of the installation."""
    by_rules = difference.changes_of(*_NOT_BY_THE_INSTALLATION)
    worse = [
        change
        for change in difference.findings
        if change.is_for_the_worse and change.label not in _NOT_BY_THE_INSTALLATION
    ]
    repaired = difference.changes_of(FindingLabel.REPAIRED)
    unseen = _unseen(difference)
    sentences = (
        *_repaired(repaired, difference),
        *unseen,
        *_lost(difference),
        *_accepted(difference),
        *_components(difference),
        *_facts(difference),
        *_by_rules(by_rules),
    )
    if worse:
        return VerdictSentence("bad", "▲", _worse(worse, difference), (*_worst(worse), *sentences))
    if unseen or difference.changes_of(FindingLabel.LOST_SIGHT):
        return VerdictSentence("doubtful", "?", "No new failure was seen, but not everything was seen.", sentences)
    if difference.is_empty:
        return VerdictSentence("good", "✓", "Nothing changed: both scans saw the same.", ())
    if any(change.is_for_the_worse for change in by_rules):
        return VerdictSentence("doubtful", "?", "No new failure comes from the installation.", sentences)
    return VerdictSentence("good", "✓", "No new failure.", sentences)


def _worse(changes: list[FindingChange], difference: Difference) -> str:
    severities = [
        f"{number} {severity.value}"
        for severity in Severity
        if (number := sum(change.severity is severity for change in changes))
    ]
    noun, verb = ("failure", "is") if len(changes) == 1 else ("failures", "are")
    old = "was" if len(changes) == 1 else "were"
    return f"{enumeration(severities)} {noun} {verb} open that {old} not open in scan {difference.before.id}."


def _worst(changes: list[FindingChange]) -> tuple[str, ...]:
    first = min(changes, key=lambda change: (change.severity.rank, change.finding.check))
    return (f"Worst: {shortened(first.finding.verdict.sentence, _SENTENCE)}",)


def _repaired(repaired: tuple[FindingChange, ...], difference: Difference) -> tuple[str, ...]:
    if not repaired:
        return ()
    verb = "was" if len(repaired) == 1 else "were"
    return (f"{count(len(repaired), 'finding')} {verb} repaired since scan {difference.before.id}.",)


def _unseen(difference: Difference) -> tuple[str, ...]:
    sentences = []
    for label, words in (
        (HostLabel.LOST_SIGHT, "Sight was lost of"),
        (HostLabel.STILL_UNSEEN, "Neither scan could read"),
    ):
        names = [short(change.host) for change in difference.hosts if change.label is label]
        if names:
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            listed = enumeration(names) if not more else ", ".join(names[:_NAMED]) + more
            sentences.append(f"{words} {count(len(names), 'host')}: {listed}.")
    return tuple(sentences)


def _lost(difference: Difference) -> tuple[str, ...]:
    lost = difference.changes_of(FindingLabel.LOST_SIGHT)
    if not lost:
        return ()
    were = sum(change.before is not None and change.before.is_open for change in lost)
    failing = f"; {were} of them failed before and {'is' if were == 1 else 'are'} not repaired" if were else ""
    return (f"{count(len(lost), 'verdict')} can no longer be given{failing}.",)


def _accepted(difference: Difference) -> tuple[str, ...]:
    waived, ended = (difference.changes_of(label) for label in (FindingLabel.WAIVED, FindingLabel.WAIVER_ENDED))
    sentences = []
    if waived:
        sentences.append(f"{count(len(waived), 'finding')} {'is' if len(waived) == 1 else 'are'} now waived.")
    if ended:
        sentences.append(f"The waiver of {count(len(ended), 'finding')} ended.")
    return tuple(sentences)


def _components(difference: Difference) -> tuple[str, ...]:
    changed = [change for change in difference.components if change.label.value not in ("lost-sight", "now-seen")]
    if not changed:
        return ()
    hosts = len({change.host for change in changed})
    return (f"{count(len(changed), 'component')} changed on {count(hosts, 'host')}.",)


def _facts(difference: Difference) -> tuple[str, ...]:
    changed = [change for change in difference.facts if change.label.value not in ("lost-sight", "now-seen")]
    if not changed:
        return ()
    facts, hosts = len({(change.host, change.fact) for change in changed}), len({change.host for change in changed})
    return (f"{count(facts, 'fact')} drifted on {count(hosts, 'host')}.",)


def _by_rules(changes: tuple[FindingChange, ...]) -> tuple[str, ...]:
    if not changes:
        return ()
    opened = sum(change.is_for_the_worse for change in changes)
    failing = f", {opened} of them to an open failure" if opened else ""
    return (f"{count(len(changes), 'verdict')} changed because the rules or the reference changed{failing}.",)


def window_sentence(difference: Difference) -> str:
    """Say whether what differs was announced: by the scans since the earlier one that name a change; empty if none."""
    if difference.is_empty or not difference.windows:
        return ""
    inside = [window for window in difference.windows if window.changes]
    names = [f"scan {window.scan} was made during {named(window.changes)}" for window in inside[:_NAMED]]
    told = shortened("; ".join(names), _SENTENCE)
    match difference.expectation:
        case Expectation.EXPECTED:
            return f"What differs is expected: {told}."
        case Expectation.PARTLY:
            return (
                f"What differs is expected in part: {told}. The other scans since scan {difference.before.id} name no "
                "change; compare scans that follow each other to see what belongs to one."
            )
        case _:
            return f"What differs is unexpected: no scan since scan {difference.before.id} was made during a change."


def cautions(difference: Difference) -> tuple[str, ...]:
    """Say what makes the two scans less comparable."""
    sentences = []
    before, after = difference.before, difference.after
    if difference.rules_changed:
        sentences.append("The two scans were judged by different rules.")
    if difference.reference_changed:
        sentences.append("The reference was edited between the two scans.")
    if difference.judged_again is JudgedAgain.BEFORE:
        sentences.append(
            f"The answers of scan {before.id} were judged again as those of scan {after.id} were, so what rules or "
            "reference alone changed is told apart from what the installation did."
        )
    if difference.judged_again is JudgedAgain.BOTH:
        sentences.append(
            f"The rules of scan {after.id} are not at hand, so the answers of both scans were judged again by the "
            "present ones, to tell what the installation did from what the rules did."
        )
    if difference.inventory_changed:
        sentences.append("The inventory was edited between the two scans: declared purposes, roles or hosts differ.")
    if before.tool_version != after.tool_version:
        sentences.append(
            f"osaudit was {before.tool_version} and is {after.tool_version}; it may read more than before."
        )
    if before.id == after.id:
        sentences.append("Both sides are the same scan.")
    return tuple(sentences)
