"""The store: what goes in comes out, once per content, and never half."""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from auditor.errors import FailureKind, StoreError
from auditor.model.component import Certainty, Component, ComponentKind, Portrait, RoleReading, State
from auditor.model.fact import Facts, Known, NotKnown, Reason
from auditor.model.finding import EvidenceReference, Finding, Severity, Status, Subject, SubjectKind, Verdict
from auditor.model.inventory import (
    CredentialKind,
    CredentialReference,
    Environment,
    Host,
    Inventory,
    Purpose,
    Role,
    WinRMEndpoint,
    WinRMSignIn,
)
from auditor.model.known_facts import OS_VERSION, SERVICES, Service
from auditor.model.observation import ChannelName, Failure, Visit
from auditor.model.question import Answer, Outcome, Platform
from auditor.model.reference import Reference
from auditor.model.scan import Judgement, RuleSet, ScanState
from auditor.model.version import Version
from auditor.store import Store, open_store
from auditor.store.opening import engine_at
from auditor.store.schema import REVISION, Base

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
MIGRATIONS = Path(__file__).parents[2] / "auditor" / "store" / "migrations"


def inventory() -> Inventory:
    password = CredentialReference(CredentialKind.COMMAND, "vault read planted-secret")
    endpoint = WinRMEndpoint("dev-1", 5985, False, WinRMSignIn.NTLM, "auditor", password)
    host = Host("dev-1", "Development", endpoint, frozenset({Role.FRONT_END, Role.DEPLOYMENT_CONTROLLER}))
    return Inventory("example", (Environment("Development", Purpose.DEVELOPMENT, hosts=(host,)),), digest="d")


def visit(host: str = "dev-1", boot: str = "a", at: datetime = NOW) -> Visit:
    answers = {
        "clock.now": Answer("clock.now", Outcome.OK, {"utc": boot}, milliseconds=3000),
        "services.all": Answer("services.all", Outcome.OK, {"rows": [{"Name": "x" * 4000}]}, milliseconds=7000),
        "services.more": Answer("services.more", Outcome.DENIED, detail="no"),
    }
    return Visit(
        host, at, at + timedelta(seconds=2), ChannelName.POWERSHELL_OVER_WINRM, Platform.WINDOWS, answers, requests=5
    )


def judgement() -> Judgement:
    service = Service("A", "A", "running", "auto", False, "LocalSystem", "C:\\a.exe", 4)
    facts = Facts(
        "dev-1",
        {
            OS_VERSION.name: Known(Version((10, 0, 20348)), ("os.system",)),
            SERVICES.name: Known((service,), ("services.all",)),
            "iis.version": NotKnown(Reason.DENIED, "No right.", ("iis.version",)),
        },
        NotKnown(Reason.NOT_ASKED, "Not asked."),
    )
    roles = RoleReading(
        "dev-1", frozenset({Role.FRONT_END, Role.DEPLOYMENT_CONTROLLER}), frozenset({Role.FRONT_END}), True, False,
        Certainty.FULL, "A front-end.",
    )  # fmt: skip
    portrait = Portrait(
        "dev-1", (Component("dev-1", ComponentKind.PLATFORM_SERVER, State.PRESENT, "11.38.0.1"),), roles
    )
    finding = Finding(
        "COMP-001", "platform_server_installed", "Platform Server is installed", Severity.CRITICAL,
        Subject(SubjectKind.HOST, "dev-1", "Development"), Verdict(Status.PASS, "It is."),
        (EvidenceReference("dev-1", "services.all"),),
    )  # fmt: skip
    return Judgement({"dev-1": facts}, {"dev-1": portrait}, (finding,), RuleSet("0123456789abcdef", "0.1.0"))


def count(location: str | Path, table: str) -> int:
    engine = engine_at(str(location))
    with engine.connect() as connection:
        number: int = connection.execute(text(f"select count(*) from {table}")).scalar_one()
    engine.dispose()
    return number


def execute(location: str | Path, statement: str, **values: object) -> int:
    """Run a statement of SQL and return how many rows it changed."""
    engine = engine_at(str(location))
    with engine.begin() as connection:
        changed = connection.execute(text(statement), values).rowcount
    engine.dispose()
    return changed


