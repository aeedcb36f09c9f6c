from auditor.check import Host, Role, Severity, Verdict, check, facts, failed, passed


@check.per_host(
    "HW-010",
    severity=Severity.HIGH,
    sources=("INFRABP", "DEFCONF"),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
)
def server_is_64_bit(host: Host) -> Verdict:
    """Windows and processor of the server are 64-bit.

    ## Why it matters

    On a 32-bit Windows a worker process of IIS has 2 GB of addresses, however much memory the server has. Applications
    end with out-of-memory errors long before the memory is used up.

    ## How it is decided

    Windows runs its processors with 64-bit addresses. It can do so only on a 64-bit processor, so this proves both; a
    32-bit Windows on a 64-bit processor tells 32.

    ## How to fix

    1. Set up a 64-bit Windows Server with the same Platform Server version; a 32-bit one cannot be converted.
    2. Add it to the environment, deploy to it, and retire the old server.

    Effect on users: none if the new server is added before the old one is removed.

    ## References

    - Performance best practices for your OutSystems infrastructure - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/infrastructure-best-practices.md
    - Default configurations of OutSystems - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/default-configurations.md
    """
    if not host.fact(facts.OS_IS_64_BIT):
        return failed(f"{host.name} runs a 32-bit Windows.", expected="64-bit", found="32-bit")
    return passed(f"{host.name} runs a 64-bit Windows on a 64-bit processor.")
