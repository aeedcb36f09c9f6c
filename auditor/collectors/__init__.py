"""What is asked of servers, and how answers become facts: one module per subject.

`COLLECTORS` is an explicit tuple, so that the list of questions is the same wherever and however the package is run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditor.collectors import (
    account,
    certificates,
    clock,
    development_tools,
    dotnet,
    hardware,
    identity,
    iis,
    install_folder,
    java_stack,
    lifetime,
    linux_host,
    linux_rabbitmq,
    linux_software,
    listeners,
    local_web,
    network,
    operating_system,
    platform_server,
    programs,
    rabbitmq,
    security,
    server_configuration,
    services,
)
from auditor.collectors.base import Collector
from auditor.errors import FailureKind
from auditor.model.fact import Facts, Known, NotKnown, Reason
from auditor.model.inventory import Asked, Inventory, LifeTimeApi
from auditor.model.observation import ChannelName, Failure, Observation, Visit
from auditor.model.question import Platform, Question

COLLECTORS: tuple[Collector, ...] = (
    account.WINDOWS,
    certificates.COLLECTOR,
    clock.WINDOWS,
    development_tools.COLLECTOR,
    dotnet.COLLECTOR,
    hardware.COLLECTOR,
    identity.COLLECTOR,
    iis.COLLECTOR,
    install_folder.COLLECTOR,
    java_stack.COLLECTOR,
    lifetime.COLLECTOR,
    account.LINUX,
    clock.LINUX,
    linux_host.COLLECTOR,
    listeners.LINUX,
    linux_rabbitmq.COLLECTOR,
    linux_software.COLLECTOR,
    listeners.WINDOWS,
    local_web.COLLECTOR,
    network.COLLECTOR,
    operating_system.COLLECTOR,
    platform_server.COLLECTOR,
    programs.COLLECTOR,
    rabbitmq.COLLECTOR,
    security.COLLECTOR,
    server_configuration.COLLECTOR,
    services.COLLECTOR,
)

# What most depends on comes first, so that a visit that runs out of time has brought it. The clock comes last: what
# lies between its answer and the arrival of the document counts as an error of the clock.
_ORDER_OF_ASKING = (
    account.WINDOWS,
    operating_system.COLLECTOR,
    identity.COLLECTOR,
    platform_server.COLLECTOR,
    services.COLLECTOR,
    server_configuration.COLLECTOR,
    iis.COLLECTOR,
    install_folder.COLLECTOR,
    listeners.WINDOWS,
    rabbitmq.COLLECTOR,
    dotnet.COLLECTOR,
    programs.COLLECTOR,
    hardware.COLLECTOR,
    security.COLLECTOR,
    development_tools.COLLECTOR,
    certificates.COLLECTOR,
    network.COLLECTOR,
    local_web.COLLECTOR,
    clock.WINDOWS,
    account.LINUX,
    linux_host.COLLECTOR,
    linux_software.COLLECTOR,
    java_stack.COLLECTOR,
    linux_rabbitmq.COLLECTOR,
    listeners.LINUX,
    clock.LINUX,
    lifetime.COLLECTOR,
)

_DENIED = frozenset(
    {
        FailureKind.CREDENTIAL_UNAVAILABLE,
        FailureKind.KEY_UNREADABLE,
        FailureKind.SIGN_IN_KIND_NOT_OFFERED,
        FailureKind.SIGN_IN_REFUSED,
        FailureKind.KERBEROS_NO_TICKET,
        FailureKind.KERBEROS_NO_SERVICE,
        FailureKind.KERBEROS_FAILED,
        FailureKind.EXTRA_MISSING,
        FailureKind.CLEAR_TEXT_REFUSED,
        FailureKind.RIGHT_MISSING,
        FailureKind.FORWARDING_FORBIDDEN,
    }
)
_DAMAGED = frozenset({FailureKind.ANSWER_DAMAGED, FailureKind.ANSWER_TOO_LARGE, FailureKind.CRASHED})


def questions_for(platform: Platform) -> tuple[Question, ...]:
    """Return every question that a host of this platform is asked, in the order of asking."""
    asked = (collector for collector in _ORDER_OF_ASKING if collector.platform is platform)
    return tuple(question for collector in asked for question in collector.questions)


def questions_of(host: Asked, inventory: Inventory, platform: Platform) -> tuple[Question, ...]:
    """Return the questions of the platform as this host is asked them: one is about others that the inventory names.

    What LifeTime's API is asked follows from how the inventory lets it be asked.
    """
    if isinstance(host, LifeTimeApi):
        return lifetime.questions_of_lifetime(host)
    return tuple(network.with_targets(question, host, inventory) for question in questions_for(platform))


def read_facts(visit: Visit) -> Facts:
    """Return the facts of one host, or why they are not known. Never raises, whatever the answers hold.

    A visit that failed half-way keeps the facts of the answers that it brought; all others are not known because of
    the failure.
    """
    otherwise = None if visit.failure is None else not_known_because_of(visit.failure)
    found: dict[str, Known[Any] | NotKnown] = {}
    for collector in COLLECTORS:
        if collector.platform is visit.platform:
            found.update(collector.read(_observations(visit, collector)))
    if otherwise is not None:
        found = {name: fact for name, fact in found.items() if not _is_unasked(fact, visit)}
    return Facts(visit.host, found, otherwise)


def not_known_because_of(failure: Failure) -> NotKnown:
    """Return why nothing is known of a host that could not be read."""
    if failure.kind in _DENIED:
        return NotKnown(Reason.DENIED, failure.sentence)
    if failure.kind in _DAMAGED:
        return NotKnown(Reason.PARSE_ERROR, failure.sentence)
    return NotKnown(Reason.UNREACHABLE, failure.sentence)


def _observations(visit: Visit, collector: Collector) -> Mapping[str, Observation]:
    channel = visit.channel or (
        ChannelName.SH_OVER_SSH if visit.platform is Platform.LINUX else ChannelName.POWERSHELL_OVER_WINRM
    )
    return {
        question.id: Observation(visit.host, visit.answers[question.id], visit.observed_at, channel)
        for question in (*collector.questions, *collector.also_reads)
        if question.id in visit.answers
    }


def _is_unasked(fact: Known[Any] | NotKnown, visit: Visit) -> bool:
    return isinstance(fact, NotKnown) and any(question not in visit.answers for question in fact.questions)
