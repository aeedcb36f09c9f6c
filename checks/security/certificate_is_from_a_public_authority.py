from auditor.check import (
    Environment,
    Severity,
    ShownCertificate,
    Verdict,
    check,
    facts,
    failed,
    find_shown_certificates,
    name_few,
    passed,
)

# The worst first.
FLAWS = {
    facts.Authority.SELF_SIGNED: "is self-signed",
    facts.Authority.NOT_FOUND: "has no whole chain of issuers on the server",
    facts.Authority.PRIVATE: "is from a private authority, which can be waived where all parties trust it",
}
IN_SHORT = {
    facts.Authority.SELF_SIGNED: "self-signed",
    facts.Authority.NOT_FOUND: "chain not whole",
    facts.Authority.PRIVATE: "private authority",
}


@check.per_environment("SEC-001", severity=Severity.HIGH, sources=("SYSREQ", "SSLINST", "CERT"))
def certificate_is_from_a_public_authority(environment: Environment) -> Verdict:
    """The certificates on port 443 are from public authorities, with whole chains.

    ## Why it matters

    LifeTime, the development tools and mobile applications refuse a certificate whose issuer they do not trust:
    registering the environment fails, and users meet a warning that they learn to click away.

    ## How it is decided

    Every certificate that a front-end has registered for port 443 is looked at, also that of another site; other
    ports, such as that of WinRM, are left aside. Following its issuers among the certificates of the server, signature
    by signature, must lead to an authority of Microsoft's programme, which Windows keeps in a store of its own, or to
    one that Mozilla trusts. A self-signed certificate fails, one of a private authority, and one whose intermediate
    certificates are not all on the server, because then clients do not get them either. Windows fetches an authority
    of the programme when it first meets it, so one that Mozilla does not trust may not be there yet: opening the
    address of the environment in a browser on the server fetches it. One bad certificate is enough, whatever the
    others are. Where the inventory declares `tls_offloading`, the certificate is shown by something else
    than these servers: unknown (source-not-configured), as with a central store. A binding without certificate is left
    to IIS-004.

    ## How to fix

    1. Order a certificate of a public authority for the name of the environment.
    2. Import it with its private key and all intermediate certificates into the stores of the computer.
    3. Choose it in the https binding of the Default Web Site on each front-end.
    4. If only the chain is not whole, import the missing intermediate certificate into Intermediate Certification
       Authorities, and restart IIS.
    5. If a private authority is meant to be used, and LifeTime, all servers, developers and devices trust it, waive
       this check with that as the reason.

    Effect on users: choosing another certificate ends the connections of that moment; devices that trusted the old one
    alone have to be told before.

    ## References

    - OutSystems system requirements - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/system-requirements.md
    - Install an SSL certificate on the platform servers - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/install-ssl-platform.md
    - Certificate management - https://github.com/OutSystems/docs-support/blob/main/src/security/certificate-management/certificate-management.md
    """
    shown = find_shown_certificates(environment)
    others = [item for item in shown.found if item.certificate.authority != facts.Authority.PUBLIC]
    if others:
        ranks = list(FLAWS)
        worst, *more = others = sorted(others, key=lambda item: (ranks.index(_authority(item)), item.name))
        also = f" So judged too: {name_few(item.name for item in more)}." if more else ""
        told = [f"{item.name} {item.certificate.subject}: {IN_SHORT[_authority(item)]}" for item in others]
        return failed(
            f"The certificate {worst.certificate.subject} of {worst.name} in {environment.name} "
            f"{FLAWS[_authority(worst)]}.{also}{shown.front_ends.unseen_note}",
            expected="certificates of a public authority with their whole chain",
            found=name_few(told),
            lasting="; ".join(told),
        )
    shown.front_ends.demand_complete_sight()
    names = name_few(f"{item.name} {item.certificate.subject}" for item in shown.found)
    return passed(f"The certificates of {environment.name} are from public authorities: {names}.")


def _authority(item: ShownCertificate) -> facts.Authority:
    """Return who vouches for a certificate that is not public; nobody known is nobody found."""
    known = [authority for authority in FLAWS if authority == item.certificate.authority]
    return known[0] if known else facts.Authority.NOT_FOUND
