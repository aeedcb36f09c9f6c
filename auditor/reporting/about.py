"""The last part of the report: what was asked, by what it was judged, and what was accepted."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from auditor.model.observation import Visit
from auditor.model.question import Outcome
from auditor.model.reference import Reference
from auditor.model.scan import Judgement, ScanRecord
from auditor.reporting.findings import short
from auditor.reporting.hosts import READINGS
from auditor.reporting.language import English, _
from auditor.reporting.matrix import reading_state
from auditor.reporting.page_shapes import AboutTable
from auditor.reporting.plain import cut_line
from auditor.reporting.values import SENTENCE
from auditor.reporting.words import CHANNELS, OUTCOMES, PURPOSES, duration

_OUTCOMES = (Outcome.OK, Outcome.MISSING, Outcome.DENIED, Outcome.FAILED, Outcome.UNSUPPORTED)


def about(
    record: ScanRecord, judgement: Judgement, figures: str, outcome: str, *, is_compact: bool
) -> tuple[AboutTable, ...]:
    """Return the tables of the last part; `outcome` is the exit code with its meaning."""
    return (
        _hosts_together(record) if is_compact else _hosts(record),
        _questions(record),
        _reference(record.reference),
        _digests(record, judgement, figures, outcome),
    )


def _hosts(record: ScanRecord) -> AboutTable:
    visits = [(short(host.name), record.visits.get(host.name)) for host in record.inventory.hosts]
    rows = tuple((name, *_visit_columns(visit), duration(_took(visit)) if visit else "–") for name, visit in visits)
    return _table_of_hosts(rows, _("Time"))


def _hosts_together(record: ScanRecord) -> AboutTable:
    """Return one row for all hosts that were read alike, with the longest time that it took."""
    alike: dict[tuple[str, ...], list[tuple[str, Visit | None]]] = {}
    for host in record.inventory.hosts:
        visit = record.visits.get(host.name)
        alike.setdefault(_visit_columns(visit), []).append((short(host.name), visit))
    rows = []
    for columns, hosts in alike.items():
        times = [_took(visit) for name, visit in hosts if visit]
        rows.append((", ".join(name for name, visit in hosts), *columns, duration(max(times)) if times else "–"))
    return _table_of_hosts(tuple(rows), _("Longest time"))


def _table_of_hosts(rows: tuple[tuple[str, ...], ...], time: str) -> AboutTable:
    headers = (_("Host"), _("Read"), _("Channel"), _("Answers"), _("Requests"), time)
    note = _("Every host is visited once: one sign-in, one list of questions, one document back.")
    return AboutTable(_("How each host was read"), "about-hosts", headers, rows, note)


def _visit_columns(visit: Visit | None) -> tuple[str, str, str, str]:
    reading = READINGS[reading_state(visit)[0]]
    if visit is None:
        return reading, "–", "0", "0"
    return reading, CHANNELS[visit.channel] if visit.channel else "–", str(len(visit.answers)), str(visit.requests)


def _took(visit: Visit) -> timedelta:
    return visit.observed_at - visit.started_at


def _questions(record: ScanRecord) -> AboutTable:
    asked: dict[str, Counter[Outcome]] = {}
    for visit in record.visits.values():
        for question, answer in visit.answers.items():
            asked.setdefault(question, Counter())[answer.outcome] += 1
    rows = tuple((name, *(str(asked[name][outcome]) for outcome in _OUTCOMES)) for name in sorted(asked))
    note = _(
        "Number of hosts by how the question ended. Only ok and missing say something about the host; missing is proof "
        "of absence. osaudit explain tells each question in words."
    )
    headers = (_("Question"), *(OUTCOMES[outcome] for outcome in _OUTCOMES))
    title = _("Questions asked (%(number)s)", number=len(rows))
    return AboutTable(title, "about-questions", headers, rows, note)


def _reference(reference: Reference) -> AboutTable:
    wanted = ", ".join(
        f"{PURPOSES[item.purpose]}{f' ({short(item.name)})' if item.name else ''}" for item in reference.environments
    )
    limits = reference.thresholds
    rows = [
        (_("Environments asked for"), wanted or _("none")),
        (_("Answers are fresh for"), f"{limits.freshness_hours} h"),
        (_("Clocks may differ from osaudit's by"), f"{limits.clock_offset_seconds} s"),
        (_("Clocks of one environment may differ by"), f"{limits.clock_difference_seconds} s"),
        (
            _("An environment is assessable from"),
            _("%(percent)s %% decided verdicts", percent=limits.coverage_percent),
        ),
        (_("A certificate is a finding from"), _before_its_end(limits.certificate_warning_days)),
        (_("A certificate is urgent from"), _before_its_end(limits.certificate_urgent_days)),
        (_("Redundancy asked for in"), _purposes(reference.redundancy_asked_for)),
        (_("Severity one step lower in"), _purposes(reference.lower_severity_for)),
        (
            _("Further applications allowed beside LifeTime"),
            ", ".join(reference.lifetime_applications_allowed) or _("none"),
        ),
    ]
    for item in reference.adjustments:
        by = _("Adjusted by %(author)s", author=short(item.author))
        if item.date:
            by = _("Adjusted by %(author)s on %(date)s", author=short(item.author), date=short(item.date))
        rows.append((by, cut_line(item.reason, SENTENCE)))
    note = _("The reference was adjusted by its owner.") if reference.adjustments else _("The built-in reference.")
    return AboutTable(_("The reference"), "about-reference", (_("What"), _("Value")), tuple(rows), note)


def _before_its_end(days: int) -> str:
    return _("%(days)s days before its end", days=days)


def _purposes(purposes: frozenset[object]) -> str:
    return ", ".join(word for purpose, word in PURPOSES.items() if purpose in purposes) or _("none")


def _digests(record: ScanRecord, judgement: Judgement, figures: str, outcome: str) -> AboutTable:
    unknown_figures = _("not known: other rules than those at hand judged this scan")
    rows = (
        (_("Rules"), judgement.rules.digest or "–"),
        (_("Age of the rules' figures"), English(figures) if figures else unknown_figures),
        ("osaudit", judgement.rules.tool_version),
        (_("Exit code of the scan"), outcome or _("not known")),
        (_("Inventory"), record.inventory.digest or "–"),
        (_("Reference"), record.reference.digest or "–"),
    )
    note = _("The same answers judged by the same rules and reference give this same file, byte for byte.")
    return AboutTable(_("Identity and exit code"), "about-identity", (_("What"), _("Value")), rows, note)
