from auditor.check import Environment, Host, Severity, Verdict, check, failed, not_applicable, passed, search


@check.per_environment("DATA-012", severity=Severity.MEDIUM, sources=("DESIGN",), after_all=True)
def coverage_is_sufficient(environment: Environment) -> Verdict:
    """Enough verdicts of the environment could be decided.

    ## Why it matters

    A report without failures reassures only if most questions had an answer. Below the limit the environment is not
    assessable, whatever the colour of the rest.

    ## How it is decided

    Decided verdicts (pass and fail) of the environment and its hosts are counted against decided and unknown ones
    together; at least `coverage_percent` of the reference (80 by default) must be decided. Not counted: verdicts that
    do not apply, those that lack a source which nobody configured, and the checks of the audit itself. If no host of
    the environment could be read at all, that is told by DATA-001 and this is unknown.

    ## How to fix

    1. Start with the hosts that were not reached (DATA-001), then the refused questions (DATA-002, DATA-011).
    2. Scan again before you judge the environment.

    Effect on users: none.

    ## References

    - Architecture of osaudit (docs/architecture.md)
    """
    coverage = environment.coverage
    limit = environment.infrastructure.reference.thresholds.coverage_percent
    apart = f" {coverage.not_configured} more need a source that is not configured." if coverage.not_configured else ""
    unread = search(environment.hosts, _was_not_read)
    if unread.unseen and len(unread.unseen) == len(environment.hosts):
        unread.demand_complete_sight()
    if coverage.percent is None:
        return not_applicable(f"Nothing was to be decided for {environment.name}.{apart}")
    total = coverage.decided + coverage.unknown
    counted = f"{coverage.decided} of {total} verdicts ({coverage.percent} %)"
    if coverage.percent < limit:
        return failed(
            f"{environment.name} is not assessable: only {counted} could be decided.{apart}",
            expected=f"at least {limit} % decided",
            found=f"{coverage.percent} %",
            # Single verdicts come and go.
            lasting=f"{coverage.percent // 10}0 % or more",
        )
    return passed(f"{counted} of {environment.name} could be decided.{apart}")


def _was_not_read(host: Host) -> bool:
    host.demand_visit()
    return False
