"""A fortnight of nightly scans that nobody watches: what drifts, what is accepted, what is missed, and who is told.

Sixteen nights are planned; in two of them no scan runs. What each night must come to stands in `FORTNIGHT`.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import cached_property
from typing import Any

import pytest

from auditor import bundled
from auditor.model.scan import ScanRecord
from auditor.simulation.certificates import Authority
from auditor.store import file_of, open_store
from auditor.store.schema import REVISION
from tests.cli.program import ROOT, Ended
from tests.end_to_end.nights import Drift, Nights
from tests.peers.mail import MailServer, mail_server
from tests.peers.postgresql import PostgreSQL
from tests.peers.webhook import Receiver, webhook
from tests.reporting.documents import Element, parsed

CONFIGURATION = """
schedule: {at: "02:00"}
scan: {fail_on: medium}
notifications:
  targets:
    - {name: mail, address: {file: mail.txt}, attach_report: true}
    - {name: chat, address: {environment: CHAT_ADDRESS}}
"""

HEALTHY: Drift = {}
LESS_MEMORY: Drift = {"dev-1": {"hardware": {"memory_gb": 3}}}
LEAST_MEMORY: Drift = {"dev-1": {"hardware": {"memory_gb": 2}}}
WITH_LIFETIME: Drift = {
    "dev-1": {"extends": str(bundled.machines_folder() / "p05-lifetime-in-development.yaml"), **LESS_MEMORY["dev-1"]}
}

CLEAN = "No failure is open in what could be judged, but not everything could be."
ONE_HIGH = "1 high finding is open, on 1 host."
HIGH_AND_MEDIUM = "1 high and 1 medium findings are open, on 1 host and across environments."
# Labels of a diff that say no more than that a check could look now, or found another value that is none of its matter.
ASIDE = frozenset({"in-scope", "out-of-scope", "evidence-changed", "lost-sight", "now-seen"})


def accept(nights: Nights, until: str) -> None:
    """Accept the memory of dev-1 as it is, from today on."""
    ended = nights.osaudit(
        *("waivers", "add", "HW-002", "--host", "dev-1", "--until", until),
        *("--reason", "More is ordered.", "--owner", "operations", "--approver", "the head of IT"),
    )
    assert ended.code == 0, ended.err


def accept_from_friday(nights: Nights) -> None:
    accept(nights, "2026-05-31")
    file = nights.folder / "waivers.yaml"
    text = file.read_text(encoding="utf-8")
    assert "date: 2026-03-04\n" in text
    file.write_text(text.replace("date: 2026-03-04\n", "date: 2026-03-06\n"), encoding="utf-8")


def accept_until_thursday(nights: Nights) -> None:
    accept(nights, "2026-03-12")


def give_up_waivers(nights: Nights) -> None:
    (nights.folder / "waivers.yaml").write_text("waivers: []\n", encoding="utf-8")


def nothing(nights: Nights) -> None:
    """The day passes."""


@dataclass(frozen=True)
class Night:
    """What happens in a night of March 2026 and on the day before, and what must come of it.

    `code` is that of the scan, None where none runs, and `status` that of the morning. `opened` counts what is open by
    severity (critical, high, medium), and then what is waived. `told` is what the messages say first, None where nobody
    is told. `changed` is what differs from the scan before.
    """

    day: int
    what: str
    drift: Drift
    code: int | None = 0
    status: int = 0
    opened: tuple[int, int, int, int] = (0, 0, 0, 0)
    told: str | None = None
    changed: frozenset[str] = frozenset()
    before: Callable[[Nights], None] = nothing
    unread: frozenset[str] = frozenset()
    options: tuple[str, ...] = ()


FORTNIGHT = (
    Night(2, "the first scan", HEALTHY, told=CLEAN),
    Night(3, "nothing", HEALTHY),
    Night(
        4,
        "dev-1 has 3 GB",
        LESS_MEMORY,
        code=10,
        opened=(0, 1, 0, 0),
        told=ONE_HIGH,
        changed=frozenset({"regressed HW-002 dev-1"}),
    ),
    Night(
        5,
        "a waiver was written, and begins tomorrow",
        LESS_MEMORY,
        code=10,
        opened=(0, 1, 0, 0),
        before=accept_from_friday,
    ),
    Night(
        6, "the waiver begins", LESS_MEMORY, opened=(0, 0, 0, 1), told=CLEAN, changed=frozenset({"waived HW-002 dev-1"})
    ),
    Night(7, "no scan runs", LESS_MEMORY, code=None, status=5),
    Night(8, "nothing but the upgrade of the store", LESS_MEMORY, opened=(0, 0, 0, 1)),
    Night(
        9,
        "dev-1 has 2 GB, which was not accepted",
        LEAST_MEMORY,
        code=10,
        opened=(0, 1, 1, 0),
        told=HIGH_AND_MEDIUM,
        changed=frozenset({"waiver-ended HW-002 dev-1", "regressed TOPO-011 fortnight"}),
    ),
    Night(
        10,
        "a second waiver begins",
        LEAST_MEMORY,
        opened=(0, 0, 0, 1),
        told=CLEAN,
        changed=frozenset({"waived HW-002 dev-1", "repaired TOPO-011 fortnight"}),
        before=accept_until_thursday,
    ),
    Night(
        11,
        "qa-1 answers without an end",
        LEAST_MEMORY,
        code=3,
        status=3,
        opened=(0, 1, 0, 1),
        told=ONE_HIGH,
        changed=frozenset({"regressed DATA-001 qa-1"}),
        unread=frozenset({"qa-1"}),
        options=("--scan-seconds", "6"),
    ),
    Night(
        12,
        "qa-1 is back; the last day of the second waiver",
        LEAST_MEMORY,
        opened=(0, 0, 0, 1),
        told=CLEAN,
        changed=frozenset({"repaired DATA-001 qa-1"}),
    ),
    Night(
        13,
        "the second waiver has ended",
        LEAST_MEMORY,
        code=10,
        opened=(0, 1, 1, 0),
        told=HIGH_AND_MEDIUM,
        changed=frozenset({"waiver-ended HW-002 dev-1", "regressed TOPO-011 fortnight"}),
    ),
    Night(14, "no scan runs", LEAST_MEMORY, code=None, status=5),
    Night(
        15,
        "dev-1 has memory again, and the waivers are deleted",
        HEALTHY,
        told=CLEAN,
        changed=frozenset({"repaired HW-002 dev-1", "repaired TOPO-011 fortnight"}),
        before=give_up_waivers,
    ),
    Night(
        16,
        "in an announced change dev-1 gets LifeTime, and loses memory again",
        WITH_LIFETIME,
        code=10,
        opened=(1, 2, 1, 0),
        told="1 critical, 2 high and 1 medium findings are open, on 1 host and across environments.",
        changed=frozenset(
            {
                "regressed TOPO-006 dev-1",
                "regressed TOPO-004 fortnight",
                "regressed HW-002 dev-1",
                "regressed DATA-005 dev-1",
            }
        ),
        options=("--change", "CHG0042"),
    ),
    Night(
        17,
        "all of it is taken back",
        HEALTHY,
        told=CLEAN,
        changed=frozenset(
            {
                "repaired TOPO-006 dev-1",
                "repaired TOPO-004 fortnight",
                "repaired HW-002 dev-1",
                "repaired DATA-005 dev-1",
            }
        ),
    ),
)
# The store is put back into the first schema before the scan of this night, where it is a file.
UPGRADED = 8
SCANNED = tuple(night for night in FORTNIGHT if night.code is not None)
# The number of the last scan of each night: that of a missed one is the scan before.
SCANS = {night.day: sum(other.day <= night.day for other in SCANNED) for night in FORTNIGHT}


def march(day: int, hour: int) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


@dataclass
class Seen:
    """What was seen of a night: how the runs of the program ended, and the messages that arrived."""

    night: Night
    scan: Ended | None
    status: Ended
    diff: Future[Ended] | None
    posts: list[dict[str, Any]]
    mails: list[EmailMessage]

    @cached_property
    def difference(self) -> dict[str, Any]:
        assert self.diff is not None
        ended = self.diff.result()
        assert ended.code == 0, ended.err
        document: dict[str, Any] = json.loads(ended.out)
        return document

    def changes(self, *labels: str) -> frozenset[str]:
        """Return check and subject of the findings that changed in one of these ways."""
        return frozenset(
            f"{finding['check']} {finding['subject']['name']}"
            for finding in self.difference["findings"]
            if finding["label"] in labels
        )

    def message_part(self, title: str) -> frozenset[str]:
        """Return check and subject of the findings that the message lists under this title."""
        (post,) = self.posts
        part = post["message"].partition(f"### {title}\n")[2].partition("###")[0]
        return frozenset(
            f"{check} {subject}" for check, subject in re.findall(r"^- \*\*\w+\*\* (\S+) (\S+)", part, re.M)
        )


@dataclass
class Fortnight:
    """All that was seen of a fortnight, and of the store at its end."""

    nights: Nights
    store: str
    mail: MailServer
    seen: dict[int, Seen] = field(default_factory=dict)
    before_the_upgrade: dict[int, Any] = field(default_factory=dict)
    after_the_upgrade: dict[int, Any] = field(default_factory=dict)

    def report(self, scan: int) -> dict[str, Any]:
        ended = self.nights.osaudit("report", str(scan), "--format", "json")
        assert ended.code == 0, ended.err
        document: dict[str, Any] = json.loads(ended.out)
        return document


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The store of the fortnight on each engine in turn, as `--store` names it; its password is known."""
    if request.param == "sqlite":
        yield str(tmp_path_factory.mktemp("sqlite") / "osaudit.db")
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        yield server.new_database()


