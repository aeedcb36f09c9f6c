from auditor.check import (
    HTTPS_PORT,
    Host,
    Role,
    Severity,
    Verdict,
    check,
    facts,
    failed,
    not_applicable,
    on_https_port,
    passed,
)

SITE = "Default Web Site"
ANY_ADDRESS = ("", "*", "0.0.0.0", "[::]")  # noqa: S104 - compared with, nothing listens here


@check.per_host(
    "IIS-004",
    severity=Severity.HIGH,
    sources=("SYSREQ", "SSLINST"),
    roles=frozenset({Role.FRONT_END}),
    needs=("COMP-001",),
)
def https_binding_has_a_certificate(host: Host) -> Verdict:
    """The Default Web Site has an HTTPS binding on port 443 with a certificate.

    ## Why it matters

    Reactive and mobile applications, LifeTime and the development tools speak to a server by HTTPS alone. Without a
    binding nothing listens there, and with a binding whose certificate is gone Windows ends every connection before
    IIS hears of it.

    ## How it is decided

    The Default Web Site has an https binding on port 443, and Windows has registered a certificate for an address or
    name that fits it, which is in the certificate store together with its private key. A central store of certificates
    passes as well; whether it holds the right one is not looked at. Where the inventory declares `tls_offloading` for
    the environment, HTTPS ends before the server: that passes as declared, and nothing of it was seen. A server without
    this site is left to IIS-002. Who issued the certificate is judged by SEC-001, its dates by SEC-002.

    ## How to fix

    1. Import the certificate with its private key into the store Personal of the computer (certlm.msc).
    2. Add an https binding on port 443 to the Default Web Site in IIS Manager and choose the certificate there; for a
       binding that exists, choose it again.
    3. Open the address of the environment by https from another machine.
    4. If a load balancer or proxy ends HTTPS, write `tls_offloading: true` for the environment into the inventory.

    Effect on users: none by adding a binding; choosing another certificate ends the connections of that moment.

    ## References

    - OutSystems system requirements - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/system-requirements.md
    - Install an SSL certificate on the platform servers - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/install-ssl-platform.md
    """
    environment = host.environment
    if environment is not None and environment.declared.tls_offloading:
        if not host.has_platform_server:
            return not_applicable(f"{host.name} has no Platform Server.", because_of="COMP-001")
        return passed(f"HTTPS ends before {host.name}: that is declared for {environment.name}, not seen.")
    if not any(site.name.casefold() == SITE.casefold() for site in host.fact(facts.IIS_SITES)):
        return not_applicable(f"IIS on {host.name} has no {SITE}.", because_of="IIS-002")
    own = [
        binding.information
        for binding in host.fact(facts.IIS_BINDINGS)
        if binding.site.casefold() == SITE.casefold() and binding.protocol.casefold() == "https"
    ]
    on_port = [information for information in own if _parts(information)[1] == HTTPS_PORT]
    expected = f"an https binding on port {HTTPS_PORT} with a certificate"
    if not on_port:
        told = ", ".join(own) or "none"
        return failed(
            f"The {SITE} of {host.name} has no https binding on port {HTTPS_PORT}; https bindings: {told}.",
            expected=expected,
            found=told,
        )
    registered = [
        item
        for item in host.fact(facts.HTTPS_BINDINGS)
        if on_https_port(item) and (item.central or any(_fits(item.endpoint, binding) for binding in on_port))
    ]
    for item in registered:
        if item.central:
            return passed(f"{host.name} takes its certificates for port {HTTPS_PORT} from a central store.")
        if item.certificate is not None and item.certificate.has_private_key:
            return passed(f"{host.name} shows the certificate {item.certificate.subject} on {item.endpoint}.")
    flaw = "no certificate is registered for it"
    if registered:
        gone = registered[0].certificate is None
        what = "is not in its store" if gone else "has no private key"
        flaw = f"the certificate registered for {registered[0].endpoint} {what}"
    return failed(
        f"The {SITE} of {host.name} has an https binding ({', '.join(on_port)}), but {flaw}.",
        expected=expected,
        found=flaw,
    )


def _fits(endpoint: str, information: str) -> bool:
    """Return whether what is registered for an address or name is shown to those who come by a binding."""
    place = endpoint.rpartition(":")[0].casefold()
    address, _, name = (part.casefold() for part in _parts(information))
    return place in (*ANY_ADDRESS, address, name) or (address in ANY_ADDRESS and _is_address(place))


def _is_address(place: str) -> bool:
    return place.startswith("[") or place.replace(".", "").isdigit()


def _parts(information: str) -> tuple[str, str, str]:
    """Return address, port and host name of `address:port:name`; an IPv6 address has colons of its own."""
    front, _, name = information.rpartition(":")
    address, _, port = front.rpartition(":")
    return address, port, name
