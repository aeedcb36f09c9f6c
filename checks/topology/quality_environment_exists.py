from auditor.check import Infrastructure, Purpose, Severity, Verdict, check, confirm_environment


@check.per_infrastructure("TOPO-002", severity=Severity.HIGH, sources=("SEED", "SETUPS", "INFRARCH"))
def quality_environment_exists(infrastructure: Infrastructure) -> Verdict:
    """A Quality environment is declared and was seen.

    ## Why it matters

    Testers and business users need a place to try what is about to go live. Without one, the first real test of a
    release happens in Production.

    ## How it is decided

    The inventory declares at least one environment with purpose quality, and Platform Server was found on at least
    one of its hosts. A declaration alone does not pass: while no host was seen the verdict is unknown. An environment
    in the cloud is confirmed by LifeTime's API, where LifeTime lists it under its name or address; without the API the
    verdict is unknown (source-not-configured). If the reference does not ask for the purpose, the check does not apply.

    ## How to fix

    1. If the environment exists, declare it and its hosts in the inventory.
    2. If it does not, install Platform Server on a server of its own, set the purpose to Non-Production in Service
       Center, and register the environment in LifeTime between Development and Production.
    3. If this infrastructure is meant to do without it, take it out of the reference, with author and reason.

    Effect on users: none; a new environment touches no running application.

    ## References

    - Possible setups for an OutSystems infrastructure - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/intro.md
    - Infrastructure architecture and deployment options - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/infra-architecture/infra-architecture.md
    """
    return confirm_environment(infrastructure, Purpose.QUALITY)
