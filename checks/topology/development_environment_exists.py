from auditor.check import Infrastructure, Purpose, Severity, Verdict, check, confirm_environment


@check.per_infrastructure("TOPO-001", severity=Severity.HIGH, sources=("SEED", "SETUPS", "SETUP"))
def development_environment_exists(infrastructure: Infrastructure) -> Verdict:
    """A Development environment is declared and was seen.

    ## Why it matters

    Every change begins in Development. Without that environment, people build and debug where testers or customers
    work, and nobody can tell a finished change from one in the making.

    ## How it is decided

    The inventory declares at least one environment with purpose development, and Platform Server was found on at least
    one of its hosts. A declaration alone does not pass: while no host was seen the verdict is unknown. An environment
    in the cloud is confirmed by LifeTime's API, where LifeTime lists it under its name or address; without the API the
    verdict is unknown (source-not-configured). If the reference does not ask for the purpose, the check does not apply.

    ## How to fix

    1. If the environment exists, declare it and its hosts in the inventory.
    2. If it does not, install Platform Server on a server of its own, set the purpose to Development in Service
       Center, and register the environment in LifeTime.
    3. If this infrastructure is meant to do without it, take it out of the reference, with author and reason.

    Effect on users: none; a new environment touches no running application.

    ## References

    - Possible setups for an OutSystems infrastructure - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/intro.md
    - Setting up OutSystems - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/intro.md
    """
    return confirm_environment(infrastructure, Purpose.DEVELOPMENT)
