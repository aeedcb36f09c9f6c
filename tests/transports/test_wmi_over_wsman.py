"""WMI over WS-Man gives the same values as PowerShell wherever it can be asked, and says so where it cannot."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import pytest

from auditor.model.inventory import WinRMReading
from auditor.model.question import Answer, Outcome, Question
from auditor.simulation.machine import Machine, load_machine
from auditor.simulation.options import Fault, Step, WSManOptions, fault, wait
from auditor.simulation.wsman_server import serve_wsman
from auditor.transports.base import Limits, Request
from auditor.transports.winrm_failures import WSManFault
from auditor.transports.wsman_wmi import ask_wmi
from tests.transports.winrm_peers import MACHINES, PASSWORD, USER, ask, over_http, question

SOFTWARE = "HKLM\\SOFTWARE\\OutSystems\\Installer\\Server"
UNINSTALL = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall"
VERSION = "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"
QUESTIONS = (
    question("named", "registry", key=SOFTWARE, values=["Server", "", "NoSuchValue"]),
    question("names", "registry", key=VERSION, values="*"),
    question("numbers", "registry", key=VERSION, values=["UBR", "CurrentBuild", "DigitalProductId"]),
    question(
        "expanded",
        "registry",
        key="HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment",
        values=["windir"],
    ),
    question("subkeys", "registry", key=UNINSTALL, values=["DisplayName", "DisplayVersion"], subkeys=True),
    question("like", "registry", key=UNINSTALL, values=["DisplayName"], subkeys=True, subkeys_like="Erlang*"),
    question("narrow", "registry", key=UNINSTALL, view=32, values=["DisplayName"], subkeys=True),
    question("no-key", "registry", key="HKLM\\SOFTWARE\\NoSuchVendor", values=["x"]),
    question(
        "services",
        "wmi",
        class_="Win32_Service",
        properties=["Name", "State", "StartMode", "ProcessId", "DelayedAutoStart"],
    ),
    question("one", "wmi", class_="Win32_Service", properties=["DisplayName", "PathName"], condition="Name = 'W3SVC'"),
    question(
        "system",
        "wmi",
        class_="Win32_OperatingSystem",
        properties=["Version", "BuildNumber", "LastBootUpTime", "ProductType"],
    ),
    question("none", "wmi", class_="Win32_Service", properties=["Name"], condition="Name = 'NoSuchService'"),
    question("no-class", "wmi", class_="Win32_NoSuchClass", properties=["Name"]),
    question("no-namespace", "wmi", class_="Thing", properties=["Name"], namespace="root/NoSuchNamespace"),
)


@pytest.fixture(scope="module")
def machine() -> Machine:
    return load_machine(MACHINES / "p01-development.yaml")


def over(
    machine: Machine, reading: WinRMReading, *questions: Question, options: WSManOptions | None = None
) -> dict[str, Answer]:
    with serve_wsman(machine, accounts={USER: PASSWORD}, options=options) as server:
        reply = ask(over_http(server.port, reading=reading), Request(questions))
    return {
        identity: dataclasses.replace(answer, milliseconds=0, detail="") for identity, answer in reply.answers.items()
    }


def test_every_value_is_the_same_as_over_powershell(machine: Machine) -> None:
    over_wmi = over(machine, WinRMReading.WMI, *QUESTIONS)
    assert over_wmi == over(machine, WinRMReading.POWERSHELL, *QUESTIONS)
    assert over_wmi["numbers"].value["values"]["UBR"] == 2700
    assert over_wmi["numbers"].value["values"]["CurrentBuild"] == "20348"
    assert over_wmi["expanded"].value["values"]["windir"] == "C:\\Windows"
    assert over_wmi["no-key"].outcome is over_wmi["no-class"].outcome is Outcome.MISSING
    assert over_wmi["none"].value == {"rows": []}
    assert len(over_wmi["like"].value["subkeys"]) == 1


def test_the_clock_is_the_same_as_over_powershell() -> None:
    machine = load_machine(MACHINES / "p18-time-zone.yaml")
    clock = question("clock", "clock")
    by_wmi = over(machine, WinRMReading.WMI, clock)["clock"].value
    by_powershell = over(machine, WinRMReading.POWERSHELL, clock)["clock"].value
    assert by_wmi.keys() == by_powershell.keys()
    assert (by_wmi["zone"], by_wmi["offset_minutes"]) == (by_powershell["zone"], by_powershell["offset_minutes"])
    assert by_wmi["utc"][:15] == by_powershell["utc"][:15]


def test_the_remaining_verbs_are_unsupported_by_name(machine: Machine) -> None:
    answers = over(
        machine,
        WinRMReading.WMI,
        question("file", "file", path="C:\\x"),
        question("account", "account"),
        question("listener", "listener"),
    )
    assert {answer.outcome for answer in answers.values()} == {Outcome.UNSUPPORTED}


def test_denied_wmi_loses_each_question_and_never_the_visit(machine: Machine) -> None:
    answers = over(machine, WinRMReading.WMI, *QUESTIONS, options=WSManOptions(denies_wmi=True))
    assert {answer.outcome for answer in answers.values()} == {Outcome.DENIED}


def test_a_denied_key_is_denied_and_its_neighbours_are_read() -> None:
    machine = load_machine(MACHINES / "p14-not-administrator.yaml")
    denied = [
        answer for answer in over(machine, WinRMReading.WMI, *QUESTIONS).values() if answer.outcome is Outcome.DENIED
    ]
    by_powershell = over(machine, WinRMReading.POWERSHELL, *QUESTIONS)
    assert denied == [answer for answer in by_powershell.values() if answer.outcome is Outcome.DENIED]


def test_many_rows_are_pulled_until_the_end(machine: Machine) -> None:
    services = next(one for one in QUESTIONS if one.id == "services")
    with serve_wsman(machine, accounts={USER: PASSWORD}, options=WSManOptions(max_envelope=6000)) as server:
        reply = ask(over_http(server.port, reading=WinRMReading.WMI), Request((services,)))
        assert server.requests[Step.PULL] > 0
        assert reply.requests == 1 + server.requests[Step.PULL]
    whole = over(machine, WinRMReading.POWERSHELL, services)["services"].value
    assert reply.answers["services"].value == whole


@pytest.mark.parametrize(("one", "messages"), [("services", 1), ("named", 3), ("names", 1), ("no-key", 1), ("like", 4)])
def test_a_question_costs_few_messages(machine: Machine, one: str, messages: int) -> None:
    asked = next(candidate for candidate in QUESTIONS if candidate.id == one)
    with serve_wsman(machine, accounts={USER: PASSWORD}) as server:
        assert ask(over_http(server.port, reading=WinRMReading.WMI), Request((asked,))).requests == messages


def test_what_comes_after_the_deadline_is_out_of_time(machine: Machine) -> None:
    options = WSManOptions(troubles={Step.ENUMERATE: wait(1.2)})
    with serve_wsman(machine, accounts={USER: PASSWORD}, options=options) as server:
        endpoint = over_http(server.port, reading=WinRMReading.WMI)
        questions = tuple(
            question(f"q{number}", "wmi", class_="Win32_Service", properties=["Name"]) for number in range(9)
        )
        reply = ask(endpoint, Request(questions), Limits(visit=5))
    outcomes = [answer.outcome for answer in reply.answers.values()]
    assert outcomes[0] is Outcome.OK
    assert outcomes[-1] is Outcome.FAILED
    assert reply.answers["q8"].detail == "out of time"


def test_an_operation_timeout_costs_one_question(machine: Machine) -> None:
    options = WSManOptions(troubles={Step.ENUMERATE: fault(Fault.OPERATION_TIMEOUT, times=1)})
    services, one, *_ = (candidate for candidate in QUESTIONS if candidate.id in ("services", "one"))
    answers = over(machine, WinRMReading.WMI, services, one, options=options)
    assert answers["services"].outcome is Outcome.FAILED
    assert answers["one"].outcome is Outcome.OK


class Scripted:
    """Answers every message with one body, so that answers are possible which no sound server gives."""

    def __init__(self, body: str) -> None:
        self.sent: list[Mapping[str, Any]] = []
        self._body = body

    def send(self, resource: str, action: str, body: Mapping[str, Any]) -> ElementTree.Element:
        self.sent.append(body)
        if self._body == "fault":
            raise WSManFault("refused", 2150858817)
        return ElementTree.fromstring(
            f'<Body xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{self._body}</Body>'
        )

    def remaining(self) -> float:
        return 60


def told(asked: Question, body: str) -> Answer:
    (answer,) = ask_wmi(Scripted(body), Request((asked,)))
    return answer


def rows(properties: list[str], body: str) -> list[dict[str, Any]]:
    asked = question("q", "wmi", class_="Win32_Thing", properties=properties)
    answer = told(asked, f"<Items>{body}</Items><EndOfSequence/>")
    assert answer.outcome is Outcome.OK, answer
    value: list[dict[str, Any]] = answer.value["rows"]
    return value


def test_fragments_and_typed_elements_read_the_same() -> None:
    expected = [{"Name": "00123", "ProcessId": 42, "Started": True, "Missing": None}]
    names = ["Name", "ProcessId", "Started", "Missing"]
    members = '<Name>00123</Name><ProcessId>42</ProcessId><Started>TRUE</Started><Missing xsi:nil="true"/>'
    assert rows(names, f'<w:XmlFragment xmlns:w="urn:w">{members}</w:XmlFragment>') == expected
    typed = members.replace("<", "<p:").replace("<p:/", "</p:")
    assert rows(names, f'<p:Win32_Thing xmlns:p="urn:p">{typed}</p:Win32_Thing>') == expected


def test_dates_are_utc_and_lists_stay_lists() -> None:
    body = (
        '<x><InstallDate><c:Datetime xmlns:c="urn:c">2026-01-31T04:00:00.5+02:00</c:Datetime></InstallDate>'
        "<IPAddress>10.0.0.1</IPAddress></x>"
    )
    assert rows(["InstallDate", "IPAddress"], body) == [
        {"InstallDate": "2026-01-31T02:00:00Z", "IPAddress": ["10.0.0.1"]}
    ]


def test_more_rows_than_the_limit_are_cut_and_said_to_be() -> None:
    asked = question("q", "wmi", class_="Win32_Thing", properties=["Name"])
    answer = told(asked, "<Items>" + "<x><Name>a</Name></x>" * 2001 + "</Items><EndOfSequence/>")
    assert (len(answer.value["rows"]), answer.complete) == (2000, False)


@pytest.mark.parametrize(
    "asked",
    [
        question("q", "wmi", class_="Win32_Product", properties=["Name"]),
        question("q", "wmi", class_="WIN32_PRODUCT", properties=["Name"]),
        question("q", "wmi", class_="Win32_Service where 1=1", properties=["Name"]),
        question("q", "wmi", class_="Win32_Service", properties=["Name from Win32_Product"]),
        question("q", "wmi", class_="Win32_Service", properties=["Name"], namespace="root/cimv2/../x"),
        question("q", "registry", key="HKCU\\Software", values=["x"]),
        question("q", "wmi", properties=["Name"]),
    ],
)
def test_what_must_not_be_asked_is_never_sent(asked: Question) -> None:
    messenger = Scripted("<Items/><EndOfSequence/>")
    (answer,) = ask_wmi(messenger, Request((asked,)))
    assert answer.outcome is Outcome.FAILED
    assert messenger.sent == []


@pytest.mark.parametrize(
    "body",
    [
        "",
        "fault",
        "<r_OUTPUT><ReturnValue>7</ReturnValue></r_OUTPUT>",
        "<r_OUTPUT><ReturnValue>many</ReturnValue></r_OUTPUT>",
        "<r_OUTPUT><sNames>a</sNames><Types>x</Types><ReturnValue>0</ReturnValue></r_OUTPUT>",
        "<r_OUTPUT><sNames>a</sNames><Types>4</Types><uValue>x</uValue><ReturnValue>0</ReturnValue></r_OUTPUT>",
    ],
)
def test_an_answer_that_makes_no_sense_is_failed_and_never_missing(body: str) -> None:
    asked = question("q", "registry", key="HKLM\\SOFTWARE\\X", values=["a"])
    assert told(asked, body).outcome is Outcome.FAILED


@pytest.mark.parametrize("body", ["", "<Items/>", "<Items><x><Name>a</Name></x></Items>", "<EnumerationContext/>"])
def test_rows_without_an_end_are_failed_and_never_taken_for_all(body: str) -> None:
    assert told(question("q", "wmi", class_="Win32_Thing", properties=["Name"]), body).outcome is Outcome.FAILED


def test_a_date_that_is_none_fails_its_question() -> None:
    asked = question("q", "wmi", class_="Win32_Thing", properties=["InstallDate"])
    body = "<Items><x><InstallDate><Datetime>soon</Datetime></InstallDate></x></Items><EndOfSequence/>"
    assert told(asked, body).outcome is Outcome.FAILED
