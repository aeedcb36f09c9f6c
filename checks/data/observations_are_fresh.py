from datetime import timedelta

from auditor.check import Host, Reason, Severity, Verdict, check, failed, passed, unknown


@check.per_host("DATA-003", severity=Severity.MEDIUM, sources=("DESIGN",), in_cloud=True)
def observations_are_fresh(host: Host) -> Verdict:
    """What the host answered is fresh enough to be judged.

    ## Why it matters

    A report is read as the state of today. Answers from before the last change of a server would praise, or blame, a
    server that is no longer there.

    ## How it is decided

    From the answers of the host to the judgement of the scan at most `freshness_hours` of the reference passed (24 by
    default). Both times are those of the computer that runs osaudit. Older answers fail, and whatever rests on them is
    unknown (stale). It happens where a scan was interrupted and resumed long after. `osaudit evaluate` judges an
    older scan as of the time at which that scan ended, so its answers do not age in the store: how old the scan
    itself is, its date in the report tells. Answers from after the judgement give unknown (contradictory), as the
    clock was set back; a host that could not be read is told by DATA-001.

    ## How to fix

    1. Scan anew, without `--resume`.
    2. If scans take this long, look for the hosts that answer slowly in the last part of the report.
    3. If older answers are good enough for you, raise `freshness_hours` in the reference and say why.

    Effect on users: none.

    ## References

    - Architecture of osaudit (docs/architecture.md)
    """
    host.demand_visit()
    if not host.answers:
        unknown(Reason.NOT_ASKED, f"The visit to {host.name} has no answer that could be old.")
    limit = f"{host.fresh_for // timedelta(hours=1)} h"
    if host.age < timedelta(0):
        unknown(
            Reason.CONTRADICTORY,
            f"{host.name} answered {_told(-host.age)} after it was judged: the clock of osaudit was set back.",
        )
    if host.age > host.fresh_for:
        return failed(
            f"What {host.name} answered was {_told(host.age)} old when it was judged, more than {limit}.",
            expected=f"at most {limit}",
            found=_told(host.age),
            lasting="too old",
        )
    # Without the age: it is another one every night, and would be shown as a change.
    return passed(f"What {host.name} answered was at most {limit} old when it was judged.")


def _told(age: timedelta) -> str:
    minutes, seconds = divmod(int(age.total_seconds()), 60)
    return f"{minutes // 60} h {minutes % 60} min {seconds} s"
