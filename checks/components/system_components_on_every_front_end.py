from auditor.check import (
    Host,
    Reason,
    Role,
    Severity,
    Verdict,
    check,
    count,
    facts,
    failed,
    name_few,
    passed,
    search,
    unknown,
)


@check.per_host(
    "COMP-008",
    severity=Severity.HIGH,
    sources=("DIAG-INT", "ZONES"),
    roles=frozenset({Role.FRONT_END}),
    needs=("COMP-001", "VER-001"),
)
def system_components_on_every_front_end(host: Host) -> Verdict:
    """Every front-end has the system components deployed.

    ## Why it matters

    Signing in, the platform's widgets, mobile builds and the services behind them come with the system components.
    Applications use them on the server they run on: a front-end that lacks one breaks only for those users whom the
    load balancer sends there.

    ## How it is decided

    Each module that the table of figures names for the Platform Server version has a folder among the running
    applications, called like the module with a suffix. The list moves with the release, so a missing folder fails only
    if another front-end of the environment has it; one such is enough. A name that no front-end of the environment has
    gives unknown (version-not-in-table): nobody can tell whether this release still brings it, and on the single
    server of an environment that is so for every missing name. Whether Service Center itself is there is COMP-002.

    ## How to fix

    1. In Service Center look at the deployment zone of the system components: it must include all front-ends.
    2. Publish the System Components solution of the installed Platform Server version.
    3. Look whether the named folders have appeared below `running` on this server.

    Effect on users: publishing restarts the modules concerned; do it outside busy hours.

    ## References

    - OSDiagTool: integrity of the platform database - https://github.com/OutSystems/techsupp-osdiagtool/blob/HEAD/OSDiagTool/Platform/Integrity/PlatformDBIntegrity.cs
    - Selective deployment using deployment zones - https://github.com/OutSystems/docs-product/blob/main/src/deploying-apps/zones/intro.md
    """
    rows = host.figures("system_components").all_at(host.installed_platform)
    expected = [row.value("module", str) for row in rows]
    missing = [module for module in expected if module.casefold() not in _deployed(host)]
    if not missing:
        return passed(f"{host.name} has all {count(len(expected), 'system component')} that the table names.")
    beside = _other_front_ends(host)
    others = search(beside, lambda other: any(name.casefold() in _deployed(other) for name in missing))
    if not others.found:
        others.demand_complete_sight()
        nobody = "and no other front-end has them" if beside else "and there is no other front-end to compare with"
        unknown(
            Reason.VERSION_NOT_IN_TABLE,
            f"{host.name} lacks {count(len(missing), 'system component')} ({name_few(missing)}), {nobody}: whether "
            f"Platform Server {host.installed_platform} still brings what is missing is not known.",
        )
    elsewhere = {module for other in others.found for module in _deployed(other)}
    lacking = [module for module in missing if module.casefold() in elsewhere]
    return failed(
        f"{host.name} lacks {count(len(lacking), 'system component')} ({name_few(lacking)}), deployed on "
        f"{name_few(other.name for other in others.found)}.{others.unseen_note}",
        expected=f"a folder for each of {name_few(lacking)}",
        found="no such folder",
        lasting=", ".join(lacking),
    )


def _deployed(host: Host) -> frozenset[str]:
    """Return the modules that have a folder: its name is that of the module with a suffix behind the last dot."""
    return frozenset(name.casefold().rpartition(".")[0] for name in host.fact(facts.RUNNING_FOLDERS))


def _other_front_ends(host: Host) -> tuple[Host, ...]:
    beside = host.environment.hosts if host.environment else ()
    return tuple(other for other in beside if other.name != host.name and Role.FRONT_END in other.roles)
