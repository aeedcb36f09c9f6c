from auditor.check import (
    Host,
    Reason,
    Role,
    Severity,
    Verdict,
    Version,
    check,
    facts,
    failed,
    in_words,
    is_loopback,
    is_open,
    not_applicable,
    passed,
    place_of,
    search,
    unknown,
)

PORT = 12000
# From this release on the controller has a second interface, which front-ends use first.
NEWER_INTERFACE = Version.parse("11.25.0")


@check.per_host(
    "NET-003",
    severity=Severity.CRITICAL,
    sources=("NETREQ", "CT-CONTROLLER"),
    roles=frozenset({Role.FRONT_END}),
    needs=("COMP-001", "CONF-001"),
)
def front_end_reaches_its_controller(host: Host) -> Verdict:
    """The front-end reaches the ports of its deployment controller.

    ## Why it matters

    A front-end asks its controller for what is to run, and reports back. Without this way it gets no publication, and
    after a restart its services do not come up.

    ## How it is decided

    The front-end itself tried to connect to the controller that its server.hsconf names, on the port written there and,
    from Platform Server 11.25.0 on, on 12100, the port of the newer interface. All have to accept. Where the port in
    the file is not 12000, the number of the newer port is not known and only the one in the file counts. A front-end
    that is the controller itself has nobody to reach; one that names localhost is left to CONF-003. Nothing is sent
    over the connection, so that something listens there is all that is proved.

    ## How to fix

    1. On the controller, see that the OutSystems Deployment Controller Service runs (SVC-001).
    2. Open the ports for connections from this front-end, in the firewall of the controller and in between. A rule made
       for 12000 to 12004 lacks 12100.
    3. On the front-end, try `Test-NetConnection CONTROLLER -Port 12100`.

    Effect on users: none; opening a port interrupts nothing.

    ## References

    - OutSystems network requirements - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/network-requirements.md
    - Configuration Tool: Controller tab - https://github.com/OutSystems/docs-product/blob/main/src/ref/configuration-tool/tabs/controller.md
    """
    configuration = host.configuration
    controller = configuration.controller_host or ""
    if Role.DEPLOYMENT_CONTROLLER in host.roles:
        return not_applicable(f"{host.name} is the deployment controller itself.")
    if is_loopback(controller):
        return not_applicable(f"{host.name} names {controller} as its controller.", because_of="CONF-003")
    tried = {item.target: item for item in host.fact(facts.CONFIGURED_CONNECTIONS) or ()}
    wanted = ["controller"]
    if (configuration.controller_port or PORT) == PORT and host.installed_platform >= NEWER_INTERFACE:
        wanted.append("controller-newer")
    if missing := [target for target in wanted if target not in tried]:
        unknown(Reason.CONTRADICTORY, f"{host.name} did not try to reach its controller ({', '.join(missing)}).")
    closed = search(wanted, lambda target: not is_open(host, tried[target]))
    if closed.found:
        told = ", ".join(in_words(tried[target]) for target in closed.found)
        return failed(
            f"{host.name} does not reach its controller: {told}.",
            expected=", ".join(f"{place_of(tried[target])} open" for target in wanted),
            found=told,
        )
    closed.demand_complete_sight()
    reached = " and ".join(place_of(tried[target]) for target in wanted)
    return passed(f"{host.name} reaches its controller at {reached}.")
