from auditor.check import Environment, Purpose, Role, Severity, Verdict, check, failed, passed, search

BOTH = frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END})


@check.per_environment(
    "COMP-004",
    severity=Severity.HIGH,
    sources=("SETUP",),
    purposes=frozenset({Purpose.LIFETIME}),
)
def lifetime_server_carries_both_roles(environment: Environment) -> Verdict:
    """A LifeTime server is controller and front-end in one.

    ## Why it matters

    The installation checklist sets LifeTime up on a server that has both roles. Split roles are a set-up that the
    vendor does not describe, so nobody can tell you what else will not fit.

    ## How it is decided

    On at least one server of the LifeTime environment the services of both roles are meant to run, by their start
    modes and the configuration. A service that is only stopped at the moment is not judged here.

    ## How to fix

    1. Open the installation checklist of LifeTime and choose the combined role (Deployment Controller + Server).
    2. Set Deployment Controller Service and Deployment Service to Automatic on the LifeTime server and start them.
    3. Run the Configuration Tool once, with the server itself as controller.

    Effect on users: none for the users of applications; LifeTime is away for some minutes.

    ## References

    - Setting up OutSystems - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/intro.md
    """
    servers = environment.find_servers()
    combined = search(environment.platform_hosts, lambda host: host.role_reading.intended >= BOTH)
    if not combined.found:
        combined.demand_complete_sight()
        roles = [f"{host.name}: {', '.join(sorted(host.role_reading.intended)) or 'none'}" for host in servers.found]
        return failed(
            f"No server of {environment.name} is controller and front-end in one.",
            expected="both roles on one server",
            found="; ".join(roles),
        )
    return passed(f"{combined.names} in {environment.name} has both roles.")