@pytest.fixture(scope="module")
def fortnight(store: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fortnight]:
    """Let a fortnight pass."""
    folder = tmp_path_factory.mktemp("fortnight")
    authority = Authority.create(tmp_path_factory.mktemp("authority"))
    with mail_server(authority.issue(), "osaudit", "Planted-Mail-7431") as mail, webhook() as chat:
        (folder / "osaudit.yaml").write_text(CONFIGURATION, encoding="utf-8")
        (folder / "mail.txt").write_text(
            f"mailtos://osaudit:Planted-Mail-7431@127.0.0.1:{mail.port}/?mode=starttls&smtp=127.0.0.1"
            "&from=osaudit@example.com&to=operations@example.com",
            encoding="utf-8",
        )
        (folder / "mail.txt").chmod(0o600)
        environment = {
            "OSAUDIT_STORE": store,
            "CHAT_ADDRESS": f"json://127.0.0.1:{chat.port}/",
            "SSL_CERT_FILE": str(authority.file),
        }
        nights = Nights(folder, environment)
        passed = Fortnight(nights, store, mail)
        # What two nights differ in is told beside what follows, to use the time.
        with nights.serving(), ThreadPoolExecutor(1) as aside:
            for night in FORTNIGHT:
                if night.day == UPGRADED:
                    wait([seen.diff for seen in passed.seen.values() if seen.diff])
                    passed.before_the_upgrade = content(store)
                    put_back_into_the_first_schema(store)
                passed.seen[night.day] = pass_a_night(nights, night, mail, chat, aside)
                if night.day == UPGRADED:
                    passed.after_the_upgrade = content(store)
        yield passed


