from auditor.check import (
    Environment,
    Host,
    Purpose,
    Reason,
    Role,
    Severity,
    Verdict,
    check,
    count,
    failed,
    not_applicable,
    passed,
    search,
    unknown,
)


@check.per_environment(
    "HA-001",
    severity=Severity.HIGH,
    sources=("SIZING", "HASCALE", "SCALE"),
    purposes=frozenset({Purpose.PRODUCTION}),
)
def production_is_a_farm(environment: Environment) -> Verdict:
    """Production has at least two active front-ends.

    ## Why it matters

    With a single front-end every fault of that server, every patch and every restart takes the applications away from
    all users. With two, one carries the load while the other is repaired.

    ## How it is decided

    A front-end counts when its Deployment Service runs and the inventory does not declare it passive. Two are enough,
    whatever the others say. Fewer fail if every host was seen, else the verdict is unknown. A front-end whose scheduler
    is disabled although nobody declared it passive may be either: where it tips the scale, the verdict is unknown.
    The check does not apply where `redundancy_asked_for` in the reference leaves out Production.

    ## How to fix

    1. Add a front-end to the environment, with the controller's configuration and private key.
    2. Deploy all applications to it, and put both front-ends behind a load balancer.
    3. If a front-end only seems passive, say in the inventory what it is, or enable its scheduler.
    4. If Production may stand still, take it out of `redundancy_asked_for` in the reference, with author and reason.

    Effect on users: none while the server is being added; sessions that were kept on one server may end when the
    load balancer begins to share them out.

    ## References

    - Sizing OutSystems Platform - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/design-infrastructure/sizing-platform.md
    - High availability and scalability - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/ha-scalability/intro.md
    - Scaling and high availability for OutSystems Platform servers - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/design-infrastructure/scaling-ha-servers.md
    """
    if environment.purpose not in environment.infrastructure.reference.redundancy_asked_for:
        return not_applicable(f"The reference does not ask for redundancy in {environment.name}.")
    environment.find_servers()
    active = search(environment.platform_hosts, _is_active_front_end)
    number = len(active.found)
    sentence = f"{environment.name} has {count(number, 'active front-end')}: {active.names or 'none'}."
    if number >= 2:
        return passed(sentence)
    active.demand_complete_sight()
    passive = ", ".join(host.name for host in environment.platform_hosts if host.declared.passive)
    return failed(
        f"{sentence}{f' Declared passive: {passive}.' if passive else ''}",
        expected="at least two active front-ends",
        found=active.names or "none",
    )


def _is_active_front_end(host: Host) -> bool:
    if host.declared.passive or not host.has_platform_server:
        return False
    reading = host.role_reading
    if Role.FRONT_END not in reading.actual:
        return False
    if reading.passive:
        sentence = f"The scheduler of {host.name} is disabled, but the inventory does not declare the server passive."
        unknown(Reason.CONTRADICTORY, sentence)
    return True
