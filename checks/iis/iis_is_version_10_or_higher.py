from auditor.check import Host, Reason, Role, Severity, Verdict, Version, check, facts, failed, passed, unknown

LOWEST = Version.parse("10.0")


@check.per_host(
    "IIS-001",
    severity=Severity.CRITICAL,
    sources=("SYSREQ",),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
    needs=("COMP-001", "VER-001"),
)
def iis_is_version_10_or_higher(host: Host) -> Verdict:
    """IIS is version 10 or higher.

    ## Why it matters

    Version 10 of IIS is the documented floor of OutSystems 11. An older one is that of an older Windows, for which
    neither the vendor nor Microsoft helps when something breaks.

    ## How it is decided

    The version of IIS in the registry is 10.0 or higher, on every controller and front-end. A server whose registry
    was read and has no IIS fails too. IIS comes with Windows: Windows Server 2016 and everything after it has 10.0.

    ## How to fix

    1. If IIS is missing, add the Web Server (IIS) role with the features that the installation checklist names.
    2. If it is older, build a server with a supported Windows and move the role there: IIS cannot be upgraded alone.
    3. Add the new server to the environment, publish, and take the old one out.

    Effect on users: none as long as other front-ends carry the load during the move.

    ## References

    - OutSystems system requirements - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/system-requirements.md
    """
    told = host.fact(facts.IIS_VERSION)
    if told is None:
        return failed(f"{host.name} has no IIS.", expected=f"IIS {LOWEST} or higher", found="none")
    try:
        version = Version.parse(told)
    except ValueError:
        unknown(Reason.PARSE_ERROR, f"The version of IIS on {host.name} cannot be read ({told}).")
    if version < LOWEST:
        return failed(f"{host.name} has IIS {version}.", expected=f"IIS {LOWEST} or higher", found=f"IIS {version}")
    return passed(f"{host.name} has IIS {version}.")