def pass_a_night(nights: Nights, night: Night, mail: MailServer, chat: Receiver, aside: Executor) -> Seen:
    """Let the day before and the night pass, and look at the store in the morning."""
    mails, posts = len(mail.messages), len(chat.posts)
    nights.it_is(march(night.day - 1, 12))
    night.before(nights)
    nights.it_is(march(night.day, 2))
    nights.become(night.drift, night.unread)
    scan = None if night.code is None else nights.osaudit("scan", *night.options)
    number = SCANS[night.day]
    diff = None
    if scan is not None and number > 1:
        diff = aside.submit(nights.osaudit, "diff", str(number - 1), str(number), "--format", "json")
    nights.it_is(march(night.day, 8))
    status = nights.osaudit("status", "--format", "json")
    return Seen(night, scan, status, diff, [post for _, post in chat.posts[posts:]], mail.messages[mails:])


def content(store: str) -> dict[int, Any]:
    """Return all that a store holds of its scans."""
    with open_store(store) as opened:
        return {scan.id: comparable(opened.scan(scan.id)) for scan in opened.scans()}


def comparable(record: ScanRecord) -> Any:
    judgement = record.judgement
    assert judgement is not None
    facts = {host: dict(facts) for host, facts in judgement.facts.items()}
    return replace(record, judgement=None), judgement.findings, judgement.portraits, judgement.rules, facts


