from auditor.check import (
    Environment,
    Host,
    Reason,
    Severity,
    Verdict,
    check,
    failed,
    is_loopback,
    passed,
    search,
    unknown,
)


@check.per_environment("CONF-003", severity=Severity.HIGH, sources=("HSCONF", "UNATT"))
def controller_named_for_other_servers(environment: Environment) -> Verdict:
    """The controller has a name that other servers can follow, not localhost.

    ## Why it matters

    localhost means a different machine on every server. A front-end that looks for its controller there never
    registers, gets no new code and no refreshed cache; and a file with localhost, copied to a new server, starts this.

    ## How it is decided

    In an environment with more than one server CompilerServerHostname in server.hsconf is on no server localhost or an
    address of the machine itself, such as 127.0.0.1; one server with it fails at once. With a single server it works,
    so it passes, and the verdict tells that it has to be changed before a second one is added. Hosts without Platform
    Server do not count; that is left to COMP-001.

    ## How to fix

    1. Choose a name or a fixed address of the controller that every server of the environment reaches.
    2. Enter it in the Configuration Tool on the controller first (Controller tab), and apply.
    3. Enter the same value on every front-end, one at a time, and apply.

    Effect on users: restarting the services interrupts publishing and timers for a minute on each server.

    ## References

    - Reference of server.hsconf - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/unattended-install/server-hsconf-ref.md
    - Unattended installation and upgrade - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/unattended-install/intro.md
    """
    servers = environment.find_servers()
    local = search(servers.found, lambda host: is_loopback(_controller(host)))
    if local.found and len(servers.found) > 1:
        told = ", ".join(f"{host.name} names {_controller(host)}" for host in local.found)
        return failed(
            f"{environment.name} has {len(servers.found)} servers with Platform Server, but as controller {told}."
            f"{local.unseen_note}{servers.unseen_note}",
            expected="a name or address of the controller that every server can follow",
            found=told,
        )
    servers.demand_complete_sight()
    local.demand_complete_sight()
    if local.found:
        (host,) = local.found
        return passed(
            f"{host.name} names {_controller(host)} as controller, which will do as long as it is the only server of "
            f"{environment.name}; give it a name before a second one is added."
        )
    named = ", ".join(sorted({_controller(host) for host in servers.found}))
    return passed(f"The servers of {environment.name} name {named} as controller.")


def _controller(host: Host) -> str:
    named = host.configuration.controller_host
    if not named:
        unknown(Reason.PARSE_ERROR, f"server.hsconf of {host.name} names no controller.")
    return named
