from auditor.check import Environment, Purpose, Severity, Verdict, check, leave_to_lifetime


@check.per_environment(
    "LT-004",
    severity=Severity.MEDIUM,
    sources=("SEED", "ITUSER"),
    purposes=frozenset({Purpose.DEVELOPMENT}),
    in_cloud=True,
)
def developers_have_their_own_accounts(environment: Environment) -> Verdict:
    """Developers and development managers have their own accounts in Development.

    ## Why it matters

    Where a person has no account, two share one: nobody can tell who published a change, and the password outlives
    the colleague who left.

    ## How it is decided

    To hold: every person on the roster of developers and development managers has an active IT account of their own
    with at least the level Access in the environment, and no two of them share one. The roster is yours to declare;
    there is no place for it yet.

    LifeTime's API is the only witness, and this osaudit cannot ask it yet, so the verdict is unknown
    (source-not-configured) in every Development environment, counted apart from failures to collect, and never a
    pass.

    ## How to fix

    1. Put the list of developers and development managers beside the list of IT users in LifeTime.
    2. Create the accounts that are missing, each with a default role, and add them to their teams.
    3. Close accounts that were shared once every one of their users has one.

    Effect on users: none; developers sign in with a new account.

    ## References

    - Possible setups for an OutSystems infrastructure - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/intro.md
    - Create an IT user - https://github.com/OutSystems/docs-product/blob/main/src/manage-platform-app-lifecycle/manage-it-teams/create-an-it-user.md
    """
    leave_to_lifetime(environment, "which IT users have an account")
