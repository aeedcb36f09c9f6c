"""WMI over WS-Man: the simulated server answers queries and registry calls in the forms that Windows uses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
import xmltodict
from winrm.exceptions import WSManFaultError
from winrm.protocol import Protocol

from auditor.simulation.listening import SimulatedServer
from auditor.simulation.options import Step, WSManOptions
from auditor.simulation.wsman_server import serve_wsman
from tests.simulation.wsman_visits import ACCOUNTS, pywinrm, windows_machine

WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/"
ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
WQL = "http://schemas.microsoft.com/wbem/wsman/1/WQL"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
REGISTRY = f"{WMI}default/StdRegProv"


@pytest.fixture
def server() -> Iterator[SimulatedServer]:
    with serve_wsman(windows_machine(), accounts=ACCOUNTS) as server:
        yield server


@pytest.fixture
def protocol(server: SimulatedServer) -> Protocol:
    return pywinrm(server)


def send(protocol: Protocol, resource: str, action: str, body: dict[str, Any]) -> ElementTree.Element:
    envelope = protocol.build_wsman_header(action, resource)
    envelope["env:Body"] = body
    root = ElementTree.fromstring(protocol.send_message(xmltodict.unparse({"env:Envelope": envelope})))
    found = root.find("{http://www.w3.org/2003/05/soap-envelope}Body")
    assert found is not None
    return found


def enumerate_(protocol: Protocol, query: str, optimized: int | None = 1000) -> ElementTree.Element:
    content: dict[str, Any] = {"w:Filter": {"@Dialect": WQL, "#text": query}}
    if optimized is not None:
        content = {"w:OptimizeEnumeration": None, "w:MaxElements": str(optimized), **content}
    return send(protocol, f"{WMI}cimv2/*", f"{ENUMERATION}/Enumerate", {"n:Enumerate": content})


def pull(protocol: Protocol, context: str, most: int | None = None) -> ElementTree.Element:
    content: dict[str, Any] = {"n:EnumerationContext": context}
    if most is not None:
        content["n:MaxElements"] = str(most)
    return send(protocol, f"{WMI}cimv2/*", f"{ENUMERATION}/Pull", {"n:Pull": content})


def items(body: ElementTree.Element) -> list[ElementTree.Element]:
    return [item for element in body.iter() if local(element) == "Items" for item in element]


def context_of(body: ElementTree.Element) -> str:
    return next((element.text or "" for element in body.iter() if local(element) == "EnumerationContext"), "")


def is_ended(body: ElementTree.Element) -> bool:
    return any(local(element) == "EndOfSequence" for element in body.iter())


def local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def columns(item: ElementTree.Element) -> dict[str, str | None]:
    return {local(child): None if child.get(NIL) == "true" else child.text for child in item}


def invoke(protocol: Protocol, method: str, **arguments: str) -> dict[str, list[str | None]]:
    body = {f"r:{method}_INPUT": {"@xmlns:r": REGISTRY, **{f"r:{name}": value for name, value in arguments.items()}}}
    answer = send(protocol, REGISTRY, f"{REGISTRY}/{method}", body)
    (output,) = answer
    assert output.tag == f"{{{REGISTRY}}}{method}_OUTPUT"
    found: dict[str, list[str | None]] = {}
    for element in output:
        found.setdefault(local(element), []).append(None if element.get(NIL) == "true" else element.text or "")
    return found


def test_picked_columns_come_as_fragments_without_a_namespace(server: SimulatedServer, protocol: Protocol) -> None:
    body = enumerate_(protocol, "select Name, State from Win32_Service where Name = 'W3SVC'")
    (item,) = items(body)
    assert local(item) == "XmlFragment"
    assert [child.tag for child in item] == ["Name", "State"]
    assert columns(item) == {"Name": "W3SVC", "State": "Running"}
    assert is_ended(body)
    assert server.requests[Step.PULL] == 0


def test_all_columns_come_as_a_typed_row(protocol: Protocol) -> None:
    (item,) = items(enumerate_(protocol, "select * from Win32_OperatingSystem"))
    assert item.tag == f"{{{WMI}cimv2/Win32_OperatingSystem}}Win32_OperatingSystem"
    assert all(child.tag.startswith(f"{{{WMI}cimv2/Win32_OperatingSystem}}") for child in item)
    assert (columns(item)["Version"] or "").startswith("10.0.")


def test_a_class_can_be_enumerated_by_its_own_name(protocol: Protocol) -> None:
    body = send(
        protocol,
        f"{WMI}cimv2/Win32_ComputerSystem",
        f"{ENUMERATION}/Enumerate",
        {"n:Enumerate": {"w:OptimizeEnumeration": None}},
    )
    (item,) = items(body)
    assert local(item) == "Win32_ComputerSystem"


def test_times_are_wrapped_in_a_datetime_element(protocol: Protocol) -> None:
    (item,) = items(enumerate_(protocol, "select LastBootUpTime from Win32_OperatingSystem"))
    (inner,) = item[0]
    assert inner.tag == "{http://schemas.dmtf.org/wbem/wscim/1/common}Datetime"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", inner.text or "")


def test_null_is_nil_and_a_list_is_repeated_elements() -> None:
    class Machine:
        """Gives one row with every kind of value."""

        platform = windows_machine().platform
        language_mode = "FullLanguage"

        def answer(self, request: Any) -> dict[str, Any]:
            raise NotImplementedError

        def wql(self, namespace: str, query: str) -> list[dict[str, Any]]:
            return [{"A": None, "B": [], "C": ["x<", "y\x01"], "D": True, "E": 7, "F": ""}]

        def registry_method(self, method: str, arguments: Any) -> dict[str, Any]:
            raise NotImplementedError

    with serve_wsman(Machine(), accounts=ACCOUNTS) as server:
        (item,) = items(enumerate_(pywinrm(server), "select A, B, C, D, E, F from Any"))
    assert [(child.tag, child.get(NIL), child.text) for child in item] == [
        ("A", "true", None),
        ("B", "true", None),
        ("C", None, "x<"),
        ("C", None, "y\ufffd"),
        ("D", None, "true"),
        ("E", None, "7"),
        ("F", None, None),
    ]


def test_without_optimization_one_row_comes_with_each_pull(server: SimulatedServer, protocol: Protocol) -> None:
    expected = len(items(enumerate_(protocol, "select Name from Win32_Service")))
    body = enumerate_(protocol, "select Name from Win32_Service", optimized=None)
    assert (items(body), is_ended(body)) == ([], False)
    context, rows = context_of(body), 0
    while not is_ended(body):
        body = pull(protocol, context)
        assert len(items(body)) == 1
        rows += 1
    assert rows == expected == server.requests[Step.PULL]


def test_a_first_answer_that_is_not_all_is_followed_by_pulls(protocol: Protocol) -> None:
    everything = [columns(item) for item in items(enumerate_(protocol, "select Name from Win32_Service"))]
    body = enumerate_(protocol, "select Name from Win32_Service", optimized=5)
    assert (len(items(body)), is_ended(body)) == (5, False)
    rest = pull(protocol, context_of(body), 1000)
    assert is_ended(rest)
    assert [columns(item) for item in (*items(body), *items(rest))] == everything


def test_rows_that_do_not_fit_the_envelope_wait_for_the_next_pull() -> None:
    options = WSManOptions(max_envelope=6000)
    with serve_wsman(windows_machine(), accounts=ACCOUNTS, options=options) as server:
        protocol = pywinrm(server)
        body = enumerate_(protocol, "select * from Win32_Service")
        seen = len(items(body))
        assert not is_ended(body)
        while not is_ended(body):
            body = pull(protocol, context_of(body), 1000)
            seen += len(items(body))
    with serve_wsman(windows_machine(), accounts=ACCOUNTS) as server:
        assert seen == len(items(enumerate_(pywinrm(server), "select * from Win32_Service")))


def test_an_ended_enumeration_cannot_be_pulled(protocol: Protocol) -> None:
    context = context_of(enumerate_(protocol, "select Name from Win32_Service", optimized=None))
    pull(protocol, context, 1000)
    with pytest.raises(WSManFaultError) as caught:
        pull(protocol, context)
    assert caught.value.wsman_fault_code == 2150858759


def test_a_released_enumeration_cannot_be_pulled(protocol: Protocol) -> None:
    context = context_of(enumerate_(protocol, "select Name from Win32_Service", optimized=None))
    body = {"n:Release": {"n:EnumerationContext": context}}
    send(protocol, f"{WMI}cimv2/*", f"{ENUMERATION}/Release", body)
    with pytest.raises(WSManFaultError):
        pull(protocol, context)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("select Name from Win32_Nothing", 0x80041010),
        ("select Name from Win32_Service where", 0x80041017),
        ("select Nothing from Win32_Service", 0x80041017),
        ("delete everything", 0x80041017),
    ],
)
def test_a_bad_query_gives_the_error_of_wmi(protocol: Protocol, query: str, code: int) -> None:
    with pytest.raises(WSManFaultError) as caught:
        enumerate_(protocol, query)
    assert caught.value.wmierror_code == code


def test_an_account_without_wmi_rights_is_denied_though_a_shell_opens() -> None:
    with serve_wsman(windows_machine(), accounts=ACCOUNTS, options=WSManOptions(denies_wmi=True)) as server:
        protocol = pywinrm(server)
        for ask in (
            lambda: enumerate_(protocol, "select Name from Win32_Service"),
            lambda: invoke(protocol, "EnumKey", hDefKey="2147483650", sSubKeyName="SOFTWARE"),
        ):
            with pytest.raises(WSManFaultError) as caught:
                ask()
            assert caught.value.wmierror_code == 0x80041003
            assert caught.value.fault_subcode == "w:AccessDenied"
        protocol.close_shell(protocol.open_shell())


def test_the_registry_is_read_by_the_methods_of_its_provider(server: SimulatedServer, protocol: Protocol) -> None:
    key = "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"
    listed = invoke(protocol, "EnumValues", hDefKey="2147483650", sSubKeyName=key)
    assert listed["ReturnValue"] == ["0"]
    assert "ProductName" in listed["sNames"]
    assert len(listed["sNames"]) == len(listed["Types"])
    name = invoke(protocol, "GetStringValue", hDefKey="2147483650", sSubKeyName=key, sValueName="ProductName")
    assert "Windows Server" in (name["sValue"][0] or "")
    keys = invoke(protocol, "EnumKey", hDefKey="2147483650", sSubKeyName="SOFTWARE")
    assert "Microsoft" in keys["sNames"]
    assert server.requests[Step.INVOKE] == 3


def test_what_the_registry_has_not_is_said_by_the_return_value(protocol: Protocol) -> None:
    key = invoke(protocol, "EnumKey", hDefKey="2147483650", sSubKeyName="SOFTWARE\\Nothing")
    assert key["ReturnValue"] == ["2"]
    parent = "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"
    value = invoke(protocol, "GetStringValue", hDefKey="2147483650", sSubKeyName=parent, sValueName="Nothing")
    assert value == {"sValue": [None], "ReturnValue": ["1"]}


@pytest.mark.parametrize("method", ["SetStringValue", "DeleteKey", "CreateKey"])
def test_methods_that_write_do_not_exist(protocol: Protocol, method: str) -> None:
    with pytest.raises(WSManFaultError) as caught:
        invoke(protocol, method, hDefKey="2147483650", sSubKeyName="SOFTWARE\\New")
    assert caught.value.wsman_fault_code == 2150858771
