from auditor.check import (
    Host,
    Role,
    Severity,
    Verdict,
    check,
    missing_fixes,
    passed,
)


@check.per_host(
    "VER-006",
    severity=Severity.CRITICAL,
    sources=("VULN", "PSREL"),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
    needs=("COMP-001", "VER-001"),
)
def platform_server_carries_all_security_fixes(host: Host) -> Verdict:
    """Platform Server has the fix of every published security bulletin.

    ## Why it matters

    A bulletin tells everybody that there is a hole and which release closes it, attackers included. Some of these
    holes let a stranger run code on the server, and nothing but the fixed release closes them.

    ## How it is decided

    The version in the registry is looked up in the table of bulletins. A fix counts for its own line: 11.9.2 has one
    that 11.10.0 lacks. The worst score of the bulletins without a fix gives the severity: from 9.0 critical, from 7.0
    high, from 4.0 medium, below low; without a published score high. Where the number of the fixed release was not
    published and nothing else is open, the verdict is unknown, and so it is for a version newer than the table.
    Settings that a bulletin asks for besides the upgrade are not judged here.

    ## How to fix

    1. Upgrade to the release named as expected, or better to the current one.
    2. Begin with the servers that can be reached from the Internet.
    3. Read the bulletins that are named: some ask for a setting as well.
    4. Until then, let only known addresses reach the consoles.

    Effect on users: the upgrade needs a maintenance window of the environment.

    ## References

    - Security bulletins of OutSystems - https://github.com/OutSystems/docs-support/tree/main/src/security/vulnerabilities
    - Platform Server 11 release notes - https://github.com/OutSystems/docs-support/tree/main/src/release-notes/11/platform-server
    """
    version = host.installed_platform
    rows = host.figures("platform_server_bulletins").all_at(version)
    if (verdict := missing_fixes(host.name, "Platform Server", version, rows)) is not None:
        return verdict
    return passed(f"{host.name} has Platform Server {version}, which has the fixes of all bulletins known here.")
