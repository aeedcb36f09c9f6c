"""The last part of the report: what was asked, by what it was judged, and what was accepted."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from auditor.model.observation import Visit
from auditor.model.reference import Reference
from auditor.model.scan import Judgement, ScanRecord
from auditor.reporting.findings import short
from auditor.reporting.hosts import READINGS
from auditor.reporting.matrix import reading_state
from auditor.reporting.page_shapes import AboutTable
from auditor.reporting.plain import cut_line
from auditor.reporting.values import SENTENCE
from auditor.reporting.words import CHANNELS, PURPOSES, duration

_OUTCOMES = ("ok", "missing", "denied", "failed", "unsupported")


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
    return _table_of_hosts(rows, "Time")


def _hosts_together(record: ScanRecord) -> AboutTable:
    """Return one row for all hosts that were read alike, with the longest time that it took."""
    alike: dict[tuple[str, ...], list[tuple[str, Visit | None]]] = {}
    for host in record.inventory.hosts:
        visit = record.visits.get(host.name)
        alike.setdefault(_visit_columns(visit), []).append((short(host.name), visit))
    rows = []
    for columns, hosts in alike.items():
        times = [_took(visit) for _, visit in hosts if visit]
        rows.append((", ".join(name for name, _ in hosts), *columns, duration(max(times)) if times else "–"))
    return _table_of_hosts(tuple(rows), "Longest time")


def _table_of_hosts(rows: tuple[tuple[str, ...], ...], time: str) -> AboutTable:
    headers = ("Host", "Read", "Channel", "Answers", "Requests", time)
    note = "Every host is visited once: one sign-in, one list of questions, one document back."
    return AboutTable("How each host was read", "about-hosts", headers, rows, note)


def _visit_columns(visit: Visit | None) -> tuple[str, str, str, str]:
    reading = READINGS[reading_state(visit)[0]]
    if visit is None:
        return reading, "–", "0", "0"
    return reading, CHANNELS[visit.channel] if visit.channel else "–", str(len(visit.answers)), str(visit.requests)


def _took(visit: Visit) -> timedelta:
    return visit.observed_at - visit.started_at


def _questions(record: ScanRecord) -> AboutTable:
    asked: dict[str, Counter[str]] = {}
    for visit in record.visits.values():
        for question, answer in visit.answers.items():
            asked.setdefault(question, Counter())[answer.outcome.value] += 1
    rows = tuple((name, *(str(asked[name][outcome]) for outcome in _OUTCOMES)) for name in sorted(asked))
    note = (
        "Number of hosts by how the question ended. Only ok and missing say something about the host; missing is proof "
        "of absence. `osaudit explain` tells each question in words."
    )
    headers = ("Question", "ok", "missing", "denied", "failed", "unsupported")
    return AboutTable(f"Questions asked ({len(rows)})", "about-questions", headers, rows, note.replace("`", ""))


def _reference(reference: Reference) -> AboutTable:
    wanted = ", ".join(
        f"{PURPOSES[item.purpose]}{f' ({short(item.name)})' if item.name else ''}" for item in reference.environments
    )
    limits = reference.thresholds
    rows = [
        ("Environments asked for", wanted or "none"),
        ("Answers are fresh for", f"{limits.freshness_hours} h"),
        ("Clocks may differ from osaudit's by", f"{limits.clock_offset_seconds} s"),
        ("Clocks of one environment may differ by", f"{limits.clock_difference_seconds} s"),
        ("An environment is assessable from", f"{limits.coverage_percent} % decided verdicts"),
        ("A certificate is a finding from", f"{limits.certificate_warning_days} days before its end"),
        ("A certificate is urgent from", f"{limits.certificate_urgent_days} days before its end"),
        ("Redundancy asked for in", _purposes(reference.redundancy_asked_for)),
        ("Severity one step lower in", _purposes(reference.lower_severity_for)),
        ("Further applications allowed beside LifeTime", ", ".join(reference.lifetime_applications_allowed) or "none"),
    ]
    for item in reference.adjustments:
        date = f" on {short(item.date)}" if item.date else ""
        rows.append((f"Adjusted by {short(item.author)}{date}", cut_line(item.reason, SENTENCE)))
    note = "The built-in reference." if not reference.adjustments else "The reference was adjusted by its owner."
    return AboutTable("The reference", "about-reference", ("What", "Value"), tuple(rows), note)


def _purposes(purposes: frozenset[object]) -> str:
    return ", ".join(word for purpose, word in PURPOSES.items() if purpose in purposes) or "none"


def _digests(record: ScanRecord, judgement: Judgement, figures: str, outcome: str) -> AboutTable:
    rows = (
        ("Rules", judgement.rules.digest or "–"),
        ("Age of the rules' figures", figures or "not known: other rules than those at hand judged this scan"),
        ("osaudit", judgement.rules.tool_version),
        ("Exit code of the scan", outcome or "not known"),
        ("Inventory", record.inventory.digest or "–"),
        ("Reference", record.reference.digest or "–"),
    )
    note = "The same answers judged by the same rules and reference give this same file, byte for byte."
    return AboutTable("Identity and exit code", "about-identity", ("What", "Value"), rows, note)
