from auditor.check import Host, Role, Severity, Verdict, check, facts, failed, passed

NAME = "Default Web Site"
IDENTIFIER = 1


@check.per_host(
    "IIS-002",
    severity=Severity.CRITICAL,
    sources=("DEFCONF",),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
    needs=("COMP-001",),
)
def default_web_site_is_intact(host: Host) -> Verdict:
    """The Default Web Site has its name and identifier 1, and is set to start.

    ## Why it matters

    The platform publishes every application into the site with this name and number and into no other. Renamed, built
    anew with another number, or left stopped, it takes all applications of the server with it.

    ## How it is decided

    The configuration of IIS has a site called Default Web Site, its identifier is 1, and it is set to start together
    with IIS. Names compare without regard to case. Whether the site runs at this moment does not stand in that file: a
    site that somebody stopped without changing the setting passes here. Where IIS uses a shared configuration, which
    is not read, the verdict is unknown.

    ## How to fix

    1. If the site was renamed, give it back its name in IIS Manager.
    2. If its identifier differs, set it to 1 in the advanced settings; another site that has 1 needs a new one first.
    3. If it does not start by itself, choose Start in IIS Manager, which changes the setting too.
    4. Publish one application, and open it on the server.

    Effect on users: until it is done the applications of this server may not answer, and changing the identifier
    restarts the site; take the server out of the load balancer before.

    ## References

    - Default configurations of OutSystems - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/default-configurations.md
    """
    sites = host.fact(facts.IIS_SITES)
    expected = f"{NAME} with identifier {IDENTIFIER}, set to start"
    site = next((item for item in sites if item.name.casefold() == NAME.casefold()), None)
    if site is None:
        first = next((item.name for item in sites if item.identifier == IDENTIFIER), None)
        told = f"; identifier {IDENTIFIER} belongs to {first}" if first else ""
        return failed(f"IIS on {host.name} has no {NAME}{told}.", expected=expected, found=first or "no such site")
    wrong = []
    if site.identifier != IDENTIFIER:
        wrong.append(f"has identifier {site.identifier}")
    if not site.starts:
        wrong.append("is set not to start")
    if wrong:
        words = " and ".join(wrong)
        return failed(f"The {NAME} of {host.name} {words}.", expected=expected, found=words)
    return passed(f"The {NAME} of {host.name} has identifier {IDENTIFIER} and is set to start with IIS.")
