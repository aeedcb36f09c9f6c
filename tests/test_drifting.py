"""Drift of facts: what was changed is told row by row and field by field, what changes by itself is not."""

from __future__ import annotations

import dataclasses
import typing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from auditor.drifting import drift
from auditor.model import known_facts as facts
from auditor.model.difference import FactLabel
from auditor.model.fact import Drift, FactKey, Facts, Known, NotKnown, Reason
from auditor.model.known_facts import (
    KEYS,
    Application,
    Binding,
    Certificate,
    DatabaseSection,
    HttpsBinding,
    Listener,
    ServerConfiguration,
    Service,
    UninstallEntry,
    Volume,
)
from auditor.model.version import Version

GB = 2**30
NOW = datetime(2026, 3, 1, 2, tzinfo=UTC)
DENIED = NotKnown(Reason.DENIED, "The account may not look.")


def drifted(key: FactKey[Any] | str, before: Any, after: Any) -> list[tuple[str, str, str, Any, Any]]:
    """Return label, item, field, before and after of every change of one fact."""
    name = key if isinstance(key, str) else key.name
    sides = [
        Facts("dev-1", {name: value if isinstance(value, NotKnown) else Known(value)}) for value in (before, after)
    ]
    changes = list(drift(*sides))
    assert {(change.host, change.fact) for change in changes} <= {("dev-1", name)}
    return [(change.label.value, change.item, change.field, change.before, change.after) for change in changes]


def service(name: str = "W3SVC", **fields: Any) -> Service:
    usual = Service(name, name, "running", "auto", False, "LocalSystem", f"C:\\{name}.exe", 812)
    return dataclasses.replace(usual, **fields)


CONFIGURATION = ServerConfiguration(
    "dev-1", 12000, "dev-1", 5672, False, "11.38.0.1", "C:\\Platform Server", "10.0.0.4",
    (
        DatabaseSection("PlatformDatabaseConfiguration", "SqlServer", "sql-1", "outsystems", "Database", "OSADMIN"),
        DatabaseSection("SessionDatabaseConfiguration", "SqlServer", "sql-1", "ossession", "Database"),
    ),
)  # fmt: skip


# What was changed


@pytest.mark.parametrize(
    ("field", "old", "new"),
    [
        ("state", "running", "stopped"),
        ("start_mode", "auto", "disabled"),
        ("account", "LocalSystem", "CORP\\svc"),
        ("delayed", False, True),
        ("image_path", "C:\\W3SVC.exe", "D:\\W3SVC.exe"),
    ],
)
def test_a_service_that_is_stopped_or_set_otherwise_is_told_with_the_field(field: str, old: Any, new: Any) -> None:
    changed = drifted(facts.SERVICES, (service(), service("WAS")), (service("WAS"), service(**{field: new})))

    assert changed == [("changed", "W3SVC", field, old, new)]


def test_a_service_that_came_and_one_that_is_gone_are_told_whole() -> None:
    changed = drifted(facts.SERVICES, (service("Old"),), (service("New"),))

    assert changed == [("came", "New", "", None, service("New")), ("gone", "Old", "", service("Old"), None)]


def test_programs_are_told_apart_by_name_and_those_of_one_name_as_a_whole() -> None:
    erlang = UninstallEntry("Erlang OTP", "25.3", "Ericsson")
    twice = (erlang, dataclasses.replace(erlang, version="26.2"))

    assert drifted(facts.UNINSTALL_ENTRIES, (erlang,), (dataclasses.replace(erlang, version="26.2"),)) == [
        ("changed", "Erlang OTP", "version", "25.3", "26.2")
    ]
    assert drifted(facts.UNINSTALL_ENTRIES, (erlang,), twice) == [("came", "Erlang OTP", "", None, twice[1])]
    assert drifted(facts.UNINSTALL_ENTRIES, twice, tuple(reversed(twice))) == []


def test_server_hsconf_is_told_field_by_field_down_to_its_databases() -> None:
    first, second = CONFIGURATION.databases
    moved = dataclasses.replace(
        CONFIGURATION, controller_host="dev-2", databases=(dataclasses.replace(first, catalog="other"), second)
    )

    assert drifted(facts.SERVER_CONFIGURATION, CONFIGURATION, moved) == [
        ("changed", "", "controller_host", "dev-1", "dev-2"),
        ("changed", "PlatformDatabaseConfiguration", "databases.catalog", "outsystems", "other"),
    ]
    assert drifted(facts.SERVER_CONFIGURATION, CONFIGURATION, None) == [("changed", "", "", CONFIGURATION, None)]


