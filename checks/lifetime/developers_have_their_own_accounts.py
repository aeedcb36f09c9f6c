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
    failed,
    name_few,
    passed,
    unknown,
)

GROUPS = (Group.DEVELOPMENT, Group.DEVELOPMENT_MANAGEMENT)


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

    The roster are the users that the reference names as Development and as its management (`people: development` and
    `people: development_management`, each by `users`). Every one of them must have an active IT account, no two of them
    the same one, and every member of the two groups, also one known by role or team, at least the level Access in the
    environment by default role. Nobody named by user: there is no roster to compare with, and the verdict is unknown.

    LifeTime's API is the only witness. Without it, or with a token that may not see users and roles, the verdict is
    unknown with that cause. Levels are read by their label, because their numbers do not always fit.

    ## How to fix

    1. Put the list of developers and development managers beside the list of IT users in LifeTime.
    2. Create the accounts that are missing, each with a default role, and add them to their teams.
    3. Close accounts that were shared once every one of their users has one.

    Effect on users: none; developers sign in with a new account.

    ## References

    - Possible setups for an OutSystems infrastructure - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/intro.md
    - Create an IT user - https://github.com/OutSystems/docs-product/blob/main/src/manage-platform-app-lifecycle/manage-it-teams/create-an-it-user.md
    """
    infrastructure = environment.infrastructure
    lifetime, people, registered = infrastructure.lifetime, infrastructure.people, environment.registered
    named = [name for group in GROUPS for name in people.declared(group).users]
    if not named:
        unknown(Reason.NOT_DECLARED, "The reference names no developer and no development manager by user.")
    accounts = {name: people.account(name) for name in named}
    missing = [name for name, account in accounts.items() if account is None]
    keys = [account.key for account in accounts.values() if account is not None]
    shared = [name for name, account in accounts.items() if account is not None and keys.count(account.key) > 1]
    members = {user.key: user for group in GROUPS for user in people.members(group)}.values()
    outside, gap = each_user(members, lambda user: lifetime.default_level(user, registered) < Level.ACCESS)
    flaws = [
        *([f"no active account: {name_few(missing)}"] if missing else []),
        *([f"one account for several people: {name_few(shared)}"] if shared else []),
        *([f"no access: {name_few(user.name for user in outside)}"] if outside else []),
    ]
    if flaws:
        return failed(
            f"Not everybody who develops has an account of their own with access to {environment.name}.",
            expected="an active account for each, with at least the level Access",
            found="; ".join(flaws),
        )
    if gap is not None:
        raise gap
    return passed(f"All {len(named)} people of the roster have accounts with access to {environment.name}.")
