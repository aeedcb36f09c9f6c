from auditor.check import (
    Host,
    Role,
    Severity,
    Verdict,
    check,
    facts,
    failed,
    passed,
    service_flaw,
    service_in_words,
    windows_services,
)

SCHEDULER = windows_services.SCHEDULER


@check.per_host(
    "SVC-003",
    severity=Severity.HIGH,
    sources=("ROLES", "FAILOVER"),
    roles=frozenset({Role.FRONT_END}),
    needs=("COMP-001",),
)
def scheduler_runs_where_declared(host: Host) -> Verdict:
    """The scheduler runs on active front-ends and is disabled on passive ones.

    ## Why it matters

    Timers, processes and mails are the scheduler's work: where it stopped, users see nothing wrong and work piles up.
    On a passive front-end it must rest, or jobs run on a server that nobody expects to work.

    ## How it is decided

    By `passive` in the inventory. On a front-end that is not passive the OutSystems Scheduler Service is running with
    start mode auto. Stopped is a high finding; stopped and disabled a medium one, because it looks like a passive
    front-end that nobody declared; running without starting by itself a low one. On a passive front-end it is stopped
    and disabled, or not registered: running is high, stopped with start mode auto medium, because the next restart
    wakes it, and stopped with another start mode low. A scheduler that is just coming up is no failure but unknown
    (stale), and so is one that starts delayed and is not running yet less than ten minutes after the start of the
    server, by the server's own clock: scan again. Whether Service Center switched the scheduler off while its service
    runs is not read yet.

    ## How to fix

    1. Decide whether the front-end is active or passive, and say so in the inventory.
    2. Active: set the OutSystems Scheduler Service to Automatic and start it. If it stops again, look at the event
       log: it needs the controller and the database.
    3. Passive: stop the OutSystems Scheduler Service and set it to Disabled.

    Effect on users: none; jobs that were waiting begin to run, so start it when the load allows.

    ## References

    - OutSystems Platform Server Roles - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/design-infrastructure/server-roles.md
    - OutSystems Platform Server failover procedures - https://github.com/OutSystems/docs-support/blob/main/src/enterprise/maintenance/failover-procedures.md
    """
    return _passive(host) if host.declared.passive else _active(host)


def _active(host: Host) -> Verdict:
    services = host.fact(facts.SERVICES)
    service = windows_services.find(services, SCHEDULER)
    flaw = service_flaw(host, service)
    if flaw is None:
        return passed(f"{SCHEDULER} runs on {host.name} and starts by itself.")
    switched_off = service is not None and (service.state, service.start_mode) == ("stopped", "disabled")
    if switched_off:
        words = f"{flaw.words}, but {host.name} is not declared passive"
    else:
        words = f"{flaw.words} on the active front-end {host.name}"
    weight = Severity.LOW if flaw.runs else Severity.MEDIUM if switched_off else None
    return failed(
        f"{SCHEDULER} {words}.",
        expected="running with start mode auto",
        found=flaw.words,
        severity=weight,
    )


def _passive(host: Host) -> Verdict:
    services = host.fact(facts.SERVICES)
    service = windows_services.find(services, SCHEDULER)
    if service is None:
        return passed(f"{host.name} is declared passive, and {SCHEDULER} is not registered there.")
    words = service_in_words(host, service)
    if (service.state, service.start_mode) == ("stopped", "disabled"):
        return passed(f"{host.name} is declared passive, and {SCHEDULER} is stopped and disabled there.")
    weight = Severity.MEDIUM if service.start_mode == "auto" else Severity.LOW
    return failed(
        f"{host.name} is declared passive, but {SCHEDULER} {words}.",
        expected="stopped with start mode disabled",
        found=words,
        severity=weight if service.state == "stopped" else None,
    )
