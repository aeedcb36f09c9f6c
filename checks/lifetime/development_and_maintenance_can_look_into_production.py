from auditor.check import Environment, Purpose, Severity, Verdict, check, leave_to_lifetime


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

    To hold: a role whose level in the environment is List Applications or Monitor and Add Dependencies exists, and
    members of Development or Maintenance hold it. Only the second of these levels shows logs and analytics.

    LifeTime's API is the only witness, and this osaudit cannot ask it yet, so the verdict is unknown
    (source-not-configured) in every Production environment, counted apart from failures to collect, and never a pass.

    ## How to fix

    1. In LifeTime's user management create a role with the level Monitor and Add Dependencies in this environment.
    2. Assign it to the members of Development and Maintenance who look after applications.
    3. Check that none of them has a higher level by a team or an application (see LT-002).

    Effect on users: none.

    ## References

    - Possible setups for an OutSystems infrastructure - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/intro.md
    - Understand the permission levels of IT roles - https://github.com/OutSystems/docs-product/blob/main/src/manage-platform-app-lifecycle/manage-it-teams/about-permission-levels.md
    """
    leave_to_lifetime(environment, "which IT users and roles may only look")
