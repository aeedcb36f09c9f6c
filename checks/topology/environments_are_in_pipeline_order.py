import itertools

from auditor.check import (
    Environment,
    Infrastructure,
    Purpose,
    Reason,
    Severity,
    Verdict,
    check,
    failed,
    name_few,
    not_applicable,
    passed,
    unknown,
)

STAGES = (Purpose.DEVELOPMENT, Purpose.QUALITY, Purpose.PRODUCTION)


@check.per_infrastructure("TOPO-012", severity=Severity.MEDIUM, sources=("LTCONF", "INFRA"))
def environments_are_in_pipeline_order(infrastructure: Infrastructure) -> Verdict:
    """Environments are registered in the order of the pipeline.

    ## Why it matters

    LifeTime stages applications from one environment to the next in the order of its list. With another order, the way
    to Production leads past Quality, or backwards.

    ## How it is decided

    In LifeTime's list every Development environment comes before every Quality environment, and these before every
    Production environment. Environments of other purposes may stand anywhere.

    LifeTime's API is the witness; without it the verdict is unknown with that cause.

    ## How to fix

    1. In LifeTime open the list of environments.
    2. Switch their order, so that it is Development, Quality, Production.

    Effect on users: none.

    ## References

    - Configure the infrastructure management console - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/lifetime-configure.md
    - Manage your OutSystems infrastructure - https://github.com/OutSystems/docs-product/blob/main/src/manage-platform-app-lifecycle/initial-setup-of-an-infrastructure.md
    """
    stages = [infrastructure.of_purpose(purpose) for purpose in STAGES]
    if sum(bool(stage) for stage in stages) < 2:
        return not_applicable("The inventory declares environments of one stage at most.")
    orders = [[(item, _order(item)) for item in stage] for stage in stages if stage]
    wrong = [
        f"{later.name} before {earlier.name}"
        for one, other in itertools.pairwise(orders)
        for earlier, first in one
        for later, second in other
        if second <= first
    ]
    if wrong:
        return failed(
            "The environments are not registered in the order of the pipeline.",
            expected="Development, Quality, Production",
            found=name_few(wrong),
        )
    return passed("The environments are registered in the order of the pipeline.")


def _order(environment: Environment) -> int:
    order = environment.registered.order
    if order is None:
        unknown(Reason.PARSE_ERROR, f"LifeTime does not tell the place of {environment.name} in its order.")
    return order
