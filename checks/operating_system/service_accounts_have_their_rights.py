from auditor.check import (
    Host,
    Reason,
    Role,
    Severity,
    Verdict,
    Version,
    check,
    facts,
    failed,
    not_applicable,
    passed,
    unknown,
    windows_services,
)

SECTION = "PlatformDatabaseConfiguration"
SERVICES = {Role.DEPLOYMENT_CONTROLLER: windows_services.CONTROLLER, Role.FRONT_END: windows_services.SCHEDULER}
# From this release on the installer gives both services accounts of their own.
OWN_ACCOUNTS = Version.parse("11.12.0")
# Windows' codes for a service that could not log on, and for a kind of logon that the account was not granted.
REFUSED = (1069, 1385)
LOCAL_SYSTEM = ("localsystem", "nt authority\\system", ".\\localsystem")


@check.per_host(
    "OS-016",
    severity=Severity.HIGH,
    sources=("SVCPERM",),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
    needs=("COMP-001", "CONF-001"),
)
def service_accounts_have_their_rights(host: Host) -> Verdict:
    """The accounts of controller and scheduler have the rights that they need.

    ## Why it matters

    Since Platform Server 11.12.0 both services run as accounts with few rights, which the installer grants on this
    server. A policy of the domain takes them back without a word: the next upgrade stops at setting permissions, or a
    service does not come up after a restart.

    ## How it is decided

    Needed are log on as a service, log on as a batch job, create symbolic links, and full control of the install
    folder. A service whose last start ended with Windows' error 1069 or 1385 could not log on, which fails; with an
    account that has a password, the password may be the cause as well. Local System has all of this by itself, so a
    service that runs as it passes. For other accounts the verdict is unknown (source-not-configured): Windows gives
    the rights of accounts only into a file that a program writes, and osaudit does neither. With Windows
    authentication to the database, and below 11.12.0, the check does not apply.

    ## How to fix

    1. Look at the rights: `secpol.msc`, Local Policies, User Rights Assignment. They are greyed out where a policy of
       the domain decides.
    2. Let the policy grant log on as a service, log on as a batch job and create symbolic links to the accounts of the
       services; the Services console shows which ones they are.
    3. Give them full control of the install folder, with everything in it.
    4. Start the services, and publish one application.

    Effect on users: none.

    ## References

    - Change of the permissions of services - https://github.com/OutSystems/docs-support/blob/main/src/enterprise/troubleshooting/service-permissions-change.md
    """
    if host.installed_platform < OWN_ACCOUNTS:
        return not_applicable(
            f"{host.name} has a Platform Server below {OWN_ACCOUNTS}, whose services are Local System."
        )
    if _signs_in_by_windows(host):
        return not_applicable(f"{host.name} uses Windows authentication, so its services have accounts of the domain.")
    listed = host.fact(facts.SERVICES)
    wanted = [name for role, name in SERVICES.items() if role in host.roles]
    services = [item for item in (windows_services.find(listed, name) for name in wanted) if item is not None]
    refused = [item for item in services if item.exit_code in REFUSED and item.state == "stopped"]
    if refused:
        told = "; ".join(f"{item.name} as {item.account or 'an account'} (error {item.exit_code})" for item in refused)
        return failed(
            f"On {host.name} a service could not log on: {told}.",
            expected="accounts that may log on as a service",
            found=told,
        )
    if not services:
        unknown(Reason.CONTRADICTORY, f"{host.name} has none of the services of its roles (see SVC-001 to SVC-003).")
    others = [item for item in services if item.account.casefold() not in LOCAL_SYSTEM]
    if others:
        told = " and ".join(dict.fromkeys(item.account or "an account that Windows does not tell" for item in others))
        unknown(
            Reason.SOURCE_NOT_CONFIGURED,
            f"Windows tells the rights of {told} on {host.name} only into a file, which osaudit does not write: look "
            "with secpol.msc.",
        )
    return passed(f"The services of {host.name} run as Local System, which has every right here.")


def _signs_in_by_windows(host: Host) -> bool:
    section = next((item for item in host.configuration.databases if item.section == SECTION), None)
    mode = section.authentication.casefold() if section is not None else ""
    if section is not None and (section.provider.casefold() == "oracle" or mode == "database authentication"):
        return False
    if mode != "windows authentication":
        unknown(
            Reason.PARSE_ERROR, f"How {host.name} signs in to the platform database cannot be read ({mode or 'no'})."
        )
    return True
