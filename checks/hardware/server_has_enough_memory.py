from auditor.check import Host, Role, Severity, Verdict, check, facts, failed, passed

LEAST = 4
GB = 2**30


@check.per_host(
    "HW-002",
    severity=Severity.HIGH,
    sources=("SYSREQ", "ST-HW"),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
)
def server_has_enough_memory(host: Host) -> Verdict:
    """The server has at least four gigabytes of memory.

    ## Why it matters

    Windows, IIS and the platform's services fill two gigabytes before the first application is loaded. A server that
    pages to disk answers slowly, recycles its application pools and loses sessions.

    ## How it is decided

    The memory that Windows reports is rounded up to whole gigabytes, because a virtual machine of 4 GB often reports
    a little less. Whether four are enough for the applications is not judged; on Windows Server 2022 and later the
    vendor advises to plan for more.

    ## How to fix

    1. Give the server at least 4 GB; a controller that also serves users is better off with 8.
    2. If memory is dynamic, set its start value and its minimum to that amount.

    Effect on users: the server has to be shut down for the change; do it outside busy hours.

    ## References

    - OutSystems system requirements - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/system-requirements.md
    - OutSystems.SetupTools: Test-OSServerHardwareReqs - https://github.com/OutSystems/OutSystems.SetupTools/blob/HEAD/src/Outsystems.SetupTools/Functions/Test-OSServerHardwareReqs.ps1
    """
    memory = host.fact(facts.MEMORY)
    whole = -(-memory // GB)
    told = f"{memory / GB:.1f} GB"
    if whole < LEAST:
        return failed(f"{host.name} has {told} of memory.", expected=f"at least {LEAST} GB", found=told)
    return passed(f"{host.name} has {told} of memory.")
