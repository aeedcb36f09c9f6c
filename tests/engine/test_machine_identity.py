from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from auditor.check import HostPair, Reason, Unknowable
from auditor.engine.subjects import Infrastructure, Recorder
from tests.engine.example_checks import hosts_of, material

MARKS = ("machine.uuid", "machine.guid", "machine.macs")


def pair_of(**facts: Any) -> HostPair:
    """Return hosts a and b; each keyword (uuid, guid, macs) says how the marks of b relate to those of a."""
    spelled: dict[str, Any] = {}
    for mark in MARKS:
        relation = facts[mark.partition(".")[2]]
        same = ["AA:BB"] if mark == "machine.macs" else f"{mark} of a"
        none = [] if mark == "machine.macs" else {"absent": True}
        spelled[mark] = {"same": same, "other": ["cc"] if mark == "machine.macs" else "b", "none": none,
                         "unread": {"unknown": "denied"}}[relation]  # fmt: skip
    own = {"machine.uuid": "machine.uuid of A", "machine.guid": "machine.guid of a", "machine.macs": ["aa:bb", "x"]}
    hosts = hosts_of(material({"hosts": {"a": {"facts": own}, "b": {"facts": spelled}}}))
    return HostPair(hosts["a"], hosts["b"])


@pytest.mark.parametrize(
    ("uuid", "guid", "macs", "expected"),
    [
        ("same", "same", "same", True),
        ("same", "same", "other", True),
        ("same", "other", "same", True),
        ("other", "same", "same", True),
        ("same", "same", "unread", True),
        ("same", "none", "same", True),
        ("other", "same", "other", False),
        ("same", "other", "other", False),
        ("other", "other", "other", False),
        ("other", "other", "unread", False),
        ("other", "none", "none", False),
    ],
)
def test_two_of_three_marks_decide(uuid: str, guid: str, macs: str, expected: bool) -> None:
    pair = pair_of(uuid=uuid, guid=guid, macs=macs)

    assert pair.is_one_machine is expected
    assert HostPair(pair.second, pair.first).is_one_machine is expected


@pytest.mark.parametrize(
    ("uuid", "guid", "macs", "reason"),
    [
        ("same", "unread", "unread", Reason.DENIED),
        ("other", "unread", "none", Reason.DENIED),
        ("unread", "unread", "unread", Reason.DENIED),
        ("same", "other", "none", Reason.CONTRADICTORY),
        ("same", "none", "none", Reason.CONTRADICTORY),
        ("none", "none", "none", Reason.CONTRADICTORY),
    ],
)
def test_one_mark_alone_proves_nothing(uuid: str, guid: str, macs: str, reason: Reason) -> None:
    with pytest.raises(Unknowable) as error:
        _ = pair_of(uuid=uuid, guid=guid, macs=macs).is_one_machine

    assert error.value.not_known.reason is reason


def test_hiding_a_mark_never_turns_one_machine_into_two_or_two_into_one() -> None:
    for relations in product(("same", "other", "none"), repeat=3):
        whole = verdict_of(relations)
        for hidden in range(3):
            fewer = verdict_of(tuple("unread" if index == hidden else item for index, item in enumerate(relations)))
            assert fewer in (whole, None), (relations, hidden)


def verdict_of(relations: tuple[str, ...]) -> bool | None:
    try:
        return pair_of(uuid=relations[0], guid=relations[1], macs=relations[2]).is_one_machine
    except Unknowable:
        return None


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
