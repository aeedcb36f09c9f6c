from auditor.check import ComponentKind, Host, Severity, Verdict, check, failed, passed

MAJOR = 11


@check.per_host("VER-001", severity=Severity.CRITICAL, sources=("LIFE", "O10END", "VULN"))
def platform_server_major_version_is_supported(host: Host) -> Verdict:
    """Platform Server is of major version 11 on every server.

    ## Why it matters

    Version 10 and all before it get no fixes, also none for security; the vendor's support for version 10 ended in
    2020. The Java stack ended with version 10. Whoever still runs them has nobody to turn to.

    ## How it is decided

    On every host that has Platform Server, declared or not, the first number of the version in the registry is 11. A
    host with the former Java stack fails. A host without either is not judged. A higher major version than the tables
    of figures know gives unknown (version-not-in-table).

    ## How to fix

    1. Plan the upgrade to version 11; modules have to be upgraded and tested, so it is a project and not an evening.
    2. Until then let nobody from outside reach the server, and record the risk as a waiver with a date.
    3. If the server is retired, uninstall Platform Server and remove the host from the inventory.

    Effect on users: the upgrade needs a maintenance window of the whole environment.

    ## References

    - OutSystems product lifecycle - https://github.com/OutSystems/docs-support/blob/main/src/release-articles/product-lifecycle/product-lifecycle.md
    - End of support of OutSystems 10 - https://github.com/OutSystems/docs-support/blob/main/src/release-notes/10/end-support-10.md
    - Security bulletins of OutSystems - https://github.com/OutSystems/docs-support/tree/main/src/security/vulnerabilities
    """
    java = host.component(ComponentKind.JAVA_STACK)
    if java.can_run:
        stack = f"Java stack {java.version or 'of no stated version'}"
        return failed(
            f"{host.name} runs the former {stack}, which ended with version 10.",
            expected=f"Platform Server {MAJOR}",
            found=stack,
        )
    version = host.installed_platform
    if version.parts[0] < MAJOR:
        return failed(
            f"{host.name} has Platform Server {version}, whose major version is no longer supported.",
            expected=f"Platform Server {MAJOR}",
            found=f"Platform Server {version}",
        )
    host.figures("end_of_support_outsystems").demand(version)
    return passed(f"{host.name} has Platform Server {version}.")
