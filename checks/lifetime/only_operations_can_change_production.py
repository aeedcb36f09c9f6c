from auditor.check import Environment, Purpose, Severity, Verdict, check, leave_to_lifetime


@check.per_environment(
    "LT-002",
    severity=Severity.HIGH,
    sources=("SEED", "PERM"),
    purposes=frozenset({Purpose.PRODUCTION}),
    in_cloud=True,
)
def only_operations_can_change_production(environment: Environment) -> Verdict:
    """IT users who can change Production are all members of Operations.

    ## Why it matters

    Production belongs to Operations. Any other account that may deploy there goes past tests and approvals, by
    mistake or because it was stolen, and nobody looks for the cause of an outage there.

    ## How it is decided

    To hold: no active IT user outside Operations reaches the level Change and Deploy or Full Control in the
    environment, by default role, team or application; the role for an application goes before that of a team, and
    this before the default role. It is a statement about all users, so it needs all of them. What is reached only
    through a team or an application would count as medium.

    LifeTime's API is the only witness, and this osaudit cannot ask it yet, so the verdict is unknown
    (source-not-configured) in every Production environment, counted apart from failures to collect, and never a pass.

    ## How to fix

    1. In LifeTime's user management go through the users that are not of Operations, with their roles, teams and
       applications.
    2. Lower the level of their roles for this environment to Monitor and Add Dependencies, or List Applications.
    3. Agree with Operations who deploys what they were deploying until now.

    Effect on users: none for users of applications; some developers lose the right to deploy to Production.

    ## References

    - Possible setups for an OutSystems infrastructure - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/intro.md
    - Understand the permission levels of IT roles - https://github.com/OutSystems/docs-product/blob/main/src/manage-platform-app-lifecycle/manage-it-teams/about-permission-levels.md
    """
    leave_to_lifetime(environment, "which IT users and roles can change applications")
