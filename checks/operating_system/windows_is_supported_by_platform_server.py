from auditor.check import Host, Reason, Role, Severity, Verdict, Version, check, facts, failed, passed, unknown


@check.per_host(
    "OS-002",
    severity=Severity.CRITICAL,
    sources=("SYSREQ", "ST-CONST", "PSREL"),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
    needs=("COMP-001", "VER-001"),
)
def windows_is_supported_by_platform_server(host: Host) -> Verdict:
    """Windows is one that the installed Platform Server supports.

    ## Why it matters

    Each release of Platform Server is tested on the Windows versions of its time. On an older one it lacks parts of
    the system, on a newer one nobody has tried it, and the vendor supports neither.

    ## How it is decided

    The build of Windows is 10.0.14393 (Windows Server 2016) or later, and the table of figures names it for the
    installed Platform Server version. A build that is in no row of the table, and a Platform Server that is newer than
    the table, give unknown (version-not-in-table).

    ## How to fix

    1. If Windows is too new, upgrade Platform Server to the release named as expected or a later one.
    2. If Windows is too old, set up a new server with a supported Windows and the same Platform Server, add it to the
       environment and retire the old one.
    3. From now on upgrade Platform Server before moving to a newer Windows.

    Effect on users: an upgrade of Platform Server needs a maintenance window; adding a server does not.

    ## References

    - OutSystems system requirements - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/system-requirements.md
    - OutSystems.SetupTools: constants - https://github.com/OutSystems/OutSystems.SetupTools/blob/HEAD/src/Outsystems.SetupTools/Lib/Constants.ps1
    - Platform Server 11 release notes - https://github.com/OutSystems/docs-support/tree/main/src/release-notes/11/platform-server
    """
    version, installed = host.installed_platform, host.fact(facts.OS_VERSION)
    build = Version(installed.parts[:3])
    rows = {row.value("build", Version): row for row in host.figures("windows_server").rows}
    oldest = min(rows)
    if build < oldest:
        return failed(
            f"{host.name} runs Windows {installed}, older than {rows[oldest].value('name', str)}.",
            expected=f"{rows[oldest].value('name', str)} ({oldest}) or later",
            found=f"Windows {installed}",
        )
    supported = host.figures("windows_server").all_at(version)
    if build not in rows:
        unknown(Reason.VERSION_NOT_IN_TABLE, f"The Windows {installed} of {host.name} is in no row of windows_server.")
    row = rows[build]
    name = row.value("name", str)
    if row not in supported:
        return failed(
            f"{host.name} runs {name}, which is supported from Platform Server {row.start} on, but has {version}.",
            expected=f"Platform Server {row.start} or later under {name}",
            found=f"Platform Server {version}",
        )
    return passed(f"{host.name} runs {name}, which Platform Server {version} supports.")
