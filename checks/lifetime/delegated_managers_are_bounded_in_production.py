from auditor.check import (
    Group,
    Infrastructure,
    Level,
    Purpose,
    Severity,
    Verdict,
    check,
    count,
    failed,
    name_few,
    not_applicable,
    passed,
)


@check.per_infrastructure("LT-015", severity=Severity.LOW, sources=("TEAMMGR",))
def delegated_managers_are_bounded_in_production(infrastructure: Infrastructure) -> Verdict:
    """Roles of team managers are bounded in Production.

    ## Why it matters

    Who may manage teams and application roles can give others every right that his own role has. If that role may
    deploy to Production, so may everybody whom he lets in, past Operations.

    ## How it is decided

    The reference says who Operations is (`people: operations`). A role with Manage Teams and Application Roles that is
    neither an administrator's nor one of Operations must not exceed Monitor and Add Dependencies in a Production
    environment. What a team needs there may be less; that only you can tell.

    LifeTime's API is the only witness; without it, or with a token that may not see users and roles, the verdict is
    unknown with that cause.

    ## How to fix

    1. In LifeTime's user management open the roles that the finding names.
    2. Lower their level for Production to what their teams have to be given there.

    Effect on users: none.

    ## References

    - Allow managers to handle permissions of IT teams - https://github.com/OutSystems/docs-product/blob/main/src/manage-platform-app-lifecycle/manage-it-teams/allow-managers-to-handle-permissions-of-it-teams.md
    """
    lifetime, people = infrastructure.lifetime, infrastructure.people
    own = {name.casefold() for name in people.declared(Group.OPERATIONS).roles}
    production = infrastructure.of_purpose(Purpose.PRODUCTION)
    if not production:
        return not_applicable("The inventory declares no Production environment.")
    managing = [role for role in lifetime.roles if lifetime.manages_teams(role) and role.name.casefold() not in own]
    wide = [
        f"{role.name} in {environment.name} ({level.words})"
        for role in managing
        for environment in production
        if (level := lifetime.level(role, environment.registered)) > Level.MONITOR
    ]
    if wide:
        return failed(
            f"{count(len(wide), 'role')} of team managers can give more than reading in Production.",
            expected="at most Monitor and Add Dependencies",
            found=name_few(wide),
        )
    return passed(f"{count(len(managing), 'role')} of team managers, none above Monitor and Add Dependencies there.")
