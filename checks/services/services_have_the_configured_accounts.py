from auditor.check import (
    Host,
    Reason,
    Role,
    Severity,
    Verdict,
    check,
    facts,
    failed,
    not_applicable,
    passed,
    search,
    unknown,
    windows_services,
)

SECTION = "PlatformDatabaseConfiguration"
# The services of each role, and whether the configuration's administrator account (else its runtime account) is theirs.
SERVICES = {
    Role.DEPLOYMENT_CONTROLLER: {windows_services.CONTROLLER: True},
    Role.FRONT_END: {windows_services.DEPLOYMENT: True, windows_services.SCHEDULER: False},
}


@check.per_host(
    "SVC-006",
    severity=Severity.HIGH,
    sources=("DBAUTH", "DEFCONF"),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
    needs=("COMP-001",),
)
def services_have_the_configured_accounts(host: Host) -> Verdict:
    """With Windows authentication, the services have the accounts of server.hsconf.

    ## Why it matters

    With Windows authentication a service reaches the database as the account it logs on with. With another account it
    starts, does not get in, and nothing is compiled, deployed or scheduled until somebody sees why.

    ## How it is decided

    Where server.hsconf names Windows Authentication for the platform database, the controller service and the
    deployment service log on as its administrator user, the scheduler as its runtime user; the services of the roles
    that the inventory declares are looked at, stopped ones too. Names compare without regard to case. One written as
    DOMAIN\\name equals only itself; where the names are alike, but one is written without domain, with a dot, as a
    DNS domain or as name@domain, nobody can tell from here whether they mean the same account: that gives unknown
    (contradictory). With database authentication, and with Oracle, the check does not apply.

    ## How to fix

    1. Find out which account is right: the one in the database section of the Configuration Tool, or the one of the
       service.
    2. In the Configuration Tool enter the administrator and runtime users of the platform database again, test the
       connections, and choose Apply and Exit: it gives the services their accounts.
    3. If a service does not start, let its account log on as a service, and see that it may reach the database.

    Effect on users: the services restart; applications go on, timers and publications wait that long.

    ## References

    - Change SQL Server database authentication mode - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/change-db-authentication.md
    - Default configurations of OutSystems - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/default-configurations.md
    """
    section = next((item for item in host.configuration.databases if item.section == SECTION), None)
    if section is None:
        unknown(Reason.PARSE_ERROR, f"The server.hsconf of {host.name} has no section {SECTION}.")
    mode = section.authentication.casefold()
    if section.provider.casefold() == "oracle" or mode == "database authentication":
        return not_applicable(f"{host.name} reaches the platform database without Windows authentication.")
    if mode != "windows authentication":
        told = section.authentication or "nothing"
        unknown(Reason.PARSE_ERROR, f"How {host.name} signs in to the platform database cannot be read ({told}).")
    accounts = _accounts(host)
    if not accounts:
        unknown(Reason.CONTRADICTORY, f"{host.name} has none of the services of its roles (see SVC-001 to SVC-003).")
    wanted = {
        name: section.admin_user if by_administrator else section.runtime_user
        for role in sorted(host.roles & SERVICES.keys())
        for name, by_administrator in SERVICES[role].items()
    }
    other = search(accounts, lambda name: not _is_same(host, name, accounts[name], wanted[name]))
    if other.found:
        words = "; ".join(f"{name} logs on as {accounts[name]} instead of {wanted[name]}" for name in other.found)
        return failed(
            f"On {host.name} {words}.{other.unseen_note}",
            expected="; ".join(f"{name} as {wanted[name]}" for name in other.found),
            found="; ".join(f"{name} as {accounts[name]}" for name in other.found),
        )
    other.demand_complete_sight()
    told = "; ".join(f"{name} as {account}" for name, account in accounts.items())
    return passed(f"The services of {host.name} log on as server.hsconf wants it: {told}.")


def _accounts(host: Host) -> dict[str, str]:
    """Return the accounts of the registered services of the declared roles."""
    services = host.fact(facts.SERVICES)
    names = [name for role in sorted(host.roles & SERVICES.keys()) for name in SERVICES[role]]
    found = {name: windows_services.find(services, name) for name in names}
    return {name: service.account for name, service in found.items() if service is not None}


def _is_same(host: Host, service: str, account: str, wanted: str | None) -> bool:
    """Whether two names mean one account; `Unknowable` where their forms do not let one tell."""
    if not wanted:
        unknown(Reason.PARSE_ERROR, f"The server.hsconf of {host.name} does not name the account for {service}.")
    if not account:
        unknown(Reason.CONTRADICTORY, f"Windows does not tell the account of {service} on {host.name}.")
    if account.casefold() == wanted.casefold():
        return True
    (domain, name), (wanted_domain, wanted_name) = _parts(account), _parts(wanted)
    if name != wanted_name:
        return False
    if not (domain and wanted_domain):
        unknown(
            Reason.CONTRADICTORY,
            f"{service} on {host.name} logs on as {account}, server.hsconf wants {wanted}: whether these are the same "
            "account cannot be told from their names.",
        )
    return domain == wanted_domain


def _parts(account: str) -> tuple[str, str]:
    """Return domain and name in lower case; no domain where its form does not compare."""
    domain, backslash, name = account.casefold().rpartition("\\")
    if not backslash:
        return "", account.casefold().partition("@")[0]
    return ("" if "." in domain else domain), name
