from auditor.check import (
    Environment,
    Purpose,
    Reason,
    Severity,
    Verdict,
    check,
    count,
    failed,
    name_few,
    passed,
    unknown,
)


@check.per_environment(
    "LT-021",
    severity=Severity.LOW,
    sources=("LTAPI", "DESIGN"),
    purposes=frozenset({Purpose.PRODUCTION}),
    in_cloud=True,
)
def production_has_no_change_outside_staging(environment: Environment) -> Verdict:
    """Applications in Production are those of their last version.

    ## Why it matters

    An application that was changed in Production itself differs from what was tested, and the next deployment
    overwrites the change. Often it is a hot-fix that nobody carried back.

    ## How it is decided

    No application but those of the platform is reported by LifeTime as modified in the environment since its last
    version. That this points to a change past the stages is our conclusion from the field.

    LifeTime's API is the witness; without it the verdict is unknown with that cause.

    ## How to fix

    1. Look in LifeTime at the application, and at who published it last.
    2. Tag a version of it, and bring the change back to Development.
    3. Deploy the next version through the stages.

    Effect on users: none.

    ## References

    - LifeTime API v2 - https://github.com/OutSystems/docs-product/blob/main/src/ref/apis/auto/lifetime-deployment-api-v2.final.md
    - Architecture of osaudit (docs/architecture.md)
    """
    registered = environment.registered
    applications = [item for item in environment.infrastructure.lifetime.applications if not item.is_system]
    states = [
        (item, state) for item in applications for state in item.states or () if state.environment == registered.key
    ]
    changed = [item.name for item, state in states if state.is_modified]
    if changed:
        return failed(
            f"{count(len(changed), 'application')} changed in {environment.name} since the last version.",
            expected="every application as in its last version",
            found=name_few(changed),
        )
    if any(item.states is None for item in applications) or any(state.is_modified is None for _, state in states):
        unknown(Reason.PARSE_ERROR, f"LifeTime does not tell of every application how it is in {environment.name}.")
    return passed(f"{count(len(states), 'application')} in {environment.name}, each as in its last version.")
