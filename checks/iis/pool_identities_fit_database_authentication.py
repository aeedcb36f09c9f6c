from auditor.check import (
    Host,
    Reason,
    Role,
    Severity,
    Verdict,
    check,
    facts,
    failed,
    name_few,
    not_applicable,
    passed,
    search,
    unknown,
)

SITE = "Default Web Site"
SECTION = "PlatformDatabaseConfiguration"
ACCOUNT = "specificuser"
BUILT_IN = ("applicationpoolidentity", "networkservice", "localservice", "localsystem")


@check.per_host(
    "IIS-018",
    severity=Severity.HIGH,
    sources=("DBAUTH",),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
    needs=("COMP-001", "VER-001"),
)
def pool_identities_fit_database_authentication(host: Host) -> Verdict:
    """Application pools run with identities that fit the database authentication.

    ## Why it matters

    With Windows authentication an application signs in to the database as the account of its pool: with a built-in
    identity it is refused, and its pages show errors. After the way back to database authentication IIS keeps the
    accounts, and one day their passwords expire and the pools stop.

    ## How it is decided

    The pools in which the Default Web Site runs applications from the install folder of Platform Server are looked at.
    With database authentication, and with Oracle, each has a built-in identity; an account instead weighs medium,
    because the database does not ask for it. With Windows authentication a built-in identity fails. Which account a
    pool has is not asked of the server, so where all have one the verdict is unknown (not-asked): compare by hand.
    A pool that is missing is told by IIS-006.

    ## How to fix

    1. With Windows authentication, set the identity of the pools in IIS Manager to the runtime account of the
       Configuration Tool, and that of the pools of /server.api and /server.identity to its administrator account.
    2. With database authentication, set it to ApplicationPoolIdentity or NetworkService.
    3. Recycle the pools, and open an application and Service Center.

    Effect on users: recycling a pool unloads its applications, so the first requests after it are slow.

    ## References

    - Change SQL Server database authentication mode - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/change-db-authentication.md
    """
    by_windows = _signs_in_by_windows(host)
    names = _pools_in_use(host)
    if not names:
        return not_applicable(f"IIS on {host.name} runs no application from the install folder of Platform Server.")
    wrong = search(names, lambda name: _is_account(host, name, by_windows) is not by_windows)
    mode = "Windows" if by_windows else "database"
    if wrong.found:
        found = "a built-in identity" if by_windows else "an account"
        return failed(
            f"{host.name} uses {mode} authentication, but {found} runs {name_few(wrong.found)}.{wrong.unseen_note}",
            expected="the accounts of server.hsconf" if by_windows else "built-in identities",
            found=f"{found}: {', '.join(wrong.found)}",
            severity=Severity.HIGH if by_windows else Severity.MEDIUM,
        )
    wrong.demand_complete_sight()
    return passed(f"{host.name} uses database authentication, and built-in identities run {name_few(names)}.")


def _signs_in_by_windows(host: Host) -> bool:
    section = next((item for item in host.configuration.databases if item.section == SECTION), None)
    if section is None:
        unknown(Reason.PARSE_ERROR, f"The server.hsconf of {host.name} has no section {SECTION}.")
    mode = section.authentication.casefold()
    if section.provider.casefold() == "oracle" or mode == "database authentication":
        return False
    if mode != "windows authentication":
        told = section.authentication or "nothing"
        unknown(Reason.PARSE_ERROR, f"How {host.name} signs in to the platform database cannot be read ({told}).")
    return True


def _pools_in_use(host: Host) -> list[str]:
    """Return the pools of the applications that come from the install folder, each once."""
    folder = host.fact(facts.PLATFORM_FOLDER)
    if not folder:
        unknown(Reason.CONTRADICTORY, f"{host.name} has Platform Server, but the registry does not tell its folder.")
    below = folder.rstrip("\\").casefold() + "\\"
    names = {
        application.pool.casefold(): application.pool
        for application in host.fact(facts.IIS_APPLICATIONS)
        if application.site.casefold() == SITE.casefold() and application.physical_path.casefold().startswith(below)
    }
    return sorted(names.values(), key=str.casefold)


def _is_account(host: Host, name: str, by_windows: bool) -> bool:
    """Whether the pool runs as an account; `Unknowable` where it is missing, or which account it is would matter."""
    pools = host.fact(facts.IIS_POOLS)
    pool = next((item for item in pools if item.name.casefold() == name.casefold()), None)
    if pool is None:
        unknown(Reason.CONTRADICTORY, f"IIS on {host.name} has no pool {name}, though an application uses it.")
    identity = pool.identity.casefold()
    if identity not in (ACCOUNT, *BUILT_IN):
        unknown(Reason.PARSE_ERROR, f"The identity {pool.identity} of the pool {name} on {host.name} is none of IIS.")
    if identity == ACCOUNT and by_windows:
        unknown(Reason.NOT_ASKED, f"The pools of {host.name} run as accounts, and osaudit does not ask as which.")
    return identity == ACCOUNT
