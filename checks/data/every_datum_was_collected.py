from collections import Counter

from auditor.check import ChannelName, Host, Reason, Severity, Verdict, check, count, failed, passed, unknown

SHOWN = 8


@check.per_host("DATA-002", severity=Severity.MEDIUM, sources=("DESIGN",), in_cloud=True)
def every_datum_was_collected(host: Host) -> Verdict:
    """Every question put to the host was answered.

    ## Why it matters

    A question that is refused or breaks leaves a hole. What rests on it is unknown, and a report with many holes says
    less than it seems to.

    ## How it is decided

    No question to this host ended denied, failed or unsupported. Where PowerShell is locked down, the host is read
    over WMI, and all that WMI cannot ask counts as not collected. Only where the inventory asks for WMI alone is that
    the operator's choice, and named without failing. If the host was not reached, DATA-001 is the finding and this is
    unknown.

    ## How to fix

    1. Look up each question with `osaudit explain`: it says which right it needs.
    2. Denied: give the account that right, or accept the hole with a waiver.
    3. Failed: read the evidence of the finding; if the server is fine, report it to the maintainers of osaudit.
    4. Unsupported because PowerShell is locked down: allow the script for this account, or set `reading: wmi`.

    Effect on users: none.

    ## References

    - Architecture of osaudit (docs/architecture.md)
    """
    lost = host.unanswered
    if lost:
        counts = Counter(answer.outcome.value for answer in lost)
        counted = ", ".join(f"{number} {outcome}" for outcome, number in sorted(counts.items()))
        shown = ", ".join(answer.question for answer in lost[:SHOWN])
        more = f" and {len(lost) - SHOWN} more" if len(lost) > SHOWN else ""
        over_wmi = host.visit.channel is ChannelName.WMI_OVER_WSMAN
        note = " The host was read over WMI alone." if over_wmi else ""
        return failed(
            f"{len(lost)} of {count(len(host.answers), 'question')} to {host.name} got no answer ({counted}).{note}",
            expected="an answer to every question",
            found=f"{shown}{more}",
            lasting=", ".join(f"{answer.question} {answer.outcome}" for answer in lost),
        )
    host.demand_visit()
    if not host.answers:
        unknown(Reason.NOT_ASKED, f"No question was put to {host.name}.")
    cut = [answer.question for answer in host.answers if not answer.complete]
    note = f" Cut short by a limit: {', '.join(cut)}." if cut else ""
    if host.left_out:
        note += f" Left out, as the inventory asks for WMI alone: {count(len(host.left_out), 'question')}."
    return passed(f"All {len(host.answers) - len(host.left_out)} questions to {host.name} were answered.{note}")
