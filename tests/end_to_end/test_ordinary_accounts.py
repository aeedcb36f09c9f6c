"""Accounts without rights: what they cannot see is never called absent, and what they can see is enough to pass."""

from __future__ import annotations

import dataclasses

from auditor.model.fact import NotKnown, Reason
from auditor.model.finding import Finding, Status
from auditor.model.scan import Judgement
from tests.end_to_end.offline import declared, judged, visits
from tests.end_to_end.simulated import modelled


def _judged(name: str) -> Judgement:
    infrastructure = modelled(name)
    return judged(declared(infrastructure), visits(infrastructure))


def _of(judgement: Judgement, check: str, *subjects: str) -> list[Finding]:
    found = [item for item in judgement.findings if item.check == check]
    return [item for item in found if item.subject.name in subjects] if subjects else found


def test_hidden_services_leave_roles_and_broker_unknown_because_of_a_right() -> None:
    judgement = _judged("p14-services-hidden")
    for check in ("TOPO-015", "TOPO-016", "COMP-013"):
        (finding,) = _of(judgement, check, "Quality")
        assert (finding.verdict.status, finding.verdict.reason) == (Status.UNKNOWN, Reason.DENIED)
        assert "OutSystems Scheduler Service" in finding.verdict.sentence
        assert "the account needs:" in finding.verdict.sentence


def test_linux_hosts_are_told_apart_by_what_every_account_may_read() -> None:
    judgement = _judged("linux-ordinary-account")
    for check in ("DATA-007", "TOPO-014"):
        (finding,) = _of(judgement, check)
        assert finding.verdict.status is Status.PASS, finding.verdict.sentence
    shared = _of(judgement, "TOPO-005")
    assert shared and all(item.verdict.status is Status.PASS for item in shared)


def test_a_linux_broker_read_without_root_is_told_apart_inside_an_environment() -> None:
    infrastructure = modelled("p17-external-broker")
    seen = visits(infrastructure)
    ordinary = visits(modelled("linux-ordinary-account"))["mq-2"]
    seen["mq-1"] = dataclasses.replace(ordinary, host="mq-1")
    judgement = judged(declared(infrastructure), seen)
    for check in ("DATA-007", "TOPO-005", "TOPO-014"):
        findings = _of(judgement, check)
        assert findings and {item.verdict.status for item in findings} == {Status.PASS}, check


def test_a_linux_host_that_stands_in_the_inventory_twice_is_found_without_root() -> None:
    infrastructure = modelled("linux-ordinary-account")
    seen = visits(infrastructure)
    seen["mq-2"] = dataclasses.replace(seen["web-7"], host="mq-2")
    (finding,) = _of(judged(declared(infrastructure), seen), "DATA-007")
    assert finding.verdict.status is Status.FAIL and "web-7 and mq-2" in finding.verdict.sentence


def test_an_ordinary_account_on_linux_is_denied_nothing() -> None:
    judgement = _judged("linux-ordinary-account")
    for check in ("DATA-002", "DATA-011"):
        findings = _of(judgement, check, "web-7", "mq-2")
        assert len(findings) == 2
        assert {item.verdict.status for item in findings} == {Status.PASS}, check


def test_a_broker_that_listens_without_a_name_is_unknown_because_of_a_right() -> None:
    roles = _judged("linux-ordinary-account").portraits["mq-2"].roles
    assert isinstance(roles, NotKnown) and roles.reason is Reason.DENIED
    assert "port 5672" in roles.sentence and "root" in roles.sentence