def test_a_listening_port_that_was_opened_or_is_held_by_another_process_is_told() -> None:
    amqp, web = Listener("0.0.0.0", 5672, "erl"), Listener("::", 80, "System")
    taken = dataclasses.replace(web, process="nginx")

    assert drifted(facts.LISTENERS, (web,), (amqp, taken)) == [
        ("came", "0.0.0.0 5672", "", None, amqp),
        ("changed", ":: 80", "process", "System", "nginx"),
    ]


def test_a_certificate_that_was_renewed_is_told_by_what_differs_of_it() -> None:
    old = Certificate("CN=dev", "CN=ca", NOW, NOW + timedelta(days=90), "private", True)
    bindings = [HttpsBinding("0.0.0.0:443", False, item) for item in (old, dataclasses.replace(old, ends=NOW))]

    assert drifted(facts.HTTPS_BINDINGS, (bindings[0],), (bindings[1],)) == [
        ("changed", "0.0.0.0:443", "certificate.ends", old.ends, NOW)
    ]


def test_plain_values_and_lists_of_them_are_told() -> None:
    assert drifted(facts.OS_VERSION, Version((10, 0, 1)), Version((10, 0, 2))) == [
        ("changed", "", "", Version((10, 0, 1)), Version((10, 0, 2)))
    ]
    assert drifted(facts.PLATFORM_VERSION, None, "11.38.0.1") == [("changed", "", "", None, "11.38.0.1")]
    assert drifted(facts.HOSTING_BUNDLES, ("6.0.1", "8.0.1"), ("8.0.1", "8.0.2")) == [
        ("gone", "", "", "6.0.1", None),
        ("came", "", "", None, "8.0.2"),
    ]


def test_free_space_that_leaves_its_band_is_told_in_words() -> None:
    roomy, tight, full = (Volume("C:", 200 * GB, free * GB) for free in (90, 30, 5))

    assert drifted(facts.VOLUMES, (roomy,), (tight,)) == [("changed", "C:", "free", "20 % or more", "10 to 20 %")]
    assert drifted(facts.VOLUMES, (tight,), (full,)) == [
        ("changed", "C:", "free", "10 to 20 %", "less than 10 % or 10 GiB")
    ]
    assert drifted(facts.VOLUMES, (roomy,), (dataclasses.replace(roomy, size=100 * GB),)) == [
        ("changed", "C:", "size", 200 * GB, 100 * GB)
    ]


def test_the_order_is_told_only_where_it_matters() -> None:
    one, two = Binding("Default", "http", "*:80:"), Binding("Default", "https", "*:443:")

    assert drifted(facts.HOST_ADDRESSES, ("10.0.0.4", "fe80::1"), ("fe80::1", "10.0.0.4")) == []
    assert drifted(facts.LOCALHOST_ADDRESSES, ("127.0.0.1", "::1"), ("::1", "127.0.0.1")) == [
        ("changed", "", "order", ("127.0.0.1", "::1"), ("::1", "127.0.0.1"))
    ]
    assert [row[2] for row in drifted(facts.IIS_BINDINGS, (one, two), (two, one))] == ["order"]


# What changes by itself

