from auditor.check import (
    ComponentKind,
    Host,
    Reason,
    Severity,
    Verdict,
    Version,
    check,
    failed,
    not_applicable,
    passed,
    search,
    unknown,
)


@check.per_host("VER-016", severity=Severity.HIGH, sources=("SYSREQ", "VULN", "PSREL"))
def rabbitmq_is_recent_enough(host: Host) -> Verdict:
    """RabbitMQ has at least the version that the environment's servers need.

    ## Why it matters

    The servers tell each other through RabbitMQ that cached data have changed. An older one than the platform was
    made for is not supported, and older ones have published security holes.

    ## How it is decided

    On every host of an environment that has RabbitMQ, its version is at or above the floor in the table of figures
    for each Platform Server version of the environment. One server whose floor is not reached fails at once; a pass
    needs the versions of all servers. An upgrade of the platform does not upgrade a broker on a host of its own. A
    Platform Server that is newer than the table gives unknown (version-not-in-table). Hosts without RabbitMQ, with
    left-overs of it, and outside of all environments are not judged.

    ## How to fix

    1. Upgrade a bundled broker with the Configuration Tool, on the server that runs it.
    2. Upgrade a broker on a host of its own with the packages of its makers, Erlang first; in a cluster node by node.
    3. Watch in the logs of the servers that they connect again.

    Effect on users: changes of cached data reach other servers late while the broker is down.

    ## References

    - OutSystems system requirements - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/system-requirements.md
    - Security bulletins of OutSystems - https://github.com/OutSystems/docs-support/tree/main/src/security/vulnerabilities
    - Platform Server 11 release notes - https://github.com/OutSystems/docs-support/tree/main/src/release-notes/11/platform-server
    """
    broker = host.component(ComponentKind.RABBITMQ)
    if host.environment is None or not broker.can_run:
        return not_applicable(f"{host.name} is no cache broker of an environment.")
    servers = host.environment.find_servers_with_figures()
    version = _parsed(host, broker.version)
    below = search(servers.found, lambda server: version < _floor(server))
    if below.found:
        floor = max(_floor(server) for server in below.found)
        newest = max(server.installed_platform for server in below.found)
        return failed(
            f"{host.name} has RabbitMQ {version}; Platform Server {newest} in {host.environment.name} needs {floor}.",
            expected=f"RabbitMQ {floor} or later",
            found=f"RabbitMQ {version}",
        )
    for sighting in (below, servers):
        sighting.demand_complete_sight()
    host.proved(ComponentKind.RABBITMQ)
    return passed(f"{host.name} has RabbitMQ {version}, which suffices for the servers of {host.environment.name}.")


def _floor(server: Host) -> Version:
    return server.figures("rabbitmq").at(server.installed_platform).value("rabbitmq", Version)


def _parsed(host: Host, text: str | None) -> Version:
    try:
        return Version.parse(text or "")
    except ValueError:
        unknown(Reason.PARSE_ERROR, f"{host.name} has RabbitMQ, but its version could not be read.")
