from auditor.check import Host, Reason, Role, Severity, Verdict, Version, check, facts, failed, passed, unknown


@check.per_host(
    "VER-013",
    severity=Severity.HIGH,
    sources=("SYSREQ", "ST-PRE", "NETCORE"),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
    needs=("COMP-001", "VER-001"),
)
def hosting_bundle_meets_the_need(host: Host) -> Verdict:
    """The server has the .NET hosting bundle that the installed Platform Server needs.

    ## Why it matters

    The platform's API and identity applications run on .NET in IIS. Without the bundle of the line they were built
    for they do not start, so nobody signs in to the consoles and nothing can be published.

    ## How it is decided

    Among the hosting bundles in the registry is one of the line (major and minor version) that the table of figures
    names for the Platform Server version, at or above its lowest accepted package. Bundles of other lines beside it
    are normal after upgrades; a newer line alone does not do. A Platform Server that is newer than the table gives
    unknown (version-not-in-table).

    ## How to fix

    1. Install the hosting bundle of the line that is named as expected, with IIS already there.
    2. Restart IIS, and open /server.api and /server.identity on the server.
    3. Leave bundles of older lines alone until these applications have started.

    Effect on users: restarting IIS ends the requests of that moment; take the server out of the load balancer before.

    ## References

    - OutSystems system requirements - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/system-requirements.md
    - OutSystems.SetupTools: Get-OSServerPreReqs - https://github.com/OutSystems/OutSystems.SetupTools/blob/HEAD/src/Outsystems.SetupTools/Functions/Get-OSServerPreReqs.ps1
    - Troubleshooting .NET Core 3.1 - https://github.com/OutSystems/docs-support/blob/main/src/enterprise/troubleshooting/dot-net-core-3-1/dot-net-core-3-1.md
    """
    version, bundles = host.installed_platform, host.fact(facts.HOSTING_BUNDLES)
    row = host.figures("hosting_bundle").at(version)
    line, minimum = row.value("line", Version), row.value("minimum", Version)
    told = ", ".join(bundles) or "none"
    parsed = [_version(bundle) for bundle in bundles]
    if any(item is not None and item.parts[:2] == line.parts and item >= minimum for item in parsed):
        return passed(f"{host.name} has the hosting bundle {line} that Platform Server {version} needs ({told}).")
    if None in parsed:
        unknown(Reason.PARSE_ERROR, f"A hosting bundle of {host.name} has a version that cannot be read ({told}).")
    return failed(
        f"{host.name} lacks the hosting bundle {line} that Platform Server {version} needs; it has {told}.",
        expected=f"a hosting bundle of the line {line}, {minimum} or later",
        found=told,
    )


def _version(text: str) -> Version | None:
    try:
        return Version.parse(text)
    except ValueError:
        return None
