from auditor.check import (
    ComponentKind,
    Host,
    Reason,
    Role,
    Severity,
    Verdict,
    Version,
    check,
    missing_fixes,
    not_applicable,
    passed,
    unknown,
)


@check.per_host(
    "VER-007",
    severity=Severity.CRITICAL,
    sources=("VULN", "LTREL"),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
    needs=("COMP-001", "VER-001"),
)
def lifetime_carries_all_security_fixes(host: Host) -> Verdict:
    """LifeTime has the fix of every published security bulletin.

    ## Why it matters

    LifeTime deploys to every environment and knows who may do what there. Who breaks into it holds the whole
    infrastructure, and a bulletin tells everybody where to try.

    ## How it is decided

    The version of the LifeTime that runs on the host is looked up in the table of bulletins on LifeTime, on whichever
    environment it runs. A fix counts for its own line. The worst score of the bulletins without a fix gives the
    severity: from 9.0 critical, from 7.0 high, from 4.0 medium, below low; without a published score high. Where the
    number of the fixed release was not published and nothing else is open, the verdict is unknown, and so it is for a
    version newer than the table. A host without LifeTime is not judged. Settings that a bulletin asks for besides the
    upgrade are not judged here.

    ## How to fix

    1. Upgrade LifeTime to the release named as expected, or better to the current one.
    2. Upgrade the Platform Server below it first where the release asks for it.
    3. Read the bulletins that are named: some ask for a setting in LifeTime's environment as well.

    Effect on users: developers cannot deploy during the upgrade; applications go on running.

    ## References

    - Security bulletins of OutSystems - https://github.com/OutSystems/docs-support/tree/main/src/security/vulnerabilities
    - LifeTime Management Console release notes - https://github.com/OutSystems/docs-support/blob/main/src/release-notes/lifetime-management-console/lifetime-management-console.md
    """
    lifetime = host.component(ComponentKind.LIFETIME)
    if not lifetime.can_run:
        return not_applicable(f"{host.name} does not run LifeTime.")
    try:
        version = Version.parse(lifetime.version or "")
    except ValueError:
        unknown(Reason.PARSE_ERROR, f"LifeTime runs on {host.name}, but its version could not be read.")
    rows = host.figures("lifetime_bulletins").all_at(version)
    if (verdict := missing_fixes(host.name, "LifeTime", version, rows)) is not None:
        return verdict
    host.proved(ComponentKind.LIFETIME)
    return passed(f"{host.name} has LifeTime {version}, which has the fixes of all bulletins known here.")
