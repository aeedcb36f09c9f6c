from auditor.check import (
    Infrastructure,
    Purpose,
    Reason,
    Severity,
    Verdict,
    check,
    count,
    failed,
    name_few,
    not_applicable,
    passed,
    unknown,
)


@check.per_infrastructure("TOPO-013", severity=Severity.HIGH, sources=("LTCONF", "ITUSER"))
def every_environment_is_registered_in_lifetime(infrastructure: Infrastructure) -> Verdict:
    """Every environment is registered once in LifeTime.

    ## Why it matters

    An environment that is not registered keeps IT users and passwords of its own, and nothing can be staged to it or
    from it. One that is registered twice confuses LifeTime.

    ## How it is decided

    LifeTime's list has each environment of the inventory but LifeTime's own once, by name or by a host name of the
    inventory, and does not have LifeTime's own. A token that may not see an environment may get a list without it: that
    one is missing is taken for proved only if the token also sees users, which a role for the whole infrastructure
    alone allows. Otherwise it is unknown (denied).

    LifeTime's API is the witness; without it the verdict is unknown with that cause.

    ## How to fix

    1. In LifeTime register the environment that is missing, with an administrator account of it.
    2. Remove an entry that is there twice, or that is LifeTime itself.
    3. With a token that sees little, give its role List Applications on the environment, and scan again.

    Effect on users: none; IT users are taken over from LifeTime after the registration.

    ## References

    - Configure the infrastructure management console - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/lifetime-configure.md
    - Create an IT user - https://github.com/OutSystems/docs-product/blob/main/src/manage-platform-app-lifecycle/manage-it-teams/create-an-it-user.md
    """
    lifetime = infrastructure.lifetime
    managed = [item for item in infrastructure.environments if item.purpose is not Purpose.LIFETIME]
    if not managed:
        return not_applicable("The inventory declares no environment that LifeTime could manage.")
    places = {item.name: len(lifetime.candidates(item)) for item in infrastructure.environments}
    itself = [item.name for item in infrastructure.of_purpose(Purpose.LIFETIME) if places[item.name]]
    twice = [item.name for item in managed if places[item.name] > 1]
    missing = [item.name for item in managed if not places[item.name]]
    if missing and not (itself or twice) and not lifetime.sees_everything:
        names = name_few(missing)
        unknown(Reason.DENIED, f"LifeTime does not list {names}, but the token may not see every environment.")
    flaws = [
        *([f"not registered: {name_few(missing)}"] if missing else []),
        *([f"more than once: {name_few(twice)}"] if twice else []),
        *([f"LifeTime itself: {name_few(itself)}"] if itself else []),
    ]
    if flaws:
        return failed(
            "LifeTime's list of environments is not that of the inventory.",
            expected="every environment but LifeTime's own, once",
            found="; ".join(flaws),
        )
    return passed(f"All {count(len(managed), 'environment')} are registered once.")
