from auditor.check import (
    Group,
    Infrastructure,
    Level,
    Severity,
    Unknowable,
    Verdict,
    check,
    count,
    each_user,
    failed,
    name_few,
    passed,
)


@check.per_infrastructure("LT-006", severity=Severity.LOW, sources=("PERM", "TEAMPERM"))
def default_roles_grant_little(infrastructure: Infrastructure) -> Verdict:
    """Default roles have no more than the level Access.

    ## Why it matters

    A default role holds for every application, also for those that are made tomorrow. Rights that come from teams and
    applications end with the work they were given for.

    ## How it is decided

    The reference says who Operations is (`people: operations`). The default role of every other active IT user who is
    no administrator (LT-007) must have at most the level Access in every environment that LifeTime lists.

    LifeTime's API is the only witness; without it, or with a token that may not see users and roles, the verdict is
    unknown with that cause.

    ## How to fix

    1. In LifeTime's user management create a role with the level Access in every environment.
    2. Put the users into the teams of their applications, with the roles that they need there.
    3. Make the new role the default role of each user whom the finding counts.

    Effect on users: none; users see fewer applications in LifeTime until they are in their teams.

    ## References

    - Understand the permission levels of IT roles - https://github.com/OutSystems/docs-product/blob/main/src/manage-platform-app-lifecycle/manage-it-teams/about-permission-levels.md
    - Set up the permissions of an IT team - https://github.com/OutSystems/docs-product/blob/main/src/manage-platform-app-lifecycle/manage-it-teams/setup-team-permissions.md
    """
    lifetime, people = infrastructure.lifetime, infrastructure.people
    people.declared(Group.OPERATIONS)
    ordinary, doubt = each_user(
        lifetime.users,
        lambda user: not (lifetime.is_administrator(user) or people.includes(Group.OPERATIONS, user)),
    )
    wide: dict[str, int] = {}
    gap = doubt
    for user in ordinary:
        for registered in lifetime.environments:
            try:
                level = lifetime.default_level(user, registered)
            except Unknowable as unknowable:
                gap = gap or unknowable
                continue
            if level > Level.ACCESS:
                place = f"{user.role_name} in {registered.name} ({level.words})"
                wide[place] = wide.get(place, 0) + 1
    if wide:
        return failed(
            f"{count(len(wide), 'default role level')} above Access.",
            expected="at most Access by default role, for all but administrators and Operations",
            found=name_few(f"{place}: {count(number, 'user')}" for place, number in sorted(wide.items())),
        )
    if gap is not None:
        raise gap
    return passed(f"The default roles of {count(len(ordinary), 'user')} grant no more than Access.")