def put_back_into_the_first_schema(store: str) -> None:
    """Let a file be what an osaudit of the first schema would have written: its tables, with all of our rows."""
    file = file_of(store)
    if file is None:
        return
    old = file.with_name("old.db")
    with closing(sqlite3.connect(old)) as database:
        database.executescript((ROOT / "fixtures" / "databases" / "0001.sql").read_text(encoding="utf-8"))
        database.execute("attach ? as newer", [str(file)])
        tables = database.execute("select name from main.sqlite_schema where type = 'table'").fetchall()
        for (table,) in tables:
            if table != "alembic_version":
                columns = ", ".join(row[1] for row in database.execute(f"pragma main.table_info({table})"))
                database.execute(f"delete from main.{table}")
                database.execute(f"insert into main.{table} ({columns}) select {columns} from newer.{table}")
        database.commit()
    old.chmod(0o600)
    old.replace(file)


def of_nights(*which: Night) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("night", which or FORTNIGHT, ids=lambda night: f"{night.day} {night.what}")


@of_nights(*SCANNED)
def test_each_scan_ends_with_its_exit_code(night: Night, fortnight: Fortnight) -> None:
    ended = fortnight.seen[night.day].scan
    assert ended is not None
    assert ended.code == night.code, ended.err


@of_nights()
def test_in_the_morning_the_status_tells_of_the_last_scan_and_whether_one_was_missed(
    night: Night, fortnight: Fortnight
) -> None:
    ended = fortnight.seen[night.day].status
    assert ended.code == night.status, ended.err
    status = json.loads(ended.out)
    assert status["last_complete_scan"]["id"] == SCANS[night.day]
    assert status["missed_since"] == (march(night.day, 2).isoformat() if night.code is None else None)
    assert status["next_run"] == march(night.day + 1, 2).isoformat()
    assert status["unfinished_scan"] is None


@of_nights(*SCANNED[1:])
def test_what_differs_from_the_scan_before(night: Night, fortnight: Fortnight) -> None:
    before = SCANNED[SCANNED.index(night) - 1]
    seen = fortnight.seen[night.day]
    difference = seen.difference

    assert (difference["before"]["id"], difference["after"]["id"]) == (SCANS[before.day], SCANS[night.day])
    found = {(item["label"], f"{item['check']} {item['subject']['name']}") for item in difference["findings"]}
    assert {f"{label} {what}" for label, what in found if label not in ASIDE} == night.changed
    hosts = {(item["host"], item["label"]) for item in difference["hosts"]}
    lost, back = night.unread - before.unread, before.unread - night.unread
    assert hosts == {*((host, "lost-sight") for host in lost), *((host, "seen-again") for host in back)}
    assert bool(seen.changes("lost-sight")) == bool(lost)
    assert bool(seen.changes("now-seen")) == bool(back)
    drifted = {item["host"] for item in difference["facts"]}
    assert drifted == ({"dev-1"} if night.drift != before.drift else set())


