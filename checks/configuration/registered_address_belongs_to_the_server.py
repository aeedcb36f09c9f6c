import ipaddress

from auditor.check import Host, Reason, Role, Severity, Verdict, check, facts, failed, is_loopback, passed, unknown


@check.per_host(
    "CONF-010",
    severity=Severity.HIGH,
    sources=("FEREG", "CHGPW", "CT-NETWORK"),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
    needs=("COMP-001", "CONF-001"),
)
def registered_address_belongs_to_the_server(host: Host) -> Verdict:
    """The address that the server registers with the controller is its own.

    ## Why it matters

    The controller sends deployments to the address that a front-end registered. When server.hsconf was copied from
    another server, that is the address of the other one: this server gets no new code, and the other gets it twice.

    ## How it is decided

    OutgoingIPAddress in server.hsconf is empty, which means automatic, or one of the addresses of the network cards of
    this server. The address of the machine itself (127.0.0.1 or ::1) is accepted only where the inventory declares no
    other server in the environment, because only there the controller means the same machine by it.

    ## How to fix

    1. Open the Configuration Tool on this server, and go to the Network tab.
    2. Set the address of the front-end registration to automatic, or choose the address in the network that the
       servers share.
    3. Apply, let the services restart, and look in Service Center whether the server shows up once and is healthy.

    Effect on users: restarting the services interrupts publishing and timers for a minute.

    ## References

    - Unable to register a front-end server - https://github.com/OutSystems/docs-support/blob/main/src/enterprise/troubleshooting/unable-register-front-end.md
    - Change the password of the database users - https://github.com/OutSystems/docs-support/blob/main/src/enterprise/maintenance/change-pw-database-users.md
    - Configuration Tool: Network tab - https://github.com/OutSystems/docs-product/blob/main/src/ref/configuration-tool/tabs/network.md
    """
    registered = host.configuration.outgoing_address
    if registered is None:
        return passed(f"{host.name} registers an address that the platform chooses (automatic).")
    if is_loopback(registered) and _stands_alone(host):
        return passed(f"{host.name} registers {registered}, and is the only server of its environment.")
    addresses = host.fact(facts.HOST_ADDRESSES)
    if not addresses:
        unknown(Reason.CONTRADICTORY, f"{host.name} told no address of its own, but answers at one.")
    if _normal(registered) in {_normal(address) for address in addresses}:
        return passed(f"{host.name} registers {registered}, which is one of its addresses.")
    return failed(
        f"{host.name} registers the address {registered}, which is not one of its own.",
        expected=f"automatic, or one of {', '.join(addresses)}",
        found=registered,
    )


def _stands_alone(host: Host) -> bool:
    return host.environment is not None and len(host.environment.platform_hosts) == 1


def _normal(address: str) -> str:
    """Spell an address in one way: IPv6 has several, and Windows appends the zone of a network card."""
    bare = address.strip().partition("%")[0]
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        return bare.casefold()
