from auditor.check import (
    Host,
    Reason,
    Role,
    Severity,
    Verdict,
    check,
    facts,
    failed,
    in_words,
    is_open,
    not_applicable,
    passed,
    place_of,
    unknown,
)


@check.per_host(
    "NET-006",
    severity=Severity.HIGH,
    sources=("NETREQ", "CACHE-TS"),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
    needs=("COMP-001", "CONF-001"),
)
def every_server_reaches_the_broker(host: Host) -> Verdict:
    """The server reaches the cache invalidation broker that it is set to use.

    ## Why it matters

    Over the broker the servers tell each other that cached data changed. A server that does not reach it goes on with
    old site properties and old data, while all others have the new ones.

    ## How it is decided

    The server itself tried to connect to host and port of the cache invalidation service in its server.hsconf: usually
    5672, or 5671 with TLS. Nothing is sent, so that something listens there is all that is proved; whether the account
    and the virtual host work is CACHE-001. A file that names no broker is left to COMP-013.

    ## How to fix

    1. See that RabbitMQ runs on the broker (SVC-007).
    2. Open the port for connections from this server, in the firewall of the broker and in between.
    3. On this server, try `Test-NetConnection BROKER -Port 5672`.

    Effect on users: none; from then on this server follows the changes of the others.

    ## References

    - OutSystems network requirements - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/network-requirements.md
    - Manage and troubleshoot cache invalidation - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/cache-invalidation/manage-troubleshoot.md
    """
    if not host.configuration.cache_host:
        return not_applicable(
            f"server.hsconf of {host.name} names no cache invalidation broker.", because_of="COMP-013"
        )
    tried = host.fact(facts.CONFIGURED_CONNECTIONS) or ()
    broker = next((item for item in tried if item.target == "broker"), None)
    if broker is None:
        unknown(Reason.CONTRADICTORY, f"{host.name} did not try to reach its broker, though server.hsconf names one.")
    if is_open(host, broker):
        return passed(f"{host.name} reaches its broker at {place_of(broker)}.")
    return failed(
        f"{host.name} does not reach its cache invalidation broker: {in_words(broker)}.",
        expected=f"{place_of(broker)} open",
        found=in_words(broker),
    )