def test_an_announced_change_makes_expected_what_differs_in_its_scan_alone(fortnight: Fortnight) -> None:
    expected = {night.day for night in SCANNED[1:] if fortnight.seen[night.day].difference["expectation"] == "expected"}
    assert expected == {16}
    installed = {(item["host"], item["kind"]) for item in fortnight.seen[16].difference["components"]}
    assert installed == {("dev-1", "lifetime"), ("dev-1", "lifetime-payload")}


@of_nights()
def test_targets_are_told_of_what_changed_and_of_nothing_else(night: Night, fortnight: Fortnight) -> None:
    seen = fortnight.seen[night.day]
    if night.told is None:
        assert (seen.posts, seen.mails) == ([], [])
        assert seen.scan is None or "Nothing changed since the scan before; nobody was notified." in seen.scan.err
        return
    (post,), (mail,) = seen.posts, seen.mails

    assert post["title"] == mail["subject"] == f"osaudit: fortnight: {night.told}"
    assert seen.message_part("New") == named(night, "regressed", "waiver-ended")
    assert seen.message_part("Resolved") == named(night, "repaired")
    assert ("1 finding is now waived." in post["message"]) == bool(named(night, "waived"))
    assert ("1 finding is no longer waived." in post["message"]) == bool(named(night, "waiver-ended"))
    html = mail.get_body(("html",))
    assert html is not None
    text = parsed(html.get_content()).text
    for what in named(night, "regressed", "waiver-ended", "repaired"):
        assert what in text
    (report,) = mail.iter_attachments()
    assert report.get_filename() == f"osaudit-{SCANS[night.day]}.html"


def named(night: Night, *labels: str) -> frozenset[str]:
    parted = [change.split(maxsplit=1) for change in night.changed]
    return frozenset(what for label, what in parted if label in labels)


def test_every_mail_was_sent_after_starttls_and_sign_in(fortnight: Fortnight) -> None:
    assert fortnight.mail.sign_ins == [("osaudit", True)] * sum(night.told is not None for night in FORTNIGHT)


def test_the_life_of_the_waivers_is_told(fortnight: Fortnight) -> None:
    told = {day: seen.posts[0]["message"] for day, seen in fortnight.seen.items() if seen.posts}

    in_spite = "HW-002 dev-1 (Development) is open in spite of a waiver: the evidence is not what was accepted."
    assert {day for day, message in told.items() if in_spite in message} == {9, 13}
    assert "HW-002 for dev-1 ended on 2026-03-12" in told[13]
    ending = re.compile(r"HW-002 dev-1 \(Development\): (ends [\w ]+), owner operations")
    assert {day: found.groups() for day, message in told.items() if (found := ending.search(message))} == {
        10: ("ends in 2 days",),
        11: ("ends in 1 day",),
        12: ("ends today",),
    }


def test_a_scan_that_overran_is_sealed_by_its_deadline_with_what_it_had_read(fortnight: Fortnight) -> None:
    ended = fortnight.seen[11].scan
    assert ended is not None
    assert "qa-1: not read (timed-out): The scan's deadline of 6 s passed before the host was read." in ended.err
    assert "The audit is incomplete: not read: qa-1." in ended.err
    status = json.loads(fortnight.seen[11].status.out)["last_complete_scan"]
    assert (status["hosts_read"], status["hosts_declared"]) == (2, 3)
    assert status["gaps"] == "The audit is incomplete: not read: qa-1."
    (post,) = fortnight.seen[11].posts
    assert "Sight was lost of 1 host: qa-1." in post["message"]
    assert fortnight.seen[11].message_part("No longer seen") <= fortnight.seen[11].changes("lost-sight")


