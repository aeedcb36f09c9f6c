"""What a sound inventory becomes: inheritance, defaults, paths, digest."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.model.inventory import (
    Bastion,
    CredentialKind,
    CredentialReference,
    Endpoint,
    Hosting,
    Inventory,
    Purpose,
    Role,
    Source,
    SSHEndpoint,
    WinRMEndpoint,
    WinRMReading,
    WinRMSignIn,
)
from auditor.model.question import Platform
from auditor.settings.inventory import load_inventory

Write = Callable[..., Path]


def load(path: Path) -> Inventory:
    return load_inventory(path)


def endpoint(write: Write, host: str, defaults: str = "{}", environment: str = "{}") -> Endpoint:
    text = (
        f"infrastructure: Example\ndefaults: {defaults}\nenvironments:\n"
        f"  - {{name: Development, purpose: development, defaults: {environment}, hosts: [{host}]}}\n"
    )
    return load(write(text)).hosts[0].endpoint


def test_a_host_is_in_its_own_zone_or_in_that_of_its_environment(write: Write) -> None:
    path = write(
        textwrap.dedent("""
        infrastructure: Example
        defaults: {sign_in: kerberos}
        environments:
          - {name: A, purpose: other, zone: internal, hosts: [{name: a-1}, {name: a-2, zone: dmz}]}
          - {name: B, purpose: other, hosts: [{name: b-1}, {name: b-2, zone: office-2}]}
        other_hosts: [{name: c-1, zone: dmz}, {name: c-2}]
        """)
    )
    zones = {host.name: host.zone for host in load(path).hosts}
    assert zones == {"a-1": "internal", "a-2": "dmz", "b-1": None, "b-2": "office-2", "c-1": "dmz", "c-2": None}


def test_a_whole_inventory_becomes_values(write: Write, tmp_path: Path) -> None:
    path = write(
        textwrap.dedent(r"""
        infrastructure: Example
        defaults: {user: EXAMPLE\audit, password: {environment: OSAUDIT_PASSWORD}, ca_file: ca.pem, reading: wmi}
        environments:
          - name: Nein
            purpose: production
            approved_tooling: [service-studio]
            sources: [database]
            hosts:
              - name: prd-1
                address: 192.0.2.1
                roles: [front-end, deployment-controller]
                aliases: [PRD1]
                passive: true
                same_machine_as: [BROKER]
          - {name: Cloud, purpose: quality, hosting: cloud, sources: []}
        other_hosts:
          - {name: broker, transport: ssh, user: audit, key_file: ~/key}
        """)
    )
    loaded = load(path)
    production, cloud = loaded.environments
    assert (production.name, production.purpose, production.hosting) == (
        "Nein",
        Purpose.PRODUCTION,
        Hosting.ON_PREMISES,
    )
    assert (production.approved_tooling, production.sources) == (("service-studio",), frozenset({Source.DATABASE}))
    assert (cloud.hosting, cloud.sources, cloud.hosts) == (Hosting.CLOUD, frozenset(), ())
    host = production.hosts[0]
    assert host.environment == "Nein"
    assert host.roles == {Role.FRONT_END, Role.DEPLOYMENT_CONTROLLER}
    assert (host.aliases, host.passive, host.same_machine_as) == (("PRD1",), True, ("broker",))
    assert host.endpoint == WinRMEndpoint(
        address="192.0.2.1",
        port=5986,
        https=True,
        sign_in=WinRMSignIn.NEGOTIATE,
        user=r"EXAMPLE\audit",
        password=CredentialReference(CredentialKind.ENVIRONMENT, "OSAUDIT_PASSWORD"),
        ca_file=str(tmp_path / "ca.pem"),
        reading=WinRMReading.WMI,
    )
    (broker,) = loaded.other_hosts
    assert broker.environment is None
    assert broker.endpoint == SSHEndpoint(
        address="broker", port=22, user="audit", platform=Platform.LINUX, key_file=str(Path("~/key").expanduser())
    )
    assert [item.name for item in loaded.hosts] == ["prd-1", "broker"]


@pytest.mark.parametrize(
    ("settings", "port", "https"),
    [
        ("", 5986, True), (", https: false", 5985, False), (", port: 5985", 5985, False), (", port: 443", 443, True),
        (", port: 5985, https: true", 5985, True), (", port: 80, https: false", 80, False),
    ],
)  # fmt: skip
def test_the_port_of_winrm_follows_tls_and_tls_is_the_default(
    write: Write, settings: str, port: int, https: bool
) -> None:
    found = endpoint(write, f"{{name: x, user: a{settings}}}")
    assert isinstance(found, WinRMEndpoint)
    assert (found.port, found.https, found.verify_tls) == (port, https, True)


def test_kerberos_needs_neither_user_nor_password(write: Write) -> None:
    found = endpoint(write, "{name: x, sign_in: kerberos, kerberos_host: x.example.com}")
    assert isinstance(found, WinRMEndpoint)
    assert (found.user, found.password, found.kerberos_host) == ("", None, "x.example.com")


def test_windows_over_ssh_is_asked_for(write: Write) -> None:
    found = endpoint(write, "{name: x, transport: ssh, user: a, use_agent: true, platform: windows}")
    assert isinstance(found, SSHEndpoint)
    assert found.platform is Platform.WINDOWS


def test_the_nearest_level_wins(write: Write) -> None:
    found = endpoint(
        write,
        "{name: x, user: host}",
        defaults="{user: top, port: 1, proxy: 'http://a:1', password: {file: /top}}",
        environment="{user: middle, port: 2, password: {environment: MIDDLE}}",
    )
    assert isinstance(found, WinRMEndpoint)
    assert (found.user, found.port, found.proxy) == ("host", 2, "http://a:1")
    assert found.password == CredentialReference(CredentialKind.ENVIRONMENT, "MIDDLE")


def test_null_forgets_what_was_inherited(write: Write) -> None:
    host = "{name: x, transport: ssh, user: a, use_agent: true, key_file: null, bastion: null, password: null}"
    bastion = "{address: b, user: b, key_file: k}"
    defaults = f"{{transport: ssh, key_file: k, password: {{prompt: P}}, bastion: {bastion}}}"
    found = endpoint(write, host, defaults=defaults)
    assert isinstance(found, SSHEndpoint)
    assert (found.key_file, found.bastion, found.password) == (None, None, None)


def test_a_bastion_is_merged_setting_by_setting(write: Write) -> None:
    found = endpoint(
        write,
        "{name: x, bastion: {port: 2222}}",
        defaults="{transport: ssh, user: a, key_file: /k, bastion: {address: b, user: u, key_file: /bk}}",
        environment="{bastion: {user: other, password: {keyring: my/service/me}}}",
    )
    assert isinstance(found, SSHEndpoint)
    assert found.bastion == Bastion(
        address="b",
        port=2222,
        user="other",
        key_file="/bk",
        password=CredentialReference(CredentialKind.KEYRING, "my/service/me"),
    )


def test_password_user_and_port_of_one_transport_are_never_used_for_the_other(write: Write) -> None:
    found = endpoint(
        write,
        "{name: x, transport: ssh}",
        defaults="{user: domain-admin, password: {prompt: Domain}, port: 5986, ssh: {user: audit, key_file: /k}}",
    )
    assert found == SSHEndpoint(address="x", port=22, user="audit", platform=Platform.LINUX, key_file="/k")


def test_settings_of_the_section_of_a_transport_hold_for_its_hosts_alone(write: Write) -> None:
    defaults = "{winrm: {user: w, port: 1}, ssh: {user: s, use_agent: true, port: 2}}"
    windows = endpoint(write, "{name: x}", defaults=defaults)
    linux = endpoint(write, "{name: x}", defaults=defaults, environment="{transport: ssh}")
    assert (windows.user, windows.port) == ("w", 1)
    assert (linux.user, linux.port) == ("s", 2)


def test_a_host_may_go_back_to_the_transport_of_the_top(write: Write) -> None:
    found = endpoint(
        write,
        "{name: x, transport: winrm}",
        defaults="{user: top, password: {prompt: P}}",
        environment="{transport: ssh, user: middle, key_file: k}",
    )
    assert isinstance(found, WinRMEndpoint)
    assert found.user == "top"


@pytest.mark.parametrize(
    ("written", "address"),
    [("::1", "::1"), ("[2001:db8::1]", "2001:db8::1"), ("2001:DB8:0::1", "2001:db8::1"), ("192.0.2.7", "192.0.2.7"),
     ("Server_1.example.com.", "Server_1.example.com."), ("fe80::1%eth0", "fe80::1%eth0")],
)  # fmt: skip
def test_names_and_addresses_of_both_families_are_taken(write: Write, written: str, address: str) -> None:
    assert endpoint(write, f"{{name: x, user: a, address: '{written}'}}").address == address


def test_a_command_keeps_its_words(write: Write) -> None:
    found = endpoint(write, r"{name: x, user: a, password: {command: ['C:\My Tools\get.exe', 'it''s', '$X']}}")
    assert found.password is not None
    import shlex

    assert shlex.split(found.password.locator) == [r"C:\My Tools\get.exe", "it's", "$X"]


def test_paths_are_relative_to_the_folder_of_the_file(write: Write, tmp_path: Path) -> None:
    found = endpoint(write, "{name: x, user: a, password: {file: secrets/password}, ca_file: /etc/ca.pem}")
    assert isinstance(found, WinRMEndpoint)
    assert found.password == CredentialReference(CredentialKind.FILE, str(tmp_path / "secrets" / "password"))
    assert found.ca_file == str(Path("/etc/ca.pem"))


def test_the_digest_is_that_of_the_content_not_of_its_writing(write: Write, tmp_path: Path) -> None:
    def digest(text: str, name: str = "document.yaml") -> str:
        return load(write(text, name)).digest

    first = digest(
        "infrastructure: E\nenvironments:\n  - {name: D, purpose: other, hosts: [{name: x, user: a, ca_file: c.pem}]}\n"
    )
    (tmp_path / "elsewhere").mkdir()
    same = digest(
        "# a comment\nenvironments:\n  - purpose: other\n    hosts:\n      - ca_file: c.pem\n        name: x\n"
        "    defaults: {user: a}\n    name: D\ninfrastructure: E\n",
        "elsewhere/document.yaml",
    )
    other = digest(
        "infrastructure: E\nenvironments:\n  - {name: D, purpose: other, hosts: [{name: y, user: a, ca_file: c.pem}]}\n"
    )
    assert first == same != other
    assert len(first) == 16 and int(first, 16) >= 0


def test_loading_twice_gives_equal_values(write: Write) -> None:
    path = write("infrastructure: E\nenvironments:\n  - {name: D, purpose: other, hosts: [{name: x, user: a}]}\n")
    assert load(path) == load(path)
