from datetime import date, timedelta

from auditor.check import (
    Host,
    Platform,
    Reason,
    Role,
    Severity,
    Verdict,
    check,
    facts,
    failed,
    not_applicable,
    passed,
    unknown,
)

WARNING = timedelta(days=180)


@check.per_host(
    "OS-003",
    severity=Severity.HIGH,
    sources=("SYSREQ", "WS22", "MSLIFE"),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END, Role.CACHE_BROKER}),
)
def windows_is_in_support_of_its_maker(host: Host) -> Verdict:
    """Windows is in the support of its maker on the day of the audit.

    ## Why it matters

    After the end of extended support Windows gets no more security updates without a paid extension. OutSystems
    supports only Windows versions that Microsoft supports.

    ## How it is decided

    The day on which the scan is judged is not after the end of extended support that the table of figures gives for
    the build of Windows. In the last 180 days, a limit of ours, the finding has severity low. A build without a known
    end gives unknown (version-not-in-table). Paid extensions are not seen; record one as a waiver. Hosts with another
    system than Windows are not judged.

    ## How to fix

    1. Choose a Windows that the installed Platform Server supports (OS-002), or upgrade Platform Server before.
    2. Set up new servers with it and add them to the environment one by one.
    3. Move the controller last, by the vendor's procedure, and retire the old servers.

    Effect on users: none for front-ends; nobody can publish while the controller moves.

    ## References

    - OutSystems system requirements - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/system-requirements.md
    - Upgrade to Windows Server 2022 in the cloud - https://github.com/OutSystems/docs-support/blob/main/src/troubleshooting/infrastructure-management/win-server-22-upgrade-cloud.md
    - Microsoft Lifecycle: ends of support, seen second-hand - https://learn.microsoft.com/lifecycle/products/
    """
    if host.fact(facts.OS_FAMILY) != Platform.WINDOWS:
        return not_applicable(f"{host.name} does not run Windows.")
    build = host.fact(facts.OS_VERSION)
    row = host.figures("end_of_support_windows").find(build)
    ends = None if row is None else row.find("ends", date)
    if row is None or ends is None:
        unknown(Reason.VERSION_NOT_IN_TABLE, f"The end of support of the Windows {build} of {host.name} is not known.")
    name, today = row.value("name", str), host.today
    if today > ends:
        return failed(
            f"{host.name} runs {name}, whose support ended on {ends}.",
            expected="a Windows in extended support",
            found=f"{name}, ended on {ends}",
        )
    if today > ends - WARNING:
        return failed(
            f"{host.name} runs {name}, whose support ends on {ends}, in less than {WARNING.days} days.",
            expected=f"a Windows with at least {WARNING.days} days of support",
            found=f"{name}, ends on {ends}",
            severity=Severity.LOW,
        )
    return passed(f"{host.name} runs {name}, which is supported until {ends}.")
