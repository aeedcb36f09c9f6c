from auditor.check import Environment, Host, Reason, Role, Severity, Verdict, check, failed, passed, search, unknown


@check.per_environment("TOPO-015", severity=Severity.CRITICAL, sources=("MON", "ROLES", "SCALE", "FAILOVER"))
def exactly_one_controller_per_environment(environment: Environment) -> Verdict:
    """Exactly one deployment controller runs, and every server names it.

    ## Why it matters

    The deployment controller compiles and distributes all applications and cannot be clustered. Without one nobody
    can publish; with two, servers end up with different code and caches that are never refreshed.

    ## How it is decided

    The Deployment Controller Service runs on exactly one server of the environment, and the server.hsconf of every
    server with Platform Server names that server. Two running controllers, or a server that names another host of the
    inventory, fail at once. None running fails if every host was seen. A name that no host of the inventory is known
    by may be an alias in DNS, so it gives unknown until it is declared as one.

    ## How to fix

    1. Decide which server is the controller; normally it is the one that most configurations name.
    2. On any other server stop the Deployment Controller Service and set it to Disabled.
    3. If none runs, start the service on the controller, or promote another server by the failover procedure.
    4. Correct the controller's name with the Configuration Tool on the servers that name another one.

    Effect on users: running applications go on; nobody can publish while the controller is changed.

    ## References

    - Monitoring an environment - https://github.com/OutSystems/docs-product/blob/main/src/monitor-and-troubleshoot/monitoring-an-environment.md
    - OutSystems Platform Server Roles - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/design-infrastructure/server-roles.md
    - Scaling and high availability for OutSystems Platform servers - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/design-infrastructure/scaling-ha-servers.md
    - OutSystems Platform Server failover procedures - https://github.com/OutSystems/docs-support/blob/main/src/enterprise/maintenance/failover-procedures.md
    """
    running = search(environment.platform_hosts, lambda host: Role.DEPLOYMENT_CONTROLLER in host.role_reading.actual)
    if len(running.found) > 1:
        return failed(
            f"{environment.name} has {len(running.found)} running deployment controllers: {running.names}.",
            expected="exactly one running Deployment Controller Service",
            found=running.names,
        )
    servers = environment.find_servers()
    if not running.found:
        running.demand_complete_sight()
        return failed(
            f"No server of {environment.name} runs the Deployment Controller Service.",
            expected="exactly one running Deployment Controller Service",
            found="none",
        )
    (controller,) = running.found
    misled = search(servers.found, lambda host: _names_another(host, controller, environment))
    if misled.found:
        named = ", ".join(f"{host.name} names {host.configuration.controller_host}" for host in misled.found)
        return failed(
            f"The controller of {environment.name} runs on {controller.name}, but {named}.{misled.unseen_note}",
            expected=f"{controller.name} named as controller by every server",
            found=named,
        )
    running.demand_complete_sight()
    servers.demand_complete_sight()
    misled.demand_complete_sight()
    return passed(f"{controller.name} is the only controller of {environment.name}, and every server names it.")


def _names_another(host: Host, controller: Host, environment: Environment) -> bool:
    named = host.configuration.controller_host
    if not named:
        unknown(Reason.PARSE_ERROR, f"server.hsconf of {host.name} names no controller.")
    return environment.infrastructure.host_called(named, seen_from=host).name != controller.name