NOISE: list[tuple[FactKey[Any], Any, Any]] = [
    (facts.OS_LAST_BOOT, NOW, NOW + timedelta(days=1)),
    (facts.CLOCK_OFFSET, 0.01, -0.4),
    (facts.PRIVATE_KEY_DIGEST, "aa:01", "bb:02"),
    (facts.VOLUMES, (Volume("C:", 200 * GB, 90 * GB),), (Volume("C:", 200 * GB, 85 * GB),)),
    (facts.SERVICES, (service(process=812),), (service(process=4),)),
    (facts.SERVICES, (service("A"), service("B")), (service("B"), service("A"))),
    (
        facts.SERVICES,
        (service("CDPUserSvc"), service("CDPUserSvc_3a1f2")),
        (service("CDPUserSvc"), service("CDPUserSvc_9b0c7")),
    ),
    (facts.SERVICES, (service("BITS", state="stopped"),), (service("BITS"),)),
    (
        facts.SERVICES,
        (service("msiserver", start_mode="manual"),),
        (service("msiserver", start_mode="manual", state="stopped"),),
    ),
    (facts.LISTENERS, (Listener("::", 49664, "lsass"),), (Listener("::", 51023, "lsass"),)),
    (facts.RUNNING_FOLDERS, ("Orders.0102af", "Users.77"), ("Orders.0f02a0", "Users.77")),
    (
        facts.IIS_APPLICATIONS,
        (Application("Default", "/Orders", "OutSystemsApplications", "D:\\running\\Orders.0102"),),
        (Application("Default", "/Orders", "OutSystemsApplications", "D:\\running\\Orders.0a7f"),),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("key", "before", "after"), NOISE, ids=[key.name for key, _, _ in NOISE])
def test_what_changes_by_itself_is_no_drift(key: FactKey[Any], before: Any, after: Any) -> None:
    assert drifted(key, before, after) == []


def test_a_service_of_the_name_of_a_session_is_told_where_windows_has_no_template_for_it() -> None:
    assert [row[:2] for row in drifted(facts.SERVICES, (), (service("Backup_2024a"),))] == [("came", "Backup_2024a")]


# Sight


def test_sight_of_a_fact_that_was_lost_or_won_is_told_and_nothing_came_or_went() -> None:
    assert drifted(facts.MEMORY, 8 * GB, DENIED) == [("lost-sight", "", "", 8 * GB, DENIED)]
    assert drifted(facts.MEMORY, DENIED, 8 * GB) == [("now-seen", "", "", DENIED, 8 * GB)]
    assert drifted(facts.MEMORY, DENIED, NotKnown(Reason.PARSE_ERROR, "Not a number.")) == []


def test_a_fact_that_only_one_of_the_two_scans_asked_for_did_not_drift() -> None:
    asked, not_asked = Facts("dev-1", {facts.MEMORY.name: Known(8 * GB)}), Facts("dev-1", {})

    assert list(drift(asked, not_asked)) == list(drift(not_asked, asked)) == []


def test_a_host_of_which_nothing_is_known_did_not_drift() -> None:
    seen = Facts("dev-1", {facts.MEMORY.name: Known(8 * GB)})

    assert list(drift(seen, Facts("dev-1", {}, DENIED))) == []


def test_a_fact_of_another_release_is_compared_as_it_is() -> None:
    rows = ({"name": "a"}, {"name": "b"})

    assert drifted("future.fact", {"name": "a"}, {"name": "b"}) == [("changed", "", "", {"name": "a"}, {"name": "b"})]
    assert drifted("future.rows", rows[:1], rows) == [("changed", "", "", rows[:1], rows)]


# The declarations


def records_of(kind: Any) -> set[type]:
    """Return all record types that a type holds."""
    found = {kind} if isinstance(kind, type) and dataclasses.is_dataclass(kind) and kind is not Version else set()
    inner = [*typing.get_args(kind)]
    for record in found:
        inner += typing.get_type_hints(record).values()
    return found.union(*(records_of(each) for each in inner))


@pytest.mark.parametrize("key", KEYS.values(), ids=list(KEYS))
def test_every_declaration_names_fields_that_a_row_has(key: FactKey[Any]) -> None:
    fields = [{field.name for field in dataclasses.fields(record)} for record in records_of(key.type)]

    assert key.drift.noise <= set().union(*fields)
    assert not key.drift.by or any(set(key.drift.by) <= names for names in fields)


def test_rows_of_records_are_told_apart_or_say_that_their_order_counts() -> None:
    """Else a row with one other field would be told as gone and come."""
    for key in KEYS.values():
        if typing.get_origin(key.type) is tuple and records_of(key.type):
            assert key.drift.by or key.drift.ordered, key.name


def test_nothing_is_left_out_that_nobody_declared() -> None:
    assert {name for name, key in KEYS.items() if not key.drift.told} == {
        "os.last_boot",
        "clock.offset",
        "private_key.digest",
    }
    assert Drift() == FactKey[int]("a", int, "A").drift
    assert set(FactLabel) == {"changed", "came", "gone", "lost-sight", "now-seen"}
