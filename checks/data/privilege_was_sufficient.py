from auditor.check import Host, Outcome, Platform, Severity, Verdict, check, count, failed, passed


@check.per_host("DATA-011", severity=Severity.MEDIUM, sources=("ST-PRE", "DIAG-NET"), in_cloud=True)
def privilege_was_sufficient(host: Host) -> Verdict:
    """The account had the rights that a complete answer needs.

    ## Why it matters

    Without administrator rights several Windows queries answer with an empty list instead of a refusal. "Nothing is
    there" and "you may not look" are then the same text. The vendor's own tools refuse to run without these rights.

    ## How it is decided

    On Windows the account is an administrator of the host. On Linux an account without root rights is enough as long
    as no question was denied. If the host was not reached, or its channel cannot ask for the rights, this is unknown.

    ## How to fix

    1. Make the account a member of the local Administrators group of the host, best for the time of the audit only,
       or through a just-enough-administration endpoint that your security team approves.
    2. On Linux, grant the reads that `osaudit explain` names for the denied questions.
    3. Scan again; verdicts that were unknown become decided.

    Effect on users: none.

    ## References

    - OutSystems.SetupTools: Get-OSServerPreReqs - https://github.com/OutSystems/OutSystems.SetupTools/blob/HEAD/src/Outsystems.SetupTools/Functions/Get-OSServerPreReqs.ps1
    - OSDiagTool: platform diagnostic - https://github.com/OutSystems/techsupp-osdiagtool/blob/HEAD/OSDiagTool/Platform/PlatformDiagnostic.cs
    """
    if host.is_administrator:
        return passed(f"The account is an administrator of {host.name}.")
    if host.visit.platform is Platform.LINUX:
        denied = [answer for answer in host.unanswered if answer.outcome is Outcome.DENIED]
        if not denied:
            return passed(f"The account is not root on {host.name}, and no question was denied.")
        return failed(
            f"The account is not root on {host.name}, and it was denied {count(len(denied), 'question')}.",
            expected="rights to answer every question",
            found=f"denied: {', '.join(answer.question for answer in denied)}",
        )
    return failed(
        f"The account is not an administrator of {host.name}, so empty answers prove nothing.",
        expected="administrator rights",
        found="an ordinary account",
    )
