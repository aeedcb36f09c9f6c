"""What holds for every inventory that is loaded, however its levels are combined."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from auditor.errors import DocumentError
from auditor.model.inventory import CredentialReference, Host, WinRMEndpoint, WinRMSignIn
from auditor.settings.inventory import load_inventory

Write = Callable[..., Path]


def connection(mark: str) -> st.SearchStrategy[dict[str, Any]]:
    """Settings of one level: each is well formed, and its texts tell by the mark where they were written."""
    either: dict[str, st.SearchStrategy[Any]] = {
        "user": st.just(f"user-{mark}"),
        "port": st.sampled_from([5985, 5986, 2222]),
        "password": st.sampled_from([{"environment": f"P_{mark}"}, None]),
    }
    winrm: dict[str, st.SearchStrategy[Any]] = {
        "https": st.booleans(),
        "sign_in": st.sampled_from([item.value for item in WinRMSignIn]),
        "client_certificate": st.just("c.pem"),
        "client_key": st.just("k.pem"),
    }
    ssh: dict[str, st.SearchStrategy[Any]] = {
        "key_file": st.sampled_from([f"/key-{mark}", None]),
        "bastion": st.sampled_from([None, {"address": "b", "user": "b", "key_file": f"/key-{mark}"}, {"port": 2222}]),
    }
    flat = {"transport": st.sampled_from(["winrm", "ssh"]), **either, **winrm, **ssh}
    if mark == "host":
        return st.fixed_dictionaries({}, optional=flat)
    sections = {
        "winrm": st.fixed_dictionaries({}, optional={**either, **winrm}),
        "ssh": st.fixed_dictionaries({}, optional={**either, **ssh}),
    }
    return st.fixed_dictionaries({}, optional={**flat, **sections})


@st.composite
def inventories(draw: st.DrawFn) -> dict[str, Any]:
    levels = {mark: draw(connection(mark)) for mark in ("top", "environment", "host")}
    hosts = [{"name": f"host-{number}", **levels["host"]} for number in range(draw(st.integers(1, 3)))]
    environment = {"name": "E", "purpose": "other", "defaults": levels["environment"], "hosts": hosts}
    return {"infrastructure": "I", "defaults": levels["top"], "environments": [environment]}


def transports(tree: dict[str, Any]) -> dict[str, str]:
    """Return the transport that is in force at each level."""
    environment = tree["environments"][0]
    top = tree["defaults"].get("transport", "winrm")
    middle = environment["defaults"].get("transport", top)
    return {"top": top, "environment": middle, "host": environment["hosts"][0].get("transport", middle)}


def written_for(tree: dict[str, Any], mark: str, key: str, transport: str) -> bool:
    """Whether a level wrote this setting for hosts of this transport."""
    environment = tree["environments"][0]
    level = {"top": tree["defaults"], "environment": environment["defaults"], "host": environment["hosts"][0]}[mark]
    return (key in level and transports(tree)[mark] == transport) or key in level.get(transport, {})


def holds(tree: dict[str, Any], host: Host) -> None:
    endpoint = host.endpoint
    transport = "winrm" if isinstance(endpoint, WinRMEndpoint) else "ssh"
    assert transport == transports(tree)["host"]
    if isinstance(endpoint, WinRMEndpoint):
        assert endpoint.https or endpoint.sign_in not in (WinRMSignIn.BASIC, WinRMSignIn.CERTIFICATE)
        assert endpoint.verify_tls
        assert endpoint.user or endpoint.sign_in in (WinRMSignIn.KERBEROS, WinRMSignIn.CERTIFICATE)
    else:
        assert endpoint.user and (endpoint.key_file or endpoint.password)
        assert endpoint.bastion is None or (endpoint.bastion.address and endpoint.bastion.user)
    wrote_user = [mark for mark in ("top", "environment", "host") if written_for(tree, mark, "user", transport)]
    assert endpoint.user == (f"user-{wrote_user[-1]}" if wrote_user else "")
    wrote_password = [mark for mark in ("top", "environment", "host") if written_for(tree, mark, "password", transport)]
    if isinstance(endpoint.password, CredentialReference):
        assert endpoint.password.locator == f"P_{wrote_password[-1]}"
    if not any(written_for(tree, mark, "port", transport) for mark in ("top", "environment", "host")):
        assert endpoint.port in ((5986, 5985) if transport == "winrm" else (22,))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=inventories())
def test_a_loaded_inventory_is_safe_and_takes_the_nearest_setting_of_its_transport(
    write: Write, tree: dict[str, Any]
) -> None:
    path = write(json.dumps(tree))
    try:
        inventory = load_inventory(path)
    except DocumentError as error:
        event("refused")
        assert len({str(problem) for problem in error.problems}) == len(error.problems)
        return
    event("loaded")
    assert len(inventory.hosts) == len(tree["environments"][0]["hosts"])
    for host in inventory.hosts:
        holds(tree, host)
