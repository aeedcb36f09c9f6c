from collections import defaultdict

from auditor.check import (
    Environment,
    Host,
    Inapplicable,
    Reason,
    Severity,
    Verdict,
    Version,
    check,
    failed,
    is_loopback,
    name_few,
    passed,
    search,
    unknown,
)

FIRST_WITH_BROKER = Version.parse("11")


@check.per_environment("CONF-004", severity=Severity.HIGH, sources=("HSCONF", "CT-CACHE", "FAILOVER"))
def broker_address_equal_on_all_servers(environment: Environment) -> Verdict:
    """All servers of an environment name the same broker for cache invalidation.

    ## Why it matters

    When data or an application changes, servers tell each other through the broker to forget what they cached. A
    server that listens to another broker, or to its own, goes on showing users what was true before.

    ## How it is decided

    Host, port and virtual host of the cache invalidation service in server.hsconf are equal on all servers with
    Platform Server; of the host upper and lower case are the same, of the virtual host not. Two that differ fail at
    once. In an environment with more than one server localhost, or an address of the machine itself, fails too; with a
    single server it works, and the verdict tells that it has to be changed before a second one is added. Platform
    Server 10 and before has no such broker.

    ## How to fix

    1. Choose the broker, and one name or address by which all servers reach it; open its port to all of them.
    2. Enter host, port and virtual host in the Configuration Tool on the controller (Cache tab), and test the
       connection.
    3. Apply, and do the same with the same values on each front-end, one at a time.
    4. Apply the settings to all modules in Service Center, so that applications listen to it too.

    Effect on users: restarting the services and applying the settings slows applications down for some minutes; until
    all servers have the values, some show stale data.

    ## References

    - Reference of server.hsconf - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/unattended-install/server-hsconf-ref.md
    - Configuration Tool: Cache tab - https://github.com/OutSystems/docs-product/blob/main/src/ref/configuration-tool/tabs/cache.md
    - OutSystems Platform Server failover procedures - https://github.com/OutSystems/docs-support/blob/main/src/enterprise/maintenance/failover-procedures.md
    """
    servers = environment.find_servers()
    told = search(servers.found, lambda host: bool(_broker(host)))
    by_broker = defaultdict(list)
    for host in told.found:
        name, port, virtual_host = _broker(host)
        by_broker[name.casefold(), port, virtual_host].append(host)
    if len(by_broker) > 1:
        commonest_first = sorted(by_broker.items(), key=lambda item: (-len(item[1]), item[0]))
        listed = "; ".join(f"{_told(hosts[0])} on {name_few(h.name for h in hosts)}" for _, hosts in commonest_first)
        return failed(
            f"The servers of {environment.name} name {len(by_broker)} brokers for cache invalidation: {listed}."
            f"{told.unseen_note}{servers.unseen_note}",
            expected="one host, port and virtual host on all servers",
            found=listed,
        )
    local = [host for host in told.found if is_loopback(_broker(host)[0])]
    if local and len(servers.found) > 1:
        return failed(
            f"{environment.name} has {len(servers.found)} servers with Platform Server, but {_told(local[0])}, named as"
            f" broker on {name_few(host.name for host in local)}, is a different machine on each."
            f"{told.unseen_note}{servers.unseen_note}",
            expected="a broker that every server can reach by the same name",
            found=_told(local[0]),
            lasting=f"{_told(local[0])} on {', '.join(host.name for host in local)}",
        )
    servers.demand_complete_sight()
    if not told.found:
        _demand_broker_in_product(environment, servers.found)
    told.demand_complete_sight()
    note = "; give it a name before a second server is added" if local else ""
    return passed(f"{told.names} of {environment.name} name the broker {_told(told.found[0])}{note}.")


def _broker(host: Host) -> tuple[str, int, str]:
    configuration = host.configuration
    name, port = configuration.cache_host, configuration.cache_port
    virtual_host = configuration.cache_virtual_host
    if not name or port is None or not virtual_host:
        parts = {"ServiceHost": name, "ServicePort": port, "VirtualHost": virtual_host}
        lacking = ", ".join(part for part, value in parts.items() if value in (None, ""))
        unknown(Reason.PARSE_ERROR, f"server.hsconf of {host.name} lacks {lacking} of the cache invalidation service.")
    return name, port, virtual_host


def _told(host: Host) -> str:
    name, port, virtual_host = _broker(host)
    return f"{name}, port {port}, virtual host {virtual_host}"


def _demand_broker_in_product(environment: Environment, servers: tuple[Host, ...]) -> None:
    """Raise `Inapplicable` where every server has a Platform Server that knows no broker."""
    newer = search(servers, lambda host: host.installed_platform >= FIRST_WITH_BROKER)
    if not newer.found and not newer.unseen:
        sentence = f"Platform Server in {environment.name} is older than 11 and has no broker for cache invalidation."
        raise Inapplicable(sentence, because_of="VER-001")
