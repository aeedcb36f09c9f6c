from auditor.check import (
    ComponentKind,
    Host,
    Infrastructure,
    Purpose,
    Reason,
    Severity,
    Sighting,
    Verdict,
    check,
    failed,
    not_applicable,
    passed,
    search,
    unknown,
)


@check.per_infrastructure("TOPO-004", severity=Severity.HIGH, sources=("SEED", "SETUPS", "LTCONF"))
def lifetime_environment_exists(infrastructure: Infrastructure) -> Verdict:
    """There is exactly one LifeTime environment, and LifeTime runs in it alone.

    ## Why it matters

    LifeTime is the one console for environments, deployments, IT users and their rights. Without it every environment
    is administered by itself; with two of them nobody knows which one rules.

    ## How it is decided

    The inventory declares exactly one environment with purpose lifetime, LifeTime was found published on a host of
    it, and on no host of any other environment. Two places found fail at once; a host that was not seen could be a
    second place, so one unseen host makes the verdict unknown. If LifeTime's environment is in the cloud, only
    LifeTime's API could confirm it; as it is not asked yet, the verdict is unknown (source-not-configured). If the
    reference does not ask for LifeTime, the check does not apply.

    ## How to fix

    1. If the environment exists, declare it and its hosts with purpose lifetime in the inventory.
    2. If none exists, install LifeTime on a new server in an environment of its own, license it, publish it, and
       register the other environments in it.
    3. If LifeTime runs in two places, decide which one stays, carry users, roles and teams over, and remove the
       other one (see TOPO-006).

    Effect on users: none for the users of applications. Developers cannot deploy through LifeTime while environments
    are being registered anew.

    ## References

    - Possible setups for an OutSystems infrastructure - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/intro.md
    - Configure the infrastructure management console - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/lifetime-configure.md
    """
    if all(expected.purpose is not Purpose.LIFETIME for expected in infrastructure.reference.environments):
        return not_applicable("The reference does not ask for a LifeTime environment.")
    others = [item for item in infrastructure.on_premises if item.purpose is not Purpose.LIFETIME]
    elsewhere = search([host for item in others for host in item.platform_hosts], _runs_lifetime)
    declared = infrastructure.of_purpose(Purpose.LIFETIME)
    if len(declared) != 1:
        names = ", ".join(environment.name for environment in declared) or "none"
        return failed(
            f"The inventory declares {len(declared)} LifeTime environments instead of one.{_also(elsewhere)}",
            expected="exactly one environment with purpose lifetime",
            found=f"declared: {names}",
        )
    (environment,) = declared
    if environment.is_cloud:
        sentence = f"{environment.name} is hosted in the cloud, where only LifeTime's API could confirm it."
        unknown(Reason.SOURCE_NOT_CONFIGURED, sentence)
    environment.demand_hosts()
    inside = search(environment.platform_hosts, lambda host: host.proved(ComponentKind.LIFETIME).can_run)
    if inside.found and elsewhere.found:
        return failed(
            f"LifeTime runs on {inside.names} ({environment.name}), and also on {elsewhere.names}.",
            expected=f"LifeTime in {environment.name} alone",
            found=f"LifeTime also on {elsewhere.names}",
        )
    if not inside.found:
        inside.demand_complete_sight()
        return failed(
            f"No host of {environment.name} runs LifeTime.{_also(elsewhere)}",
            expected=f"LifeTime published in {environment.name}",
            found="LifeTime not found there",
        )
    elsewhere.demand_complete_sight()
    return passed(f"{environment.name} is the only environment with LifeTime; it runs on {inside.names}.")


def _runs_lifetime(host: Host) -> bool:
    return host.component(ComponentKind.LIFETIME).can_run


def _also(elsewhere: Sighting[Host]) -> str:
    return f" LifeTime runs on {elsewhere.names}." if elsewhere.found else ""