def test_a_sealed_scan_comes_back_as_it_was(store: Store) -> None:
    scan = store.begin(inventory(), Reference(), NOW)
    store.record(scan, visit())
    store.seal(scan, judgement(), NOW + timedelta(minutes=1))

    record = store.scan(scan)

    assert record.state is ScanState.COMPLETE
    assert record.visits == {"dev-1": visit()}
    assert record.reference == Reference()
    assert record.judgement is not None
    wanted = judgement()
    assert dict(record.judgement.facts["dev-1"]) == dict(wanted.facts["dev-1"])
    assert record.judgement.facts["dev-1"].otherwise == wanted.facts["dev-1"].otherwise
    assert record.judgement.portraits == wanted.portraits
    assert record.judgement.findings == wanted.findings
    assert record.judgement.rules == wanted.rules


def test_a_scan_that_was_not_sealed_is_running_and_keeps_its_visits(store: Store) -> None:
    scan = store.begin(inventory(), Reference(), NOW)
    store.record(scan, visit())

    record = store.scan(scan)

    assert (record.state, record.judgement, set(record.visits)) == (ScanState.RUNNING, None, {"dev-1"})
    assert store.scans("example")[0].hosts_visited == 1


def test_only_of_slow_questions_it_is_kept_how_long_they_took(store: Store) -> None:
    quick = {
        name: replace(answer, milliseconds=999 if name == "clock.now" else 1000)
        for name, answer in visit().answers.items()
    }
    scan = store.begin(inventory(), Reference(), NOW)
    store.record(scan, replace(visit(), answers=quick))

    kept = store.scan(scan).visits["dev-1"].answers

    assert {name: answer.milliseconds for name, answer in kept.items()} == {
        "clock.now": 0,
        "services.all": 1000,
        "services.more": 1000,
    }


def test_a_failed_visit_keeps_its_cause(store: Store) -> None:
    scan = store.begin(inventory(), Reference(), NOW)
    failed = Visit("dev-1", NOW, NOW, failure=Failure(FailureKind.REFUSED, "Nothing listens."))
    store.record(scan, failed)

    assert store.scan(scan).visits["dev-1"] == failed


def test_references_to_credentials_are_not_stored(store: Store) -> None:
    store.begin(inventory(), Reference(), NOW)

    endpoint = store.scan(1).inventory.hosts[0].endpoint

    assert endpoint.password is None
    assert endpoint.address == "dev-1"


def test_an_unchanged_answer_is_stored_once(store: Store, location: str) -> None:
    for night in range(3):
        scan = store.begin(inventory(), Reference(), NOW + timedelta(days=night))
        store.record(scan, visit(boot=str(night), at=NOW + timedelta(days=night)))
        store.seal(scan, judgement(), NOW + timedelta(days=night))
        if night == 0:
            after_first = count(location, "document")

    assert count(location, "document") == after_first + 2  # the two clocks that differ, nothing else


def test_judging_again_replaces_what_counts(store: Store) -> None:
    scan = store.begin(inventory(), Reference(), NOW)
    store.record(scan, visit())
    store.seal(scan, judgement(), NOW)
    again = Judgement(judgement().facts, judgement().portraits, (), RuleSet("fedcba9876543210", "0.2.0"))
    store.judge_again(scan, again)

    record = store.scan(scan)

    assert record.judgement is not None
    assert record.judgement.rules == again.rules
    assert record.judgement.findings == ()


def test_the_first_visit_to_a_host_in_a_scan_counts_and_another_is_dropped(store: Store, location: str) -> None:
    scan = store.begin(inventory(), Reference(), NOW)

    assert [store.record(scan, visit()), store.record(scan, visit(boot="later"))] == [True, False]
    assert store.scan(scan).visits == {"dev-1": visit()}
    assert count(location, "document") == 2 + 1


def test_a_scan_is_sealed_once(store: Store) -> None:
    scan = store.begin(inventory(), Reference(), NOW)
    store.record(scan, visit())
    later = Judgement(judgement().facts, judgement().portraits, (), RuleSet("fedcba9876543210", "0.2.0"))

    assert [store.seal(scan, judgement(), NOW), store.seal(scan, later, NOW + timedelta(hours=1))] == [True, False]
    record = store.scan(scan)
    assert (record.finished_at, record.judgement and record.judgement.rules) == (NOW, judgement().rules)


