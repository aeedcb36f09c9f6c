from auditor.check import Host, Role, Severity, Verdict, check, count, facts, failed, passed

LEAST = 2


@check.per_host(
    "HW-001",
    severity=Severity.HIGH,
    sources=("SYSREQ", "ST-HW", "ST-CONST"),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
)
def server_has_enough_processor_cores(host: Host) -> Verdict:
    """The server has at least two processor cores.

    ## Why it matters

    With a single core a compilation, a timer or the garbage collection of one application makes every user wait. It is
    below what the vendor asks for, so support may decline to look at slowness.

    ## How it is decided

    Logical processors are counted, summed over all sockets, as the vendor's installer counts them. Whether the
    hypervisor really gives them, and whether two are enough for the load, is not judged.

    ## How to fix

    1. Give the virtual machine at least two processors.
    2. If it has them, look whether the licence or edition of Windows limits their number.

    Effect on users: most hypervisors need the server shut down for the change; do it outside busy hours.

    ## References

    - OutSystems system requirements - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/system-requirements.md
    - OutSystems.SetupTools: Test-OSServerHardwareReqs - https://github.com/OutSystems/OutSystems.SetupTools/blob/HEAD/src/Outsystems.SetupTools/Functions/Test-OSServerHardwareReqs.ps1
    - OutSystems.SetupTools: constants - https://github.com/OutSystems/OutSystems.SetupTools/blob/HEAD/src/Outsystems.SetupTools/Lib/Constants.ps1
    """
    cores = host.fact(facts.PROCESSORS)
    if cores < LEAST:
        return failed(
            f"{host.name} has {count(cores, 'processor core')}.",
            expected=f"at least {LEAST} processor cores",
            found=str(cores),
        )
    return passed(f"{host.name} has {count(cores, 'processor core')}.")
