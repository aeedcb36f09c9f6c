from auditor.check import (
    Infrastructure,
    Purpose,
    Severity,
    Verdict,
    check,
    count,
    failed,
    name_few,
    not_applicable,
    passed,
    search,
)


@check.per_infrastructure("LT-016", severity=Severity.LOW, sources=("LTCONF",))
def environment_names_agree(infrastructure: Infrastructure) -> Verdict:
    """Environments have one name in LifeTime and in the inventory.

    ## Why it matters

    LifeTime synchronises the name of an environment with its Service Center. A name that differs shows a link that
    broke, or an inventory that people can no longer match with what LifeTime shows.

    ## How it is decided

    Each environment of the inventory but LifeTime's own is looked up in LifeTime's list, by name or by a host name of
    the inventory. The two names must be the same, but for case. An environment that is not found is TOPO-013's.

    LifeTime's API is the witness; without it the verdict is unknown with that cause.

    ## How to fix

    1. Decide which name is right.
    2. Correct it in LifeTime, which passes it on to Service Center, or in the inventory.

    Effect on users: none.

    ## References

    - Configure the infrastructure management console - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/lifetime-configure.md
    """
    managed = [item for item in infrastructure.environments if item.purpose is not Purpose.LIFETIME]
    if not managed:
        return not_applicable("The inventory declares no environment that LifeTime could manage.")
    other = search(managed, lambda item: item.registered.name.strip().casefold() != item.name.casefold())
    if other.found:
        return failed(
            f"{count(len(other.found), 'environment')} with another name in LifeTime.{other.unseen_note}",
            expected="the name of the inventory",
            found=name_few(f"{item.name} is {item.registered.name}" for item in other.found),
        )
    other.demand_complete_sight()
    return passed(f"All {count(len(managed), 'environment')} have one name in both.")
