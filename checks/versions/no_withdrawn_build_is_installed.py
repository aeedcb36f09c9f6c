from auditor.check import (
    ComponentKind,
    Host,
    Reason,
    Role,
    Row,
    Severity,
    Verdict,
    Version,
    check,
    failed,
    passed,
    search,
    unknown,
)

LIFETIME = "LifeTime"
TABLES = {"Platform Server": "platform_server_known_issues", LIFETIME: "lifetime_known_issues"}


@check.per_host(
    "VER-005",
    severity=Severity.HIGH,
    sources=("PSREL", "LTREL", "VULN", "IMDEPLOY"),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
    needs=("COMP-001", "VER-001"),
)
def no_withdrawn_build_is_installed(host: Host) -> Verdict:
    """Neither Platform Server nor LifeTime is a build that the vendor withdrew.

    ## Why it matters

    A few releases were taken back days after they came out, because they broke applications or deployed a wrong
    configuration. Who installed one in those days still has it, and no update tells.

    ## How it is decided

    The version of Platform Server, and that of LifeTime where it runs, are compared with the releases that the tables
    of known issues mark as withdrawn. The releases of 2019 have month names whose build numbers were mostly not
    published: a version among which such a release lies gives unknown (version-not-in-table), and so does one that is
    newer than the tables.

    ## How to fix

    1. Upgrade to the release that replaced it, or better to a current one.
    2. For an unknown of 2019, look up in Service Center which release it is, and upgrade anyhow: its line ended.
    3. Read in the note of the withdrawn release what it broke, and look for traces of it.

    Effect on users: the upgrade needs a maintenance window.

    ## References

    - Platform Server 11 release notes - https://github.com/OutSystems/docs-support/tree/main/src/release-notes/11/platform-server
    - LifeTime Management Console release notes - https://github.com/OutSystems/docs-support/blob/main/src/release-notes/lifetime-management-console/lifetime-management-console.md
    - Security bulletins of OutSystems - https://github.com/OutSystems/docs-support/tree/main/src/security/vulnerabilities
    - Workaround for Deploy All in Platform Server 11.18.0 - https://github.com/OutSystems/docs-support/blob/main/src/troubleshooting/infrastructure-management/deploy-all-workaround-11180.md
    """
    taken_back = search(TABLES, lambda product: _withdrawn(host, product) is not None)
    rows = [(product, row) for product in taken_back.found if (row := _withdrawn(host, product)) is not None]
    if rows:
        product, row = rows[0]
        version = _version(host, product)
        return failed(
            f"{host.name} has {product} {version}, a build that was taken back ({row.value('effect', str)}).",
            expected=f"{product} {row.value('cured_by', str)} or later",
            found=f"{product} {version}",
        )
    taken_back.demand_complete_sight()
    lifetime = _version(host, LIFETIME)
    beside = "without LifeTime" if lifetime is None else f"and LifeTime {lifetime}"
    return passed(f"{host.name} has Platform Server {host.installed_platform} {beside}, which nobody took back.")


def _withdrawn(host: Host, product: str) -> Row | None:
    """Return the row of the withdrawn build that the product is; `Unknowable` where it may be one."""
    version = _version(host, product)
    rows = () if version is None else host.figures(TABLES[product]).all_at(version)
    taken_back = [row for row in rows if row.value("withdrawn", bool)]
    for row in taken_back:
        if row.value("certain", bool):
            return row
    if taken_back:
        releases = " or ".join(row.value("release", str) for row in taken_back)
        unknown(
            Reason.VERSION_NOT_IN_TABLE,
            f"{product} {version} of {host.name} may be the withdrawn release {releases}, whose build number was not "
            "published.",
        )
    return None


def _version(host: Host, product: str) -> Version | None:
    if product != LIFETIME:
        return host.installed_platform
    lifetime = host.component(ComponentKind.LIFETIME)
    if not lifetime.can_run:
        return None
    try:
        return Version.parse(lifetime.version or "")
    except ValueError:
        unknown(Reason.PARSE_ERROR, f"LifeTime runs on {host.name}, but its version could not be read.")
