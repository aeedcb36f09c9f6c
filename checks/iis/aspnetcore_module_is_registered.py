from auditor.check import Host, Role, Severity, Verdict, Version, check, facts, failed, not_applicable, passed, search

NEEDED_FROM = Version((11, 12, 2))
MISSING = ("its registration in IIS", "its library")


@check.per_host(
    "IIS-017",
    severity=Severity.HIGH,
    sources=("NETCORE", "ST-PRE"),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
    needs=("COMP-001", "VER-001"),
)
def aspnetcore_module_is_registered(host: Host) -> Verdict:
    """IIS has the ASP.NET Core module that the platform's API applications run in.

    ## Why it matters

    The hosting bundle brings .NET and a module for IIS. Installed before IIS was there, it brings .NET alone, and looks
    complete in every list of programs. The API and identity applications then answer with error 500, and neither the
    development tools nor LifeTime can connect.

    ## How it is decided

    From Platform Server 11.12.2 on, the configuration of IIS names the global module AspNetCoreModuleV2, and its
    library aspnetcorev2.dll is in the folder where the hosting bundle puts it. One of the two that is certainly missing
    fails at once. Where IIS uses a shared configuration, which is not read, the registration is not known.

    ## How to fix

    1. Run the installer of the hosting bundle again and choose Repair (VER-013 tells which line is needed).
    2. Restart IIS with `net stop was /y` and `net start w3svc`.
    3. Open /server.api/v1/health on the server: it must not answer with error 500.

    Effect on users: restarting IIS ends the requests of that moment; take the server out of the load balancer before.

    ## References

    - Troubleshooting .NET Core 3.1 - https://github.com/OutSystems/docs-support/blob/main/src/enterprise/troubleshooting/dot-net-core-3-1/dot-net-core-3-1.md
    - OutSystems.SetupTools: Get-OSServerPreReqs - https://github.com/OutSystems/OutSystems.SetupTools/blob/HEAD/src/Outsystems.SetupTools/Functions/Get-OSServerPreReqs.ps1
    """
    version = host.installed_platform
    if version < NEEDED_FROM:
        return not_applicable(f"Platform Server {version} of {host.name} does not use this module.")
    missing = search(MISSING, lambda part: not _is_there(host, part))
    if missing.found:
        return failed(
            f"IIS on {host.name} cannot load the ASP.NET Core module: {missing.names} is missing.",
            expected="AspNetCoreModuleV2 registered in IIS, and its library",
            found=f"without {missing.names}",
        )
    missing.demand_complete_sight()
    return passed(f"IIS on {host.name} has the ASP.NET Core module and its library.")


def _is_there(host: Host, part: str) -> bool:
    return host.fact(facts.ASPNETCORE_MODULE if part == MISSING[0] else facts.ASPNETCORE_MODULE_FILE)
