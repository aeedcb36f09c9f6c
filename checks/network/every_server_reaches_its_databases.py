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
    passed,
    place_of,
    search,
    unknown,
)


@check.per_host(
    "NET-007",
    severity=Severity.CRITICAL,
    sources=("NETREQ",),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
    needs=("COMP-001", "CONF-001"),
)
def every_server_reaches_its_databases(host: Host) -> Verdict:
    """The server reaches the servers of its databases.

    ## Why it matters

    Applications, services and consoles all live from the database: a server that does not reach it serves errors only.

    ## How it is decided

    The server itself tried to connect to the server of each database section of its server.hsconf (platform, log,
    session), on the port written there, else 1433 for SQL Server and 1521 for Oracle. All have to accept. A named
    instance without a port is unknown, because only its SQL Server Browser could tell the port, and so is an Oracle
    database that is named by a TNS name. Nothing is sent and nobody signs in, so that something listens there is all
    that is proved.

    ## How to fix

    1. See that the database server runs and listens on this port (TCP/IP switched on in its network configuration).
    2. Open the port for connections from this server, in the firewall of the database server and in between.
    3. On this server, try `Test-NetConnection DATABASE-SERVER -Port 1433`.

    Effect on users: none; opening a port interrupts nothing.

    ## References

    - OutSystems network requirements - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/network-requirements.md
    """
    sections = [item.section for item in host.configuration.databases]
    tried = {item.target: item for item in host.fact(facts.CONFIGURED_CONNECTIONS) or ()}
    closed = search(sections, lambda section: not _reaches(host, tried.get(section), section))
    if closed.found:
        told = ", ".join(dict.fromkeys(in_words(tried[section]) for section in closed.found))
        return failed(
            f"{host.name} does not reach the server of {', '.join(closed.found)}: {told}.{closed.unseen_note}",
            expected="the server of every database accepts a connection",
            found=told,
        )
    closed.demand_complete_sight()
    reached = ", ".join(dict.fromkeys(place_of(tried[section]) for section in sections))
    return passed(f"{host.name} reaches the servers of its databases at {reached}.")


def _reaches(host: Host, connection: facts.Connection | None, section: str) -> bool:
    if connection is None:
        unknown(
            Reason.NOT_ASKED,
            f"{section} of {host.name} names neither a server nor a host, so whether it is reached was not tried.",
        )
    return is_open(host, connection)
