from auditor.check import ComponentKind, Host, Purpose, Severity, State, Verdict, check, failed, passed, search

PUBLISHED = "LifeTime"
MARKS = {PUBLISHED: ComponentKind.LIFETIME, "the LifeTime payload": ComponentKind.LIFETIME_PAYLOAD}


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
    IIS) nor the payload that the combined installer leaves (a registry value and a solution file). A published
    LifeTime breaks the set-up and is critical. The payload alone runs nothing and is medium: it shows that the wrong
    installer was used, and it is one click away from being published. Where it could not be read whether the payload
    is published, the finding stays critical. Folders that a removed LifeTime left behind do not fail here.

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
    marks = search(tuple(MARKS), lambda name: _is_mark(host, MARKS[name]))
    place = f"{host.name} ({host.environment.name})" if host.environment else host.name
    if PUBLISHED in marks.found:
        return failed(
            f"{place} also runs LifeTime{_version(host, ComponentKind.LIFETIME)}.",
            expected="LifeTime in an environment of its own only",
            found=f"LifeTime published on {host.name}",
        )
    if marks.found:
        payload = f"the LifeTime payload{_version(host, ComponentKind.LIFETIME_PAYLOAD)}"
        quiet = f"only {payload}, which is not published"
        return failed(
            f"{place} carries {f'{payload}; whether it is published could not be read' if marks.unseen else quiet}.",
            expected="no mark of LifeTime",
            found="the payload of the combined installer",
            # It weighs less only where it is proved that nothing runs.
            severity=None if marks.unseen else Severity.MEDIUM,
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
