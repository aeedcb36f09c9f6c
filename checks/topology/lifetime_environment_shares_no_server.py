from auditor.check import (
    Infrastructure,
    Severity,
    Verdict,
    check,
    count,
    failed,
    find_same_machines,
    lifetime_and_others,
    name_few,
    passed,
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
    not by what it is called: hardware UUID, GUID of the Windows installation, network cards. Where two of the three
    agree, it is one machine, and that fails at once. One alone proves nothing, because clones of a template share the
    GUID. A pass needs every LifeTime server to be told from every other server. If there is no LifeTime at all, the
    check does not apply.

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
    mine, theirs = ([host for item in side for host in item.platform_hosts] for side in (lifetime, others))
    shared = find_same_machines((mine, theirs))
    if shared.found:
        names = "; ".join(machine.name for machine in shared.found)
        return failed(
            f"LifeTime shares a server with another environment: {names} are one machine.{shared.unseen_note}",
            expected="servers that belong to LifeTime alone",
            found=f"the same machine: {names}",
        )
    for environment in (*lifetime, *others):
        environment.demand_hosts()
    shared.demand_complete_sight()
    names = name_few(host.name for host in mine)
    return passed(f"No server of LifeTime ({names}) is among {count(len(theirs), 'server')} of other environments.")
