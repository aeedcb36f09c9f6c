from auditor.check import Environment, Purpose, Reason, Severity, Verdict, check, failed, passed, unknown

KINDS = {Purpose.DEVELOPMENT: "Development", Purpose.QUALITY: "Test", Purpose.PRODUCTION: "Production"}


@check.per_environment(
    "TOPO-009", severity=Severity.HIGH, sources=("ENVCONF",), purposes=frozenset(KINDS), in_cloud=True
)
def purpose_agrees_with_the_stage(environment: Environment) -> Verdict:
    """The purpose of an environment matches its stage.

    ## Why it matters

    The purpose that is set in Service Center switches how the platform behaves: previews of data, the deletion of
    modules, how much is checked when something is published. An environment with the wrong one treats production data
    like a test's.

    ## How it is decided

    The type in LifeTime's list is Development for an environment of the purpose development, Test for quality, and
    Production for production. Other words, or none, are not judged.

    LifeTime's API is the witness; without it the verdict is unknown with that cause.

    ## How to fix

    1. Look whether the inventory names the right environment: it is matched by name, else by host name.
    2. In Service Center, Administration, Environment Configuration, correct the purpose; it should not change later.

    Effect on users: none at once; developers see other switches.

    ## References

    - Configure your OutSystems environment - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/environment-config.md
    """
    kind = environment.registered.kind
    expected = KINDS[environment.purpose]
    if kind is None or kind.casefold() not in {word.casefold() for word in KINDS.values()}:
        unknown(Reason.PARSE_ERROR, f"LifeTime gives {environment.name} a type that osaudit does not know: {kind}.")
    if kind.casefold() != expected.casefold():
        return failed(
            f"{environment.name} has the type {kind} in LifeTime.",
            expected=f"{expected}, as its purpose is {environment.purpose}",
            found=kind,
        )
    return passed(f"{environment.name} has the type {kind} in LifeTime.")