def test_a_scan_that_is_not_there_is_named(store: Store) -> None:
    with pytest.raises(StoreError, match="no scan 7"):
        store.scan(7)


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"])
def test_only_the_owner_may_read_the_files(tmp_path: Path, suffix: str) -> None:
    assert sys.platform != "win32"  # the rights of a folder hold there
    path = tmp_path / f"osaudit.db{suffix}"
    with open_store(str(tmp_path / "osaudit.db"), create=True) as store:
        store.begin(inventory(), Reference(), NOW)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_missing_store_is_said_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no store at"):
        open_store(str(tmp_path / "none.db"))
    assert not (tmp_path / "none.db").exists()


def test_a_newer_store_is_refused(store: Store, location: str) -> None:
    execute(location, "update alembic_version set version_num = '9999'")

    with pytest.raises(StoreError, match="newer osaudit"):
        open_store(location)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("these are notes\n" * 100)

    with pytest.raises(StoreError, match="is damaged, or no store at all \\(file is not a database\\); put a backup"):
        open_store(str(path))


def test_an_empty_file_is_no_store_until_a_scan_is_begun_in_it(tmp_path: Path) -> None:
    path = tmp_path / "osaudit.db"
    path.touch(mode=0o600)

    with pytest.raises(StoreError, match="is empty: no scan was ever begun in it, or its content was lost"):
        open_store(str(path))
    assert path.stat().st_size == 0
    assert open_store(str(path), create=True).scans() == ()


def test_a_database_of_something_else_is_refused(location: str) -> None:
    execute(location, "create table customers (id integer)")

    with pytest.raises(StoreError, match="something else"):
        open_store(location)
    assert tables(location) == ["customers"]


def tables(location: str) -> list[str]:
    engine = engine_at(location)
    names = inspect(engine).get_table_names()
    engine.dispose()
    return names


# Alembic does not see that these are made in PostgreSQL alone.
IN_POSTGRESQL = {"ix_visit_section_document", "ix_subject_facts", "ix_subject_portrait", "ix_subject_findings"}


def has_the_tables_of_the_mappings(location: str) -> bool:
    engine = engine_at(location)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    engine.dispose()
    missing = {item.name for kind, item, *_ in differences if kind == "add_index"}
    return len(differences) == len(missing) and missing == (set() if "://" in location else IN_POSTGRESQL)


def test_migrations_lead_to_exactly_the_tables_of_the_mappings(store: Store, location: str) -> None:
    script = ScriptDirectory(str(MIGRATIONS))
    assert script.get_current_head() == REVISION
    assert has_the_tables_of_the_mappings(location)


def test_a_scan_keeps_the_changes_during_which_it_was_made(store: Store) -> None:
    plain, named = store.begin(inventory(), Reference(), NOW), store.begin(inventory(), Reference(), NOW, ("CHG2",))
    store.name_changes(named, ("CHG1", "CHG2"))

    assert [scan.changes for scan in store.scans()] == [(), ("CHG2", "CHG1")]
    assert (store.scan(plain).changes, store.scan(named).changes) == ((), ("CHG2", "CHG1"))


def test_the_judgement_that_counts_is_told_in_the_list(store: Store) -> None:
    scan = store.begin(inventory(), Reference(), NOW)
    store.record(scan, visit())
    seen = [store.scans()[0].judgement]
    store.seal(scan, judgement(), NOW)
    seen.append(store.scans()[0].judgement)
    store.judge_again(scan, judgement())
    seen.append(store.scans()[0].judgement)

    assert seen == [None, 1, 2]


DATABASES = Path(__file__).parents[2] / "fixtures" / "databases"


def of_an_earlier_schema(revision: str, folder: Path) -> Path:
    """Return a store that an earlier osaudit wrote."""
    path = folder / "osaudit.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((DATABASES / f"{revision}.sql").read_text(encoding="utf-8"))
    return path


