from auditor.check import Environment, Infrastructure, Reason, Severity, Verdict, check, failed, passed, search, unknown


@check.per_infrastructure("TOPO-010", severity=Severity.INFO, sources=("SEED", "SETUPS", "INFRA"))
def reference_is_adjusted_not_violated(infrastructure: Infrastructure) -> Verdict:
    """Declared environments and reference agree, one to one.

    ## Why it matters

    The platform lets you add and remove environments, so three or six of them are as legitimate as four. What matters
    is that it was decided: a difference that nobody wrote down looks like an accident at the next audit.

    ## How it is decided

    Every declared environment must match one entry of the reference, by purpose and by name where the entry has one,
    and every entry one environment. An environment on servers of ours must also have been seen: Platform Server on at
    least one host. Differences are recorded here and never fail; a required environment that is missing fails in
    TOPO-001 to TOPO-004. While an environment was not seen, the verdict is unknown.

    ## How to fix

    1. Edit the reference: add or remove the environment, with author and reason.
    2. If the inventory is wrong instead, correct the purpose or the name there.

    Effect on users: none.

    ## References

    - Possible setups for an OutSystems infrastructure - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/intro.md
    - Manage your OutSystems infrastructure - https://github.com/OutSystems/docs-product/blob/main/src/manage-platform-app-lifecycle/initial-setup-of-an-infrastructure.md
    """
    if not infrastructure.environments:
        unknown(Reason.NOT_DECLARED, "The inventory declares no environment.")
    surplus, missing = _differences(infrastructure)
    if surplus or missing:
        found = [f"not in the reference: {', '.join(surplus)}"] if surplus else []
        found += [f"not declared: {', '.join(missing)}"] if missing else []
        return failed(
            f"Declared environments and reference differ; {'; '.join(found)}.",
            expected="one reference entry for each environment and one environment for each entry",
            found="; ".join(found),
        )
    for environment in infrastructure.on_premises:
        environment.demand_hosts()
    unconfirmed = search(infrastructure.on_premises, lambda environment: not _is_seen(environment))
    if unconfirmed.found:
        return failed(
            f"Platform Server was found on no host of {unconfirmed.names}.",
            expected="an observation of each environment",
            found=f"none of {unconfirmed.names}",
        )
    unconfirmed.demand_complete_sight()
    adjusted = " as adjusted" if infrastructure.reference.adjustments else ""
    return passed(f"All {len(infrastructure.environments)} environments are in the reference{adjusted}.")


def _differences(infrastructure: Infrastructure) -> tuple[list[str], list[str]]:
    """Match entries with a name first, so that an entry for any environment takes what is left."""
    left = list(infrastructure.environments)
    missing = []
    for expected in sorted(infrastructure.reference.environments, key=lambda entry: entry.name is None):
        fitting = [item for item in left if item.purpose is expected.purpose and expected.name in (None, item.name)]
        if fitting:
            left.remove(fitting[0])
        else:
            missing.append(f"{expected.name} ({expected.purpose})" if expected.name else str(expected.purpose))
    return [f"{item.name} ({item.purpose})" for item in left], missing


def _is_seen(environment: Environment) -> bool:
    seen = search(environment.platform_hosts, lambda host: host.has_platform_server)
    if not seen.found:
        seen.demand_complete_sight()
    return bool(seen.found)
