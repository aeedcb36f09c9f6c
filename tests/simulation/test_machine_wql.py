"""WQL over the rows of a modelled Windows server."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from auditor.bundled import machines_folder
from auditor.simulation.machine import AccessDenied, InvalidQuery, Machine, NoSuchClass, load_machine

CIMV2 = "root/cimv2"
DEPLOYMENT, SCHEDULER = "OutSystems Deployment Service", "OutSystems Scheduler Service"


@pytest.fixture(scope="module")
def machine() -> Machine:
    return load_machine(machines_folder() / "p03-front-end-1.yaml")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("Name = 'outsystems scheduler service'", {"OutSystems Scheduler Service"}),
        ("StartMode = 'Disabled'", {"OutSystems Deployment Controller Service"}),
        ("Name LIKE 'OutSystems%' AND Started = TRUE", {DEPLOYMENT, SCHEDULER}),
        ("Name like 'OutSystems Deployment _______'", {"OutSystems Deployment Service"}),
        ("Name='W3SVC' or (Name='WAS' and not State <> 'Running')", {"W3SVC", "WAS"}),
        ("Name like 'W[A3]S%'", {"WAS", "W3SVC"}),
        ("ProcessId = 0 and InstallDate is null", {"OutSystems Deployment Controller Service"}),
        ("Name = \"WAS\" and Name is not null", {"WAS"}),
        ("Name = 'it\\'s'", set()),
    ],
)  # fmt: skip
def test_conditions_choose_rows(machine: Machine, condition: str, expected: set[str]) -> None:
    rows = machine.wql(CIMV2, f"select Name from Win32_Service where {condition}")
    assert {row["Name"] for row in rows} == expected


def test_comparisons_of_numbers_are_numeric(machine: Machine) -> None:
    query = "SELECT DeviceID, Size FROM Win32_LogicalDisk WHERE DriveType = 3 AND Size > 99 AND Size >= 322122547200"
    assert machine.wql("ROOT\\CIMV2", query) == [{"DeviceID": "C:", "Size": 300 * 2**30}]
    assert machine.wql(CIMV2, "select DeviceID from Win32_LogicalDisk where Size < 322122547200") == []


def test_values_are_typed(machine: Machine) -> None:
    row = machine.wql(CIMV2, "select * from Win32_OperatingSystem")[0]
    assert isinstance(row["LastBootUpTime"], datetime)
    assert row["Primary"] is True
    assert row["ProductType"] == 3
    adapter = machine.wql(CIMV2, "select IPAddress,MACAddress from Win32_NetworkAdapterConfiguration where IPEnabled=1")
    assert adapter[0]["IPAddress"][0] == "10.0.3.11"


def test_picked_properties_come_in_the_spelling_of_the_class(machine: Machine) -> None:
    rows = machine.wql(CIMV2, "select uuid, NAME from win32_computersystemproduct")
    assert list(rows[0]) == ["UUID", "Name"]


@pytest.mark.parametrize(
    "query",
    [
        "", "select", "select from X", "select Name Win32_Service", "select Name from Win32_Service where",
        "select Name from Win32_Service where Name", "select Name from Win32_Service where Name ! 'a'",
        "select Name from Win32_Service where Name = nothing", "select Name from Win32_Service extra",
        "select Nonsense from Win32_Service", "select Name from Win32_Service where Nonsense = 1",
        "select Name from Win32_Service where (Name = 'a'", "select Name from Win32_Service where ProcessId = 'x'",
        "select Name from Win32_Product",
    ],
)  # fmt: skip
def test_a_query_that_wmi_would_refuse_is_invalid(machine: Machine, query: str) -> None:
    with pytest.raises(InvalidQuery):
        machine.wql(CIMV2, query)


def test_unknown_classes_and_namespaces_do_not_exist(machine: Machine) -> None:
    with pytest.raises(NoSuchClass):
        machine.wql(CIMV2, "select Name from Win32_Nothing")
    with pytest.raises(NoSuchClass):
        machine.wql("root/WebAdministration", "select Name from Win32_Service")


def test_denied_classes_and_own_rows(tmp_path: Any) -> None:
    (tmp_path / "m.yaml").write_text(
        "name: m\n"
        "denied: {wmi: {'Win32_S*': true}}\n"
        "wmi:\n  Win32_Own: [{Name: a, Size: 1}]\n  'root/other:Thing': [{Flag: true}]\n"
    )
    machine = load_machine(tmp_path / "m.yaml")
    with pytest.raises(AccessDenied):
        machine.wql(CIMV2, "select Name from win32_service")
    assert machine.wql(CIMV2, "select Name from Win32_Own where Size = 1") == [{"Name": "a"}]
    assert machine.wql("root\\other", "select Flag from thing where flag = true") == [{"Flag": True}]


def test_the_verb_answers_plain_json_and_every_outcome(machine: Machine, tmp_path: Any) -> None:
    def ask(asked: Machine, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = asked.answer({"questions": [{"id": "q", "verb": "wmi", "arguments": arguments}]})
        return dict(answer["answers"][0])

    answer = ask(machine, **{"class": "Win32_OperatingSystem", "properties": ["lastbootuptime", "Primary"]})
    assert answer["value"] == {"rows": [{"lastbootuptime": "2026-01-02T03:04:05Z", "Primary": True}]}
    assert ask(machine, **{"class": "Win32_No", "properties": ["a"]})["outcome"] == "missing"
    assert ask(machine, **{"class": "Win32_Product", "properties": ["Name"]})["outcome"] == "failed"
    assert ask(machine, **{"class": "Win32_Service", "properties": ["Nonsense"]})["outcome"] == "failed"
    (tmp_path / "m.yaml").write_text("name: m\ndenied: {wmi: {Win32_Service: true}}\n")
    assert ask(load_machine(tmp_path / "m.yaml"), **{"class": "Win32_Service", "properties": ["Name"]})["outcome"] == (
        "denied"
    )
    many = "name: m\nwmi:\n  Big:\n" + "".join(f"  - {{N: {number}}}\n" for number in range(2001))
    (tmp_path / "m.yaml").write_text(many)
    answer = ask(load_machine(tmp_path / "m.yaml"), **{"class": "Big", "properties": ["N"]})
    assert (len(answer["value"]["rows"]), answer["complete"]) == (2000, False)
