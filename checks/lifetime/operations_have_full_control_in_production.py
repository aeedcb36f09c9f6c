from auditor.check import Environment, Group, Level, Purpose, Severity, Verdict, check, count, each_user, failed, passed


@check.per_environment(
    "LT-001",
    severity=Severity.HIGH,
    sources=("SEED", "SETUPS", "PERM"),
    purposes=frozenset({Purpose.PRODUCTION}),
    in_cloud=True,
)
def operations_have_full_control_in_production(environment: Environment) -> Verdict:
    """IT users of Operations have full control in Production.

    ## Why it matters

    Whoever runs Production must be able to act there: deploy, undo a deployment, stop an application. If nobody of
    Operations holds the rights, an incident at night waits until an administrator of the infrastructure is found.

    ## How it is decided

    The reference says who Operations is (`people: operations`). At least one of its active IT users must have a default
    role with the level Full Control in the environment, or the built-in role Administrator. The level counts only
    through the default role: granted through a team or an application it is worth no more than Change and Deploy. Names
    that the reference has and LifeTime does not know are told.

    LifeTime's API is the only witness. Without it, or with a token that may not see users and roles, the verdict is
    unknown with that cause. Levels are read by their label, because their numbers do not always fit.

    ## How to fix

    1. In LifeTime's user management look up the roles that have Full Control in this environment, and who holds them.
    2. If nobody of Operations does, create a role for Operations with Full Control in Production, and make it the
       default role of its members.
    3. Have one of them sign in and open an application of this environment, as a test.

    Effect on users: none.

    ## References

    - Possible setups for an OutSystems infrastructure - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/intro.md
    - Understand the permission levels of IT roles - https://github.com/OutSystems/docs-product/blob/main/src/manage-platform-app-lifecycle/manage-it-teams/about-permission-levels.md
    """
    infrastructure = environment.infrastructure
    lifetime, registered = infrastructure.lifetime, environment.registered
    members = infrastructure.people.members(Group.OPERATIONS)
    able, gap = each_user(members, lambda user: lifetime.default_level(user, registered) is Level.FULL_CONTROL)
    note = infrastructure.people.note(Group.OPERATIONS)
    if able:
        return passed(f"{count(len(able), 'user')} of Operations with Full Control in {environment.name}.{note}")
    if gap is not None:
        raise gap
    return failed(
        f"Nobody of Operations has Full Control in {environment.name}.{note}",
        expected="a user of Operations whose default role has Full Control",
        found=f"{count(len(members), 'active user')} of Operations, none with that level",
    )
