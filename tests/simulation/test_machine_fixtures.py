"""The shipped machine models: that each loads, is somebody of its own, and keeps its planted secrets."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from auditor.bundled import machines_folder
from auditor.model.question import Platform
from auditor.simulation import machine_planted as planted
from auditor.simulation.machine import Machine, load_machine

MODELS = sorted(machines_folder().glob("*.yaml"))
INSTALL = {"key": r"HKLM\SOFTWARE\OutSystems\Installer\Server", "value": ""}
IIS_APPLICATION = "configuration/system.applicationHost/sites/site/application"


def load(name: str) -> Machine:
    return load_machine(machines_folder() / f"{name}.yaml")


def ask(machine: Machine, verb: str, **arguments: Any) -> dict[str, Any]:
    request = {
        "digest_key": base64.b64encode(b"key of this run").decode(),
        "questions": [{"id": "q", "verb": verb, "arguments": arguments}],
    }
    answer: dict[str, Any] = machine.answer(request)["answers"][0]
    return answer


def installer_values(machine: Machine) -> dict[str, Any]:
    names = ["", "Server", "ServiceCenter", "SystemComponents", "LifeTime", "LifetimePublished"]
    answer = ask(machine, "registry", key=INSTALL["key"], values=names)
    return dict(answer["value"]["values"]) if answer["outcome"] == "ok" else {}


def applications(machine: Machine) -> dict[str, str]:
    rules = [
        {"path": IIS_APPLICATION, "attributes": ["path"]},
        {"path": f"{IIS_APPLICATION}/virtualDirectory", "attributes": ["physicalPath"]},
    ]
    path = r"%windir%\System32\inetsrv\config\applicationHost.config"
    root = ask(machine, "xml", path=path, take=rules)["value"]["root"]
    sites = root["children"][0]["children"][0]["children"]
    rows = [application for site in sites for application in site["children"]]
    return {row["attributes"]["path"]: row["children"][0]["attributes"]["physicalPath"] for row in rows}


def services(machine: Machine) -> dict[str, tuple[str, str, str]]:
    rows = machine.wql("root/cimv2", "select Name, StartMode, State, StartName from Win32_Service")
    return {row["Name"]: (row["StartMode"], row["State"], row["StartName"]) for row in rows}


def ports(machine: Machine) -> set[int]:
    return {row["port"] for row in ask(machine, "listener")["value"]["listeners"]}


@pytest.mark.parametrize("file", MODELS, ids=lambda file: file.stem)
def test_every_model_loads_and_says_what_it_is(file: Path) -> None:
    machine = load_machine(file)
    assert machine.summary.endswith(".")
    assert machine.secrets


def test_every_profile_has_a_model() -> None:
    names = {file.name[:3] for file in MODELS}
    assert {f"p{number:02}" for number in range(1, 19)} <= names


def marks(machine: Machine) -> tuple[str, ...]:
    if machine.platform is Platform.LINUX:
        words = [
            machine.answer({"questions": [{"id": "q", "verb": "command", "arguments": [name]}]})
            for name in ("product_uuid", "machine_id", "macs", "addresses")
        ]
        return tuple(word["answers"][0]["value"]["text"] for word in words)
    uuid = machine.wql("root/cimv2", "select UUID from Win32_ComputerSystemProduct")[0]["UUID"]
    adapter = machine.wql("root/cimv2", "select * from Win32_NetworkAdapterConfiguration where IPEnabled = true")[0]
    guid = ask(machine, "registry", key=r"HKLM\SOFTWARE\Microsoft\Cryptography", values=["MachineGuid"])
    return uuid, guid["value"]["values"]["MachineGuid"], adapter["MACAddress"], adapter["IPAddress"][0]


def test_variants_of_a_machine_are_the_same_one_and_all_others_differ_in_every_mark() -> None:
    by_name: dict[str, set[tuple[str, ...]]] = {}
    for file in MODELS:
        machine = load_machine(file)
        by_name.setdefault(machine.name, set()).add(marks(machine))
    assert {name: found for name, found in by_name.items() if len(found) != 1} == {}
    for column in range(4):
        values = [next(iter(found))[column] for found in by_name.values()]
        assert len(set(values)) == len(values)


@pytest.mark.parametrize("name", ["p01-development", "p03-front-end-1", "p04-lifetime", "p10-outsystems-10"])
def test_secrets_are_there_and_allow_listed_questions_do_not_bring_them(name: str) -> None:
    machine = load(name)
    hsconf = ask(machine, "file", path="server.hsconf", base=INSTALL, text=65536)["value"]["text"]
    key = ask(machine, "file", path="private.key", base=INSTALL, text=65536)["value"]["text"]
    raw = hsconf + key
    for secret in (planted.ADMIN_PASSWORD, planted.RUNTIME_PASSWORD, planted.SESSION_PASSWORD):
        assert secret in raw
    assert [secret for secret in machine.secrets if secret in key]
    rules = [
        {"path": "EnvironmentConfiguration/PlatformDatabaseConfiguration", "attributes": ["ProviderKey"]},
        {
            "path": "EnvironmentConfiguration/PlatformDatabaseConfiguration/AdminPassword",
            "attributes": ["encrypted"],
            "text": "presence",
        },
        {"path": "EnvironmentConfiguration/PlatformDatabaseConfiguration/Catalog", "text": "value"},
    ]
    answers = json.dumps(
        [
            ask(machine, "xml", path="server.hsconf", base=INSTALL, take=rules),
            ask(machine, "digest", path="private.key", base=INSTALL),
            applications(machine),
            machine.wql("root/cimv2", "select Name, PathName from Win32_Service"),
            repr(machine),
        ]
    )
    assert "outsystems_" in answers
    assert [secret for secret in machine.secrets if secret in answers] == []
    assert planted.MARK not in answers


def test_p1_is_a_healthy_development_server() -> None:
    machine = load("p01-development")
    assert installer_values(machine) == {
        "": r"C:\Program Files\OutSystems\Platform Server",
        "Server": "11.43.0.51000",
        "ServiceCenter": "11.43.0.51000",
        "SystemComponents": "11.43.0.51000",
    }
    found = services(machine)
    assert found["OutSystems Deployment Controller Service"] == (
        "Auto", "Running", r"NT Service\OutSystems Deployment Controller Service",
    )  # fmt: skip
    assert found["OutSystems Deployment Service"] == ("Auto", "Running", "LocalSystem")
    assert found["RabbitMQ"][:2] == ("Auto", "Running")
    assert {80, 443, 5672, 12000, 12001, 12002, 12100, 12101, 12102} <= ports(machine)
    assert applications(machine)["/ServiceCenter"].endswith(r"\running\ServiceCenter.a1b2c3")
    brokers = ask(machine, "directory", path=r"thirdparty\RabbitMQ Server", base=INSTALL)["value"]["entries"]
    assert brokers == [{"name": "rabbitmq_server-4.1.2", "folder": True}]
    for name in ("CompilerService", "DeployService", "Scheduler"):
        assert ask(machine, "file", path=rf"{name}\{name}.exe", base=INSTALL)["outcome"] == "ok"


def test_p3_divides_the_roles() -> None:
    controller, front_end = load("p03-controller"), load("p03-front-end-1")
    assert {12000, 12100, 5672} <= ports(controller)
    assert not {12001, 12002} & ports(controller)
    assert {12001, 12101, 12002, 12102, 80, 443} <= ports(front_end)
    assert not {12000, 5672} & ports(front_end)
    assert "ServiceCenter" not in installer_values(front_end)
    assert len(applications(front_end)) == 25
    assert set(applications(load("p03b-controller"))) == {"/"}
    digests = {ask(m, "digest", path="private.key", base=INSTALL)["value"]["digest"] for m in (controller, front_end)}
    assert len(digests) == 1
    other = ask(load("p16-other-private-key"), "digest", path="private.key", base=INSTALL)["value"]["digest"]
    assert other not in digests


def test_p5_and_its_variants_differ_in_registry_and_iis() -> None:
    names = ("p05-lifetime-in-development", "p05a-lifetime-payload", "p05b-lifetime-without-registry")
    seen = [
        (
            "LifeTime" in installer_values(load(name)),
            "LifetimePublished" in installer_values(load(name)),
            "/lifetime" in applications(load(name)),
            ask(load(name), "file", path="Lifetime.osp", base=INSTALL)["outcome"],
        )
        for name in names
    ]
    assert seen == [(True, True, True, "ok"), (True, False, False, "ok"), (False, False, True, "missing")]


def test_p6_has_an_empty_folder_of_running_applications() -> None:
    machine = load("p06-no-service-center")
    assert ask(machine, "directory", path="running", base=INSTALL)["value"]["entries"] == []
    assert set(applications(machine)) == {"/", "/server.api", "/server.identity"}


def test_layout_and_accounts_follow_the_version() -> None:
    machine = load("p08-old-numbering")
    assert ask(machine, "file", path="Scheduler.exe", base=INSTALL)["outcome"] == "ok"
    assert ask(machine, "file", path=r"Scheduler\Scheduler.exe", base=INSTALL)["outcome"] == "missing"
    assert not {12100, 12101, 12102} & ports(machine)
    assert services(machine)["OutSystems Scheduler Service"][2] == "LocalSystem"
    assert ask(load("p08-disk-behind"), "file", path="version.txt", base=INSTALL, text=99)["value"]["text"] == (
        "11.36.2.45100\r\n"
    )


def test_p9_is_registry_without_a_folder() -> None:
    machine = load("p09-leftover")
    assert installer_values(machine)["Server"] == "11.20.0.39000"
    assert ask(machine, "directory", path="", base=INSTALL)["outcome"] == "missing"
    assert services(machine)["RabbitMQ"][:2] == ("Auto", "Stopped")
    folder = applications(machine)["/ServiceCenter"]
    assert ask(machine, "directory", path=folder)["outcome"] == "missing"
    key = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment"
    names = ask(machine, "registry", key=key, values="*")["value"]["names"]
    assert {"ERLANG_HOME", "RABBITMQ_BASE"} <= set(names)
    rules = [{"path": "configuration/appSettings/add", "attributes": ["key"], "where": {"key": "OutSystems.*"}}]
    path = r"%windir%\Microsoft.NET\Framework64\v4.0.30319\Config\machine.config"
    settings = ask(machine, "xml", path=path, take=rules)["value"]["root"]["children"][0]["children"]
    assert {row["attributes"]["key"] for row in settings} == {
        "OutSystems.HubEdition.SettingsKeyPath", "OutSystems.DB.ConnectionString",
    }  # fmt: skip


def test_p10_carries_the_marks_of_its_generation() -> None:
    machine = load("p10-outsystems-10")
    assert {"OutSystems Log Service", "OutSystems SMS Connector Service", "MSMQ"} <= set(services(machine))
    system = machine.wql("root/cimv2", "select Version from Win32_OperatingSystem")[0]
    assert system["Version"] == "6.3.9600"
    text = ask(machine, "file", path="server.hsconf", base=INSTALL, text=65536)["value"]["text"]
    assert "LogUser" in text
    assert "LoggingDatabaseConfiguration" not in text
    assert "CacheInvalidationConfiguration" not in text


@pytest.mark.parametrize("name", ["p12-service-studio", "p13-plain", "p13b-server-core", "p13c-domain-controller"])
def test_hosts_without_a_platform_have_no_trace_of_it(name: str) -> None:
    machine = load(name)
    assert installer_values(machine) == {}
    assert not [service for service in services(machine) if service.startswith("OutSystems")]
    expected = "ok" if name == "p12-service-studio" else "missing"
    assert ask(machine, "registry", key=r"HKLM\SOFTWARE\OutSystems", values=[])["outcome"] == expected


def test_p14_denies_what_only_administrators_may_read() -> None:
    machine = load("p14-not-administrator")
    assert installer_values(machine)["Server"] == "11.43.0.51000"
    assert services(machine)["OutSystems Scheduler Service"][:2] == ("Auto", "Running")
    path = r"%windir%\System32\inetsrv\config\applicationHost.config"
    assert ask(machine, "xml", path=path, take=[])["outcome"] == "denied"
    for name in ("server.hsconf", "private.key"):
        assert ask(machine, "file", path=name, base=INSTALL)["outcome"] == "denied"


def test_p15_is_detached() -> None:
    machine = load("p15-detached")
    assert installer_values(machine) == {}
    assert "Detached Scheduler Service" in services(machine)
    assert set(applications(machine)) == {"/", "/Orders", "/Customers"}


def test_p18_changes_exactly_what_its_name_says() -> None:
    fips = r"HKLM\SYSTEM\CurrentControlSet\Control\Lsa\FIPSAlgorithmPolicy"
    assert ask(load("p18-fips-absent"), "registry", key=fips, values=["Enabled"])["outcome"] == "missing"
    assert ask(load("p18-fips-allowed"), "registry", key=fips, values=["Enabled"])["value"]["values"]["Enabled"] == 1
    bundles = r"HKLM\SOFTWARE\Microsoft\Updates\.NET"
    answer = ask(
        load("p18-hosting-bundle-wrong"), "registry",
        key=bundles, view=32, values=["PackageVersion"], subkeys=True, subkeys_like="Microsoft .NET*Hosting*",
    )  # fmt: skip
    assert list(answer["value"]["subkeys"].values()) == [{"PackageVersion": "6.0.36.24516"}]
    components = r"HKLM\SOFTWARE\Microsoft\InetStp\Components"
    values = ask(load("p18-feature-missing"), "registry", key=components, values="*")["value"]["names"]
    assert "WindowsAuthentication" not in values
    assert "ASPNET45" in values
    memory = load("p18-memory-low").wql("root/cimv2", "select TotalPhysicalMemory from Win32_ComputerSystem")
    assert memory == [{"TotalPhysicalMemory": 2 * 2**30}]
    assert services(load("p18-local-system"))["OutSystems Deployment Controller Service"][2] == "LocalSystem"
    module = ask(
        load("p18-bundle-without-module"), "file", path=r"%ProgramFiles%\IIS\Asp.Net Core Module\V2\aspnetcorev2.dll"
    )
    assert module["outcome"] == "missing"


def test_hostile_values_arrive_unchanged() -> None:
    machine = load("hostile")
    assert "<script>alert(1)</script>" in installer_values(machine)["Server"]
    assert "\x1b[31m" in installer_values(machine)["ServiceCenter"]
    assert "/<script>alert('app')</script>" in applications(machine)
    assert "@SUM(1+1)*cmd|' /C calc'!A0" in services(machine)


def hsconf(machine: Machine) -> str:
    answer = ask(machine, "file", path="server.hsconf", base=INSTALL, text=65536)
    return str(answer["value"]["text"]) if answer["outcome"] == "ok" else ""


def test_only_the_model_made_for_it_holds_passwords_in_clear_text() -> None:
    windows = {file.stem: load_machine(file) for file in MODELS if "linux" not in file.stem}
    texts = {name: hsconf(machine) for name, machine in windows.items() if machine.platform is Platform.WINDOWS}

    clear = (planted.PLATFORM_ADMIN_PASSWORD, planted.CLEAR_ADMIN_PASSWORD)
    for secret in clear:
        assert {name for name, text in texts.items() if secret in text} == {"p16-clear-text-password"}
        assert secret in windows["p16-clear-text-password"].secrets
    assert sum(planted.ADMIN_PASSWORD in text for text in texts.values()) > 50
