from collections.abc import Iterator
from typing import Any

from auditor.check import (
    MONTHS,
    MONTHS_WHEN_CRITICAL,
    NEVER_WAIVED,
    Finding,
    Infrastructure,
    Reason,
    Severity,
    Status,
    Verdict,
    check,
    count,
    failed,
    find_lapsed,
    match_waivers,
    months_later,
    name_few,
    passed,
    unknown,
)

OWN_ID = "TOPO-011"


@check.per_infrastructure("TOPO-011", severity=Severity.MEDIUM, sources=("SEED",), after_all=True)
def waivers_are_complete_and_in_force(infrastructure: Infrastructure) -> Verdict:
    """Every waiver is complete, in force, and matches something.

    ## Why it matters

    A deviation may be legitimate, but somebody has to own it and it has to end. An open-ended waiver hides a finding
    for ever, and one that matches nothing hides the next finding that nobody thought of.

    ## How it is decided

    Each waiver must name a known check (by its id, its name or a former name), a reason, an owner and an approver;
    must not have ended; must last at most 12 months, or 3 if a verdict that it matches is critical; must not name
    DATA-001, DATA-008 or DATA-013, which cannot be waived; and must match at least one verdict of this scan. Where it
    names the evidence that was accepted, every failure that it matches must look like that, or be covered by another
    waiver: otherwise that failure is open before the date. If its verdict could not be given, this is unknown. A waiver
    that matches only verdicts which need none is named as superfluous, without failing. Without waivers the check
    passes.

    ## How to fix

    1. Renew what has ended, with a new approval, or delete it and fix the finding.
    2. Correct names of checks, hosts and environments that match nothing.
    3. Shorten what lasts too long.
    4. Look at a finding whose evidence is not what was accepted: fix it, or accept it as it is now. The entry beside
       it in the report has the new evidence.

    Effect on users: none.

    ## References

    - Possible setups for an OutSystems infrastructure - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/intro.md
    """
    purposes = {environment.name: environment.purpose.value for environment in infrastructure.environments}
    faults: list[str] = []
    superfluous: list[str] = []
    matches = match_waivers(infrastructure.waivers, infrastructure.earlier, purposes, infrastructure.check_names)
    lapsed = find_lapsed(matches, infrastructure.judged_at.date())
    for (waiver, covered), outgrown in zip(matches, lapsed, strict=True):
        faults += [f"{_place(waiver)} {fault}" for fault in _faults(waiver, covered, infrastructure)]
        if outgrown:
            names = name_few(item.subject.name for item in outgrown)
            faults.append(f"{_place(waiver)} does not cover {names}, whose evidence is not what was accepted")
        if covered and not any(item.verdict.status in (Status.FAIL, Status.UNKNOWN) for item in covered):
            superfluous.append(_place(waiver))
    note = f" Superfluous, as the verdicts need none: {', '.join(superfluous)}." if superfluous else ""
    waivers = count(len(infrastructure.waivers), "waiver")
    if faults:
        return failed(
            f"{count(len(faults), 'fault')} in {waivers}: {'; '.join(faults)}.{note}",
            expected="complete waivers in force, each matching something",
            found="; ".join(faults),
        )
    if not infrastructure.waivers:
        return passed("There are no waivers.")
    _demand_sight(matches, infrastructure)
    return passed(f"{waivers} checked: complete and in force.{note}")


def _demand_sight(matches: list[tuple[Any, list[Finding]]], infrastructure: Infrastructure) -> None:
    """Raise `Unknowable` where a waiver names its evidence and a verdict could not be given: it may look otherwise."""
    unseen = find_lapsed(matches, infrastructure.judged_at.date(), Status.UNKNOWN, Status.ERROR)
    for (waiver, _), findings in zip(matches, unseen, strict=True):
        if findings:
            names = name_few(item.subject.name for item in findings)
            reason = findings[0].verdict.reason or Reason.PARSE_ERROR
            unknown(reason, f"Whether {names} still looks as {_place(waiver)} accepts it could not be seen.")


def _place(waiver: Any) -> str:
    scope = waiver.host or waiver.environment or waiver.purpose
    return f"{waiver.check} for {scope}" if scope else str(waiver.check)


def _faults(waiver: Any, covered: list[Finding], infrastructure: Infrastructure) -> Iterator[str]:
    today = infrastructure.judged_at.date()
    check_id = infrastructure.check_names.get(waiver.check, waiver.check)
    if check_id in NEVER_WAIVED:
        yield "cannot be waived"
        return
    if waiver.check not in infrastructure.check_names:
        yield "names no known check"
    elif not covered and check_id != OWN_ID:
        yield "matches nothing"
    for part in ("reason", "owner", "approver"):
        if not getattr(waiver, part).strip():
            yield f"has no {part}"
    if waiver.until < today:
        yield f"ended on {waiver.until}"
    months = MONTHS_WHEN_CRITICAL if any(item.severity is Severity.CRITICAL for item in covered) else MONTHS
    if waiver.until < waiver.granted:
        yield "ends before it begins"
    elif waiver.until > months_later(waiver.granted, months):
        yield f"lasts longer than {months} months"
