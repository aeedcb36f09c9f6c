from auditor.check import Host, Role, Severity, Verdict, check, facts, failed, not_applicable, passed

SITE = "Default Web Site"
LOCAL = ("127.0.0.1", "80", "")
ALL_ADDRESSES = ("*", "")


@check.per_host(
    "IIS-003",
    severity=Severity.HIGH,
    sources=("DEFCONF",),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
    needs=("COMP-001",),
)
def local_binding_is_first_and_free(host: Host) -> Verdict:
    """The Default Web Site has its local http binding first, without host name.

    ## Why it matters

    The platform calls applications of its own server at this address, for example to see after a publication whether
    they answer. When another binding comes first, or one asks for a host name, these calls end in nothing.

    ## How it is decided

    The http bindings of the Default Web Site are looked at in the order of the configuration file; https ones are left
    aside. A single one must be for 127.0.0.1 or for all addresses, on port 80, without host name. Of several the first
    must be exactly 127.0.0.1 on port 80 without host name; all addresses in the first place do not do. A server
    without this site is left to IIS-002.

    ## How to fix

    1. Note all bindings of the Default Web Site, and copy applicationHost.config.
    2. Remove the http bindings in IIS Manager, and add 127.0.0.1 on port 80 without host name as the first.
    3. Add the others again behind it, and open http://127.0.0.1/ on the server.

    Effect on users: a site whose binding is removed refuses requests that long; take the server out of the load
    balancer before.

    ## References

    - Default configurations of OutSystems - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/default-configurations.md
    """
    sites = host.fact(facts.IIS_SITES)
    if not any(site.name.casefold() == SITE.casefold() for site in sites):
        return not_applicable(f"IIS on {host.name} has no {SITE}.", because_of="IIS-002")
    bindings = [
        binding.information
        for binding in host.fact(facts.IIS_BINDINGS)
        if binding.site.casefold() == SITE.casefold() and binding.protocol.casefold() == "http"
    ]
    told = ", ".join(bindings) or "none"
    if len(bindings) > 1:
        if _parts(bindings[0]) == LOCAL:
            return passed(f"The first of the http bindings of {SITE} on {host.name} is 127.0.0.1:80 ({told}).")
        return failed(
            f"The {SITE} of {host.name} has {len(bindings)} http bindings, and 127.0.0.1:80 is not the first ({told}).",
            expected="127.0.0.1:80 without host name before all other http bindings",
            found=told,
        )
    if any(_is_local(binding) for binding in bindings):
        return passed(f"The only http binding of {SITE} on {host.name} serves 127.0.0.1 on port 80 ({told}).")
    return failed(
        f"The {SITE} of {host.name} does not serve 127.0.0.1 on port 80 without host name; http bindings: {told}.",
        expected="an http binding for 127.0.0.1 or all addresses on port 80 without host name",
        found=told,
    )


def _is_local(information: str) -> bool:
    address, port, name = _parts(information)
    return (address == LOCAL[0] or address in ALL_ADDRESSES) and (port, name) == LOCAL[1:]


def _parts(information: str) -> tuple[str, str, str]:
    """Return address, port and host name of `address:port:name`; an IPv6 address has colons of its own."""
    front, _, name = information.rpartition(":")
    address, _, port = front.rpartition(":")
    return address, port, name
