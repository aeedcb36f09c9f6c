from auditor.check import Infrastructure, Reason, Severity, Verdict, check, name_few, passed, search, unknown


@check.per_infrastructure("DATA-015", severity=Severity.INFO, sources=("DESIGN",))
def optional_sources_are_declared(infrastructure: Infrastructure) -> Verdict:
    """For every environment it is declared which further sources may be asked.

    ## Why it matters

    Some facts have no witness on the servers: LifeTime's API, Service Center, the database and a probe from outside
    know them. Whether you offer these sources is your choice, but it must be a choice, so that "not configured" can be
    told from "forgot".

    ## How it is decided

    Every environment of the inventory has `sources`: a list of lifetime-api, service-center, database and
    outside-probe, which may be empty. An environment without it gives unknown (not-declared). Verdicts that lack a
    source are counted apart from failures to collect. This check never fails.

    ## How to fix

    1. Write `sources: []` at each environment that has none to offer.
    2. List those that osaudit may ask.

    Effect on users: none.

    ## References

    - Architecture of osaudit (docs/architecture.md)
    """
    if not infrastructure.environments:
        unknown(Reason.NOT_DECLARED, "The inventory declares no environment.")
    silent = search(infrastructure.environments, lambda environment: environment.sources is None)
    if silent.found:
        names = name_few(environment.name for environment in silent.found)
        unknown(
            Reason.NOT_DECLARED, f"The inventory has no `sources` at {names}; write `sources: []` if there are none."
        )
    told = "; ".join(
        f"{environment.name}: {', '.join(sorted(environment.sources or ())) or 'none'}"
        for environment in infrastructure.environments
    )
    return passed(f"Further sources are declared. {told}.")
