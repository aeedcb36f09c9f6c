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
    windows_services,
)


@check.per_host(
    "SVC-002",
    severity=Severity.HIGH,
    sources=("MON", "TSPS"),
    roles=frozenset({Role.FRONT_END}),
    needs=("COMP-001",),
)
def deployment_service_on_every_front_end(host: Host) -> Verdict:
    """The deployment service runs on every front-end and starts by itself.

    ## Why it matters

    The deployment service takes what the controller compiled and puts it in place. A front-end without it keeps its
    old modules while the others get new ones, or a publication waits for it and fails.

    ## How it is decided

    The OutSystems Deployment Service is running with start mode auto on every server declared as front-end, a passive
    one included: it must carry the same modules on the day it takes over. One that runs, but does not start by itself,
    is a medium finding: it is missing after the next restart. A service that is just coming up, or that starts delayed
    on a server started less than ten minutes ago, gives unknown (stale).

    ## How to fix

    1. Set the OutSystems Deployment Service to Automatic and start it.
    2. If it stops again, look at the event log: it needs the controller and the database.
    3. Publish again what was published in the meantime, so that the front-end catches up.

    Effect on users: none by starting the service; what catches up restarts its modules on this server.

    ## References

    - Monitoring an environment - https://github.com/OutSystems/docs-product/blob/main/src/monitor-and-troubleshoot/monitoring-an-environment.md
    - Troubleshooting the OutSystems Platform Server - https://github.com/OutSystems/docs-support/blob/main/src/enterprise/troubleshooting/troubleshoot-platform-server.md
    """
    name = windows_services.DEPLOYMENT
    services = host.fact(facts.SERVICES)
    flaw = service_flaw(host, windows_services.find(services, name))
    if flaw is None:
        return passed(f"{name} runs on {host.name} and starts by itself.")
    return failed(
        f"{name} {flaw.words} on the front-end {host.name}.",
        expected="running with start mode auto",
        found=flaw.words,
        severity=Severity.MEDIUM if flaw.runs else None,
    )
