from auditor.check import Environment, Purpose, Severity, Verdict, check, leave_to_lifetime


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

    To hold: developers have the level Change and Deploy in the environment for at least one application or team, and
    may create applications where you want that. It is recorded, and never fails.

    LifeTime's API is the only witness, and this osaudit cannot ask it yet, so the verdict is unknown
    (source-not-configured) in every Development environment, counted apart from failures to collect, and never a
    pass.

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
    leave_to_lifetime(environment, "what developers may do")
