from auditor.check import (
    ComponentKind,
    Host,
    Reason,
    Severity,
    Verdict,
    Version,
    check,
    facts,
    failed,
    name_few,
    not_applicable,
    passed,
    search,
    unknown,
)

PAIRS = (("rabbitmq", "erlang"), ("bundled", "bundled_erlang"))


@check.per_host("VER-017", severity=Severity.HIGH, sources=("SYSREQ",))
def erlang_is_recent_enough(host: Host) -> Verdict:
    """Erlang has at least the version that servers and broker need.

    ## Why it matters

    RabbitMQ runs on Erlang and starts only with the lines of it that it was made for. An Erlang that is too old, or
    far newer than the broker, keeps it down after the next restart, and old ones have published security holes.

    ## How it is decided

    On every host of an environment that has RabbitMQ, the installed Erlang is at or above the floor in the table of
    figures for each Platform Server version of the environment. One server whose floor is not reached fails at once;
    a pass needs the versions of all servers, and that the table names broker and Erlang as a pair: RabbitMQ by its
    first two numbers, Erlang by its first. Any other pair gives unknown (version-not-in-table), as does a Platform
    Server that is newer than the table. With several Erlangs all have to agree, since it is not known which one the
    broker uses.

    ## How to fix

    1. Look up in the table of RabbitMQ's makers which Erlang goes with the broker that you have.
    2. Upgrade Erlang and broker in one go; the Configuration Tool does so for a bundled one.
    3. Uninstall an Erlang that nothing uses any longer, and see that ERLANG_HOME names the one that stays.

    Effect on users: changes of cached data reach other servers late while the broker is down.

    ## References

    - OutSystems system requirements - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/system-requirements.md
    """
    broker = host.component(ComponentKind.RABBITMQ)
    if host.environment is None or not broker.can_run:
        return not_applicable(f"{host.name} is no cache broker of an environment.")
    servers = host.environment.find_servers_with_figures()
    installed = host.fact(facts.ERLANG_VERSIONS)
    if not installed:
        unknown(Reason.CONTRADICTORY, f"{host.name} has RabbitMQ, but no Erlang is listed among its software.")
    versions = [_parsed(host, text) for text in installed]
    told = name_few(installed)
    below = search(servers.found, lambda server: all(version < _floor(server) for version in versions))
    # A bare release number may stand for any version of that release, also for one that suffices.
    coarse = any(
        len(version.parts) == 1 and version.parts == _floor(server).parts[:1]
        for server in below.found
        for version in versions
    )
    if coarse:
        unknown(Reason.PARSE_ERROR, f"The Erlang of {host.name} tells only its release number ({told}).")
    if below.found:
        floor = max(_floor(server) for server in below.found)
        newest = max(server.installed_platform for server in below.found)
        return failed(
            f"{host.name} has Erlang {told}; Platform Server {newest} in {host.environment.name} needs {floor}.",
            expected=f"Erlang {floor} or later",
            found=f"Erlang {told}",
        )
    doubtful = search(servers.found, lambda server: any(version < _floor(server) for version in versions))
    for sighting in (below, doubtful, servers):
        sighting.demand_complete_sight()
    if doubtful.found:
        unknown(
            Reason.CONTRADICTORY,
            f"{host.name} has Erlang {told}, not all of them recent enough, and which one RabbitMQ uses is not known.",
        )
    _demand_pairs(host, broker.version, versions)
    host.proved(ComponentKind.RABBITMQ)
    return passed(f"{host.name} has Erlang {told}, which suffices for the servers of {host.environment.name}.")


def _parsed(host: Host, text: str) -> Version:
    try:
        return Version.parse(text)
    except ValueError:
        unknown(Reason.PARSE_ERROR, f"{host.name} has an Erlang whose version cannot be read ({text}).")


def _floor(server: Host) -> Version:
    return server.figures("rabbitmq").at(server.installed_platform).value("erlang", Version)


def _demand_pairs(host: Host, text: str | None, versions: list[Version]) -> None:
    """Raise `Unknowable` unless the table names the line of the broker together with each Erlang."""
    try:
        broker = Version.parse(text or "")
    except ValueError:
        unknown(Reason.PARSE_ERROR, f"{host.name} has RabbitMQ, but its version could not be read.")
    known = set()
    for row in host.figures("rabbitmq").rows:
        for column, beside in PAIRS:
            pair = row.find(column, Version), row.find(beside, Version)
            if pair[0] is not None and pair[1] is not None:
                known.add((pair[0].parts[:2], pair[1].parts[:1]))
    for version in versions:
        if (broker.parts[:2], version.parts[:1]) not in known:
            unknown(
                Reason.VERSION_NOT_IN_TABLE,
                f"{host.name} has RabbitMQ {broker} with Erlang {version}, a pair that the table does not know.",
            )
