"""The site: whatever is killed, run twice, pruned or in the way, its index leads to whole pages only."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from auditor.errors import StoreError, UsageError
from auditor.model.difference import FactLabel
from auditor.model.fact import Facts, Known
from auditor.model.history import ScanPoint
from auditor.model.known_facts import SERVICES, Service
from auditor.model.language import Language
from auditor.model.scan import ScanRecord
from auditor.publishing import INDEX, MANIFEST, Published, publish
from auditor.reporting.html import html_site
from auditor.reporting.site_view import SiteView
from auditor.store import open_store
from tests.cli.program import command, variables
from tests.end_to_end.simulated import rules
from tests.reporting.documents import Element, parsed
from tests.reporting.hostile import NAME
from tests.reporting.northwind import drifted_record, healthy_record
from tests.reporting.records import judged

NIGHTS = 30
DRIFTED = {7, 8, 19}
STOPPED = 25
SERVICE = Service("OutSystems Scheduler", "", "running", "auto", False, "LocalSystem", "C:\\s.exe", 4)


def night(number: int) -> ScanRecord:
    """Return the record of one night: some have drifted, and from one on a service is stopped."""
    record = (drifted_record if number in DRIFTED else healthy_record)(40 + number)
    judgement = judged(record)
    service = dataclasses.replace(SERVICE, state="stopped" if number >= STOPPED else "running", process=number)
    own = Facts("dev-1", {**dict(judgement.facts["dev-1"]), SERVICES.name: Known((service,))})
    changed = dataclasses.replace(judgement, facts={**judgement.facts, "dev-1": own})
    return dataclasses.replace(record, judgement=changed)


def keep(folder: Path, *records: ScanRecord) -> None:
    """Store scans; the numbers are those of the store."""
    with open_store(str(folder / "osaudit.db"), create=True) as store:
        for record in records:
            scan = store.begin(record.inventory, record.reference, record.started_at, record.changes)
            for visit in record.visits.values():
                store.record(scan, visit)
            store.seal(scan, judged(record), record.started_at + timedelta(seconds=74))


def by_hand(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "osaudit.db", isolation_level=None)) as store:
        store.execute(statement)


def published(folder: Path, language: Language = Language.ENGLISH) -> Published:
    with open_store(str(folder / "osaudit.db")) as store:
        return publish(store, folder / "www", rules(), language=language)


def page(folder: Path, name: str = INDEX) -> Element:
    return parsed((folder / "www" / name).read_text(encoding="utf-8"))


def links(of: Element) -> list[str]:
    """Return the addresses of other pages of the site, in their order."""
    return [link.attributes["href"] for link in of.all("a") if link.attributes["href"].endswith(".html")]


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "www").iterdir()}


def consistent(folder: Path) -> None:
    """Assert that the index, if there is one yet, leads to whole pages only."""
    if (folder / "www" / INDEX).exists():
        for name in links(page(folder)):
            assert (folder / "www" / name).read_bytes().endswith(b"</html>\n"), name


@pytest.fixture(scope="module")
def _thirty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("thirty")
    keep(folder, *(night(number) for number in range(1, NIGHTS + 1)))
    by_hand(folder, f"update scan set changes = '[\"CHG1234\"]' where id = {STOPPED}")
    assert published(folder) == Published(2 * NIGHTS, 0, 0)
    return folder


@pytest.fixture
def thirty(_thirty: Path, tmp_path: Path) -> Path:
    """A folder with a store of thirty scans and its site."""
    return Path(shutil.copytree(_thirty, tmp_path / "thirty"))


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """A folder with a store of three scans, of which the second drifted, and its site."""
    keep(tmp_path, healthy_record(41), drifted_record(42), healthy_record(43))
    published(tmp_path)
    return tmp_path


# What is there


def test_the_index_lists_thirty_scans_newest_first_with_their_reports_and_diffs(thirty: Path) -> None:
    index = page(thirty)
    rows = index.all("tbody")[0].all("tr")
    names = [links(row) for row in rows]

    assert names == [
        *([f"scan-{scan}.html", f"diff-{scan - 1}-{scan}.html"] for scan in range(NIGHTS, 1, -1)),
        ["scan-1.html"],
    ]
    assert set(links(index)) == {path.name for path in (thirty / "www").glob("*.html")} - {INDEX}


def test_the_index_shows_how_many_findings_were_open_by_severity(thirty: Path) -> None:
    table = page(thirty).all("table")[0]
    headers = [header.text for header in table.all("thead")[0].all("th")]
    rows = {
        row.all("th")[0].text: dict(zip(headers[1:], [cell.text for cell in row.all("td")], strict=True))
        for row in table.all("tbody")[0].all("tr")
    }
    severities = ("Critical", "High", "Medium", "Low", "Not evaluated", "Waived")

    assert [rows["Scan 7"][name] for name in severities] == ["1", "2", "2", "0", "8", "1"]
    assert [rows["Scan 9"][name] for name in severities] == ["0"] * 6
    assert rows["Scan 7"]["Hosts read"] == "6 of 7"
    assert rows["Scan 7"]["Since the scan before"] == "6 regressed, 8 lost sight"
    assert rows["Scan 8"]["Since the scan before"] == "no verdict changed"
    assert rows["Scan 5"]["Since the scan before"] == "nothing"
    assert rows[f"Scan {STOPPED}"]["Since the scan before"] == "drift of 1 fact (expected)"
    assert rows[f"Scan {STOPPED}"]["Made during"] == "CHG1234"


def test_the_index_draws_the_trend_of_each_infrastructure_over_its_scans(thirty: Path) -> None:
    index = page(thirty)
    opened, coverage = index.all("figure", "chart")
    (drawing,) = opened.all("svg")
    lines = {line.attributes["class"]: line.attributes["points"].split() for line in drawing.all("polyline")}

    assert (
        "30 scans are stored: 0 open findings in scan 1 and 0 in scan 30; 100 % and 100 % of the verdicts" in index.text
    )
    assert drawing.attributes["aria-label"].startswith("Open findings by severity over 30 scans: first 0 critical")
    assert {name: len(points) for name, points in lines.items()} == {
        f"trend key-{severity}": NIGHTS for severity in ("critical", "high", "medium")
    }
    high = [int(place.partition(",")[2]) for place in lines["trend key-high"]]
    assert {number + 1 for number, y in enumerate(high) if y == min(high)} == DRIFTED
    assert "Coverage over 30 scans: first 100 %, last 100 %." in str(coverage.all("svg")[0].attributes)


def test_the_numbers_of_the_index_are_those_of_the_history_in_the_report(three: Path) -> None:
    pages = json.loads(content(three)[MANIFEST])["pages"]
    with open_store(str(three / "osaudit.db")) as store:
        points = TypeAdapter(tuple[ScanPoint, ...]).dump_python(store.history(3).points, mode="json")

    assert [pages[f"scan-{scan}.html"]["line"]["point"] for scan in (1, 2, 3)] == points
    assert [row.all("td", "number")[-1].text for row in page(three).all("tbody")[0].all("tr")] == [
        "100 %",
        "85 %",
        "100 %",
    ]


def test_one_scan_is_no_trend_yet(tmp_path: Path) -> None:
    keep(tmp_path, healthy_record(41))
    published(tmp_path)

    assert page(tmp_path).all("figure") == []
    assert "This is the first stored scan of the infrastructure; a trend needs two." in page(tmp_path).text


def test_the_diff_of_two_nights_tells_the_service_that_was_stopped_and_nothing_else(thirty: Path) -> None:
    facts = page(thirty, f"diff-{STOPPED - 1}-{STOPPED}.html").by_id("facts")
    (row,) = facts.all("tbody")[0].all("tr")

    assert [cell.text for cell in row.all("td")] == [
        "OutSystems Scheduler state",
        FactLabel.CHANGED,
        "running",
        "stopped",
    ]
    assert "expected" in page(thirty, f"diff-{STOPPED - 1}-{STOPPED}.html").all("section", "since")[0].text
    assert "No fact drifted" in page(thirty, f"diff-{STOPPED}-{STOPPED + 1}.html").by_id("facts").text


def test_a_finding_looks_in_a_diff_of_stored_scans_as_in_the_report(thirty: Path) -> None:
    def shown(name: str) -> str:
        text = next(item for item in page(thirty, name).all("article", "finding") if "TOPO-006" in item.text).text
        # The last words are its address in the page, which tells in which part it stands.
        return text.rpartition(" · ")[0]

    assert shown("diff-6-7.html") == shown("scan-7.html")


def test_every_page_leads_back_and_to_its_neighbours(thirty: Path) -> None:
    for name in ("scan-1.html", "scan-2.html", "diff-1-2.html"):
        assert all((thirty / "www" / link).is_file() for link in links(page(thirty, name)))
    assert links(page(thirty, "scan-2.html")) == [INDEX, "diff-1-2.html"]
    assert links(page(thirty, "diff-1-2.html")) == [INDEX, "scan-1.html", "scan-2.html"]


def test_infrastructures_are_kept_apart(three: Path) -> None:
    other = healthy_record(44)
    other = dataclasses.replace(other, inventory=dataclasses.replace(other.inventory, infrastructure="Elsewhere"))
    keep(three, other, healthy_record(45))
    published(three)
    first, second = page(three).all("section")

    assert (first.all("h2")[0].text, links(first)) == ("Elsewhere", ["scan-4.html", "scan-4.html"])
    assert links(second)[1:3] == ["scan-5.html", "diff-3-5.html"]


# What is written


def test_a_second_run_writes_nothing(three: Path) -> None:
    times = {path: path.stat().st_mtime_ns for path in (three / "www").iterdir()}

    assert published(three) == Published(0, 6, 0)
    assert {path: path.stat().st_mtime_ns for path in (three / "www").iterdir()} == times


def test_another_language_writes_every_page_anew(three: Path) -> None:
    assert published(three, Language.PORTUGUESE) == Published(6, 0, 0)
    assert published(three, Language.PORTUGUESE) == Published(0, 6, 0)

    assert {page(three, name).all("html")[0].attributes["lang"] for name in links(page(three))} == {"pt"}
    assert "Relatórios e o que mudou" in page(three).all("header")[0].text
    assert "Todas as análises" in page(three, "scan-1.html").text


def test_another_scan_adds_its_pages_and_touches_no_other(three: Path) -> None:
    before = content(three)
    keep(three, healthy_record(44))

    assert published(three) == Published(3, 5, 0)
    after = content(three)
    assert {name for name in after if after[name] != before.get(name)} == {
        "scan-4.html",
        "diff-3-4.html",
        INDEX,
        MANIFEST,
    }


def test_the_trend_is_drawn_from_the_manifest_and_no_scan_is_read_again(three: Path) -> None:
    whole = content(three)[INDEX]
    by_hand(three, "update document set body = x'00'")
    (three / "www" / INDEX).unlink()

    assert published(three) == Published(1, 5, 0)
    assert content(three)[INDEX] == whole


def test_a_change_that_was_named_later_a_damaged_page_and_a_missing_one_are_written_again(three: Path) -> None:
    fresh = content(three)
    (three / "www" / "scan-1.html").write_bytes(fresh["scan-1.html"][:5000])
    (three / "www" / "diff-1-2.html").unlink()

    assert published(three) == Published(2, 4, 0)
    assert content(three) == fresh
    by_hand(three, "update scan set changes = '[\"CHG9\"]' where id = 3")
    published(three)
    assert b"CHG9" in content(three)["scan-3.html"]
    assert b"CHG9" in content(three)[INDEX]


@pytest.mark.parametrize(
    "damaged", ["", "[]", "{", '{"osaudit_site": 2, "pages": {"scan-1.html": 5}}', '{"osaudit_site": 1}']
)
def test_a_manifest_that_cannot_be_read_is_made_anew(damaged: str, three: Path) -> None:
    fresh = content(three)
    (three / "www" / MANIFEST).write_text(damaged, encoding="utf-8")

    assert published(three) == Published(0, 6, 0)
    assert content(three) == fresh


def test_pages_of_scans_that_are_gone_are_removed_and_nothing_that_is_not_ours(three: Path) -> None:
    notes = three / "www" / "scan-99.html"
    notes.write_text("mine", encoding="utf-8")
    by_hand(three, "delete from scan where id = 1")

    assert published(three) == Published(2, 2, 2)
    assert set(content(three)) == {INDEX, MANIFEST, "scan-2.html", "scan-3.html", "diff-2-3.html", "scan-99.html"}
    (three / "www" / "scan-2.html").write_text("mine now", encoding="utf-8")
    by_hand(three, "delete from scan where id = 2")
    assert published(three).removed == 1
    assert (three / "www" / "scan-2.html").read_text(encoding="utf-8") == "mine now"
    assert notes.read_text(encoding="utf-8") == "mine"
    assert links(page(three, "scan-3.html")) == [INDEX]
    consistent(three)


def test_a_manifest_that_names_files_elsewhere_removes_nothing(three: Path) -> None:
    (three / "scan-1.html").write_text("outside", encoding="utf-8")
    document = json.loads(content(three)[MANIFEST])
    entry = document["pages"]["scan-1.html"]
    document["pages"] |= {"../scan-1.html": entry, "osaudit.db": entry, str(three / "scan-1.html"): entry}
    (three / "www" / MANIFEST).write_text(json.dumps(document), encoding="utf-8")

    assert published(three).removed == 0
    assert (three / "scan-1.html").exists()


@pytest.mark.parametrize("name", [INDEX, "scan-2.html"])
def test_a_file_of_another_origin_is_left_alone_and_nothing_is_written(name: str, tmp_path: Path) -> None:
    keep(tmp_path, healthy_record(41), healthy_record(42))
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / name).write_text("<html>Our intranet</html>", encoding="utf-8")

    with pytest.raises(UsageError, match=f"{name} was not written by osaudit and is left alone"):
        published(tmp_path)
    assert content(tmp_path) == {name: b"<html>Our intranet</html>"}


def test_a_store_without_a_complete_scan_has_no_site(tmp_path: Path) -> None:
    open_store(str(tmp_path / "osaudit.db"), create=True)

    with pytest.raises(StoreError, match="holds no complete scan"):
        published(tmp_path)


def test_names_and_changes_that_are_hostile_are_shown_and_never_obeyed(tmp_path: Path) -> None:
    first, second = healthy_record(41), dataclasses.replace(drifted_record(42), changes=(NAME, "=1+1"))
    keep(
        tmp_path,
        *(
            dataclasses.replace(item, inventory=dataclasses.replace(item.inventory, infrastructure=NAME))
            for item in (first, second)
        ),
    )
    published(tmp_path)

    for name, text in content(tmp_path).items():
        if name != MANIFEST:
            assert b"<script>alert" not in text
            assert not {"\x1b", "\u202e", "\u200b"} & set(text.decode("utf-8"))
            parsed(text.decode("utf-8"))


# Killed, and two at once


def begin(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command("site", "www"), cwd=folder, env=variables(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def test_a_run_that_is_killed_at_any_moment_leaves_a_site_that_is_whole(thirty: Path) -> None:
    whole = content(thirty)
    # As it was after twenty nights: ten reports and diffs are missing.
    shutil.rmtree(thirty / "www")
    by_hand(thirty, "update scan set state = 'running' where id > 20")
    published(thirty)
    by_hand(thirty, "update scan set state = 'complete' where id > 20")
    chance = random.Random(7431)
    killed_while_writing = 0
    for _ in range(8):
        before = len(list((thirty / "www").iterdir()))
        process = begin(thirty)
        until = time.monotonic() + 30
        # The first page of this run is the sign that it has begun to write.
        while len(list((thirty / "www").iterdir())) <= before and time.monotonic() < until and process.poll() is None:
            time.sleep(0.005)
        time.sleep(chance.uniform(0.0, 0.4))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        killed_while_writing += process.returncode == -signal.SIGKILL
        consistent(thirty)
    assert killed_while_writing >= 3
    assert begin(thirty).wait(timeout=60) == 0
    published(thirty)

    left = {name: data for name, data in content(thirty).items() if not name.startswith(".osaudit-")}
    assert left == whole


def test_what_a_killed_run_left_aside_is_removed_when_it_is_old(three: Path) -> None:
    old, young = (three / "www" / f".osaudit-scan-1.html.{name}" for name in ("1-old", "2-young"))
    for path in (old, young):
        path.write_text("half a page", encoding="utf-8")
    an_hour_ago = time.time() - 3700
    os.utime(old, (an_hour_ago, an_hour_ago))
    published(three)

    assert (old.exists(), young.exists()) == (False, True)


def test_two_runs_at_once_do_no_harm(thirty: Path) -> None:
    whole = content(thirty)
    shutil.rmtree(thirty / "www")

    runs = [begin(thirty) for _ in range(2)]

    assert [(run.communicate(timeout=120)[1], run.returncode)[1] for run in runs] == [0, 0]
    assert content(thirty) == whole
    assert published(thirty).written == 0


def test_a_scan_that_ends_while_the_site_is_written_is_on_it(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second look at the store finds it."""
    keep(three, healthy_record(44))
    added: list[ScanRecord] = []

    def another_ends(view: SiteView, templates: Path) -> str:
        if not added:
            added.append(healthy_record(45))
            keep(three, *added)
        return html_site(view, templates)

    monkeypatch.setattr("auditor.publishing.html_site", another_ends)
    published(three)

    assert "scan-5.html" in links(page(three))