def test_the_store_of_an_earlier_schema_is_upgraded_and_loses_nothing(fortnight: Fortnight) -> None:
    ended = fortnight.seen[UPGRADED].scan
    assert ended is not None
    before, after = fortnight.before_the_upgrade, fortnight.after_the_upgrade
    assert list(after) == [*before, SCANS[UPGRADED]]
    assert {scan: after[scan] for scan in before} == before
    assert fortnight.seen[UPGRADED].difference["findings"] == []
    file = file_of(fortnight.store)
    if file is None:
        return
    copy = file.with_name("osaudit.schema-0001.db")
    sentence = f"The store {file} is brought from schema 0001 to {REVISION}; as it was it is kept in {copy}."
    assert [seen.night.day for seen in fortnight.seen.values() if seen.scan and sentence in seen.scan.err] == [UPGRADED]
    with closing(sqlite3.connect(copy)) as database:
        assert database.execute("select version_num from alembic_version").fetchall() == [("0001",)]
        assert database.execute("select id from scan").fetchall() == [(scan,) for scan in before]


def test_the_store_is_sound_at_the_end(fortnight: Fortnight) -> None:
    ended = fortnight.nights.osaudit("store", "check")
    assert ended.code == 0, ended.err


def test_the_trend_counts_every_night(fortnight: Fortnight) -> None:
    points = fortnight.report(len(SCANNED))["history"]

    assert [point["finished_at"][:13] for point in points] == [f"2026-03-{night.day:02}T02" for night in SCANNED]
    assert [counted(point) for point in points] == [night.opened for night in SCANNED]
    decided = Counter(point["decided"] for point in points)
    few = [point["scan"] for point in points if point["decided"] < decided.most_common(1)[0][0] * 0.9]
    assert few == [SCANS[night.day] for night in SCANNED if night.unread]


def counted(point: dict[str, Any]) -> tuple[int, ...]:
    return (*(point["open"][severity] for severity in ("critical", "high", "medium")), point["waived"])


def test_a_failure_that_came_back_after_it_was_repaired_keeps_its_life(fortnight: Fortnight) -> None:
    findings = fortnight.report(SCANS[16])["findings"]
    lives = {item["check"]: item["life"] for item in findings if item["life"] and item["subject"]["name"] == "dev-1"}
    seen = {
        check: (life["first_seen"]["scan"], life["last_seen"]["scan"], life["reopened"])
        for check, life in lives.items()
    }
    now = SCANS[16]
    assert seen == {"HW-002": (SCANS[4], now, 1), "TOPO-006": (now, now, 0), "DATA-005": (now, now, 0)}


def test_the_site_leads_through_the_fortnight(fortnight: Fortnight) -> None:
    ended = fortnight.nights.osaudit("site", "www")
    assert ended.code == 0, ended.err
    index = parsed((fortnight.nights.folder / "www" / "index.html").read_text(encoding="utf-8"))
    (table,) = index.all("table", "scans")
    rows = [cells(row) for row in reversed(table.all("tbody")[0].all("tr"))]

    assert [tuple(int(row[name]) for name in ("Critical", "High", "Medium", "Waived")) for row in rows] == [
        night.opened for night in SCANNED
    ]
    assert [row["Hosts read"] for row in rows] == ["2 of 3" if night.unread else "3 of 3" for night in SCANNED]
    assert [row["Made during"] for row in rows] == ["CHG0042" if night.day == 16 else "–" for night in SCANNED]
    for night, row in zip(SCANNED, rows, strict=True):
        assert f"2026-03-{night.day:02} 02:0" in row["Ended"]
        labels = Counter(change.split()[0].replace("-", " ") for change in night.changed)
        for label, number in labels.items():
            assert f"{number} {label}" in row["Since the scan before"]
    (chart, _) = index.all("figure", "chart")
    lines = chart.all("polyline")
    assert {len(line.attributes["points"].split()) for line in lines} == {len(SCANNED)}


def cells(row: Element) -> dict[str, str]:
    return {cell.attributes["data-label"]: cell.text for cell in row.all("td")}
