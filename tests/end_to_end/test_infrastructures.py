"""Every modelled infrastructure, read over real protocols, gives the components, roles and findings it was made for."""

from __future__ import annotations

import pytest

from auditor.model.component import Component
from auditor.model.fact import NotKnown
from auditor.model.finding import Finding, Status
from auditor.model.inventory import Role
from auditor.model.scan import ScanRecord
from auditor.settings.reference import load_reference
from auditor.simulation.infrastructure import ModelledInfrastructure
from tests.end_to_end.simulated import modelled, names, scan_once, serving


@pytest.fixture(params=names(), scope="module")
def scanned(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[ModelledInfrastructure, ScanRecord]:
    infrastructure = modelled(request.param)
    folder = tmp_path_factory.mktemp("scanned")
    with serving(infrastructure, folder) as (_, inventory):
        return infrastructure, scan_once(inventory, folder, reference=load_reference(infrastructure.reference))


def test_components(scanned: tuple[ModelledInfrastructure, ScanRecord]) -> None:
    infrastructure, record = scanned
    assert record.judgement is not None
    for host, kinds in infrastructure.expected.components.items():
        found = {component.kind: component for component in record.judgement.portraits[host].components}
        wrong = {
            f"{host} {kind}": (f"{expected.state} {expected.version or ''}", _told(found[kind]))
            for kind, expected in kinds.items()
            if found[kind].state is not expected.state
            or (expected.version is not None and found[kind].version != expected.version)
        }
        assert not wrong


def _told(component: Component) -> str:
    evidence = "; ".join(f"{row.bearing}: {row.statement}" for row in component.evidence)
    return f"{component.state} {component.version or ''} ({evidence})"


def test_roles(scanned: tuple[ModelledInfrastructure, ScanRecord]) -> None:
    infrastructure, record = scanned
    assert record.judgement is not None
    for host, expected in infrastructure.expected.roles.items():
        reading = record.judgement.portraits[host].roles
        if expected is None:
            assert isinstance(reading, NotKnown), f"{host}: {reading}"
        else:
            assert not isinstance(reading, NotKnown), f"{host}: {reading}"
            # The bundled broker comes with the controller; the models name the role only where a host has no other.
            broker = frozenset() if expected.actual == {Role.CACHE_BROKER} else frozenset({Role.CACHE_BROKER})
            assert (reading.intended - broker, reading.actual - broker) == (expected.intended, expected.actual), host


def test_findings(scanned: tuple[ModelledInfrastructure, ScanRecord]) -> None:
    infrastructure, record = scanned
    assert record.judgement is not None
    expected = {(item.check, item.subject): item for item in infrastructure.expected.findings}
    by_subject = {(item.check, item.subject): item for item in record.judgement.findings}
    missing = {
        f"{check} {subject.name}": _sentence(by_subject[check, subject])
        for (check, subject), item in expected.items()
        if by_subject[check, subject].verdict.status is not item.status
        or item.severity not in (None, by_subject[check, subject].severity)
    }
    unexpected = {
        f"{item.check} {item.subject.name}": _sentence(item)
        for item in record.judgement.findings
        if item.verdict.status in (Status.FAIL, Status.ERROR) and (item.check, item.subject) not in expected
    }
    assert (missing, unexpected) == ({}, {})


def _sentence(finding: Finding) -> str:
    return f"{finding.verdict.status} ({finding.severity}): {finding.verdict.sentence}"
