from auditor.check import Host, Role, Severity, Verdict, check, facts, failed, passed

WANTED = "127.0.0.1"


@check.per_host(
    "NET-001",
    severity=Severity.HIGH,
    sources=("NETREQ", "DIAG-NET"),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
    needs=("COMP-001",),
)
def localhost_is_the_ipv4_loopback(host: Host) -> Verdict:
    """The server takes localhost for 127.0.0.1 before anything else.

    ## Why it matters

    The platform calls its own server by the name localhost. Its bindings and settings are for 127.0.0.1, so where the
    name leads to the IPv6 address ::1 first, such calls wait or fail, and a publication with them.

    ## How it is decided

    The server itself was asked for the addresses of localhost, and the first one is 127.0.0.1. Further ones behind it
    do not matter, nor does why the order is so: the hosts file, or how Windows prefers IPv6.

    ## How to fix

    1. Open `%windir%\\System32\\drivers\\etc\\hosts` as administrator, and add the line `127.0.0.1 localhost`.
    2. Remove a line that gives localhost another address, such as `::1 localhost`.
    3. Try `ping localhost`: it answers from 127.0.0.1.

    Effect on users: none.

    ## References

    - OutSystems network requirements - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/network-requirements.md
    - OSDiagTool: platform diagnostic - https://github.com/OutSystems/techsupp-osdiagtool/blob/HEAD/OSDiagTool/Platform/PlatformDiagnostic.cs
    """
    addresses = host.fact(facts.LOCALHOST_ADDRESSES)
    told = ", ".join(addresses) or "no address"
    if addresses and addresses[0] == WANTED:
        return passed(f"{host.name} takes localhost for {WANTED} first.")
    return failed(f"{host.name} takes localhost for {told}.", expected=f"{WANTED} first", found=told)
