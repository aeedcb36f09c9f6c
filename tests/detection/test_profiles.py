"""Every machine model gives its components and roles, through its own answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import pytest

from auditor.collectors import questions_for, read_facts
from auditor.collectors.redaction import redact, secrets_found
from auditor.detection import portray
from auditor.model.component import Bearing, Certainty, ComponentKind, RoleReading, State
from auditor.model.fact import Known, NotKnown, Reason
from auditor.model.inventory import Role
from auditor.model.known_facts import (
    CLEAR_TEXT_SECRETS,
    DOTNET_RELEASE,
    HOSTING_BUNDLES,
    MACHINE_CONFIG_KEYS,
    OS_VERSION,
    PRIVATE_KEY_DIGEST,
    RABBITMQ_VERSION,
    SERVICES,
    UNITS,
)
from auditor.model.observation import ChannelName
from auditor.model.question import Answer, Outcome, Platform, Verb
from auditor.simulation.infrastructure import ExpectedRoles, ModelledHost, Reach, load_infrastructure
from tests.detection.modelled_hosts import MACHINES, answers_of, ask, declared, model, portrait_of, visit

INFRASTRUCTURES = sorted(path for path in MACHINES.parent.joinpath("infrastructures").iterdir() if path.is_dir())
PLATFORM_ROLES = frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END})
_OVER_WMI = (Verb.REGISTRY, Verb.WMI, Verb.CLOCK)

# What detection.md part 7 says of each profile: every kind that is not named here is absent.
PROFILES = {
    "p01-development": "platform-server present, service-center present, rabbitmq present",
    "p02-quality": "platform-server present, service-center present, rabbitmq present",
    "p03-controller": "platform-server present, service-center present, rabbitmq present",
    "p03b-controller": "platform-server present, service-center leftover, rabbitmq present",
    "p03-front-end-1": "platform-server present, service-center present",
    "p04-lifetime": "platform-server present, service-center present, rabbitmq present, lifetime present, "
    "lifetime-payload present",
    "p05-lifetime-in-development": "platform-server present, service-center present, rabbitmq present, "
    "lifetime present, lifetime-payload present",
    "p05a-lifetime-payload": "platform-server present, service-center present, rabbitmq present, "
    "lifetime-payload present",
    "p05b-lifetime-without-registry": "platform-server present, service-center present, rabbitmq present, "
    "lifetime present",
    "p06-no-service-center": "platform-server present, rabbitmq present",
    "p07-scheduler-stopped": "platform-server present, service-center present",
    "p08-disk-behind": "platform-server broken, service-center present, rabbitmq present",
    "p09-leftover": "platform-server leftover, service-center leftover, rabbitmq leftover",
    "p10-outsystems-10": "platform-server present, service-center present",
    "p11-java-stack": "java-stack present",
    "p12-service-studio": "service-studio present",
    "p12b-integration-studio": "service-studio present, integration-studio present",
    "p13-plain": "",
    "p13b-server-core": "",
    "p13c-domain-controller": "",
    "p14-not-administrator": "platform-server present, rabbitmq present, service-center unknown, lifetime unknown",
    "p14-services-hidden": "platform-server present, service-center probable, rabbitmq unknown, "
    "detached-installation unknown",
    "p15-detached": "detached-installation present",
    "p17-rabbitmq": "rabbitmq present",
    "linux-plain": "",
}


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_has_exactly_its_components(name: str) -> None:
    _, portrait = portrait_of(name)
    wanted = dict(words.split() for words in PROFILES[name].split(", ") if words)
    found = {item.kind.value: item.state.value for item in portrait.components if item.state is not State.ABSENT}
    assert found == wanted


@pytest.mark.parametrize("folder", INFRASTRUCTURES, ids=lambda folder: folder.name)
def test_every_host_of_every_modelled_infrastructure_is_recognised_as_expected(folder: Path) -> None:
    infrastructure = load_infrastructure(folder)
    reached = [host for host in infrastructure.hosts if host.reach is Reach.OK]
    for host in reached:
        locked_down = host.machine.language_mode != "FullLanguage"
        answers = _over_wmi(ask(host.machine)) if locked_down else ask(host.machine)
        facts = read_facts(visit(answers, host.machine.platform, host.name))
        inventory_host = declared(host.name, host.machine.platform, host.machine.address, host.aliases)
        portrait = portray(inventory_host, facts)
        assert [component.kind for component in portrait.components] == list(ComponentKind)
        for kind, wanted in infrastructure.expected.components[host.name].items():
            found = portrait.component(kind)
            assert found.state is wanted.state, (host.name, kind, found)
            if wanted.version is not None:
                assert found.version == wanted.version, (host.name, kind, found)
        _assert_roles(host, portrait.roles, infrastructure.expected.roles)


def _assert_roles(
    host: ModelledHost, found: RoleReading | NotKnown, expected: Mapping[str, ExpectedRoles | None]
) -> None:
    if host.name not in expected:
        return
    wanted = expected[host.name]
    if wanted is None:
        assert isinstance(found, NotKnown), (host.name, found)
    else:
        assert isinstance(found, RoleReading), (host.name, found)
        assert (found.intended & PLATFORM_ROLES, found.actual & PLATFORM_ROLES) == (wanted.intended, wanted.actual)


def _over_wmi(answers: Mapping[str, Answer]) -> dict[str, Answer]:
    verbs = {question.id: question.verb for question in questions_for(Platform.WINDOWS)}
    refused = {name: Answer(name, Outcome.UNSUPPORTED) for name, verb in verbs.items() if verb not in _OVER_WMI}
    return {**answers, **refused}


def _reading(name: str) -> RoleReading:
    roles = portrait_of(name)[1].roles
    assert isinstance(roles, RoleReading)
    return roles


def test_one_server_is_controller_front_end_and_broker_at_once() -> None:
    reading = _reading("p01-development")
    assert reading.intended == reading.actual == frozenset(Role)
    assert reading.runs_scheduler and not reading.passive and reading.certainty is Certainty.FULL
    assert reading.contradictions == ()


def test_a_controller_whose_other_services_are_disabled_is_a_controller_only() -> None:
    reading = _reading("p03-controller")
    assert reading.intended == reading.actual == {Role.DEPLOYMENT_CONTROLLER, Role.CACHE_BROKER}
    assert not reading.runs_scheduler and not reading.passive


def test_a_front_end_is_a_front_end_only() -> None:
    reading = _reading("p03-front-end-1")
    assert reading.intended == reading.actual == {Role.FRONT_END}


def test_a_front_end_with_a_disabled_scheduler_is_passive() -> None:
    assert _reading("p07-scheduler-disabled").passive
    assert not _reading("p07-scheduler-stopped").passive
    assert not _reading("p07-scheduler-running-disabled").passive


def test_a_disabled_service_that_runs_is_a_contradiction() -> None:
    assert any("although it is disabled" in item for item in _reading("p07-scheduler-running-disabled").contradictions)


def test_a_second_controller_is_a_contradiction() -> None:
    reading = _reading("p16-second-controller")
    assert reading.actual == PLATFORM_ROLES
    assert any("Two controllers are suspected" in item for item in reading.contradictions)


def test_a_front_end_of_a_foreign_controller_is_still_a_front_end() -> None:
    reading = _reading("p16-controller-elsewhere")
    assert reading.actual == {Role.FRONT_END} and "dev-1" in reading.statement


def test_without_server_hsconf_roles_are_read_from_the_services_alone() -> None:
    reading = _reading("p14-not-administrator")
    assert reading.actual == frozenset(Role) and reading.certainty is Certainty.SERVICES_ONLY


def test_the_roles_of_the_java_stack_come_from_its_own_configuration() -> None:
    reading = _reading("p11-java-stack")
    assert reading.actual == PLATFORM_ROLES and reading.runs_scheduler
    assert reading.certainty is Certainty.SERVICES_ONLY


def test_a_linux_broker_has_the_role_of_a_broker_only() -> None:
    facts, portrait = portrait_of("p17-rabbitmq")
    assert isinstance(portrait.roles, RoleReading) and portrait.roles.actual == {Role.CACHE_BROKER}
    assert portrait.component(ComponentKind.RABBITMQ).version == "3.13.7"
    assert isinstance(facts.get(RABBITMQ_VERSION), Known) and isinstance(facts.get(UNITS), Known)


def test_platform_server_is_absent_on_linux_because_the_system_answered() -> None:
    _, portrait = portrait_of("linux-plain")
    component = portrait.component(ComponentKind.PLATFORM_SERVER)
    (evidence,) = component.evidence
    assert component.state is State.ABSENT and evidence.bearing is Bearing.DENIES
    assert evidence.questions == ("linux_host.uname",)


def test_a_linux_host_that_does_not_say_what_it_is_proves_nothing_absent() -> None:
    def silent(answers: dict[str, Answer]) -> dict[str, Answer]:
        return {**answers, "linux_host.uname": Answer("linux_host.uname", Outcome.FAILED, detail="out of time")}

    component = portrait_of("linux-plain", silent)[1].component(ComponentKind.PLATFORM_SERVER)
    assert component.state is State.UNKNOWN
    assert component.not_known is not None and component.not_known.reason is Reason.UNREACHABLE


def test_a_server_read_over_wmi_alone_is_recognised_as_far_as_wmi_goes() -> None:
    machine = model("p14-locked-down")
    answers = _over_wmi(answers_of("p14-locked-down"))
    facts = read_facts(visit(answers, machine.platform, machine.name, ChannelName.WMI_OVER_WSMAN))
    portrait = portray(declared(machine.name, machine.platform), facts)
    states = {component.kind: component.state for component in portrait.components}
    assert states[ComponentKind.PLATFORM_SERVER] is State.PRESENT
    assert states[ComponentKind.RABBITMQ] is State.PRESENT
    assert states[ComponentKind.SERVICE_CENTER] is states[ComponentKind.LIFETIME] is State.UNKNOWN
    why = portrait.component(ComponentKind.LIFETIME).not_known
    assert why is not None and why.reason is Reason.NOT_ASKED and "wmi over wsman" in why.sentence


def test_services_that_are_hidden_over_wmi_alone_are_not_absent() -> None:
    machine = model("p14-services-hidden")
    facts = read_facts(
        visit(_over_wmi(answers_of("p14-services-hidden")), machine.platform, channel=ChannelName.WMI_OVER_WSMAN)
    )
    services = facts.get(SERVICES)
    assert isinstance(services, NotKnown) and services.reason is Reason.DENIED and "W3SVC" in services.sentence


def test_facts_of_a_healthy_server_are_those_of_its_model() -> None:
    facts, _ = portrait_of("p01-development")
    version = facts.get(OS_VERSION)
    assert isinstance(version, Known) and str(version.value) == "10.0.20348"
    release = facts.get(DOTNET_RELEASE)
    assert isinstance(release, Known) and release.value == 528449
    bundles = facts.get(HOSTING_BUNDLES)
    assert isinstance(bundles, Known) and bundles.value == ("8.0.11.24521",)
    names = facts.get(MACHINE_CONFIG_KEYS)
    assert isinstance(names, Known) and all(name.startswith("OutSystems") for name in names.value)
    unread = [name for name, fact in facts if isinstance(fact, NotKnown)]
    assert unread == []


def test_a_delayed_start_is_seen_in_the_registry() -> None:
    facts, _ = portrait_of("p07-scheduler-delayed")
    delayed = [service.name for service in facts.value(SERVICES, ()) if service.delayed]
    assert delayed == ["OutSystems Scheduler Service"]


def test_a_password_in_clear_text_is_named_and_never_shown() -> None:
    facts, _ = portrait_of("p16-clear-text-password")
    assert "PlatformDatabaseConfiguration/AdminPassword" in facts.value(CLEAR_TEXT_SECRETS, ())


def test_keys_of_two_environments_differ_and_of_one_environment_agree() -> None:
    digests = {
        name: portrait_of(name)[0].value(PRIVATE_KEY_DIGEST, None)
        for name in ("p03-controller", "p03-front-end-1", "p01-development", "p16-other-private-key")
    }
    assert digests["p03-controller"] == digests["p03-front-end-1"] != digests["p01-development"]
    assert digests["p16-other-private-key"] not in (None, digests["p03-controller"])


@pytest.mark.parametrize("path", sorted(MACHINES.glob("*.yaml")), ids=lambda path: path.stem)
def test_no_answer_of_any_model_holds_a_secret_and_the_guard_keeps_quiet(path: Path) -> None:
    machine = model(path.stem)
    answers = answers_of(path.stem)
    assert secrets_found(visit(answers, machine.platform)) == ()
    assert all(redact(answer) is answer for answer in answers.values())
    said = repr([dataclasses.astuple(answer) for answer in answers.values()])
    assert [secret for secret in machine.secrets if secret in said] == []
    facts, portrait = portrait_of(path.stem)
    concluded = repr(list(facts)) + repr(portrait)
    assert [serial for serial in machine.masked if serial in concluded] == []
