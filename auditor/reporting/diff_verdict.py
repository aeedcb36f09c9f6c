"""The verdict sentence of a comparison: what is worse, what is better, what is no longer seen."""

from __future__ import annotations

from collections import Counter

from auditor.model.difference import Difference, Expectation, FindingChange, FindingLabel, HostLabel, JudgedAgain
from auditor.reporting.findings import named, short
from auditor.reporting.language import _, ngettext
from auditor.reporting.plain import shortened
from auditor.reporting.shapes import VerdictSentence
from auditor.reporting.words import count, count_of_severities, first_few

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
        return VerdictSentence("bad", "▲", _worse(worse, difference), sentences, _worst(worse))
    if unseen or difference.changes_of(FindingLabel.LOST_SIGHT):
        return VerdictSentence("doubtful", "?", _("No new failure was seen, but not everything was seen."), sentences)
    if difference.is_empty:
        return VerdictSentence("good", "✓", _("Nothing changed: both scans saw the same."), ())
    if any(change.is_for_the_worse for change in by_rules):
        return VerdictSentence("doubtful", "?", _("No new failure comes from the installation."), sentences)
    return VerdictSentence("good", "✓", _("No new failure."), sentences)


def _worse(changes: list[FindingChange], difference: Difference) -> str:
    severities = Counter(change.severity for change in changes)
    return ngettext(
        "%(severities)s failure is open that was not open in scan %(scan)s.",
        "%(severities)s failures are open that were not open in scan %(scan)s.",
        len(changes),
        severities=count_of_severities(severities),
        scan=difference.before.id,
    )


def _worst(changes: list[FindingChange]) -> tuple[str, ...]:
    first = min(changes, key=lambda change: (change.severity.rank, change.finding.check))
    return (shortened(first.finding.verdict.sentence, _SENTENCE),)


def _repaired(repaired: tuple[FindingChange, ...], difference: Difference) -> tuple[str, ...]:
    if not repaired:
        return ()
    return (
        ngettext(
            "%(num)s finding was repaired since scan %(scan)s.",
            "%(num)s findings were repaired since scan %(scan)s.",
            len(repaired),
            scan=difference.before.id,
        ),
    )


def _unseen(difference: Difference) -> tuple[str, ...]:
    sentences = []
    for label, words in (
        (HostLabel.LOST_SIGHT, _("Sight was lost of %(hosts)s: %(names)s.")),
        (HostLabel.STILL_UNSEEN, _("Neither scan could read %(hosts)s: %(names)s.")),
    ):
        names = [short(change.host) for change in difference.hosts if change.label is label]
        if names:
            told = {"hosts": count(len(names), "host", "hosts"), "names": first_few(names, _NAMED)}
            sentences.append(words % told)
    return tuple(sentences)


def _lost(difference: Difference) -> tuple[str, ...]:
    lost = difference.changes_of(FindingLabel.LOST_SIGHT)
    if not lost:
        return ()
    sentence = ngettext("%(num)s verdict can no longer be given", "%(num)s verdicts can no longer be given", len(lost))
    were = sum(change.before is not None and change.before.is_open for change in lost)
    failing = ngettext(
        "%(num)s of them failed before and is not repaired", "%(num)s of them failed before and are not repaired", were
    )
    return (f"{sentence}; {failing}." if were else f"{sentence}.",)


def _accepted(difference: Difference) -> tuple[str, ...]:
    waived, ended = (len(difference.changes_of(label)) for label in (FindingLabel.WAIVED, FindingLabel.WAIVER_ENDED))
    sentences = []
    if waived:
        sentences.append(ngettext("%(num)s finding is now waived.", "%(num)s findings are now waived.", waived))
    if ended:
        # Its date came, somebody took it out, or the evidence is not what was accepted.
        sentences.append(
            ngettext("%(num)s finding is no longer waived.", "%(num)s findings are no longer waived.", ended)
        )
    return tuple(sentences)


def _components(difference: Difference) -> tuple[str, ...]:
    changed = [change for change in difference.components if change.label.value not in ("lost-sight", "now-seen")]
    if not changed:
        return ()
    hosts = count(len({change.host for change in changed}), "host", "hosts")
    return (
        ngettext(
            "%(num)s component changed on %(hosts)s.",
            "%(num)s components changed on %(hosts)s.",
            len(changed),
            hosts=hosts,
        ),
    )


def _facts(difference: Difference) -> tuple[str, ...]:
    changed = [change for change in difference.facts if change.label.value not in ("lost-sight", "now-seen")]
    if not changed:
        return ()
    facts = len({(change.host, change.fact) for change in changed})
    hosts = count(len({change.host for change in changed}), "host", "hosts")
    return (ngettext("%(num)s fact drifted on %(hosts)s.", "%(num)s facts drifted on %(hosts)s.", facts, hosts=hosts),)


def _by_rules(changes: tuple[FindingChange, ...]) -> tuple[str, ...]:
    if not changes:
        return ()
    sentence = ngettext(
        "%(num)s verdict changed because the rules or the reference changed",
        "%(num)s verdicts changed because the rules or the reference changed",
        len(changes),
    )
    opened = sum(change.is_for_the_worse for change in changes)
    failing = ngettext("%(num)s of them to an open failure", "%(num)s of them to an open failure", opened)
    return (f"{sentence}, {failing}." if opened else f"{sentence}.",)


def window_sentence(difference: Difference) -> str:
    """Say whether what differs was announced: by the scans since the earlier one that name a change; empty if none."""
    if difference.is_empty or not difference.windows:
        return ""
    inside = [window for window in difference.windows if window.changes]
    names = [
        _("scan %(scan)s was made during %(changes)s", scan=window.scan, changes=named(window.changes))
        for window in inside[:_NAMED]
    ]
    told = shortened("; ".join(names), _SENTENCE)
    match difference.expectation:
        case Expectation.EXPECTED:
            return _("What differs is expected: %(why)s.", why=told)
        case Expectation.PARTLY:
            return _(
                "What differs is expected in part: %(why)s. The other scans since scan %(scan)s name no change; "
                "compare scans that follow each other to see what belongs to one.",
                why=told,
                scan=difference.before.id,
            )
        case _:
            return _(
                "What differs is unexpected: no scan since scan %(scan)s was made during a change.",
                scan=difference.before.id,
            )


def cautions(difference: Difference) -> tuple[str, ...]:
    """Say what makes the two scans less comparable."""
    sentences = []
    before, after = difference.before, difference.after
    if difference.rules_changed:
        sentences.append(_("The two scans were judged by different rules."))
    if difference.reference_changed:
        sentences.append(_("The reference was edited between the two scans."))
    if difference.judged_again is JudgedAgain.BEFORE:
        sentences.append(
            _(
                "The answers of scan %(before)s were judged again as those of scan %(after)s were, so what rules or "
                "reference alone changed is told apart from what the installation did.",
                before=before.id,
                after=after.id,
            )
        )
    if difference.judged_again is JudgedAgain.BOTH:
        sentences.append(
            _(
                "The rules of scan %(scan)s are not at hand, so the answers of both scans were judged again by the "
                "present ones, to tell what the installation did from what the rules did.",
                scan=after.id,
            )
        )
    if difference.inventory_changed:
        sentences.append(_("The inventory was edited between the two scans: declared purposes, roles or hosts differ."))
    if before.tool_version != after.tool_version:
        sentences.append(
            _(
                "osaudit was %(before)s and is %(after)s; it may read more than before.",
                before=before.tool_version,
                after=after.tool_version,
            )
        )
    if before.id == after.id:
        sentences.append(_("Both sides are the same scan."))
    return tuple(sentences)
