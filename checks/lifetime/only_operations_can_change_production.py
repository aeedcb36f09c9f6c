from auditor.check import (
    Environment,
    Group,
    Level,
    Purpose,
    Severity,
    Verdict,
    check,
    count,
    each_user,
    failed,
    name_few,
    passed,
)


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

    The reference says who Operations is (`people: operations`). No other active IT user may reach the level Change and
    Deploy or Full Control in the environment, by default role, team or application: the role for an application goes
    before that of a team, and this before the default role; a team counts only if it has applications; who has No
    Access by default reaches nothing. What is reached only through a team or an application counts as medium. It is a
    statement about all users, so one whose rights are not known makes it unknown.

    LifeTime's API is the only witness. Without it, or with a token that may not see users and roles, the verdict is
    unknown with that cause. Levels are read by their label, because their numbers do not always fit.

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
    infrastructure = environment.infrastructure
    lifetime, people, registered = infrastructure.lifetime, infrastructure.people, environment.registered
    people.declared(Group.OPERATIONS)
    others, doubt = each_user(lifetime.users, lambda user: not people.includes(Group.OPERATIONS, user))
    able, gap = each_user(others, lambda user: lifetime.access(user, registered).highest >= Level.CHANGE)
    note = people.note(Group.OPERATIONS)
    if able:
        access = {user.key: lifetime.access(user, registered) for user in able}
        everywhere = any(item.everywhere >= Level.CHANGE for item in access.values())
        shown = [
            f"{user.name} ({access[user.key].highest.words}{_way(access[user.key].through)})"
            for user in sorted(able, key=lambda user: -access[user.key].everywhere)
        ]
        return failed(
            f"{count(len(able), 'user')} outside Operations can change {environment.name}.{note}",
            expected="no user outside Operations above Monitor and Add Dependencies",
            found=name_few(shown),
            severity=None if everywhere else Severity.MEDIUM,
        )
    if (unsure := doubt or gap) is not None:
        raise unsure
    return passed(f"None of {count(len(others), 'user')} outside Operations can change {environment.name}.{note}")


def _way(through: str) -> str:
    return f" through {through}" if through else ""
