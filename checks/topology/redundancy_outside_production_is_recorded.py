from auditor.check import Environment, Purpose, Role, Severity, Verdict, check, failed, passed, search


@check.per_environment(
    "TOPO-017",
    severity=Severity.INFO,
    sources=("SEED", "SETUPS"),
    purposes=frozenset({Purpose.QUALITY, Purpose.DEVELOPMENT}),
)
def redundancy_outside_production_is_recorded(environment: Environment) -> Verdict:
    """Quality and Development get along with one front-end each.

    ## Why it matters

    Testers and developers can wait for a restart; the set-up asks for little redundancy outside Production. The
    number of front-ends is recorded so that you see where money is spent, and so that no rule about availability is
    applied where nobody asked for it.

    ## How it is decided

    The front-ends that run are counted by the state of their services. One is compliant. If the reference asks for
    redundancy for this purpose and fewer than two run, that is recorded too. This check never fails; while a host was
    not seen, the verdict is unknown.

    ## How to fix

    1. Nothing has to be done.
    2. If your organisation wants redundancy here, say so in `redundancy_asked_for` of the reference.

    Effect on users: none.

    ## References

    - Possible setups for an OutSystems infrastructure - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/intro.md
    """
    environment.find_servers()
    front_ends = search(environment.platform_hosts, lambda host: Role.FRONT_END in host.role_reading.actual)
    front_ends.demand_complete_sight()
    count = len(front_ends.found)
    sentence = f"{environment.name} runs {count} front-end{'' if count == 1 else 's'}: {front_ends.names or 'none'}."
    if environment.purpose in environment.infrastructure.reference.redundancy_asked_for and count < 2:
        return failed(
            f"{sentence} The reference asks for redundancy here.",
            expected="at least two front-ends",
            found=str(count),
        )
    return passed(sentence)
