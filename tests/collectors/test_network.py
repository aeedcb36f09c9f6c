"""Whom a server is asked to reach, and what is read from what came of it."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.collectors import questions_for, questions_of, read_facts
from auditor.collectors.network import CONFIGURED, DECLARED, LOCALHOST
from auditor.model.fact import Known, NotKnown, Reason
from auditor.model.inventory import Environment, Host, Inventory, Purpose, Role, WinRMEndpoint, WinRMSignIn
from auditor.model.known_facts import (
    CONFIGURED_CONNECTIONS,
    DECLARED_CONNECTIONS,
    LOCALHOST_ADDRESSES,
    Connection,
)
from auditor.model.question import Answer, Outcome, Platform
from tests.detection.modelled_hosts import visit

BOTH = frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END})


def declared(name: str, environment: str, roles: frozenset[Role], *aliases: str) -> Host:
    endpoint = WinRMEndpoint(f"{name}.admin", 5986, True, WinRMSignIn.NTLM, "auditor")
    return Host(name, environment, endpoint, roles, aliases)


CONTROLLER = declared("prd-ctl", "Production", frozenset({Role.DEPLOYMENT_CONTROLLER}))
FRONT_END = declared("prd-fe1", "Production", frozenset({Role.FRONT_END}), "prd-fe1.apps", "prd-fe1.admin")
BROKER = declared("prd-mq", "Production", frozenset({Role.CACHE_BROKER}))
LIFETIME = declared("lt-1", "LifeTime", BOTH)
QUALITY = declared("qa-1", "Quality", BOTH)
STRAY = Host("stray", None, CONTROLLER.endpoint, BOTH)
INVENTORY = Inventory(
    "Example",
    (
        Environment("Production", Purpose.PRODUCTION, hosts=(CONTROLLER, FRONT_END, BROKER), address="apps.example"),
        Environment("Quality", Purpose.QUALITY, hosts=(QUALITY,)),
        Environment("LifeTime", Purpose.LIFETIME, hosts=(LIFETIME,), address="lifetime.example"),
    ),
    (STRAY,),
)
TO_LIFETIME = [("environment/LifeTime", "lifetime.example", 443)]
TO_FRONT_END = [
    ("host/prd-fe1", "prd-fe1.admin", 12001),
    ("host/prd-fe1", "prd-fe1.admin", 12101),
    ("host/prd-fe1", "prd-fe1.apps", 12001),
    ("host/prd-fe1", "prd-fe1.apps", 12101),
]


@pytest.mark.parametrize(
    ("host", "targets"),
    [
        (CONTROLLER, TO_FRONT_END + TO_LIFETIME),
        (FRONT_END, TO_LIFETIME),
        (QUALITY, TO_LIFETIME),
        # Quality has no address, so nobody knows where to try.
        (LIFETIME, [("environment/Production", "apps.example", 443)]),
        (STRAY, []),
    ],
    ids=lambda item: item.name if isinstance(item, Host) else "",
)
def test_a_host_is_asked_for_those_whom_the_inventory_lets_it_work_with(
    host: Host, targets: list[tuple[str, str, int]]
) -> None:
    asked = {question.id: question for question in questions_of(host, INVENTORY, Platform.WINDOWS)}
    assert [tuple(target.values()) for target in asked[DECLARED.id].arguments["targets"]] == targets


def test_all_other_questions_are_the_same_for_every_host() -> None:
    asked = [
        question for question in questions_of(CONTROLLER, INVENTORY, Platform.WINDOWS) if question.id != DECLARED.id
    ]
    assert asked == [question for question in questions_for(Platform.WINDOWS) if question != DECLARED]


def connected(target: str, host: str, port: int, result: str) -> dict[str, Any]:
    return {"target": target, "host": host, "port": port, "result": result}


def test_elements_that_the_file_does_not_have_are_no_attempts() -> None:
    value = {"connections": [connected("broker", "mq-1", 5671, "Open"), connected("controller", "", 0, "NoHost")]}
    facts = read_facts(visit({CONFIGURED.id: Answer(CONFIGURED.id, Outcome.OK, value)}, Platform.WINDOWS))
    assert facts.get(CONFIGURED_CONNECTIONS) == Known((Connection("broker", "mq-1", 5671, "Open"),), (CONFIGURED.id,))


def test_without_the_file_nothing_was_tried() -> None:
    facts = read_facts(visit({CONFIGURED.id: Answer(CONFIGURED.id, Outcome.MISSING)}, Platform.WINDOWS))
    assert facts.get(CONFIGURED_CONNECTIONS) == Known(None, (CONFIGURED.id,))


def test_a_list_that_was_cut_short_proves_nothing() -> None:
    value = {"connections": [connected("broker", "mq-1", 5672, "Open")]}
    cut = {item.id: Answer(item.id, Outcome.OK, value, complete=False) for item in (CONFIGURED, DECLARED)}
    facts = read_facts(visit(cut, Platform.WINDOWS))
    for fact in (facts.get(CONFIGURED_CONNECTIONS), facts.get(DECLARED_CONNECTIONS)):
        assert isinstance(fact, NotKnown) and fact.reason is Reason.PARSE_ERROR


def test_the_order_of_addresses_is_kept() -> None:
    value = {"addresses": ["::1", "127.0.0.1"]}
    facts = read_facts(visit({LOCALHOST.id: Answer(LOCALHOST.id, Outcome.OK, value)}, Platform.WINDOWS))
    assert facts.get(LOCALHOST_ADDRESSES) == Known(("::1", "127.0.0.1"), (LOCALHOST.id,))
