"""A store in PostgreSQL: where its password comes from, who holds it, and what is said when it cannot be used."""

from __future__ import annotations

import os
import re
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from auditor.errors import StoreError
from auditor.model.reference import Reference
from auditor.model.store_location import holds_password
from auditor.store import open_store, scan_at_work, scanning_alone
from auditor.store import postgresql as particulars
from tests.peers.openssh import free_port
from tests.peers.postgresql import PostgreSQL
from tests.store.test_store import NOW, inventory

GUIDE = Path(__file__).parents[2] / "docs" / "user-guide.md"
WRONG = "Planted-Wrong-9914"


@pytest.fixture(autouse=True)
def _nobody_says_the_password(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def password(postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PGPASSWORD", postgresql.password)
    return postgresql.password


def refused(location: str, *words: str, create: bool = True) -> str:
    """Assert that the store cannot be opened, and that one sentence says so with these words."""
    with pytest.raises(StoreError) as caught:
        open_store(location, create=create)
    sentence = str(caught.value)
    assert [word for word in words if word not in sentence] == [], sentence
    assert len(sentence.splitlines()) == 1
    assert re.fullmatch(r"[A-Z].*\.", sentence), sentence
    return sentence


# The password


def test_the_password_comes_from_the_variable_of_postgresql(postgresql: PostgreSQL, password: str) -> None:
    for scheme in ("postgresql", "postgresql+psycopg"):
        location = postgresql.new_database().replace("postgresql", scheme, 1)
        with open_store(location, create=True) as store:
            assert store.begin(inventory(), Reference(), NOW) == 1


@pytest.mark.parametrize("place", ["named", "at home"])
def test_the_password_comes_from_the_password_file(
    place: str, postgresql: PostgreSQL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ("passwords" if place == "named" else ".pgpass")
    file.touch(0o600)
    file.write_text(f"127.0.0.1:*:*:{postgresql.guest}:{postgresql.password}\n")
    if place == "named":
        monkeypatch.setenv("PGPASSFILE", str(file))
    location = postgresql.new_database()

    with open_store(location, create=True) as store:
        assert store.scans() == ()
    file.chmod(0o644)
    refused(location, "no password supplied", "keep the right password in the password file")


@pytest.mark.parametrize(
    "location",
    [
        f"postgresql://osaudit:{WRONG}@db.example.com/osaudit",
        f"postgresql+psycopg://osaudit:{WRONG}@/osaudit",
        f"postgresql://db.example.com/osaudit?user=osaudit&password={WRONG}",
        f"postgresql://db.example.com/osaudit?sslpassword={WRONG}",
        f"POSTGRESQL://:{WRONG}@db.example.com/osaudit",
    ],
)
def test_a_password_in_the_url_is_refused_and_not_repeated(location: str) -> None:
    assert WRONG not in refused(location, "holds a password", "PGPASSWORD")


@pytest.mark.parametrize(
    "location",
    [
        "postgresql://osaudit@db.example.com:5432/osaudit",
        "postgresql://db.example.com:5432,other.example.com:5432/osaudit?passfile=/srv/a:b@c",
        "postgresql:///osaudit?host=/run/postgresql",
        "C:\\osaudit\\a@b.db",
        "osaudit.db",
    ],
)
def test_a_place_without_a_password_is_not_taken_for_one_with(location: str) -> None:
    assert not holds_password(location)


def test_the_role_and_the_database_of_the_user_guide_are_all_that_is_needed(
    postgresql: PostgreSQL, password: str
) -> None:
    (typed,) = re.findall(r"^```sql\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    for line in typed.splitlines():
        # psql asks a person for it.
        postgresql.run(line.replace("\\password osaudit", f"alter role osaudit password '{password}'"))

    with open_store(postgresql.url("osaudit", "osaudit"), create=True) as store:
        assert store.begin(inventory(), Reference(), NOW) == 1


# What is said


def test_a_server_that_is_down_is_told(password: str) -> None:
    location = f"postgresql://osaudit@127.0.0.1:{free_port()}/osaudit"
    refused(location, location, "Connection refused", "see that the server runs well")


def test_a_wrong_password_is_told_and_not_repeated(postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", WRONG)
    said = refused(postgresql.new_database(), 'password authentication failed for user "collector"', "PGPASSWORD")
    assert WRONG not in said


def test_what_else_the_url_asks_for_reaches_the_server(postgresql: PostgreSQL, password: str) -> None:
    refused(postgresql.new_database() + "?sslmode=verify-full&sslrootcert=system", "server does not support SSL")


def test_a_database_that_is_not_there_is_told(postgresql: PostgreSQL, password: str) -> None:
    refused(postgresql.url("nowhere"), 'database "nowhere" does not exist', "make role and database")


def test_a_role_that_may_not_make_tables_is_told(postgresql: PostgreSQL, password: str) -> None:
    postgresql.run("create database of_the_owner")
    refused(postgresql.url("of_the_owner"), "permission denied for schema public", "make the role the owner")


def test_an_older_server_than_those_that_were_tried_is_told(
    postgresql: PostgreSQL, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = postgresql.new_database()
    monkeypatch.setattr(particulars, "OLDEST", 99)
    refused(location, "is on PostgreSQL 1", "needs 99 or newer")


def test_a_database_in_which_no_scan_was_stored_is_told_and_stays_empty(postgresql: PostgreSQL, password: str) -> None:
    location = postgresql.new_database()
    refused(location, "There is no store at", "run a scan first", create=False)
    refused(location, "There is no store at", create=False)


@pytest.mark.parametrize("location", ["mysql://db.example.com/osaudit", "postgresql+psycopg2://db.example.com/osaudit"])
def test_another_kind_of_database_is_told(location: str) -> None:
    refused(location, "A store is a file or a database of PostgreSQL", location)


@pytest.mark.parametrize("location", ["postgresql://db.example.com:many/osaudit", "://"])
def test_a_url_that_cannot_be_read_is_told(location: str) -> None:
    refused(location, "cannot be read", "postgresql://host/database")


def test_a_role_that_may_only_read_can_make_reports_and_is_told_when_it_writes(
    postgresql: PostgreSQL, password: str
) -> None:
    location = postgresql.new_database()
    with open_store(location, create=True) as store:
        store.begin(inventory(), Reference(), NOW)
    reading = f"{location}?options=-cdefault_transaction_read_only%3Don"
    with open_store(reading) as store:
        assert [scan.id for scan in store.scans()] == [1]
        with pytest.raises(StoreError, match=r"cannot execute .* in a read-only transaction; make the role the owner"):
            store.begin(inventory(), Reference(), NOW)


def test_the_time_zone_of_the_server_changes_no_moment(postgresql: PostgreSQL, password: str) -> None:
    location = f"{postgresql.new_database()}?options=-ctimezone%3DAsia/Tokyo"
    with open_store(location, create=True) as store:
        assert store.scan(store.begin(inventory(), Reference(), NOW)).started_at == NOW


def test_the_package_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    refused("postgresql://db.example.com/osaudit", "run `pip install outsystems-auditor[postgresql]`")


def test_a_server_that_ends_a_session_in_the_middle_is_told(postgresql: PostgreSQL, password: str) -> None:
    location = postgresql.new_database()
    with open_store(location, create=True) as store:
        database = location.rpartition("/")[2]
        postgresql.run(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{database}'")

        with pytest.raises(StoreError, match=r"cannot be used: terminating connection.*; see that the server runs"):
            store.scans()


# Who holds it


@pytest.fixture
def held(postgresql: PostgreSQL, password: str) -> str:
    return postgresql.new_database()


@pytest.mark.parametrize(
    ("holders", "comer", "is_refused"),
    [
        ([None], None, True),
        ([None], "dmz", True),
        (["dmz"], None, True),
        (["dmz"], "dmz", True),
        (["dmz"], "office", False),
        (["dmz", "office"], "internal", False),
        (["dmz", "office"], "office", True),
    ],
)
def test_zones_are_read_at_once_each_by_one_and_without_a_zone_the_store_is_held_alone(
    held: str, holders: list[str | None], comer: str | None, is_refused: bool
) -> None:
    with ExitStack() as stack:
        for zone in holders:
            stack.enter_context(scanning_alone(held, f"holder of {zone}", zone))
        if is_refused:
            in_the_way = comer if comer in holders else holders[0]
            with pytest.raises(StoreError, match=f"Another run writes.*holder of {in_the_way}, from 127.0.0.1"):
                stack.enter_context(scanning_alone(held, "the comer", comer))
        else:
            stack.enter_context(scanning_alone(held, "the comer", comer))
        said = scan_at_work(held)
        assert said is not None
        assert said.split("; ") == [f"holder of {zone}, from 127.0.0.1" for zone in holders] + [
            "the comer, from 127.0.0.1"
        ] * (not is_refused)
    assert scan_at_work(held) is None
    with scanning_alone(held, "the next", comer):
        pass


def test_stores_beside_each_other_are_held_apart(postgresql: PostgreSQL, held: str) -> None:
    with scanning_alone(held, "here"), scanning_alone(postgresql.new_database(), "there"):
        assert scan_at_work(held) == "here, from 127.0.0.1"
