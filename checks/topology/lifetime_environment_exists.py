from auditor.check import (
    ComponentKind,
    Environment,
    Host,
    Infrastructure,
    Purpose,
    Reason,
    Severity,
    Sighting,
    Verdict,
    check,
    count,
    failed,
    name_few,
    not_applicable,
    passed,
    plain_host,
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
    second place, so one unseen host makes the verdict unknown. If LifeTime's environment is in the cloud,
    LifeTime's API is the witness: it answers, and none of the environments that it manages has its address (before
    11.21.0 the addresses that it tells may be others than the public ones). If the reference does not ask for LifeTime,
    the check does not apply.

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
        return _in_cloud(infrastructure, environment, elsewhere)
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


def _in_cloud(infrastructure: Infrastructure, environment: Environment, elsewhere: Sighting[Host]) -> Verdict:
    lifetime = infrastructure.lifetime
    listed = lifetime.environments
    beside = [item.name for item in listed if plain_host(item.host_name or "") == lifetime.host_name]
    if beside or elsewhere.found:
        places = name_few([*beside, *(host.name for host in elsewhere.found)])
        return failed(
            f"LifeTime is not in {environment.name} alone: it is also on {places}.",
            expected=f"LifeTime in {environment.name} alone",
            found=places,
        )
    silent = [item.name for item in listed if not item.host_name]
    if not listed or silent:
        sentence = f"LifeTime does not tell the address of {name_few(silent) or 'any environment'}."
        unknown(Reason.PARSE_ERROR, sentence)
    elsewhere.demand_complete_sight()
    return passed(
        f"LifeTime's API answers in the cloud, and none of {count(len(listed), 'environment')} that it manages has its "
        "address."
    )


def _runs_lifetime(host: Host) -> bool:
    return host.component(ComponentKind.LIFETIME).can_run


def _also(elsewhere: Sighting[Host]) -> str:
    return f" LifeTime runs on {elsewhere.names}." if elsewhere.found else ""
