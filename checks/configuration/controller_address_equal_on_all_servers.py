from collections import defaultdict

from auditor.check import (
    Environment,
    Host,
    Reason,
    Role,
    Severity,
    Verdict,
    check,
    failed,
    name_few,
    passed,
    search,
    unknown,
)


@check.per_environment("CONF-002", severity=Severity.CRITICAL, sources=("FAILOVER", "HSCONF"))
def controller_address_equal_on_all_servers(environment: Environment) -> Verdict:
    """All servers of an environment name the controller by the same address.

    ## Why it matters

    A front-end that names another controller registers there: it gets the code of another environment, or none at
    all. One that names the right controller by another word works until that word stops leading there, and shows up
    in the console as a server of its own.

    ## How it is decided

    CompilerServerHostname in server.hsconf has one value on all servers with Platform Server, upper and lower case
    being the same, and it means the host on which the Deployment Controller Service runs. Two values that differ fail
    at once, even if both mean the same machine. A value that no host of the inventory is known by gives unknown until
    it is declared as an alias. Where not exactly one controller runs, TOPO-015 is the finding and this is unknown.

    ## How to fix

    1. Find out on which server the Deployment Controller Service runs, and choose one name or address for it.
    2. Enter it in the Configuration Tool on the controller first (Controller tab), and apply.
    3. Enter exactly the same on each front-end, one at a time, and apply.
    4. Look in Service Center whether every server shows up once and is healthy.

    Effect on users: restarting the services interrupts publishing and timers for a minute on each server.

    ## References

    - OutSystems Platform Server failover procedures - https://github.com/OutSystems/docs-support/blob/main/src/enterprise/maintenance/failover-procedures.md
    - Reference of server.hsconf - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/unattended-install/server-hsconf-ref.md
    """
    servers = environment.find_servers()
    told = search(servers.found, lambda host: bool(_controller(host)))
    by_value = defaultdict(list)
    for host in told.found:
        by_value[_controller(host).casefold()].append(host)
    if len(by_value) > 1:
        # What most servers say comes first, each value in the spelling of the first server.
        commonest_first = sorted(by_value.items(), key=lambda item: (-len(item[1]), item[0]))
        listed = "; ".join(
            f"{_controller(hosts[0])} on {name_few(h.name for h in hosts)}" for _, hosts in commonest_first
        )
        return failed(
            f"The servers of {environment.name} name {len(by_value)} addresses of the controller: {listed}."
            f"{told.unseen_note}{servers.unseen_note}",
            expected="one address on all servers",
            found=listed,
        )
    running = search(environment.platform_hosts, lambda host: Role.DEPLOYMENT_CONTROLLER in host.role_reading.actual)
    if len(running.found) > 1:
        sentence = f"{environment.name} has more than one running controller (see TOPO-015): {running.names}."
        unknown(Reason.CONTRADICTORY, sentence)
    running.demand_complete_sight()
    if not running.found:
        unknown(Reason.CONTRADICTORY, f"No controller runs in {environment.name} (see TOPO-015).")
    (controller,) = running.found
    misled = search(told.found, lambda host: _meant(host, environment).name != controller.name)
    if misled.found:
        listed = ", ".join(f"{_controller(host)} on {host.name}" for host in misled.found)
        return failed(
            f"The controller of {environment.name} runs on {controller.name}, but {listed} means another host."
            f"{misled.unseen_note}{told.unseen_note}{servers.unseen_note}",
            expected=f"an address of {controller.name} on all servers",
            found=listed,
        )
    for sight in (servers, told, misled):
        sight.demand_complete_sight()
    return passed(
        f"{told.names} of {environment.name} name {_controller(told.found[0])}, which means {controller.name}."
    )


def _controller(host: Host) -> str:
    named = host.configuration.controller_host
    if not named:
        unknown(Reason.PARSE_ERROR, f"server.hsconf of {host.name} names no controller.")
    return named


def _meant(host: Host, environment: Environment) -> Host:
    return environment.infrastructure.host_called(_controller(host), seen_from=host)
