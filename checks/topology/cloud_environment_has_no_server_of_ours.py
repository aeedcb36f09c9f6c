from auditor.check import Environment, Severity, Verdict, check, failed, not_applicable, passed, search


@check.per_environment("TOPO-018", severity=Severity.INFO, sources=("SEED", "SETUP"), in_cloud=True)
def cloud_environment_has_no_server_of_ours(environment: Environment) -> Verdict:
    """An environment in the cloud has no server of ours.

    ## Why it matters

    In the vendor's cloud you install nothing but the development tools; its servers are not yours to look at. So all
    checks of servers do not apply to such an environment, which is something else than unknown.

    ## How it is decided

    The environment is declared as hosted in the cloud, and no host of ours with Platform Server is declared under it.
    One that is found contradicts the declaration; it is recorded here and is a finding of DATA-005. This check never
    fails. While a declared host was not seen, the verdict is unknown.

    ## How to fix

    1. If the environment runs on servers of yours, set its hosting to on-premises.
    2. If the server belongs to another environment, declare it there.

    Effect on users: none.

    ## References

    - Possible setups for an OutSystems infrastructure - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/intro.md
    - Setting up OutSystems - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/intro.md
    """
    if not environment.is_cloud:
        return not_applicable(f"{environment.name} runs on servers of ours.")
    ours = search(environment.hosts, lambda host: host.has_platform_server)
    if ours.found:
        return failed(
            f"{environment.name} is declared as hosted in the cloud, but {ours.names} runs Platform Server.",
            expected="no server of ours in the environment",
            found=ours.names,
        )
    ours.demand_complete_sight()
    return passed(f"{environment.name} is hosted in the cloud: checks of servers do not apply.")
