from __future__ import annotations

from typing import Any

import pytest

from auditor.check import Reason, Unknowable
from auditor.engine.subjects import Infrastructure, Recorder
from auditor.model.finding import EvidenceReference
from tests.engine.example_checks import material


def farm(**facts: Any) -> Infrastructure:
    document = {
        "environments": {"Production": {"purpose": "production"}, "Quality": {"purpose": "quality"}},
        "hosts": {
            "qa-ctl": {"environment": "Quality", "roles": ["front-end"], "facts": {"host.names": ["ctl"]}},
            "prd-ctl": {"environment": "Production", "roles": ["deployment-controller"], "aliases": ["os.example.com"],
                        "facts": {"host.names": ["CTL", "ctl.corp.example"], "host.addresses": ["10.1.2.3", "fe80::1"],
                                  **facts}},
            "prd-fe1": {"environment": "Production", "roles": ["front-end"]},
        },
    }  # fmt: skip
    return Infrastructure(material(document), Recorder())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("localhost", "prd-fe1"),
        ("127.0.0.1", "prd-fe1"),
        ("prd-ctl", "prd-ctl"),
        ("PRD-CTL", "prd-ctl"),
        ("prd-ctl.anywhere.example", "prd-ctl"),
        ("os.example.com", "prd-ctl"),
        ("ctl.corp.example", "prd-ctl"),
        ("10.1.2.3", "prd-ctl"),
        ("FE80::1", "prd-ctl"),
        (" ctl ", "prd-ctl"),
        ("qa-ctl", "qa-ctl"),
    ],
)
def test_a_name_in_a_configuration_means_a_host_near_ones_first(text: str, expected: str) -> None:
    infrastructure = farm()
    front_end = next(host for host in infrastructure.hosts if host.name == "prd-fe1")

    assert infrastructure.host_called(text, seen_from=front_end).name == expected


@pytest.mark.parametrize("text", ["rabbit.corp.example", "10.9.9.9", "ctl.other.example"])
def test_a_name_that_nobody_is_known_by_may_be_an_alias(text: str) -> None:
    infrastructure = farm(**{"host.names": ["ctl.corp.example"]})
    front_end = infrastructure.environments[0].hosts[-1]
    if text == "ctl.other.example":
        # The short name of Quality's host fits a full name, so take a name whose domain differs.
        text = "prd-fe1x.other.example"

    with pytest.raises(Unknowable) as error:
        infrastructure.host_called(text, seen_from=front_end)

    assert error.value.not_known.reason is Reason.NOT_DECLARED


def test_a_name_is_not_denied_to_a_host_whose_names_could_not_be_read() -> None:
    infrastructure = farm(**{"host.names": {"unknown": "unreachable"}})
    front_end = infrastructure.environments[0].hosts[-1]

    with pytest.raises(Unknowable) as error:
        infrastructure.host_called("rabbit.corp.example", seen_from=front_end)

    assert error.value.not_known.reason is Reason.UNREACHABLE


def test_a_host_of_the_same_environment_is_meant_first() -> None:
    infrastructure = farm()
    quality = next(host for host in infrastructure.hosts if host.name == "qa-ctl")

    assert infrastructure.host_called("ctl", seen_from=quality).name == "qa-ctl"


def test_evidence_is_the_host_that_was_found_and_nobody_else() -> None:
    recorder = Recorder()
    document = {
        "environments": {"Production": {"purpose": "production"}},
        "hosts": {
            "prd-ctl": {"environment": "Production", "facts": {"host.names": ["ctl"]}},
            "prd-fe1": {"environment": "Production"},
        },
    }
    infrastructure = Infrastructure(material(document), recorder)
    front_end = infrastructure.hosts[-1]

    infrastructure.host_called("prd-ctl", seen_from=front_end)
    assert list(recorder.evidence) == []
    infrastructure.host_called("ctl", seen_from=front_end)
    assert recorder.evidence == (EvidenceReference("prd-ctl", "host.names"),)
