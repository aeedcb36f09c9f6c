from auditor.check import (
    Environment,
    Group,
    Level,
    Purpose,
    Reason,
    Severity,
    Verdict,
    check,
    each_user,
    passed,
    unknown,
)


@check.per_environment(
    "LT-005",
    severity=Severity.INFO,
    sources=("SEED", "PERM", "TEAMPERM"),
    purposes=frozenset({Purpose.DEVELOPMENT}),
    in_cloud=True,
)
def developers_can_work_in_development(environment: Environment) -> Verdict:
    """Developers have the rights to work in Development.

    ## Why it matters

    Development is where applications are built and debugged. Developers who may not change anything there do it in
    another environment, where it does harm.

    ## How it is decided

    The reference says who Development is (`people: development`). It is recorded how many of its active IT users have
    the level Change and Deploy or Full Control in the environment, everywhere or for at least one application, and how
    many may create applications there by default role. It never fails; where none of them has an active IT user, there
    is nothing to record, and the verdict is unknown.

    LifeTime's API is the only witness. Without it, or with a token that may not see users and roles, the verdict is
    unknown with that cause. Levels are read by their label, because their numbers do not always fit.

    ## How to fix

    1. In LifeTime open the teams of the developers, and look at their role and their applications.
    2. Raise the level of that role for this environment to Change and Deploy, and add Create Applications where
       wanted.
    3. Leave the levels of the same role for other environments as they are.

    Effect on users: none.

    ## References

    - Possible setups for an OutSystems infrastructure - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/intro.md
    - Understand the permission levels of IT roles - https://github.com/OutSystems/docs-product/blob/main/src/manage-platform-app-lifecycle/manage-it-teams/about-permission-levels.md
    - Set up the permissions of an IT team - https://github.com/OutSystems/docs-product/blob/main/src/manage-platform-app-lifecycle/manage-it-teams/setup-team-permissions.md
    """
    infrastructure = environment.infrastructure
    lifetime, registered = infrastructure.lifetime, environment.registered
    members = infrastructure.people.members(Group.DEVELOPMENT)
    if not members:
        sentence = "No active IT user belongs to what the reference calls development (see LT-004 and LT-008)."
        unknown(Reason.CONTRADICTORY, sentence)
    able, gap = each_user(members, lambda user: lifetime.access(user, registered).highest >= Level.CHANGE)
    creating, doubt = each_user(members, lambda user: lifetime.may_create(user, registered))
    if (unsure := gap or doubt) is not None:
        raise unsure
    return passed(
        f"Of {len(members)} developers {len(able)} can change and deploy in {environment.name}, and {len(creating)} "
        "may create applications."
    )
