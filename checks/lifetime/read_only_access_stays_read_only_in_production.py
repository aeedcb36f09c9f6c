from auditor.check import (
    Environment,
    Group,
    Level,
    Purpose,
    Severity,
    Verdict,
    check,
    count,
    each_user,
    failed,
    name_few,
    passed,
)


@check.per_environment(
    "LT-019", severity=Severity.LOW, sources=("PERM", "SEED"), purposes=frozenset({Purpose.PRODUCTION}), in_cloud=True
)
def read_only_access_stays_read_only_in_production(environment: Environment) -> Verdict:
    """Read-only access to Production lets nobody open code.

    ## Why it matters

    Opening and debugging an application shows its code and, while it runs, the data of its users. Whoever only has to
    see errors and analytics does not need that. Whether this level is still read-only is disputed; this check takes the
    strict reading.

    ## How it is decided

    The reference says who Operations is (`people: operations`). The highest level that any other active IT user reaches
    in the environment, by default role, team or application, must not be Open and Debug Applications. Higher levels are
    LT-002's.

    LifeTime's API is the only witness; without it, or with a token that may not see users and roles, the verdict is
    unknown with that cause.

    ## How to fix

    1. In LifeTime's user management lower the level of the roles of these users for this environment to Monitor and Add
       Dependencies.
    2. Where somebody must debug there, accept it with a waiver that names who and until when.

    Effect on users: none.

    ## References

    - Understand the permission levels of IT roles - https://github.com/OutSystems/docs-product/blob/main/src/manage-platform-app-lifecycle/manage-it-teams/about-permission-levels.md
    - Possible setups for an OutSystems infrastructure - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/intro.md
    """
    infrastructure = environment.infrastructure
    lifetime, people, registered = infrastructure.lifetime, infrastructure.people, environment.registered
    people.declared(Group.OPERATIONS)
    others, doubt = each_user(lifetime.users, lambda user: not people.includes(Group.OPERATIONS, user))
    opening, gap = each_user(others, lambda user: lifetime.access(user, registered).highest is Level.OPEN)
    if opening:
        return failed(
            f"{count(len(opening), 'user')} outside Operations can open code in {environment.name}.",
            expected="at most Monitor and Add Dependencies outside Operations",
            found=name_few(user.name for user in opening),
        )
    if (unsure := doubt or gap) is not None:
        raise unsure
    return passed(f"None of {count(len(others), 'user')} outside Operations has just the level to open code.")
