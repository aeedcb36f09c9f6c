"""A modelled Linux host: files and the fixed commands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.bundled import machines_folder
from auditor.model.question import Platform
from auditor.simulation.machine import Machine, NoSuchClass, load_machine


def ask(machine: Machine, verb: str, *words: str) -> dict[str, Any]:
    document = machine.answer({"questions": [{"id": "q", "verb": verb, "arguments": list(words)}]})
    answer: dict[str, Any] = document["answers"][0]
    return answer


def text(machine: Machine, command: str) -> str:
    value = ask(machine, "command", command)["value"]
    assert value["exit_code"] == 0
    return str(value["text"])


@pytest.fixture(scope="module")
def broker() -> Machine:
    return load_machine(machines_folder() / "p17-rabbitmq.yaml")


def test_the_fixed_commands_describe_the_host(broker: Machine) -> None:
    assert broker.platform is Platform.LINUX
    assert text(broker, "uname") == "Linux 6.1.0-28-amd64 x86_64"
    assert text(broker, "hostname") == "mq-1.example.internal"
    assert text(broker, "packages").splitlines() == ["erlang-base 1:26.2.5+dfsg-1", "rabbitmq-server 3.13.7-1"]
    assert text(broker, "rabbitmq_version") == "3.13.7"
    assert "10.0.3.20/24" in text(broker, "addresses")
    assert text(broker, "memory").split() == ["MemTotal:", "4194304", "kB"]
    assert text(broker, "processors") == "2"
    assert len(text(broker, "machine_id").strip()) == 32
    assert text(broker, "volumes").splitlines()[1].split()[1:] == ["41943040", "10485760", "31457280", "25%", "/"]
    assert ask(broker, "directory", "/run/systemd/system", "", "1")["outcome"] == "ok"
    blocks = text(broker, "units").split("\n\n")
    assert len(blocks) == 7
    assert "Id=rabbitmq-server.service\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled" in blocks


def test_the_broker_tells_its_virtual_hosts_to_root_alone(broker: Machine, tmp_path: Path) -> None:
    first, rest = text(broker, "rabbitmq_permissions").split("\n", 1)
    assert (first, rest.split("\n")[0]) == ("vhost\t/", "[]")
    assert rest.split("\n")[1] == "vhost\t/outsystems"
    (tmp_path / "other.yaml").write_text(
        f"extends: {machines_folder() / 'p17-rabbitmq.yaml'}\naccount: {{administrator: false}}\n", encoding="utf-8"
    )
    other = load_machine(tmp_path / "other.yaml")
    assert ask(other, "command", "rabbitmq_permissions")["value"] == {"exit_code": 77, "text": ""}
    plain = load_machine(machines_folder() / "linux-plain.yaml")
    assert ask(plain, "command", "rabbitmq_permissions")["outcome"] == "missing"


def test_files_are_told_apart_by_case(broker: Machine) -> None:
    assert "bookworm" in ask(broker, "file", "/etc/os-release", "4096")["value"]["text"]
    assert ask(broker, "file", "/etc/OS-release", "")["outcome"] == "missing"
    assert "text" not in ask(broker, "file", "/etc/os-release", "")["value"]
    names = [entry["name"] for entry in ask(broker, "directory", "/etc", "*release", "")["value"]["entries"]]
    assert names == ["os-release"]
    names = [entry["name"] for entry in ask(broker, "directory", "/etc", "[mo]*-??????", "")["value"]["entries"]]
    assert names == []
    names = [entry["name"] for entry in ask(broker, "directory", "/etc", "[mo]*-?*", "1")["value"]["entries"]]
    assert names == ["machine-id"]
    assert ask(broker, "directory", "/nowhere", "", "")["outcome"] == "missing"


def test_what_is_not_there_is_missing_and_what_is_not_known_unsupported() -> None:
    plain = load_machine(machines_folder() / "linux-plain.yaml")
    assert ask(plain, "command", "rabbitmq_version")["outcome"] == "missing"
    assert text(plain, "packages") == ""
    assert ask(plain, "command", "reboot")["outcome"] == "unsupported"
    assert ask(plain, "registry", "x")["outcome"] == "unsupported"
    assert ask(plain, "file")["outcome"] == "failed"
    with pytest.raises(NoSuchClass):
        plain.wql("root/cimv2", "select Name from Win32_Service")
    assert plain.registry_method("EnumKey", {"sSubKeyName": "SOFTWARE"}) == {"ReturnValue": 2}


def test_without_root_less_is_seen(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(
        f"extends: {machines_folder() / 'p11-java-stack.yaml'}\n"
        "account: {administrator: false}\n"
        "linux: {systemd: false, packager: none}\n"
        "denied: {files: {/etc/outsystems/server.hsconf: true}, commands: {volumes: true}}\n"
    )
    machine = load_machine(tmp_path / "m.yaml")
    assert ask(machine, "file", "/etc/outsystems/server.hsconf", "10")["outcome"] == "denied"
    assert ask(machine, "command", "product_uuid")["outcome"] == "denied"
    assert ask(machine, "command", "volumes")["outcome"] == "denied"
    assert ask(machine, "command", "units")["outcome"] == "missing"
    assert ask(machine, "directory", "/run/systemd/system")["outcome"] == "missing"
    assert ask(machine, "command", "packages")["outcome"] == "missing"
    assert ask(machine, "account")["value"] == {"administrator": False}
    assert {row["process"] for row in ask(machine, "listener")["value"]["listeners"]} == {""}
