from auditor.check import (
    Host,
    Infrastructure,
    Reason,
    Severity,
    Verdict,
    check,
    count,
    facts,
    failed,
    not_applicable,
    passed,
    search,
    unknown,
)


@check.per_infrastructure("DATA-009", severity=Severity.MEDIUM, sources=("DESIGN", "TZ"))
def collector_clock_is_sane(infrastructure: Infrastructure) -> Verdict:
    """The clocks of all hosts agree with that of the computer that runs osaudit.

    ## Why it matters

    Ages, expiry dates and waivers are judged by the clock of the computer that runs osaudit, and servers whose clocks
    differ distrust each other's tickets and tokens.

    ## How it is decided

    The UTC time of every host differs from that of the computer that runs osaudit by at most `clock_offset_seconds` of
    the reference (60 by default), the time of the exchange taken into account. One host beyond fails. If all hosts
    are off in the same direction, it is that computer that is wrong. A pass needs every host's clock. Where all
    environments are in the cloud, it does not apply.

    ## How to fix

    1. If all hosts are off, synchronise the clock of the computer that runs osaudit.
    2. If single hosts are off, look at their time source (`w32tm /query /status`); in a domain they follow the domain
       controller, as guests they must not follow the hypervisor as well.
    3. Scan again.

    Effect on users: a clock that jumps may end sessions; correct big differences outside busy hours.

    ## References

    - Architecture of osaudit (docs/architecture.md)
    - Timezone considerations in the OutSystems Platform - https://github.com/OutSystems/docs-support/blob/main/src/enterprise/maintenance/timezone-considerations.md
    """
    limit = infrastructure.reference.thresholds.clock_offset_seconds
    hosts = [host for host in infrastructure.hosts if host.environment is None or not host.environment.is_cloud]
    if infrastructure.environments and not infrastructure.on_premises and not hosts:
        return not_applicable("All environments are in the cloud, so there is no host whose clock could be compared.")
    if not hosts:
        unknown(Reason.NOT_DECLARED, "The inventory declares no host whose clock could be compared.")
    off = search(hosts, lambda host: abs(_offset(host)) > limit)
    if off.found:
        offsets = [_offset(host) for host in off.found]
        told = ", ".join(f"{host.name} {_offset(host):+.0f} s" for host in off.found)
        one_way = all(offset > 0 for offset in offsets) or all(offset < 0 for offset in offsets)
        wrong = " All are off the same way, so it is our clock that is wrong." if one_way else ""
        wrong = wrong if len(off.found) == len(hosts) > 1 else ""
        return failed(
            f"Clocks differ by more than {limit} s from that of osaudit: {told}.{wrong}{off.unseen_note}",
            expected=f"at most {limit} s",
            found=told,
            lasting=off.names,
        )
    off.demand_complete_sight()
    # Without the measured seconds: they are others every night, and would be shown as a change.
    return passed(f"The clocks of {count(len(hosts), 'host')} differ from that of osaudit by at most {limit} s.")


def _offset(host: Host) -> float:
    return host.fact(facts.CLOCK_OFFSET)
