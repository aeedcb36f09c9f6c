from auditor.check import Host, Reason, Role, Severity, Verdict, check, facts, failed, passed, unknown

# These words are the same in every language of Windows.
ENOUGH = ("standard", "datacenter", "enterprise")
LOWER = ("essentials", "foundation", "web", "storage", "hyper-v", "multipoint")


@check.per_host(
    "OS-001",
    severity=Severity.CRITICAL,
    sources=("SYSREQ", "ST-SW"),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
    needs=("COMP-001",),
)
def windows_is_a_server_edition(host: Host) -> Verdict:
    """Windows is a server, edition Standard or higher.

    ## Why it matters

    Client editions of Windows limit connections to IIS and lack roles that the platform uses, and the smaller server
    editions limit users and memory. The vendor refuses to support Platform Server on any of them.

    ## How it is decided

    Windows says of itself that it is a server or domain controller, and its name holds Standard, Datacenter or
    Enterprise. Essentials, Foundation, Web, Storage, MultiPoint and Hyper-V Server are lower. A name with none of
    these words gives unknown.

    ## How to fix

    1. Set up a server with Windows Server, edition Standard or Datacenter, and the same Platform Server version.
    2. Add it to the environment, deploy to it, and retire the old one.
    3. Some lower server editions can be raised in place (`dism /online /set-edition`); a client cannot.

    Effect on users: none if the new server is added before the old one is removed.

    ## References

    - OutSystems system requirements - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/system-requirements.md
    - OutSystems.SetupTools: Test-OSServerSoftwareReqs - https://github.com/OutSystems/OutSystems.SetupTools/blob/HEAD/src/Outsystems.SetupTools/Functions/Test-OSServerSoftwareReqs.ps1
    """
    name = host.fact(facts.OS_NAME)
    expected = "Windows Server, edition Standard or higher"
    if not host.fact(facts.OS_IS_SERVER):
        return failed(f"{host.name} runs {name}, which is not a server.", expected=expected, found=name)
    words = name.casefold()
    if any(word in words for word in LOWER):
        return failed(f"{host.name} runs {name}, a lower edition than Standard.", expected=expected, found=name)
    if not any(word in words for word in ENOUGH):
        unknown(Reason.PARSE_ERROR, f"The name of the Windows of {host.name} does not tell its edition: {name}.")
    return passed(f"{host.name} runs {name}.")
