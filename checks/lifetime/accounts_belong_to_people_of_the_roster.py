from auditor.check import Group, Infrastructure, Severity, Verdict, check, count, failed, name_few, passed

ROSTER = (Group.OPERATIONS, Group.DEVELOPMENT, Group.DEVELOPMENT_MANAGEMENT, Group.MAINTENANCE)


@check.per_infrastructure("LT-008", severity=Severity.MEDIUM, sources=("CLEAN", "DESIGN"))
def accounts_belong_to_people_of_the_roster(infrastructure: Infrastructure) -> Verdict:
    """Every active IT account is that of somebody on the roster.

    ## Why it matters

    An account whose owner has left still signs in. Nobody misses it when it is misused, and the list of people and the
    list of accounts drift apart a little more with everybody who comes and goes.

    ## How it is decided

    The roster is what the reference declares under `people`: operations, development, development_management and
    maintenance, and the administrators if they are declared. Every active IT user that LifeTime lists must belong to
    one of the groups, and every role, team and user that the roster names must be known to LifeTime. LifeTime's API
    tells no date of the last sign-in, so accounts that nobody uses are not seen; nor is it known whether it lists
    service accounts.

    LifeTime's API is the only witness; without it, or with a token that may not see users and roles, the verdict is
    unknown with that cause.

    ## How to fix

    1. Ask for each account of the finding who owns it.
    2. Deactivate in LifeTime the accounts of people who have left.
    3. Add the others to a group of the reference, and correct names there that LifeTime does not know.

    Effect on users: none.

    ## References

    - Best practices for a tidy and clean environment - https://github.com/OutSystems/docs-product/blob/main/src/manage-platform-app-lifecycle/clean-up-environment/clean-up-environment.md
    - Architecture of osaudit (docs/architecture.md)
    """
    people = infrastructure.people
    for group in ROSTER:
        people.declared(group)
    groups = [*ROSTER, *((Group.ADMINISTRATORS,) if people.is_declared(Group.ADMINISTRATORS) else ())]
    users = infrastructure.lifetime.users
    strangers = [user for user in users if not any(people.includes(group, user) for group in groups)]
    unknown_names = [name for group in groups for name in people.unknown_names(group)]
    flaws = [
        *([f"in no group: {name_few(user.name for user in strangers)}"] if strangers else []),
        *([f"not known to LifeTime: {name_few(unknown_names)}"] if unknown_names else []),
    ]
    if flaws:
        return failed(
            "The active IT accounts are not those of the roster.",
            expected="every account in a group of the reference, and every name of it known to LifeTime",
            found="; ".join(flaws),
        )
    return passed(f"All {count(len(users), 'active IT account')} belong to a group of the reference.")
