"""How the infrastructure fared over the stored scans: the trend as a drawing and as a table, and lives in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from auditor.model.finding import Severity, Status
from auditor.model.history import History, Life, ScanPoint
from auditor.model.scan import ScanRecord
from auditor.reporting.language import _, in_digits, ngettext, on_day
from auditor.reporting.shapes import LifeView, Moment
from auditor.reporting.words import SEVERITY_SYMBOLS, SEVERITY_WORDS, count, count_of_severities, moment

SEVERITIES = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)
# A year of nights; more would be narrower than a pixel.
_DRAWN = 366
_LISTED = 60
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 430, 12, 140
_WIDTH, _HEIGHT = 540, 168
_APART = 15


@dataclass(frozen=True, slots=True)
class TrendLine:
    """A line of the drawing; `points` are coordinates, `label` stands at its end at `y`."""

    key: str
    points: str
    label: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing of numbers over the scans; `meaning` says in words what it shows, `marks` are (y, label)."""

    title: str
    meaning: str
    width: int
    height: int
    left: int
    right: int
    bottom: int
    marks: tuple[tuple[int, str], ...]
    lines: tuple[TrendLine, ...]


@dataclass(frozen=True, slots=True)
class TrendRow:
    """One scan of the table, newest first."""

    scan: int
    at: Moment
    opened: tuple[int, ...]
    waived: int
    undecided: int
    coverage: str


@dataclass(frozen=True, slots=True)
class TrendView:
    """All scans in numbers. `charts` is empty with less than two scans; `points` are all of them, oldest first."""

    sentence: str
    first: str
    last: str
    charts: tuple[Chart, ...]
    rows: tuple[TrendRow, ...]
    left_out: str
    points: tuple[ScanPoint, ...]


def life_view(life: Life, moments: Mapping[int, Moment], today: int) -> LifeView:
    """Return a life in words; `moments` tells when each scan finished, `today` is the scan of the report."""
    return LifeView(
        first=life.first,
        first_at=moments[life.first],
        last=life.last,
        last_at=moments[life.last],
        reopened=life.reopened,
        first_words=_this_or(life.first, today),
        last_words=_this_or(life.last, today),
        reopened_words=count(life.reopened, "time", "times") if life.reopened else _("never"),
        words=_life(life, moments, today),
    )


def _life(life: Life, moments: Mapping[int, Moment], today: int) -> str:
    words = [_("first in %(scan)s", scan=_this_or(life.first, today))]
    if life.first != today:
        words[0] += f", {moments[life.first].words}"
    if life.last != life.first:
        words.append(_("last in %(scan)s", scan=_this_or(life.last, today)))
    if life.reopened:
        words.append(_("reopened %(times)s", times=count(life.reopened, "time", "times")))
    return "; ".join(words)


def _this_or(scan: int, today: int) -> str:
    return _("this scan") if scan == today else _("scan %(scan)s", scan=scan)


def moments_of(history: History) -> dict[int, Moment]:
    """Return when each scan of the history finished."""
    return {point.scan: Moment(point.finished_at.isoformat(), moment(point.finished_at)) for point in history.points}


def scan_point(record: ScanRecord) -> ScanPoint:
    """Return a sealed scan in numbers, as the store counts them for its history."""
    assert record.judgement is not None and record.finished_at is not None, "a sealed scan has both"
    findings = record.judgement.findings

    def counted(*statuses: Status) -> int:
        return sum(item.verdict.status in statuses for item in findings)

    return ScanPoint(
        scan=record.id,
        finished_at=record.finished_at,
        rules=record.judgement.rules.digest,
        opened={
            severity: sum(item.is_open and item.severity is severity for item in findings) for severity in SEVERITIES
        },
        waived=sum(item.is_waived for item in findings),
        decided=counted(Status.PASS, Status.FAIL),
        undecided=counted(Status.UNKNOWN, Status.ERROR),
    )


def trend_view(history: History) -> TrendView:
    """Return the trend of open findings by severity and of coverage."""
    points = history.points
    drawn = points[-_DRAWN:]
    listed = points[-_LISTED:]
    older = len(points) - len(listed)
    return TrendView(
        sentence=_sentence(points),
        first=_day(drawn[0]) if drawn else "",
        last=_day(drawn[-1]) if drawn else "",
        charts=(_opened(drawn), _coverage(drawn)) if len(drawn) > 1 else (),
        rows=tuple(_row(point) for point in reversed(listed)),
        left_out=_left_out(older) if older else "",
        points=points,
    )


