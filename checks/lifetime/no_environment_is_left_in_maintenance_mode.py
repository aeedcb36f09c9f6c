from auditor.check import Infrastructure, Reason, Severity, Verdict, check, count, failed, name_few, passed, unknown


@check.per_infrastructure("LT-013", severity=Severity.MEDIUM, sources=("MAINT",))
def no_environment_is_left_in_maintenance_mode(infrastructure: Infrastructure) -> Verdict:
    """No environment was left in maintenance mode.

    ## Why it matters

    LifeTime neither synchronises an environment in maintenance mode nor deploys to it. Users, roles and versions that
    LifeTime shows for it are old, and a forgotten switch looks like a broken deployment to everybody who does not know
    of it.

    ## How it is decided

    No environment that LifeTime lists is offline, as its API calls it. Old versions of LifeTime do not tell it; then
    the verdict is unknown. A window in which an environment may be offline cannot be declared: for a planned one lay a
    waiver beside.

    LifeTime's API is the witness; without it the verdict is unknown with that cause.

    ## How to fix

    1. Ask whoever maintains the environment whether the work is done.
    2. In LifeTime open the environment and disable maintenance mode; LifeTime then synchronises it.
    3. Scan again: what LifeTime told of it until then was old.

    Effect on users: none; developers can deploy again.

    ## References

    - Environment in maintenance mode - https://github.com/OutSystems/docs-product/blob/main/src/manage-platform-app-lifecycle/maintenance-mode.md
    """
    listed = infrastructure.lifetime.environments
    offline = [item.name for item in listed if item.offline]
    if offline:
        return failed(
            f"{count(len(offline), 'environment')} in maintenance mode.",
            expected="no environment in maintenance mode",
            found=name_few(offline),
        )
    silent = [item.name for item in listed if item.offline is None]
    if silent or not listed:
        named = name_few(silent) or "any environment"
        unknown(Reason.PARSE_ERROR, f"LifeTime does not tell whether {named} is in maintenance mode.")
    return passed(f"None of {count(len(listed), 'environment')} is in maintenance mode.")
