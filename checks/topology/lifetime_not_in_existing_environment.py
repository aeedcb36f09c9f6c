from auditor.check import ComponentKind, Host, Purpose, Severity, State, Verdict, check, failed, passed, search


@check.per_host(
    "TOPO-006",
    severity=Severity.CRITICAL,
    sources=("SEED", "LTCONF", "LTREINST", "LTREMOVE", "LTREL"),
    purposes=frozenset(Purpose) - {Purpose.LIFETIME},
)
def lifetime_not_in_existing_environment(host: Host) -> Verdict:
    """LifeTime is not installed in an environment that has another purpose.

    ## Why it matters

    Installing LifeTime into an environment that already serves another purpose is not supported from OutSystems 11
    on: the console for everything then shares servers and database with the applications it deploys, and its own
    upgrades refuse to run.

    ## How it is decided

    No server of any other environment carries a mark of LifeTime: neither a published LifeTime (its applications in
    IIS) nor the payload that the combined installer leaves (a registry value and a solution file). The two are told
    apart in the sentence: a published LifeTime breaks the set-up; the payload alone runs nothing and weighs no more
    than medium, but shows that the wrong installer was used and is one click away from being published. Folders that
    a removed LifeTime left behind do not fail here.

    ## How to fix

    A published LifeTime:

    1. Install LifeTime in an environment of its own and register all environments there (see TOPO-005).
    2. Unregister all environments in the misplaced LifeTime.
    3. In Service Center of the wrong environment delete the applications LifeTimePerformanceMonitor, LifeTime and
       LifeTimeSDK, in this order.

    The payload alone: note in your run book that nobody may publish it, and use the Platform Server installer without
    LifeTime for the next upgrade.

    Effect on users: none for the users of applications. Tagging history, change log and analytics are lost.

    ## References

    - Possible setups for an OutSystems infrastructure - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/intro.md
    - Configure the infrastructure management console - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/lifetime-configure.md
    - Reinstall the infrastructure management console in a dedicated environment - https://github.com/OutSystems/docs-support/blob/main/src/enterprise/maintenance/reinstall-lifetime.md
    - Remove the infrastructure management console from an environment - https://github.com/OutSystems/docs-support/blob/main/src/enterprise/maintenance/remove-infra-mgmt-console.md
    - LifeTime Management Console release notes - https://github.com/OutSystems/docs-support/blob/main/src/release-notes/lifetime-management-console/lifetime-management-console.md
    """
    marks = search((ComponentKind.LIFETIME, ComponentKind.LIFETIME_PAYLOAD), lambda kind: _is_mark(host, kind))
    place = f"{host.name} ({host.environment.name})" if host.environment else host.name
    if ComponentKind.LIFETIME in marks.found:
        return failed(
            f"{place} also runs LifeTime{_version(host, ComponentKind.LIFETIME)}.",
            expected="LifeTime in an environment of its own only",
            found=f"LifeTime published on {host.name}",
        )
    if marks.found:
        published = "; whether it is published could not be read" if marks.unseen else ", which is not published"
        return failed(
            f"{place} carries only the LifeTime payload{_version(host, ComponentKind.LIFETIME_PAYLOAD)}{published}.",
            expected="no mark of LifeTime",
            found="the payload of the combined installer",
        )
    marks.demand_complete_sight()
    if host.component(ComponentKind.LIFETIME).state is State.LEFTOVER:
        return passed(f"{place} does not run LifeTime; traces of a removed one are left.")
    return passed(f"{place} carries no LifeTime.")


def _is_mark(host: Host, kind: ComponentKind) -> bool:
    """Whether it counts: of the payload also the registry value alone, of the console only what could run."""
    component = host.component(kind)
    return component.can_run or (kind is ComponentKind.LIFETIME_PAYLOAD and component.state is not State.ABSENT)


def _version(host: Host, kind: ComponentKind) -> str:
    version = host.component(kind).version
    return f" {version}" if version else ""
