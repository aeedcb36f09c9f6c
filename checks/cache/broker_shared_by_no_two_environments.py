from collections import defaultdict

from auditor.check import (
    Environment,
    Host,
    Infrastructure,
    Reason,
    Severity,
    Unknowable,
    Verdict,
    check,
    failed,
    name_few,
    not_applicable,
    passed,
    search,
    unknown,
)


@check.per_infrastructure("CACHE-003", severity=Severity.HIGH, sources=("HSCONF", "CT-CACHE"))
def broker_shared_by_no_two_environments(infrastructure: Infrastructure) -> Verdict:
    """Each environment has a cache broker, or a virtual host on it, of its own.

    ## Why it matters

    A virtual host keeps the messages of one environment apart. Where two environments use the same one on the same
    broker, their messages mix: what is published in Quality empties caches in Production, and the load of one falls
    on the other.

    ## How it is decided

    The server.hsconf of every server names a broker and a virtual host on it. No two environments name the same pair;
    names and addresses of the same host count as one, virtual hosts are compared letter by letter. Two that share one
    fail at once, also where both name a broker that the inventory does not know. A pass needs the configuration of
    all servers, and that the inventory knows every broker that is named: add other names to its aliases. A server
    without a broker is left to COMP-013.

    ## How to fix

    1. Create a virtual host for one of the environments on the broker, with a user of its own.
    2. Enter both in the Configuration Tool of every server of that environment, and apply.
    3. Restart its services, and watch that the servers connect to the new one.

    Effect on users: caches of that environment are emptied once; restarting its services interrupts timers.

    ## References

    - Reference of server.hsconf - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/unattended-install/server-hsconf-ref.md
    - Configuration Tool: Cache tab - https://github.com/OutSystems/docs-product/blob/main/src/ref/configuration-tool/tabs/cache.md
    """
    environments = infrastructure.on_premises
    if len(environments) < 2:
        return not_applicable("There are no two environments on servers of ours that could share a broker.")
    declared = search(environments, _declares_hosts)
    hosts = [host for environment in declared.found for host in environment.platform_hosts]
    servers = search(hosts, lambda host: host.has_platform_server)
    users = search(servers.found, lambda host: bool(host.configuration.cache_host))
    told = search(users.found, lambda host: bool(_virtual_host(host)))
    known = search(told.found, lambda host: bool(_broker(host)))
    by_use: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for host in told.found:
        if host.environment is not None:
            by_use[_name(host), _virtual_host(host)].setdefault(host.environment.name, host.name)
    shared = [(use, names) for use, names in sorted(by_use.items()) if len(names) > 1]
    gaps = (known, told, users, servers)
    if shared:
        (broker, virtual_host), names = shared[0]
        unseen = "".join(dict.fromkeys(sighting.unseen_note for sighting in (servers, users, told)))
        return failed(
            f"{name_few(names)} use the same virtual host {virtual_host} on the broker {broker}.{unseen}",
            expected="a virtual host or a broker of its own for each environment",
            found=f"{virtual_host} on {broker} for {name_few(names)}",
            lasting="; ".join(f"{use[1]} on {use[0]} for {', '.join(names)}" for use, names in shared),
        )
    for sighting in gaps:
        sighting.demand_complete_sight()
    declared.demand_complete_sight()
    listed = "; ".join(f"{name_few(names)}: {use[1]} on {use[0]}" for use, names in sorted(by_use.items())[:5])
    return passed(f"No two environments use the same virtual host of a cache broker ({listed or 'none names one'}).")


def _declares_hosts(environment: Environment) -> bool:
    environment.demand_hosts()
    return True


def _virtual_host(host: Host) -> str:
    virtual_host = host.configuration.cache_virtual_host
    if not virtual_host:
        unknown(Reason.CONTRADICTORY, f"server.hsconf of {host.name} names a cache broker, but no virtual host on it.")
    return virtual_host


def _broker(host: Host) -> Host:
    named, environment = host.configuration.cache_host, host.environment
    if not named or environment is None:
        unknown(Reason.NOT_DECLARED, f"server.hsconf of {host.name} names no cache invalidation host.")
    return environment.infrastructure.host_called(named, seen_from=host)


def _name(host: Host) -> str:
    """Return the name of the broker in the inventory, or as it is written: the same name is the same host."""
    try:
        return _broker(host).name
    except Unknowable:
        return (host.configuration.cache_host or "").strip().casefold()
