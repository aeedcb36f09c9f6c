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
    is_open,
    not_applicable,
    passed,
    search,
    unknown,
)

PORT = 12001
NEWER_PORT = 12101
NEWER_INTERFACE = Version.parse("11.24.0")
UNRESOLVED = ("HostNotFound", "NoData", "TryAgain")


@check.per_host(
    "NET-004",
    severity=Severity.CRITICAL,
    sources=("NETREQ",),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER}),
    needs=("COMP-001", "CONF-001"),
)
def controller_reaches_its_front_ends(host: Host) -> Verdict:
    """The controller reaches the deployment service of every front-end.

    ## Why it matters

    To publish, the controller tells each front-end what to fetch. A front-end that it does not reach keeps the old
    code, or the whole publication fails.

    ## How it is decided

    The controller itself tried to connect to every other front-end of its environment, at the address in the inventory
    and at each alias, on 12001 and, where the front-end has Platform Server 11.24.0 or later, on 12101. One address
    that accepts is enough, because some may be for administration only. A front-end of which the controller knows no
    name is unknown: give it an alias in the inventory. Where server.hsconf sets another port than 12001, the verdict is
    unknown, since osaudit asks the usual ones alone. Nothing is sent over the connection. Front-ends without Platform
    Server do not count; that is left to COMP-001.

    ## How to fix

    1. On the front-end, see that the OutSystems Deployment Service runs (SVC-002).
    2. Open the ports for connections from the controller, in the firewall of the front-end and in between. A rule made
       for 12000 to 12004 lacks 12101.
    3. On the controller, try `Test-NetConnection FRONT-END -Port 12101`.

    Effect on users: none; opening a port interrupts nothing.

    ## References

    - OutSystems network requirements - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/network-requirements.md
    """
    others = _other_front_ends(host)
    if not others:
        return not_applicable(f"No other server of its environment is a front-end of {host.name}.")
    port = host.configuration.deployment_port
    if port not in (None, PORT):
        unknown(
            Reason.NOT_ASKED, f"The deployment services of {host.name} use port {port}, which osaudit does not try."
        )
    servers = search(others, lambda other: other.has_platform_server)
    # By name, because what a sentence tells is the way from here, not the state of the front-end.
    ways = {f"{other.name}:{number}": (other, number) for other in servers.found for number in (PORT, NEWER_PORT)}
    closed = search(ways, lambda way: _needs(*ways[way]) and not _reaches(host, *ways[way]))
    if closed.found:
        told = ", ".join(_told(host, *ways[way]) for way in closed.found)
        return failed(
            f"{host.name} does not reach the deployment service of its front-ends: {told}.{closed.unseen_note}"
            f"{servers.unseen_note}",
            expected=f"{PORT}, and {NEWER_PORT} from {NEWER_INTERFACE} on, open on every front-end",
            found=told,
        )
    servers.demand_complete_sight()
    closed.demand_complete_sight()
    if not servers.found:
        return not_applicable(f"No front-end of {host.name} has Platform Server.", because_of="COMP-001")
    return passed(f"{host.name} reaches the deployment service of {servers.names}.")


def _other_front_ends(host: Host) -> list[Host]:
    beside = host.environment.hosts if host.environment is not None else ()
    return [other for other in beside if Role.FRONT_END in other.roles and other.name != host.name]


def _needs(front_end: Host, port: int) -> bool:
    return port == PORT or front_end.installed_platform >= NEWER_INTERFACE


def _attempts(host: Host, front_end: Host, port: int) -> list[facts.Connection]:
    tried = host.fact(facts.DECLARED_CONNECTIONS)
    return [item for item in tried if (item.target, item.port) == (f"host/{front_end.name}", port)]


def _reaches(host: Host, front_end: Host, port: int) -> bool:
    known = [item for item in _attempts(host, front_end, port) if item.result not in UNRESOLVED]
    if not known:
        unknown(
            Reason.NOT_DECLARED,
            f"{host.name} knows no address by the names that the inventory has for {front_end.name}; give it an alias.",
        )
    # One that is open decides, so it is looked at before one that could not be tried.
    return any(is_open(host, item) for item in sorted(known, key=lambda item: item.result != "Open"))


def _told(host: Host, front_end: Host, port: int) -> str:
    return f"{front_end.name} at " + ", ".join(in_words(item) for item in _attempts(host, front_end, port))
