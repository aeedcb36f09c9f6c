from auditor.check import Host, Reason, Severity, Verdict, check, failed, passed, unknown

# What a failure concerns, by the beginning of its kind, so that the right person reads on.
CONCERNS = (
    ("name-", "the name"),
    ("tls-", "TLS"),
    ("host-key-", "the host key"),
    ("no-common-", "the host key"),
    ("credential-", "the credential"),
    ("key-", "the credential"),
    ("sign-in-", "the sign-in"),
    ("kerberos-", "the sign-in"),
    ("clear-text-", "the sign-in"),
    ("encryption-", "the sign-in"),
    ("refused", "the port"),
    ("dropped", "the port"),
    ("unreachable", "the network"),
    ("right-", "the rights"),
    ("crashed", "osaudit itself"),
)


@check.per_host("DATA-001", severity=Severity.HIGH, sources=("DESIGN",), in_cloud=True)
def every_host_was_reached(host: Host) -> Verdict:
    """The host answered and let us in.

    ## Why it matters

    A server that does not answer shows no faults. Counted as healthy it would be the cleanest one of the report; so
    its silence is a finding, and everything that rests on it is unknown.

    ## How it is decided

    The visit of this scan ended without a failure: name, port, TLS or host key, sign-in and the exchange of questions
    and answers all worked. The sentence says which of them failed; all other verdicts about this host only refer to
    it. This finding cannot be waived.

    ## How to fix

    1. Read the sentence: it names what failed and what to do about it.
    2. Try again with `osaudit hosts ping <host>`, which reports each step.
    3. If the server no longer exists, take it out of the inventory.

    Effect on users: none.

    ## References

    - Architecture of osaudit (docs/architecture.md)
    """
    visit = host.visit
    if visit.failure is None:
        if not host.answers:
            unknown(Reason.NOT_ASKED, f"The visit to {host.name} has neither a failure nor an answer.")
        return passed(f"{host.name} answered{f' ({visit.channel})' if visit.channel else ''}.")
    concern = next((word for start, word in CONCERNS if visit.failure.kind.startswith(start)), "the session")
    return failed(
        f"{host.name} could not be read: {visit.failure.sentence}",
        expected="the host answers and lets us in",
        found=f"{visit.failure.kind} (look at {concern})",
    )
