"""Which names and addresses mean a host."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.detection import controller_is_here, controller_naming, names_host, naming_of
from auditor.model.fact import FactKey, Facts, Known, NotKnown, Reason
from auditor.model.inventory import Host
from auditor.model.known_facts import HOST_ADDRESSES, HOST_NAMES, SERVER_CONFIGURATION, ServerConfiguration
from auditor.model.question import Platform
from tests.detection.modelled_hosts import declared

HOST: Host = declared("prd-ctl", Platform.WINDOWS, "192.0.2.10", aliases=("ctl.prod.example", "10.9.9.9"))
DENIED = NotKnown(Reason.DENIED, "prd-ctl denied identity.names.", ("identity.names",))


def _facts(*pairs: tuple[FactKey[Any], Any]) -> Facts:
    found = {HOST_NAMES.name: Known(("PRD-CTL", "prd-ctl.corp.example"), ("identity.names",))}
    found |= {HOST_ADDRESSES.name: Known(("10.0.3.10", "fe80::1"), ("identity.adapters",))}
    changed = {key.name: value if isinstance(value, NotKnown) else Known(value, ("asked",)) for key, value in pairs}
    return Facts("prd-ctl", {**found, **changed})


def _configured(controller: str | None) -> ServerConfiguration:
    return ServerConfiguration(controller, 12000, None, None, None, None, None, None, ())


@pytest.mark.parametrize(
    "text",
    [
        "localhost", "LOCALHOST", "127.0.0.1", "127.0.1.1", "::1", "localhost.", "prd-ctl", "PRD-CTL",
        "prd-ctl.corp.example", "Prd-Ctl.Corp.Example.", "10.0.3.10", "FE80::1", "fe80:0::1", "ctl.prod.example",
        "ctl", "10.9.9.9", "192.0.2.10", " prd-ctl ",
    ],
)  # fmt: skip
def test_own_names_and_addresses_mean_the_host(text: str) -> None:
    assert names_host(HOST, _facts(), text) is True


@pytest.mark.parametrize(
    "text", ["dev-1", "prd-ctl2", "prd", "dev-1.corp.example", "10.0.3.11", "fe80::2", "corp.example"]
)
def test_other_names_and_addresses_do_not(text: str) -> None:
    assert names_host(HOST, _facts(), text) is False


def test_the_same_name_in_another_domain_is_not_decided() -> None:
    naming = naming_of(HOST, _facts(), "prd-ctl.other.example")
    assert naming.here is None and "alias" in naming.statement


def test_a_host_without_a_domain_is_meant_by_a_full_name() -> None:
    assert names_host(HOST, _facts((HOST_NAMES, ("WEB-1",))), "web-1.corp.example") is True
    assert names_host(HOST, _facts((HOST_NAMES, ("WEB-1",))), "web-2.corp.example") is False


@pytest.mark.parametrize("text", ["dev-1", "10.0.3.11"])
def test_what_was_not_read_decides_nothing(text: str) -> None:
    naming = naming_of(HOST, _facts((HOST_NAMES, DENIED), (HOST_ADDRESSES, DENIED)), text)
    assert naming.here is None and DENIED.sentence in naming.statement
    assert naming.questions == ("identity.names",)


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_name_means_nobody(text: str) -> None:
    assert names_host(HOST, _facts(), text) is None


def test_the_controller_is_here_when_the_configuration_names_this_host() -> None:
    assert controller_is_here(HOST, _facts((SERVER_CONFIGURATION, _configured("prd-ctl")))) is True
    assert controller_is_here(HOST, _facts((SERVER_CONFIGURATION, _configured("localhost")))) is True
    assert controller_is_here(HOST, _facts((SERVER_CONFIGURATION, _configured("dev-1")))) is False


@pytest.mark.parametrize("configuration", [None, _configured(None), DENIED])
def test_without_a_named_controller_it_is_not_known_where_it_is(configuration: object) -> None:
    naming = controller_naming(HOST, _facts((SERVER_CONFIGURATION, configuration)))
    assert naming.here is None and naming.statement and naming.questions
