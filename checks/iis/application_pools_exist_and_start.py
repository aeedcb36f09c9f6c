from auditor.check import (
    Host,
    Purpose,
    Role,
    Severity,
    Verdict,
    check,
    count,
    facts,
    failed,
    not_applicable,
    passed,
)

SITE = "Default Web Site"
OF_FRONT_ENDS = ("OutSystemsApplications", "ServiceCenterAppPool")
OF_LIFETIME = "LifeTimeAppPool"
API_PATHS = ("/server.api", "/server.identity")


@check.per_host(
    "IIS-006",
    severity=Severity.HIGH,
    sources=("ST-CONST", "DBAUTH", "MON"),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
    needs=("COMP-001", "VER-001"),
)
def application_pools_exist_and_start(host: Host) -> Verdict:
    """The application pools of the platform are there and set to start.

    ## Why it matters

    Applications run inside a pool. When it is missing or stopped, IIS answers every request to them with error 503: the
    applications, Service Center, LifeTime, or the API that the development tools talk to.

    ## How it is decided

    A front-end has the pools OutSystemsApplications and ServiceCenterAppPool, a front-end of LifeTime also
    LifeTimeAppPool. On every server the pools that /server.api and /server.identity of the Default Web Site use are
    there, whatever their names. All are set to start with IIS. Names compare without regard to case. A controller that
    is no front-end may have OutSystemsApplications stopped; without these two applications there is nothing to judge
    on it. Whether a pool runs at this moment does not stand in the configuration: one that stopped after repeated
    crashes passes here.

    ## How to fix

    1. If a pool is set not to start, choose Start in IIS Manager, and look in the event log why it was stopped.
    2. If one is missing, run the Configuration Tool and apply, which creates the pools of the platform.
    3. Otherwise create it as the pools beside it are, and assign its applications to it again.

    Effect on users: the applications of a missing or stopped pool answer with an error until it is done; starting a
    pool disturbs nobody.

    ## References

    - OutSystems.SetupTools: constants - https://github.com/OutSystems/OutSystems.SetupTools/blob/HEAD/src/Outsystems.SetupTools/Lib/Constants.ps1
    - Change SQL Server database authentication mode - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/change-db-authentication.md
    - Monitoring an environment - https://github.com/OutSystems/docs-product/blob/main/src/monitor-and-troubleshoot/monitoring-an-environment.md
    """
    expected = _expected(host)
    if not expected:
        return not_applicable(f"{host.name} is no front-end and serves no API application, so it needs no pool.")
    pools = {pool.name.casefold(): pool for pool in host.fact(facts.IIS_POOLS)}
    missing = [name for name in expected if name.casefold() not in pools]
    stopped = [name for name in expected if name.casefold() in pools and not pools[name.casefold()].starts]
    if missing or stopped:
        words = "; ".join(
            f"{what}: {', '.join(names)}"
            for what, names in (("missing", missing), ("set not to start", stopped))
            if names
        )
        return failed(
            f"Of {count(len(expected), 'expected application pool')} on {host.name} not all serve ({words}).",
            expected=f"there and set to start: {', '.join(expected)}",
            found=words,
        )
    return passed(f"The application pools of {host.name} are there and set to start: {', '.join(expected)}.")


def _expected(host: Host) -> list[str]:
    """Return the names of the pools that must be there, each once."""
    names = list(OF_FRONT_ENDS) if Role.FRONT_END in host.roles else []
    if names and host.environment is not None and host.environment.purpose is Purpose.LIFETIME:
        names.append(OF_LIFETIME)
    names += [
        application.pool
        for application in host.fact(facts.IIS_APPLICATIONS)
        if application.site.casefold() == SITE.casefold() and application.path.casefold() in API_PATHS
    ]
    return list({name.casefold(): name for name in reversed(names)}.values())[::-1]
