"""A model tries connections as docs/questions.md says: from elements or as given, in all ways of writing a server."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.bundled import machines_folder
from auditor.simulation.machine import Machine, load_machine

FILE = r"C:\Program Files\OutSystems\Platform Server\server.hsconf"
DATABASE = "EnvironmentConfiguration/PlatformDatabaseConfiguration"


@pytest.fixture(scope="module")
def machine() -> Machine:
    return load_machine(machines_folder() / "p19-database-closed.yaml")


def connections(machine: Machine, *targets: dict[str, Any], **more: str) -> list[dict[str, Any]]:
    question = {"id": "q", "verb": "connect", "arguments": {**more, "targets": list(targets)}}
    (answer,) = machine.answer({"osaudit": 1, "questions": [question]})["answers"]
    assert answer["outcome"] == "ok", answer
    found: list[dict[str, Any]] = answer["value"]["connections"]
    return found


@pytest.mark.parametrize(
    ("written", "host", "port", "result"),
    [
        ("prd-1", "prd-1", 1433, "Open"),
        ("sql-9", "sql-9", 1433, "HostNotFound"),
        ("sql-9,1500", "sql-9", 1500, "Open"),
        ("TCP: sql-9 , 1500", "sql-9", 1500, "Open"),
        ("sql-9\\MSSQL,1500", "sql-9", 1500, "Open"),
        ("sql-9\\MSSQL", "sql-9", 0, "NoPort"),
        (".", "localhost", 1433, "Open"),
        ("(local)", "localhost", 1433, "Open"),
        ("prd-1,99999", "prd-1", 0, "NoPort"),
        ("prd-1,x", "prd-1", 0, "NoPort"),
        ("", "", 1433, "NoHost"),
    ],
)
def test_a_server_is_understood_in_every_way_of_writing_it(
    machine: Machine, written: str, host: str, port: int, result: str
) -> None:
    (found,) = connections(machine, {"name": "db", "host": written, "port": 1433})
    assert found == {"target": "db", "host": host, "port": port, "result": result}


def test_host_and_port_come_from_elements_and_the_given_port_where_there_is_none(machine: Machine) -> None:
    controller = "EnvironmentConfiguration/ServiceConfiguration/CompilerServerHostname"
    found = connections(
        machine,
        {"name": "db", "element": f"{DATABASE}/Server", "port": 1433},
        {"name": "controller", "element": controller, "port": 7, "port_element": f"{controller[:-8]}Port"},
        {"name": "controller", "element": controller, "port": 7, "port_element": f"{controller}/None"},
        {"name": "nobody", "element": f"{DATABASE}/Nothing", "port": 1433},
        path=FILE,
    )
    assert [(item["host"], item["port"], item["result"]) for item in found] == [
        ("sql-np", 1433, "HostNotFound"),
        ("localhost", 12000, "Open"),
        ("localhost", 7, "Open"),
        ("", 1433, "NoHost"),
    ]
