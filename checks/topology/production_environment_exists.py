from auditor.check import Infrastructure, Purpose, Severity, Verdict, check, confirm_environment


@check.per_infrastructure("TOPO-003", severity=Severity.CRITICAL, sources=("SEED", "SETUPS"))
def production_environment_exists(infrastructure: Infrastructure) -> Verdict:
    """A Production environment is declared and was seen.

    ## Why it matters

    Production is what all other environments are there for. If it is missing from the audit, the report says nothing
    about the servers that customers depend on.

    ## How it is decided

    The inventory declares at least one environment with purpose production, and Platform Server was found on at least
    one of its hosts. A declaration alone does not pass: while no host was seen the verdict is unknown. An environment
    in the cloud is confirmed by LifeTime's API, where LifeTime lists it under its name or address; without the API the
    verdict is unknown (source-not-configured). If the reference does not ask for the purpose, the check does not apply.

    ## How to fix

    1. If the environment exists, declare it and its hosts in the inventory. This is the usual case.
    2. If it does not, install Platform Server on servers of its own, set the purpose to Production in Service
       Center, and register the environment in LifeTime.
    3. If the infrastructure is not live yet, take it out of the reference until then, with author and reason.

    Effect on users: none; a new environment touches no running application.

    ## References

    - Possible setups for an OutSystems infrastructure - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/intro.md
    """
    return confirm_environment(infrastructure, Purpose.PRODUCTION)
