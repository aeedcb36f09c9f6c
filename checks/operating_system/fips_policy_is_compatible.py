from auditor.check import Host, Role, Severity, Verdict, Version, check, facts, failed, not_applicable, passed

ALLOWED_FROM = Version.parse("11.38.0")


@check.per_host(
    "OS-010",
    severity=Severity.HIGH,
    sources=("FIPS", "ST-PRE", "SYSREQ"),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
    needs=("COMP-001",),
)
def fips_policy_is_compatible(host: Host) -> Verdict:
    """The FIPS policy of Windows is off where Platform Server cannot run under it.

    ## Why it matters

    Under this policy .NET refuses hash functions such as MD5. Platform Server below 11.38.0 uses them, not to protect
    anything, but everywhere: publishing and applications end in an error that names FIPS validated algorithms.

    ## How it is decided

    The registry value Enabled of the FIPS policy is 0, or there is no such value, which also means off. Only Platform
    Server below 11.38.0 is judged: from that version on the policy may be on.

    ## How to fix

    1. Ask who set the policy: it often comes from a group policy, and security has to agree to the change.
    2. Upgrade to Platform Server 11.38.0 or later, or switch the policy off ("System cryptography: Use FIPS compliant
       algorithms" in the local or group policy).
    3. Restart the server, and publish a small application.

    Effect on users: the restart takes the server out of service for minutes; take it out of the load balancer before.

    ## References

    - Installing the OutSystems on a FIPS compliant system - https://github.com/OutSystems/docs-support/blob/main/src/enterprise/install/installing-platform-fips-compliant.md
    - OutSystems.SetupTools: Get-OSServerPreReqs - https://github.com/OutSystems/OutSystems.SetupTools/blob/HEAD/src/Outsystems.SetupTools/Functions/Get-OSServerPreReqs.ps1
    - OutSystems system requirements - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/system-requirements.md
    """
    version = host.installed_platform
    if version >= ALLOWED_FROM:
        return not_applicable(f"Platform Server {version} on {host.name} runs with the FIPS policy on or off.")
    if host.fact(facts.OS_FIPS_ENABLED):
        return failed(
            f"The FIPS policy of {host.name} is on, under which Platform Server {version} does not work.",
            expected=f"the policy off, or Platform Server {ALLOWED_FROM} or later",
            found=f"the policy on, Platform Server {version}",
        )
    return passed(f"The FIPS policy of {host.name} is off, as Platform Server {version} needs it.")