def schema_of(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        revision: str = connection.execute("select version_num from alembic_version").fetchone()[0]
    return revision


@pytest.mark.parametrize(("revision", "change"), [("0001", ()), ("0002", ("CHG1",))])
def test_a_store_of_an_earlier_schema_is_brought_up_to_date_without_loss(
    revision: str, change: tuple[str, ...], tmp_path: Path
) -> None:
    path = of_an_earlier_schema(revision, tmp_path)
    tables = ("document", "scan", "visit", "visit_section", "judgement", "subject")
    before = {table: count(path, table) for table in tables}
    told: list[str] = []

    with open_store(str(path), tell=told.append) as opened:
        first, second, running = opened.scans()
        record = opened.scan(1)

        assert (first.state, first.changes, running.state) == (ScanState.COMPLETE, (), ScanState.RUNNING)
        assert second.changes == change
        assert record.visits["dev-1"].answers["services.all"].value == visit().answers["services.all"].value
        assert record.visits["dev-1"].answers["services.all"].milliseconds == 7
        assert record.judgement is not None
        assert record.judgement.findings == judgement().findings
        assert {table: count(path, table) for table in tables} == before
        opened.seal(running.id, judgement(), NOW + timedelta(days=2, minutes=1))
        assert opened.complete_scan().id == running.id
        assert opened.check() == ()
    copy = tmp_path / f"osaudit.schema-{revision}.db"
    assert told == [
        f"The store {path} is brought from schema {revision} to {REVISION}; as it was it is kept in {copy}."
    ]
    assert schema_of(copy) == revision
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert {table: count(copy, table) for table in tables} == before
    assert has_the_tables_of_the_mappings(str(path))


def test_a_store_that_is_up_to_date_is_opened_without_a_word_and_without_a_backup(
    store: Store, location: str, tmp_path: Path
) -> None:
    told: list[str] = []
    before = {file.name for file in tmp_path.iterdir()}

    open_store(location, tell=told.append).scans()

    assert told == []
    assert {file.name for file in tmp_path.iterdir()} == before


def test_an_earlier_backup_is_never_overwritten_by_a_later_one(tmp_path: Path) -> None:
    first = of_an_earlier_schema("0001", tmp_path)
    open_store(str(first)).scans()
    for file in tmp_path.glob("osaudit.db*"):
        file.unlink()
    earlier = (tmp_path / "osaudit.schema-0001.db").read_bytes()
    again = of_an_earlier_schema("0001", tmp_path)
    with sqlite3.connect(again) as connection:
        connection.execute("update scan set infrastructure = 'other'")

    open_store(str(again)).scans()

    assert (tmp_path / "osaudit.schema-0001.db").read_bytes() == earlier
    assert (tmp_path / "osaudit.schema-0001-2.db").is_file()


def test_a_store_that_cannot_be_backed_up_is_not_changed(tmp_path: Path) -> None:
    path = of_an_earlier_schema("0001", tmp_path)
    # Nothing can be made aside where a folder has the name.
    (tmp_path / f".osaudit.schema-0001.db.{os.getpid()}").mkdir()

    with pytest.raises(StoreError, match=r"osaudit\.schema-0001\.db cannot be written"):
        open_store(str(path))
    assert schema_of(path) == "0001"
    assert count(path, "scan") == 3


def test_an_upgrade_that_fails_halfway_changes_nothing(tmp_path: Path) -> None:
    path = of_an_earlier_schema("0001", tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        # What a killed upgrade of a program without transactions would have left.
        connection.execute(
            "create trigger halfway before update on alembic_version begin select raise(abort, 'x'); end"
        )
        before = connection.execute("select sql from sqlite_schema").fetchall()

    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(str(path))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("select sql from sqlite_schema").fetchall() == before
    assert schema_of(path) == "0001"


def test_two_that_open_an_old_store_at_once_upgrade_it_once(tmp_path: Path) -> None:
    path = of_an_earlier_schema("0001", tmp_path)
    told: list[str] = []
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: open_store(str(path), tell=told.append), range(4)))

    assert [len(store.scans()) for store in opened] == [3] * 4
    assert len(told) == 1
    assert len(list(tmp_path.glob("osaudit.schema-*"))) == 1
