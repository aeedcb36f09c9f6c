from auditor.check import (
    Environment,
    Host,
    Reason,
    Severity,
    Verdict,
    check,
    facts,
    failed,
    passed,
    search,
    unknown,
)

NO_SOURCE = "nosync"


@check.per_environment("OS-014", severity=Severity.HIGH, sources=("TZ", "IM1748"))
def clocks_are_in_step(environment: Environment) -> Verdict:
    """The clocks of an environment's servers agree and follow a time source.

    ## Why it matters

    Servers of one environment share sessions, caches and timers through one database. When their clocks drift apart,
    sessions end early and timers run twice, and the platform may declare the licence invalid because of the time lag.

    ## How it is decided

    The UTC times of any two controllers or front-ends of the environment differ by at most `clock_difference_seconds`
    of the reference (5 by default, a figure of our own); whether the clock of the computer that runs osaudit is right
    makes no difference. The time is asked last: what then passes until the answer arrives counts as an error of the
    server's clock, so a way to it that takes seconds can look like a difference. The Windows time service of each is
    set to follow something (Type is not NoSync). One violation fails; a pass needs every server. Whether the source
    itself is right, and the clock of the database server, are not judged.

    ## How to fix

    1. Look at the source of each server: `w32tm /query /status`.
    2. Let all of them, and the database server, follow the same one: the domain (`w32tm /config /syncfromflags:domhier
       /update`) or an NTP server, and not the hypervisor as well.
    3. Set the clock (`w32tm /resync`) and restart the OutSystems services on servers that were off.

    Effect on users: a clock that jumps may end sessions; correct big differences outside busy hours.

    ## References

    - Timezone considerations in the OutSystems Platform - https://github.com/OutSystems/docs-support/blob/main/src/enterprise/maintenance/timezone-considerations.md
    - Incident model 1748: licence invalid because of a time lag - https://github.com/OutSystems/docs-support/blob/main/src/troubleshooting/incident-models/o11/im-1748.md
    """
    environment.demand_hosts()
    limit = environment.infrastructure.reference.thresholds.clock_difference_seconds
    told = search(environment.platform_hosts, lambda host: isinstance(_offset(host), float))
    free = search(environment.platform_hosts, lambda host: _source(host).casefold() == NO_SOURCE)
    by_offset = sorted(told.found, key=_offset)
    widest = round(_offset(by_offset[-1]) - _offset(by_offset[0]), 3) if by_offset else 0.0
    # By how much is another every night.
    wrong, lasting = [], []
    if widest > limit:
        wrong.append(f"{by_offset[-1].name} is {widest:.1f} s ahead of {by_offset[0].name}")
        lasting.append(f"{by_offset[-1].name} ahead of {by_offset[0].name}")
    if free.found:
        wrong.append(f"without a time source (NoSync): {free.names}")
        lasting.append(wrong[-1])
    if wrong:
        found = "; ".join(wrong)
        return failed(
            f"The clocks of {environment.name} are not in step: {found}.{told.unseen_note or free.unseen_note}",
            expected=f"at most {limit} s between two servers, and a time source on each",
            found=found,
            lasting="; ".join(lasting),
        )
    told.demand_complete_sight()
    free.demand_complete_sight()
    sources = ", ".join(f"{host.name} {_source(host)}" for host in told.found)
    if len(by_offset) == 1:
        return passed(f"{environment.name} has a single clock, and it follows a time source: {sources}.")
    # Without the measured seconds: they are others every night, and would be shown as a change.
    return passed(f"The clocks of {environment.name} differ by at most {limit} s and follow a source: {sources}.")


def _offset(host: Host) -> float:
    return host.fact(facts.CLOCK_OFFSET)


def _source(host: Host) -> str:
    source = host.fact(facts.CLOCK_SOURCE)
    if source is None:
        unknown(Reason.CONTRADICTORY, f"The registry of {host.name} does not tell what its time service follows.")
    return source
