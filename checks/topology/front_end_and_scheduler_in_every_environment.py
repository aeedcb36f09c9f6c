from auditor.check import Environment, Host, Role, Severity, Verdict, check, failed, passed, search


@check.per_environment("TOPO-016", severity=Severity.HIGH, sources=("ROLES", "MON", "DIAG-NET"))
def front_end_and_scheduler_in_every_environment(environment: Environment) -> Verdict:
    """At least one server is a front-end and at least one runs the scheduler.

    ## Why it matters

    Without a front-end an environment serves no application. Without a scheduler the applications answer, but timers,
    business processes and mails stand still, and nobody notices until somebody misses their result.

    ## How it is decided

    At least one host of the environment runs as a front-end (Deployment Service), and at least one runs the Scheduler
    Service, by the state of the Windows services. One of each is enough. None found fails if every host was seen,
    else the verdict is unknown. Which front-ends Service Center has switched off is not read yet.

    ## How to fix

    1. Look at the sentence: a role without any server, or a service that is stopped?
    2. Start the service and set it to Automatic; look at the event log for why it had stopped.
    3. If the environment has no such server, add one, or give the role to the controller.

    Effect on users: starting the scheduler runs the timers that are due, so expect load.

    ## References

    - OutSystems Platform Server Roles - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/design-infrastructure/server-roles.md
    - Monitoring an environment - https://github.com/OutSystems/docs-product/blob/main/src/monitor-and-troubleshoot/monitoring-an-environment.md
    - OSDiagTool: platform diagnostic - https://github.com/OutSystems/techsupp-osdiagtool/blob/HEAD/OSDiagTool/Platform/PlatformDiagnostic.cs
    """
    roles = {"runs as a front-end": _is_front_end, "runs the scheduler": _runs_scheduler}
    sightings = {name: search(environment.platform_hosts, runs) for name, runs in roles.items()}
    lacking = [name for name, sighting in sightings.items() if not sighting.found and not sighting.unseen]
    if lacking:
        # Where no host has Platform Server at all, that is the finding.
        environment.find_servers()
        return failed(
            f"No server of {environment.name} {', and none '.join(lacking)}.",
            expected="at least one front-end and one running scheduler",
            found=", ".join(f"{sighting.names or 'none'} {name}" for name, sighting in sightings.items()),
        )
    for sighting in sightings.values():
        if not sighting.found:
            sighting.demand_complete_sight()
    front_ends, schedulers = (sighting.names for sighting in sightings.values())
    return passed(f"{environment.name} has a front-end on {front_ends}, and the scheduler runs on {schedulers}.")


def _is_front_end(host: Host) -> bool:
    return Role.FRONT_END in host.role_reading.actual


def _runs_scheduler(host: Host) -> bool:
    return host.role_reading.runs_scheduler
