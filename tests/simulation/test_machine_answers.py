"""A whole request to a modelled server: sessions, clocks, listeners, rights and faults."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from auditor.bundled import machines_folder
from auditor.simulation.machine import Machine, load_machine


def model(folder: Path, text: str) -> Machine:
    (folder / "m.yaml").write_text(f"name: m\n{text}\n")
    return load_machine(folder / "m.yaml")


def ask(machine: Machine, *questions: tuple[str, str, Any]) -> dict[str, dict[str, Any]]:
    rows = [{"id": identity, "verb": verb, "arguments": arguments} for identity, verb, arguments in questions]
    document = machine.answer({"osaudit": 1, "questions": rows})
    assert json.loads(json.dumps(document)) == document
    return {answer["id"]: answer for answer in document["answers"]}


def test_the_document_names_engine_and_language_mode(tmp_path: Path) -> None:
    machine = model(tmp_path, "language_mode: ConstrainedLanguage\nos: {release: '2019'}")
    assert machine.language_mode == "ConstrainedLanguage"
    assert machine.answer({"questions": []}) == {
        "osaudit": 1,
        "session": {"engine": "5.1.17763.2700", "language_mode": "ConstrainedLanguage"},
        "answers": [],
    }


def test_an_unknown_verb_is_unsupported_and_a_bad_argument_loses_only_itself(tmp_path: Path) -> None:
    answers = ask(
        model(tmp_path, ""),
        ("a", "command", ["uname"]),
        ("b", "wmi", {}),
        ("c", "directory", {"path": "C:\\Windows", "limit": "many"}),
        ("d", "digest", {"path": "C:\\x"}),
        ("e", "account", None),
    )
    assert [answers[name]["outcome"] for name in "abcde"] == ["unsupported", "failed", "failed", "failed", "ok"]


def test_the_clock_is_the_real_one_with_an_offset_or_a_fixed_one(tmp_path: Path) -> None:
    text = (
        "clock: {fixed: '2026-01-31T02:00:00Z', offset_seconds: 90, zone: W. Europe Standard Time, offset_minutes: 60}"
    )
    fixed = ask(model(tmp_path, text), ("q", "clock", {}))["q"]["value"]
    assert fixed == {"utc": "2026-01-31T02:01:30.000Z", "zone": "W. Europe Standard Time", "offset_minutes": 60}
    rows = model(tmp_path, text).wql("root/cimv2", "select Bias, StandardName from Win32_TimeZone")
    assert rows == [{"Bias": 60, "StandardName": "W. Europe Standard Time"}]
    rows = model(tmp_path, text).wql("root/cimv2", "select Hour, Minute, Second from Win32_UTCTime")
    assert rows == [{"Hour": 2, "Minute": 1, "Second": 30}]
    running = ask(model(tmp_path, "clock: {offset_seconds: -3600}"), ("q", "clock", {}))["q"]["value"]["utc"]
    behind = datetime.now(UTC) - datetime.fromisoformat(running.replace("Z", "+00:00"))
    assert 3599 < behind.total_seconds() < 3660


def test_an_uptime_counts_back_from_the_clock(tmp_path: Path) -> None:
    machine = model(tmp_path, "os: {uptime_seconds: 90}\nclock: {fixed: '2026-01-31T02:00:00Z'}")
    row = machine.wql("root/cimv2", "select LastBootUpTime from Win32_OperatingSystem")[0]
    assert row["LastBootUpTime"] == datetime(2026, 1, 31, 1, 58, 30, tzinfo=UTC)


def test_ports_follow_from_running_services_and_carry_their_process() -> None:
    machine = load_machine(machines_folder() / "p01-development.yaml")
    listeners = ask(machine, ("q", "listener", {}))["q"]["value"]["listeners"]
    ports = {row["port"]: row for row in listeners}
    assert {80, 443, 5672, 12000, 12001, 12002, 12100, 12101, 12102} <= set(ports)
    assert ports[12000]["process"] == "CompilerService"
    service = machine.wql("root/cimv2", "select ProcessId from Win32_Service where Name like '%Controller Service'")
    assert ports[12100]["pid"] == service[0]["ProcessId"] > 0


def test_somebody_else_than_an_administrator_sees_no_process() -> None:
    machine = load_machine(machines_folder() / "p14-not-administrator.yaml")
    answers = ask(machine, ("l", "listener", {}), ("a", "account", {}))
    assert {row["process"] for row in answers["l"]["value"]["listeners"]} == {""}
    assert answers["a"]["value"] == {"administrator": False}


@pytest.mark.parametrize("kind", ["failed", "denied", "missing", "unsupported"])
def test_a_fault_strikes_a_question_or_a_verb(tmp_path: Path, kind: str) -> None:
    machine = model(tmp_path, f"faults: {{one: {{kind: {kind}}}, listener: {{kind: {kind}}}}}")
    answers = ask(machine, ("one", "account", {}), ("two", "account", {}), ("three", "listener", {}))
    assert [answers[name]["outcome"] for name in ("one", "two", "three")] == [kind, "ok", kind]
    assert answers["one"]["value"] is None


def test_answers_can_be_dropped_truncated_denied_and_run_out_of_time(tmp_path: Path) -> None:
    machine = model(
        tmp_path,
        "faults: {gone: {kind: drop}, directory: {kind: truncate}}\n"
        "denied: {verbs: {listener: true}}\nstops_after: 4\n"
        "files: {'C:\\a\\1': x, 'C:\\a\\2': x, 'C:\\a\\3': x, 'C:\\a\\4': x}",
    )
    answers = ask(
        machine,
        ("gone", "account", {}),
        ("half", "directory", {"path": "C:\\a"}),
        ("shut", "listener", {}),
        ("fine", "account", {}),
        ("late", "account", {}),
    )
    assert set(answers) == {"half", "shut", "fine", "late"}
    assert len(answers["half"]["value"]["entries"]) == 2
    assert answers["half"]["complete"] is False
    assert answers["shut"]["outcome"] == "denied"
    assert (answers["late"]["outcome"], answers["late"]["detail"]) == ("failed", "out of time")
    assert answers["fine"]["outcome"] == "ok"
