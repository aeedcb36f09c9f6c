from auditor.check import Group, Infrastructure, Severity, Verdict, check, count, each_user, failed, name_few, passed


@check.per_infrastructure("LT-007", severity=Severity.HIGH, sources=("PERM", "DESIGN"))
def administrators_are_few_and_named(infrastructure: Infrastructure) -> Verdict:
    """Administrators are few, and each is on the list.

    ## Why it matters

    Who may manage infrastructure and users can give himself every other right, in every environment. Each such account
    that nobody thinks of any more is a way past all other limits.

    ## How it is decided

    The reference lists the administrators (`people: administrators`). Every active IT user whose default role is the
    built-in Administrator, or has Manage Infrastructure and Users, must be on it; there must be at least one, and at
    most as many as `most_administrators` of the reference says (5 unless it says otherwise; this number is ours). Too
    many, all of them on the list, counts as medium.

    LifeTime's API is the only witness; without it, or with a token that may not see users and roles, the verdict is
    unknown with that cause.

    ## How to fix

    1. In LifeTime's user management go through the users whom the finding names.
    2. Give those who need less another default role; put the others on the list of the reference.
    3. Keep one account for emergencies, with a password that is kept under lock.

    Effect on users: none.

    ## References

    - Understand the permission levels of IT roles - https://github.com/OutSystems/docs-product/blob/main/src/manage-platform-app-lifecycle/manage-it-teams/about-permission-levels.md
    - Architecture of osaudit (docs/architecture.md)
    """
    lifetime, people = infrastructure.lifetime, infrastructure.people
    people.declared(Group.ADMINISTRATORS)
    holders, gap = each_user(lifetime.users, lifetime.is_administrator)
    unlisted, doubt = each_user(holders, lambda user: not people.includes(Group.ADMINISTRATORS, user))
    most = infrastructure.reference.thresholds.most_administrators
    expected = f"at least one, at most {most}, all on the list of the reference"
    note = people.note(Group.ADMINISTRATORS)
    if unlisted:
        return failed(
            f"{count(len(unlisted), 'administrator')} of {len(holders)} not on the list of the reference.{note}",
            expected=expected,
            found=name_few(user.name for user in unlisted),
        )
    if len(holders) > most:
        return failed(
            f"{len(holders)} users can administer the infrastructure.{note}",
            expected=expected,
            found=f"{len(holders)}, all on the list",
            severity=Severity.MEDIUM,
        )
    if (unsure := gap or doubt) is not None:
        raise unsure
    if not holders:
        return failed("Nobody can administer the infrastructure.", expected=expected, found=f"no active user.{note}")
    return passed(f"{count(len(holders), 'administrator')}, all on the list of the reference.{note}")
