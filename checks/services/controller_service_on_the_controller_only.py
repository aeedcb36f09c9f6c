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

CONTROLLER = windows_services.CONTROLLER


@check.per_host(
    "SVC-001",
    severity=Severity.CRITICAL,
    sources=("MON", "FAILOVER"),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
    needs=("COMP-001",),
)
def controller_service_on_the_controller_only(host: Host) -> Verdict:
    """The controller service runs on the controller and nowhere else.

    ## Why it matters

    The deployment controller compiles, and hands the result to all front-ends. Without one nothing can be published.
    A second one in the same environment compiles beside the first and knows nothing of its work, so that servers end
    up with different results.

    ## How it is decided

    By the role that the inventory declares. On the controller the OutSystems Deployment Controller Service is running
    with start mode auto; one that runs, but does not start by itself, is a medium finding. On any other server it is
    stopped and disabled, or not registered: running is critical, stopped with start mode auto high, because the next
    restart makes it a second controller, and stopped with another start mode low. A service that is just coming up, or
    that starts delayed on a server started less than ten minutes ago, gives unknown (stale). If the controller moved
    and the inventory did not follow, correct the inventory: DATA-005 says so.

    ## How to fix

    1. Find out which server is meant to be the controller: all servers of the environment name it in their
       configuration.
    2. On every other server stop the OutSystems Deployment Controller Service and set it to Disabled.
    3. On the controller set it to Automatic and start it; if it stops again, look at the event log.
    4. Publish a small module, and see that it reaches all front-ends.

    Effect on users: none, applications go on; nobody should be publishing at that moment.

    ## References

    - Monitoring an environment - https://github.com/OutSystems/docs-product/blob/main/src/monitor-and-troubleshoot/monitoring-an-environment.md
    - OutSystems Platform Server failover procedures - https://github.com/OutSystems/docs-support/blob/main/src/enterprise/maintenance/failover-procedures.md
    """
    services = host.fact(facts.SERVICES)
    service = windows_services.find(services, CONTROLLER)
    if Role.DEPLOYMENT_CONTROLLER in host.roles:
        flaw = service_flaw(host, service)
        if flaw is None:
            return passed(f"{host.name} is the controller, and {CONTROLLER} runs there and starts by itself.")
        return failed(
            f"{host.name} is the controller, but {CONTROLLER} {flaw.words}.",
            expected="running with start mode auto",
            found=flaw.words,
            severity=Severity.MEDIUM if flaw.runs else None,
        )
    if service is None:
        return passed(f"{host.name} is not the controller, and {CONTROLLER} is not registered there.")
    words = service_in_words(host, service)
    if (service.state, service.start_mode) == ("stopped", "disabled"):
        return passed(f"{host.name} is not the controller, and {CONTROLLER} is stopped and disabled there.")
    weight = Severity.HIGH if service.start_mode == "auto" else Severity.LOW
    return failed(
        f"{host.name} is not the controller, but {CONTROLLER} {words} there.",
        expected="stopped with start mode disabled, or not registered",
        found=words,
        severity=weight if service.state == "stopped" else None,
    )
