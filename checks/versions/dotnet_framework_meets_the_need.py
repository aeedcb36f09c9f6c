from auditor.check import Host, Role, Severity, Verdict, check, facts, failed, passed


@check.per_host(
    "VER-012",
    severity=Severity.HIGH,
    sources=("SYSREQ", "ST-CONST", "MSNET"),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
    needs=("COMP-001", "VER-001"),
)
def dotnet_framework_meets_the_need(host: Host) -> Verdict:
    """.NET Framework is what the installed Platform Server needs.

    ## Why it matters

    All applications and most of the platform's own services run on .NET Framework. Below the version that Platform
    Server was built for, services do not start or fail at the first call of something that is not there.

    ## How it is decided

    The release number that .NET Framework keeps in the registry is at or above the floor that the table of figures
    names for the Platform Server version. A Framework that is newer than the documents name for that version gives a
    finding of severity low: newer images of Windows bring one along. A Platform Server that is newer than the table
    gives unknown (version-not-in-table). The higher floor under FIPS mode is not judged here.

    ## How to fix

    1. Below the floor: install the .NET Framework that is named as expected, and restart the server.
    2. Above the ceiling: nothing has to be removed. Plan the upgrade to a Platform Server that names this Framework.

    Effect on users: the restart interrupts a server, so take it out of the load balancer before.

    ## References

    - OutSystems system requirements - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/system-requirements.md
    - OutSystems.SetupTools: constants - https://github.com/OutSystems/OutSystems.SetupTools/blob/HEAD/src/Outsystems.SetupTools/Lib/Constants.ps1
    - Determine which .NET Framework versions are installed - https://learn.microsoft.com/dotnet/framework/install/how-to-determine-which-versions-are-installed
    """
    version, release = host.installed_platform, host.fact(facts.DOTNET_RELEASE)
    row = host.figures("dotnet_framework").at(version)
    floor, least = row.value("floor", str), row.value("floor_release", int)
    expected = f".NET Framework {floor} (release {least}) or later"
    if release is None:
        return failed(
            f"{host.name} has no .NET Framework 4; Platform Server {version} needs {floor}.",
            expected=expected,
            found="none",
        )
    if release < least:
        return failed(
            f"{host.name} has .NET Framework release {release}; Platform Server {version} needs {floor} ({least}).",
            expected=expected,
            found=f"release {release}",
        )
    above = row.find("above_release", int)
    if above is not None and release >= above:
        ceiling = row.value("ceiling", str)
        return failed(
            f"{host.name} has .NET Framework release {release}, newer than {ceiling}, which is the last that the "
            f"documents name for Platform Server {version}.",
            expected=f".NET Framework {floor} to {ceiling} (release {least} to below {above})",
            found=f"release {release}",
            severity=Severity.LOW,
        )
    return passed(f"{host.name} has .NET Framework release {release}; Platform Server {version} needs {floor}.")
