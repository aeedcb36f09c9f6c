from auditor.check import (
    Access,
    Environment,
    Group,
    ItUser,
    Level,
    Purpose,
    Severity,
    Unknowable,
    Verdict,
    check,
    count,
    each_user,
    failed,
    passed,
)

READ_ONLY = (Level.LIST, Level.MONITOR)


@check.per_environment(
    "LT-003",
    severity=Severity.LOW,
    sources=("SEED", "SETUPS", "PERM"),
    purposes=frozenset({Purpose.PRODUCTION}),
    in_cloud=True,
)
def development_and_maintenance_can_look_into_production(environment: Environment) -> Verdict:
    """Development and maintenance have read-only access to Production.

    ## Why it matters

    Those who build and mend an application find its faults faster when they see its errors and its analytics
    themselves. Without an account for looking they ask for one that may do more.

    ## How it is decided

    The reference says who Development and Maintenance are (`people`). At least one of their active IT users must have
    the level List Applications or Monitor and Add Dependencies in the environment, by default role, team or
    application. Only the second of these levels shows logs and analytics. Higher levels are more than looking: LT-002
    and LT-019 tell of them.

    LifeTime's API is the only witness. Without it, or with a token that may not see users and roles, the verdict is
    unknown with that cause. Levels are read by their label, because their numbers do not always fit.

    ## How to fix

    1. In LifeTime's user management create a role with the level Monitor and Add Dependencies in this environment.
    2. Assign it to the members of Development and Maintenance who look after applications.
    3. Check that none of them has a higher level by a team or an application (see LT-002).

    Effect on users: none.

    ## References

    - Possible setups for an OutSystems infrastructure - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/intro.md
    - Understand the permission levels of IT roles - https://github.com/OutSystems/docs-product/blob/main/src/manage-platform-app-lifecycle/manage-it-teams/about-permission-levels.md
    """
    infrastructure = environment.infrastructure
    lifetime, people, registered = infrastructure.lifetime, infrastructure.people, environment.registered
    members: list[ItUser] = []
    undeclared = None
    for group in (Group.DEVELOPMENT, Group.MAINTENANCE):
        try:
            members += people.members(group)
        except Unknowable as unknowable:
            undeclared = unknowable
    looking, gap = each_user(members, lambda user: _looks(lifetime.access(user, registered)))
    if looking:
        return passed(f"{count(len(looking), 'user')} of Development and Maintenance may look into {environment.name}.")
    if (unsure := undeclared or gap) is not None:
        raise unsure
    return failed(
        f"Nobody of Development and Maintenance has read-only access to {environment.name}.",
        expected="a member with List Applications or Monitor and Add Dependencies",
        found=f"none of {count(len({user.key for user in members}), 'user')}",
    )


def _looks(access: Access) -> bool:
    return access.everywhere in READ_ONLY or access.highest in READ_ONLY
