from auditor.check import Environment, Purpose, Severity, Verdict, check, leave_to_lifetime


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

    To hold: at least one active IT user of Operations has a default role with the level Full Control in the
    environment, or the built-in role Administrator. The level counts only through the default role: granted through a
    team or an application it is worth no more than Change and Deploy.

    LifeTime's API is the only witness, and this osaudit cannot ask it yet, so the verdict is unknown
    (source-not-configured) in every Production environment, counted apart from failures to collect, and never a pass.

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
    leave_to_lifetime(environment, "which IT users and roles have full control")
