from itertools import product

from auditor.check import (
    HostPair,
    Infrastructure,
    Severity,
    Verdict,
    check,
    failed,
    lifetime_and_others,
    passed,
    search,
)


@check.per_infrastructure(
    "TOPO-005",
    severity=Severity.CRITICAL,
    sources=("SEED", "LTCONF", "LTSIZE", "BREAK", "UPGLT", "LTREINST"),
)
def lifetime_environment_shares_no_server(infrastructure: Infrastructure) -> Verdict:
    """The LifeTime environment shares no server with another environment.

    ## Why it matters

    From OutSystems 11 on, LifeTime has to have an environment to itself. On a shared server it is out of support, its
    upgrades are refused, and load or a restart on one side takes the console for all environments down.

    ## How it is decided

    Every server of the LifeTime environment is compared with every server of the other environments by what it is,
    not by what it is called: hardware UUID, GUID of the Windows installation, network cards. Two that agree are one
    machine. One alone proves nothing, because clones of a template share the GUID. One pair found fails at once;
    a pass needs every pair to be told apart. If there is no LifeTime at all, the check does not apply.

    ## How to fix

    1. Build a new server and an environment of its own for LifeTime, and license it.
    2. Write down users, roles, teams and authentication settings of the present LifeTime.
    3. Install LifeTime there, register all environments, and enter what you wrote down.
    4. Remove LifeTime from the shared server. Tagging history, change log and analytics do not move with it.

    Effect on users: none for the users of applications. Nobody can deploy or manage IT users while you move.

    ## References

    - Possible setups for an OutSystems infrastructure - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/intro.md
    - Configure the infrastructure management console - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/lifetime-configure.md
    - Size an environment to run the infrastructure management console - https://github.com/OutSystems/docs-support/blob/main/src/enterprise/install/size-environment-run-infra-mgmt-console.md
    - OutSystems 11 side effects and breaking changes - https://github.com/OutSystems/docs-support/blob/main/src/release-articles/11/side-effects-breaking-changes.md
    - Upgrade LifeTime management console - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/upgrade/upgrade-lifetime.md
    - Reinstall the infrastructure management console in a dedicated environment - https://github.com/OutSystems/docs-support/blob/main/src/enterprise/maintenance/reinstall-lifetime.md
    """
    lifetime, others = lifetime_and_others(infrastructure)
    pairs = [
        HostPair(mine, theirs)
        for one, other in product(lifetime, others)
        for mine, theirs in product(one.platform_hosts, other.platform_hosts)
    ]
    shared = search(pairs, lambda pair: pair.is_one_machine)
    if shared.found:
        return failed(
            f"The LifeTime environment shares a server: {shared.names} are one machine each.{shared.unseen_note}",
            expected="servers that belong to LifeTime alone",
            found=f"the same machine: {shared.names}",
        )
    for environment in (*lifetime, *others):
        environment.demand_hosts()
    shared.demand_complete_sight()
    return passed(f"All {len(pairs)} pairs of a LifeTime server and another server are different machines.")
