"""How the audit itself is doing: the last complete scan, its age, and whether a planned one is missing.

Made for monitoring: as lines, as versioned JSON, and as metrics in the text format of Prometheus.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from auditor.model.scan import ScanRecord
from auditor.model.unattended import Schedule
from auditor.reporting.cards import cards
from auditor.reporting.findings import finding_view, short
from auditor.reporting.matrix import reading_state
from auditor.reporting.plain import on_one_line
from auditor.reporting.verdict import verdict_sentence
from auditor.reporting.words import duration, moment

STATUS_VERSION = 1
# How long after its deadline a planned scan may still be judging and storing.
_GRACE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class LastScan:
    """The last complete scan; `counts` are those of the report by key, without those that compare two scans.

    `gaps` says in words what it did not see.
    """

    id: int
    infrastructure: str
    started_at: datetime
    finished_at: datetime
    hosts_declared: int
    hosts_read: int
    counts: Mapping[str, int]
    headline: str
    gaps: str


@dataclass(frozen=True, slots=True)
class StatusView:
    """The state of the audit at a moment.

    `unfinished` is the number of a later scan that was begun and not sealed, `waits_for` the zones that are not in;
    `at_work` says who scans just now, empty where nobody does; `missed` is the planned moment since which there is no
    complete scan.
    """

    at: datetime
    last: LastScan | None
    unfinished: int | None
    at_work: str
    next_run: datetime | None
    missed: datetime | None
    waits_for: tuple[str, ...] = ()


def last_scan(record: ScanRecord, gaps: str) -> LastScan:
    """Return what the status says of a sealed scan, counted and worded as in its report."""
    ended = record.finished_at or record.started_at
    findings = record.judgement.findings if record.judgement else ()
    # Nobody asks here what a verdict rests on, and wording that takes longer than all the rest.
    views = tuple(finding_view(replace(item, evidence=()), {}, ended.date()) for item in findings)
    readings = [reading_state(record.visits.get(host.name))[0] for host in record.inventory.asked]
    return LastScan(
        id=record.id,
        infrastructure=short(record.inventory.infrastructure),
        started_at=record.started_at,
        finished_at=ended,
        hosts_declared=len(readings),
        hosts_read=sum(state != "unread" for state in readings),
        counts={card.key: card.number for card in cards(views, None)},
        headline=verdict_sentence(record, views).headline,
        gaps=gaps,
    )


def missed_since(schedule: Schedule, last: LastScan | None, now: datetime, scan_seconds: float) -> datetime | None:
    """Return the planned moment whose scan should have ended by now and did not, or None.

    A scan that ended after that moment counts, whoever started it; a scan has until its deadline and half an hour.
    """
    due = schedule.last(now - timedelta(seconds=scan_seconds) - _GRACE)
    return due if last is None or last.finished_at < due else None


def status_lines(status: StatusView) -> tuple[str, ...]:
    """Return the status in sentences."""
    return tuple(_sentences(status))


def _sentences(status: StatusView) -> Iterator[str]:
    last = status.last
    if last is None:
        yield "There is no complete scan."
    else:
        age = duration(status.at - last.finished_at)
        ended = f"it ended {age} ago, at {moment(last.finished_at)}"
        yield f"Scan {last.id} of {last.infrastructure} is the last complete one; {ended}."
        yield last.headline
        if last.gaps:
            yield last.gaps
    if status.at_work:
        yield f"A scan is at work ({on_one_line(status.at_work)})."
    if status.waits_for:
        yield f"Scan {status.unfinished} waits for zones: {', '.join(status.waits_for)}."
    elif not status.at_work and status.unfinished is not None:
        yield f"Scan {status.unfinished} was begun later and not finished; `osaudit scan --resume` completes it."
    if status.missed is not None:
        yield f"A scan is missing: it was planned for {moment(status.missed)}; see why it did not run or did not end."
    if status.next_run is not None:
        yield f"Next planned scan: {moment(status.next_run)}."
    else:
        yield "No schedule is declared in osaudit.yaml, so a missing scan cannot be noticed."


def status_json(status: StatusView) -> str:
    """Return the status as JSON; docs/schemas holds its schema."""
    last = status.last
    content = {
        "osaudit_status": STATUS_VERSION,
        "at": status.at.isoformat(),
        "last_complete_scan": None
        if last is None
        else {
            "id": last.id,
            "infrastructure": last.infrastructure,
            "started_at": last.started_at.isoformat(),
            "finished_at": last.finished_at.isoformat(),
            "age_seconds": _seconds(status.at - last.finished_at),
            "hosts_declared": last.hosts_declared,
            "hosts_read": last.hosts_read,
            "counts": dict(last.counts),
            "headline": last.headline,
            "gaps": last.gaps or None,
        },
        "unfinished_scan": status.unfinished,
        "at_work": status.at_work or None,
        "missed_since": status.missed.isoformat() if status.missed else None,
        "next_run": status.next_run.isoformat() if status.next_run else None,
    }
    return json.dumps(content, indent=2, sort_keys=True) + "\n"


def status_metrics(status: StatusView) -> str:
    """Return the status as gauges in the text format of Prometheus, for the textfile collector of an exporter.

    What is not known has no sample, so that a rule can ask for its absence.
    """
    return "".join(f"{line}\n" for line in _metrics(status))


def _metrics(status: StatusView) -> Iterator[str]:
    last, missed = status.last, status.missed is not None
    if last is not None:
        who = {"infrastructure": last.infrastructure}
        took = _seconds(last.finished_at - last.started_at)
        kinds = [({**who, "kind": kind}, float(number)) for kind, number in last.counts.items()]
        ended = [(who, last.finished_at.timestamp())]
        yield from _gauge("last_complete_scan_timestamp_seconds", "When the last complete scan ended.", ended)
        yield from _gauge("last_complete_scan_duration_seconds", "How long the last complete scan took.", [(who, took)])
        yield from _gauge("hosts_declared", "Hosts of the inventory.", [(who, last.hosts_declared)])
        yield from _gauge("hosts_read", "Hosts that the last complete scan read.", [(who, last.hosts_read)])
        yield from _gauge(
            "saw_everything", "Whether every host, question and check did its part.", [(who, not last.gaps)]
        )
        yield from _gauge(
            "findings", "Findings of the last complete scan: open ones by severity, others by kind.", kinds
        )
    yield from _gauge("scan_at_work", "Whether a scan writes into the store.", [({}, bool(status.at_work))])
    if status.next_run is not None:
        planned = status.next_run.timestamp()
        yield from _gauge("scan_missed", "Whether a planned scan did not end in time.", [({}, missed)])
        yield from _gauge("next_scan_timestamp_seconds", "When the next scan is planned.", [({}, planned)])


def _gauge(name: str, explanation: str, samples: list[tuple[dict[str, str], float]]) -> Iterator[str]:
    yield f"# HELP osaudit_{name} {explanation}"
    yield f"# TYPE osaudit_{name} gauge"
    for labels, value in samples:
        inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        yield f"osaudit_{name}{'{' + inside + '}' if inside else ''} {float(value)}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _seconds(length: timedelta) -> float:
    return round(length.total_seconds(), 3)
