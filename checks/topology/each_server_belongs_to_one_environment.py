from auditor.check import (
    Infrastructure,
    Purpose,
    Severity,
    Verdict,
    check,
    failed,
    find_same_machines,
    not_applicable,
    passed,
)


@check.per_infrastructure("TOPO-014", severity=Severity.CRITICAL, sources=("INFRARCH", "SEED"))
def each_server_belongs_to_one_environment(infrastructure: Infrastructure) -> Verdict:
    """No server serves two environments.

    ## Why it matters

    Every environment has application servers of its own. A server in two of them has one registry, one configuration
    and one set of services, so one of the two environments is broken, or will be at the next publish.

    ## How it is decided

    The servers of the application environments are compared by what they are, not by what they are called:
    hardware UUID, GUID of the Windows installation, network cards. Where two of the three agree, it is one machine,
    and that fails at once; a pass needs every server to be told from those of all other environments. A server shared
    with LifeTime is told by TOPO-005. A host declared as nothing but a cache broker may serve several environments.

    ## How to fix

    1. Find out in which environment the server really works: the controller named in its server.hsconf tells.
    2. Correct the inventory if it is only listed twice (see DATA-007).
    3. Otherwise set up a server for the other environment and take the shared one out of it.

    Effect on users: the environment that loses the server needs a maintenance window.

    ## References

    - Infrastructure architecture and deployment options - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/infra-architecture/infra-architecture.md
    - Possible setups for an OutSystems infrastructure - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/intro.md
    """
    environments = [item for item in infrastructure.on_premises if item.purpose is not Purpose.LIFETIME]
    if len(environments) < 2:
        return not_applicable("There are not two application environments on servers of ours.")
    shared = find_same_machines(environment.platform_hosts for environment in environments)
    if shared.found:
        names = "; ".join(machine.name for machine in shared.found)
        return failed(
            f"One server serves several environments: {names} are one machine.{shared.unseen_note}",
            expected="servers that belong to one environment each",
            found=f"the same machine: {names}",
        )
    for environment in environments:
        environment.demand_hosts()
    shared.demand_complete_sight()
    return passed(f"The servers of {len(environments)} application environments are different machines.")
