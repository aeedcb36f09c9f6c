from auditor.check import (
    ComponentKind,
    Environment,
    Host,
    Inapplicable,
    Reason,
    Severity,
    State,
    Verdict,
    Version,
    check,
    failed,
    passed,
    search,
    unknown,
)

FIRST_WITH_BROKER = Version((11,))


@check.per_environment("COMP-013", severity=Severity.HIGH, sources=("CACHE", "NETREQ", "SYSREQ"))
def cache_broker_designated(environment: Environment) -> Verdict:
    """The cache invalidation service is configured, and a known host runs it.

    ## Why it matters

    Since version 11 servers tell each other through RabbitMQ that cached data have changed. Without it site
    properties and cached lists go stale on the other front-ends, and users see different data on every request.

    ## How it is decided

    The server.hsconf of every server with Platform Server 11 names a cache invalidation host; that host is in the
    inventory, by name, alias or address; and RabbitMQ was found on it. A named host without a working RabbitMQ fails.
    A name that no host of the inventory is known by may be an alias in DNS or the address of a cluster, so it gives
    unknown until it is declared: add it to the aliases of the broker. Version 10 has no such service.

    ## How to fix

    1. If no host is named, create the service in the Configuration Tool, or name an existing broker there.
    2. If the named host runs no RabbitMQ, start the service, or install it from the Configuration Tool.
    3. If an external broker is meant, declare its host with the role cache-broker in the inventory.
    4. Apply the same setting on every server of the environment.

    Effect on users: caches are emptied once when the service comes back.

    ## References

    - Cache Invalidation in OutSystems 11 - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/cache-invalidation/intro.md
    - OutSystems network requirements - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/network-requirements.md
    - OutSystems system requirements - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/system-requirements.md
    """
    servers = environment.find_servers()
    recent = search(servers.found, lambda host: (host.platform_version or FIRST_WITH_BROKER) >= FIRST_WITH_BROKER)
    if not recent.found and not recent.unseen and not servers.unseen:
        raise Inapplicable(f"The servers of {environment.name} run a version without this service.")
    silent = search(recent.found, lambda host: not host.configuration.cache_host)
    if silent.found:
        return failed(
            f"{silent.names} in {environment.name} names no cache invalidation host.{silent.unseen_note}",
            expected="a cache invalidation host in server.hsconf",
            found="none",
            lasting=silent.names,
        )
    lost = search(recent.found, lambda host: not _runs_broker(_broker(host, environment)))
    if lost.found:
        named = ", ".join(f"{host.name} names {_broker(host, environment).name}" for host in lost.found)
        found = ", ".join(sorted({_found(_broker(host, environment)) for host in lost.found}))
        return failed(
            f"RabbitMQ does not run where servers of {environment.name} expect it: {named}.{lost.unseen_note}",
            expected="RabbitMQ on the host that server.hsconf names",
            found=found,
            lasting=f"{named}; {found}",
        )
    for sighting in (silent, lost, recent, servers):
        sighting.demand_complete_sight()
    brokers = ", ".join(sorted({_broker(host, environment).name for host in recent.found}))
    return passed(f"{environment.name} uses the cache invalidation service on {brokers}.")


def _broker(host: Host, environment: Environment) -> Host:
    named = host.configuration.cache_host
    if not named:
        unknown(Reason.NOT_DECLARED, f"server.hsconf of {host.name} names no cache invalidation host.")
    return environment.infrastructure.host_called(named, seen_from=host)


def _runs_broker(host: Host) -> bool:
    return host.proved(ComponentKind.RABBITMQ).state is State.PRESENT


def _found(host: Host) -> str:
    return f"{host.name}: {host.component(ComponentKind.RABBITMQ).state}"
