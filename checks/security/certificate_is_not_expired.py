from datetime import datetime, timedelta

from auditor.check import (
    Environment,
    Severity,
    ShownCertificate,
    Verdict,
    check,
    failed,
    find_shown_certificates,
    name_few,
    passed,
)

# The worst first.
RANKS = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM)


@check.per_environment("SEC-002", severity=Severity.CRITICAL, sources=("CERT", "DESIGN"))
def certificate_is_not_expired(environment: Environment) -> Verdict:
    """The certificates on port 443 are valid, and not only for a few more days.

    ## Why it matters

    On the minute after its end every browser, device and LifeTime itself refuses the certificate: all applications of
    the environment are out of reach at once, and nothing in the platform warns before.

    ## How it is decided

    Every certificate that a front-end has registered for port 443 is looked at, also that of another site; other
    ports, such as that of WinRM, are left aside. The time at which the scan was judged lies between its first and last
    moment: otherwise the finding is critical. If fewer than `certificate_urgent_days` of the reference (7) are left,
    it is high, and if fewer than `certificate_warning_days` (30), medium: both limits are ours. The worst certificate
    decides, and the last day is given in UTC. Where the inventory declares `tls_offloading`, the certificate is shown
    by something else than these servers: unknown (source-not-configured), as with a central store. A binding without
    certificate is left to IIS-004.

    ## How to fix

    1. Renew the certificate at its authority, well before the end.
    2. Import the new one with its private key and all intermediate certificates on each front-end.
    3. Choose it in the https binding of the Default Web Site, and look at it from another machine.
    4. Write down who renews it and when: nobody does it by itself.

    Effect on users: choosing another certificate ends the connections of that moment.

    ## References

    - Certificate management - https://github.com/OutSystems/docs-support/blob/main/src/security/certificate-management/certificate-management.md
    - Architecture of osaudit (docs/architecture.md)
    """
    shown = find_shown_certificates(environment)
    limits, now = environment.infrastructure.reference.thresholds, environment.infrastructure.judged_at
    urgent, warning = limits.certificate_urgent_days, limits.certificate_warning_days
    flaws: list[tuple[Severity, ShownCertificate, str]] = []
    for item in shown.found:
        if (severity := _severity(item, now, urgent, warning)) is not None:
            flaws.append((severity, item, _in_words(item, now)))
    if flaws:
        flaws.sort(key=lambda flaw: (RANKS.index(flaw[0]), flaw[1].certificate.ends, flaw[1].name))
        (severity, worst, words), *more = flaws
        days = {Severity.HIGH: f", in less than {urgent} days", Severity.MEDIUM: f", in less than {warning} days"}
        also = f" So judged too: {name_few(item.name for _, item, _ in more)}." if more else ""
        return failed(
            f"The certificate {worst.certificate.subject} of {worst.name} in {environment.name} {words}"
            f"{days.get(severity, '')}.{also}{shown.front_ends.unseen_note}",
            expected=f"certificates that are valid for at least {warning} more days",
            found=name_few(f"{item.name} {words}" for _, item, words in flaws),
            severity=severity,
            lasting="; ".join(sorted(f"{item.name} {words}" for _, item, words in flaws)),
        )
    shown.front_ends.demand_complete_sight()
    first = min(shown.found, key=lambda item: (item.certificate.ends, item.name))
    return passed(
        f"The certificates of {environment.name} are valid; the first to end is that of {first.name}, "
        f"on {first.certificate.ends.date()}."
    )


def _severity(item: ShownCertificate, now: datetime, urgent: int, warning: int) -> Severity | None:
    starts, ends = item.certificate.starts, item.certificate.ends
    if now > ends or now < starts:
        return Severity.CRITICAL
    if ends < now + timedelta(days=urgent):
        return Severity.HIGH
    return Severity.MEDIUM if ends < now + timedelta(days=warning) else None


def _in_words(item: ShownCertificate, now: datetime) -> str:
    certificate = item.certificate
    if now < certificate.starts:
        return f"is not valid before {certificate.starts.date()}"
    return f"{'ended' if now > certificate.ends else 'ends'} on {certificate.ends.date()}"
