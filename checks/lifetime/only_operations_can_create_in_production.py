from auditor.check import (
    Environment,
    Group,
    Purpose,
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


@check.per_environment(
    "LT-018",
    severity=Severity.MEDIUM,
    sources=("PERM", "SEED"),
    purposes=frozenset({Purpose.PRODUCTION}),
    in_cloud=True,
)
def only_operations_can_create_in_production(environment: Environment) -> Verdict:
    """Only Operations hold the right to create applications in Production.

    ## Why it matters

    A role that may create applications in Production, or add dependencies to what the system offers, changes what runs
    there without a deployment: nothing of it was tested in Quality, and LifeTime's plans do not show it.

    ## How it is decided

    The reference says who Operations is (`people: operations`). No other active IT user may hold a role, by default, in
    a team or for an application, that has Create Applications or Add System Dependencies in the environment. The
    built-in role Administrator has both.

    LifeTime's API is the only witness; without it, or with a token that may not see users and roles, the verdict is
    unknown with that cause.

    ## How to fix

    1. In LifeTime's user management open the roles that the finding names.
    2. Clear Create Applications and Add System Dependencies for this environment.
    3. Agree with Operations who creates there what has to be created.

    Effect on users: none.

    ## References

    - Understand the permission levels of IT roles - https://github.com/OutSystems/docs-product/blob/main/src/manage-platform-app-lifecycle/manage-it-teams/about-permission-levels.md
    - Possible setups for an OutSystems infrastructure - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/intro.md
    """
    infrastructure = environment.infrastructure
    lifetime, people, registered = infrastructure.lifetime, infrastructure.people, environment.registered
    people.declared(Group.OPERATIONS)
    others, doubt = each_user(lifetime.users, lambda user: not people.includes(Group.OPERATIONS, user))
    holders: dict[str, int] = {}
    gap = doubt
    for user in others:
        try:
            for role in lifetime.roles_held(user):
                if lifetime.adds_to(role, registered):
                    holders[role.name] = holders.get(role.name, 0) + 1
        except Unknowable as unknowable:
            gap = gap or unknowable
    if holders:
        return failed(
            f"{count(len(holders), 'role')} outside Operations can add to {environment.name}.",
            expected="neither Create Applications nor Add System Dependencies outside Operations",
            found=name_few(f"{name} ({count(number, 'user')})" for name, number in sorted(holders.items())),
        )
    if gap is not None:
        raise gap
    return passed(f"No role of {count(len(others), 'user')} outside Operations can add to {environment.name}.")