def _day(point: ScanPoint) -> str:
    return _("scan %(scan)s, %(day)s", scan=point.scan, day=on_day(point.finished_at.date()))


def _left_out(older: int) -> str:
    return ngettext("%(num)s older scan in the JSON report.", "%(num)s older scans in the JSON report.", older)


def _sentence(points: tuple[ScanPoint, ...]) -> str:
    if len(points) < 2:
        return _("This is the first stored scan of the infrastructure; a trend needs two.")
    first, last = points[0], points[-1]
    before, now = (sum(point.opened.values()) for point in (first, last))
    return _(
        "%(number)s scans are stored: %(before)s in scan %(first)s and %(now)s in scan %(last)s; %(first_coverage)s "
        "and %(last_coverage)s of the verdicts that were asked for could be given.",
        number=in_digits(len(points)),
        before=count(before, "open finding", "open findings"),
        first=first.scan,
        now=in_digits(now),
        last=last.scan,
        first_coverage=percent(first),
        last_coverage=percent(last),
    )


def percent(point: ScanPoint) -> str:
    """Return the coverage in words, rounded down: 100 % is said only where nothing is missing."""
    return f"{int(point.coverage * 100)} %"


def _row(point: ScanPoint) -> TrendRow:
    return TrendRow(
        scan=point.scan,
        at=Moment(point.finished_at.isoformat(), moment(point.finished_at)),
        opened=tuple(point.opened[severity] for severity in SEVERITIES),
        waived=point.waived,
        undecided=point.undecided,
        coverage=percent(point),
    )


def _opened(points: tuple[ScanPoint, ...]) -> Chart:
    top = max(1, *(max(point.opened.values()) for point in points))
    lines = [
        _line(severity.value, [point.opened[severity] / top for point in points],
              f"{SEVERITY_SYMBOLS[severity]} {SEVERITY_WORDS[severity]} {points[-1].opened[severity]}")
        for severity in SEVERITIES
        if any(point.opened[severity] for point in points)
    ]  # fmt: skip
    meaning = _(
        "Open findings by severity over %(number)s scans: first %(first)s; last %(last)s.",
        number=len(points),
        first=_shown(points[0]),
        last=_shown(points[-1]),
    )
    return _chart(_("Open findings by severity"), meaning, ((_TOP, str(top)), (_BOTTOM, "0")), lines)


def _shown(point: ScanPoint) -> str:
    return count_of_severities({severity: point.opened[severity] for severity in SEVERITIES})


def _coverage(points: tuple[ScanPoint, ...]) -> Chart:
    line = _line("coverage", [point.coverage for point in points], percent(points[-1]))
    meaning = _(
        "Coverage over %(number)s scans: first %(first)s, last %(last)s.",
        number=len(points),
        first=percent(points[0]),
        last=percent(points[-1]),
    )
    title = _("Coverage: verdicts that could be given")
    return _chart(title, meaning, ((_TOP, "100 %"), (_BOTTOM, "0 %")), [line])


def _chart(title: str, meaning: str, marks: tuple[tuple[int, str], ...], lines: list[TrendLine]) -> Chart:
    return Chart(title, meaning, _WIDTH, _HEIGHT, _LEFT, _RIGHT, _BOTTOM, marks, tuple(_spread(lines)))


def _line(key: str, parts: list[float], label: str) -> TrendLine:
    step = (_RIGHT - _LEFT) / (len(parts) - 1)
    places = [
        (round(_LEFT + step * index), round(_BOTTOM - part * (_BOTTOM - _TOP))) for index, part in enumerate(parts)
    ]
    return TrendLine(key, " ".join(f"{x},{y}" for x, y in places), label, _RIGHT + 8, places[-1][1] + 4)


def _spread(lines: list[TrendLine]) -> list[TrendLine]:
    """Move the labels apart that would stand over each other, from the highest down, and up again at the bottom."""
    result: list[TrendLine] = []
    for line in sorted(lines, key=lambda item: item.y):
        y = max(line.y, result[-1].y + _APART) if result else line.y
        result.append(TrendLine(line.key, line.points, line.label, line.x, y))
    over = max(0, result[-1].y - _HEIGHT + 6) if result else 0
    return [TrendLine(line.key, line.points, line.label, line.x, line.y - over) for line in result]
