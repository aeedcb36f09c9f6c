from auditor.check import Host, Role, Row, Severity, Verdict, Version, check, count, failed, name_few, passed

# Up to here nearly every release brought fixes of medium weight that the table does not list one by one.
LAST_WITH_UNLISTED = Version((11, 38, 0))


@check.per_host(
    "VER-021",
    severity=Severity.HIGH,
    sources=("PSREL",),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
    needs=("COMP-001", "VER-001"),
)
def platform_server_carries_unannounced_fixes(host: Host) -> Verdict:
    """Platform Server has the security fixes that only release notes tell of.

    ## Why it matters

    Not every security fix gets a bulletin: many stand in one line of a release note, above all those of parts that
    come along, such as the broker, drivers and libraries. Who waits for bulletins misses them.

    ## How it is decided

    The version in the registry is compared with every row of the table of such fixes. One missing fix scored 7.0 or
    more, or called critical, fails as high; if only others are missing, it is medium. Fixes that the vendor calls not
    exploitable are left out. Releases up to 11.38.0 brought many fixes of medium weight that are not listed: how many
    releases lie between is told instead. A version newer than the table gives unknown (version-not-in-table).

    ## How to fix

    1. Look up the named fixes in the release notes, and see whether your applications use the part concerned.
    2. Upgrade to the release named as expected, or better to the current one, with all servers of the environment.
    3. If you have to stay, record why as a waiver with a date.

    Effect on users: the upgrade needs a maintenance window of the environment.

    ## References

    - Platform Server 11 release notes - https://github.com/OutSystems/docs-support/tree/main/src/release-notes/11/platform-server
    """
    version = host.installed_platform
    rows = host.figures("platform_server_fixes").all_at(version)
    lacking = sorted((row for row in rows if row.value("severity", str) != Severity.INFO), key=_by_weight)
    if not lacking:
        return passed(f"{host.name} has Platform Server {version} with all fixes of release notes that are known here.")
    fixed = max(row.before for row in lacking if row.before is not None)
    releases = host.figures("platform_server_releases").rows
    behind = sum(version < row.start <= LAST_WITH_UNLISTED for row in releases)
    also = f" It is {count(behind, 'release')} behind {LAST_WITH_UNLISTED}." if behind else ""
    return failed(
        f"{host.name} has Platform Server {version} without the security fixes of {count(len(lacking), 'release')}: "
        f"{name_few(_told(row) for row in lacking)}.{also}",
        expected=f"Platform Server {fixed} or later",
        found=f"Platform Server {version}",
        severity=min((Severity(row.value("severity", str)) for row in lacking), key=lambda severity: severity.rank),
    )


def _by_weight(row: Row) -> tuple[int, float]:
    return Severity(row.value("severity", str)).rank, -float(row.find("score", str) or 0)


def _told(row: Row) -> str:
    return f"{', '.join(row.texts('ids'))} ({row.value('fixed', str)})"
