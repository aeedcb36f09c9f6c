"""The shipped infrastructures, and how one is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.bundled import checks_folder, infrastructures_folder, machines_folder
from auditor.engine.discovery import load_checks
from auditor.errors import DocumentError
from auditor.model.component import ComponentKind, State
from auditor.model.finding import Status, SubjectKind
from auditor.model.inventory import Purpose, Role
from auditor.simulation.infrastructure import ModelledTransport, Reach, load_infrastructure
from auditor.simulation.machine import load_machine

FOLDERS = sorted(folder for folder in infrastructures_folder().iterdir() if folder.is_dir())
JUDGED = {check.id for check in load_checks([checks_folder()])}
AGGREGATES = {
    "reference", "no-lifetime", "lifetime-in-development-beside-its-own", "production-without-front-ends",
    "undeclared-plain-host", "all-unreachable", "demo", "demo-drifted",
}  # fmt: skip


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_infrastructure_loads_and_expects_only_what_is_judged(folder: Path) -> None:
    infrastructure = load_infrastructure(folder)
    assert infrastructure.name == folder.name
    assert infrastructure.summary.endswith(".")
    assert {finding.check for finding in infrastructure.expected.findings} <= JUDGED
    assert not set(infrastructure.expected.later) & JUDGED
    assert set(infrastructure.expected.components) == {host.name for host in infrastructure.hosts}


def test_every_profile_and_every_row_of_the_aggregate_is_there() -> None:
    names = {folder.name for folder in FOLDERS}
    assert names >= AGGREGATES
    assert {f"p{number:02}" for number in range(5, 19)} <= {name[:3] for name in names}


def test_every_machine_plays_somewhere() -> None:
    machines = {host.machine.summary for folder in FOLDERS for host in load_infrastructure(folder).hosts}
    unused = [
        file.name
        for file in sorted(machines_folder().glob("*.yaml"))
        if load_machine(file).summary not in machines and "base" not in file.name and not file.name.startswith("part-")
    ]
    assert unused == []


def test_the_reference_is_clean_and_complete() -> None:
    reference = load_infrastructure(infrastructures_folder() / "reference")
    assert [environment.purpose for environment in reference.environments] == [
        Purpose.DEVELOPMENT, Purpose.QUALITY, Purpose.PRODUCTION, Purpose.LIFETIME,
    ]  # fmt: skip
    assert [host.name for host in reference.hosts] == ["dev-1", "qa-1", "prd-ctl", "prd-fe1", "prd-fe2", "lt-1"]
    assert reference.expected.findings == ()
    components = reference.expected.components["lt-1"]
    assert components[ComponentKind.LIFETIME].state is State.PRESENT
    assert components[ComponentKind.JAVA_STACK].state is State.ABSENT
    roles = reference.expected.roles["prd-ctl"]
    assert roles is not None
    assert roles.actual == {Role.DEPLOYMENT_CONTROLLER}


def test_unreached_hosts_are_expected_to_be_unknown_in_everything() -> None:
    infrastructure = load_infrastructure(infrastructures_folder() / "all-unreachable")
    assert Reach.OK not in {host.reach for host in infrastructure.hosts}
    states = {row.state for rows in infrastructure.expected.components.values() for row in rows.values()}
    assert states == {State.UNKNOWN}
    assert set(infrastructure.expected.roles.values()) == {None}
    failing = {finding.check for finding in infrastructure.expected.findings if finding.status is Status.FAIL}
    assert failing == {"DATA-001"}


def test_the_demo_speaks_both_protocols_and_drifts() -> None:
    before = load_infrastructure(infrastructures_folder() / "demo")
    after = load_infrastructure(infrastructures_folder() / "demo-drifted")
    over_ssh = {host.name: host.machine.platform for host in before.hosts if host.transport is ModelledTransport.SSH}
    assert over_ssh == {"mq-1": "linux", "lt-1": "windows"}
    assert [host.name for host in before.hosts] == [host.name for host in after.hosts]
    changed = {b.name for b, a in zip(before.hosts, after.hosts, strict=True) if b.machine.summary != a.machine.summary}
    assert changed == {"dev-1", "prd-fe2"}
    assert [host.name for host in after.hosts if host.reach is Reach.SILENT] == ["qa-1"]


def test_subjects_name_their_environment() -> None:
    infrastructure = load_infrastructure(infrastructures_folder() / "p16-second-controller")
    subjects = {finding.subject.kind: finding.subject for finding in infrastructure.expected.findings}
    assert subjects[SubjectKind.HOST].environment == "Production"
    assert subjects[SubjectKind.ENVIRONMENT].name == "Production"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("expected: {components: {nobody: {lifetime: absent}}}", "expected.components.nobody: is not a host"),
        ("expected: {findings: [{check: TOPO-001, subject: host/nobody, status: fail}]}", "host/nobody does not exist"),
        ("expected: {findings: [{check: TOPO-001, subject: server/dev-1, status: fail}]}", "must be infrastructure"),
        ("expected: {findings: [{check: TOPO-001, subject: infrastructure, status: pass}]}", "status"),
        ("environments: {Development: {hosts: {dev-1: {machine: none.yaml}}}}", "cannot be read"),
        ("environments: {Development: {hosts: {dev-1: {reach: far}}}}", "reach"),
    ],
)
def test_mistakes_are_located(tmp_path: Path, text: str, words: str) -> None:
    base = infrastructures_folder() / "reference" / "infrastructure.yaml"
    (tmp_path / "infrastructure.yaml").write_text(f"extends: {base}\n{text}\n")
    with pytest.raises(DocumentError) as caught:
        load_infrastructure(tmp_path)
    assert words in str(caught.value)
