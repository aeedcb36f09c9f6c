from collections import defaultdict

from auditor.check import (
    Environment,
    Host,
    Reason,
    Severity,
    Verdict,
    check,
    facts,
    failed,
    name_few,
    not_applicable,
    passed,
    search,
    unknown,
)


@check.per_environment("OS-013", severity=Severity.HIGH, sources=("TZ", "LTSYNC", "IM1748"))
def one_time_zone_per_environment(environment: Environment) -> Verdict:
    """All servers of an environment have the same time zone.

    ## Why it matters

    The platform writes local times into its database, and every server reads them as its own. With two zones, timers
    run an hour early or twice, LifeTime never finishes its synchronisation, and the licence may be taken for invalid.

    ## How it is decided

    The time zones that all controllers and front-ends of the environment are set to have one and the same name. Two
    that differ fail at once, and all are named. A pass needs every server. An environment with a single server has
    nothing to compare. The zone of the database server has to be the same as well (UTC for Azure SQL); osaudit cannot
    read it, so look at it yourself.

    ## How to fix

    1. Find out which zone the database server has: that is the one to use.
    2. Set it on the servers that differ (`tzutil /s "UTC"`), one after the other.
    3. Restart the OutSystems services and IIS on each of them.

    Effect on users: restarting IIS ends the requests of that moment; timers may run once more or skip one turn.

    ## References

    - Timezone considerations in the OutSystems Platform - https://github.com/OutSystems/docs-support/blob/main/src/enterprise/maintenance/timezone-considerations.md
    - LifeTime synchronization is stuck - https://github.com/OutSystems/docs-support/blob/main/src/troubleshooting/application-lifecycle/lifetime/lifetime-sync-stuck.md
    - Incident model 1748: licence invalid because of a time lag - https://github.com/OutSystems/docs-support/blob/main/src/troubleshooting/incident-models/o11/im-1748.md
    """
    environment.demand_hosts()
    hosts = environment.platform_hosts
    if len(hosts) == 1:
        return not_applicable(f"{environment.name} has a single server, so there is nothing to compare.")
    told = search(hosts, lambda host: bool(_zone(host)))
    by_zone = defaultdict(list)
    for host in told.found:
        by_zone[_zone(host).casefold()].append(host)
    commonest_first = sorted(by_zone.items(), key=lambda item: (-len(item[1]), item[0]))
    listed = "; ".join(f"{_zone(group[0])} on {name_few(host.name for host in group)}" for _, group in commonest_first)
    if len(by_zone) > 1:
        return failed(
            f"{environment.name} has {len(by_zone)} time zones: {listed}.{told.unseen_note}",
            expected="one time zone on all servers",
            found=listed,
        )
    told.demand_complete_sight()
    return passed(f"{environment.name} has the time zone {listed}; that of its database server was not read.")


def _zone(host: Host) -> str:
    zone = host.fact(facts.CLOCK_ZONE)
    if not zone:
        unknown(Reason.PARSE_ERROR, f"{host.name} names no time zone.")
    return zone
