from auditor.check import (
    Infrastructure,
    Reason,
    Severity,
    Verdict,
    check,
    database_catalogs,
    facts,
    failed,
    is_same_catalog,
    lacks_schema,
    lifetime_and_others,
    passed,
    search,
    unknown,
)


@check.per_infrastructure("TOPO-007", severity=Severity.CRITICAL, sources=("LTSIZE", "INFRARCH"))
def lifetime_has_database_catalogs_of_its_own(infrastructure: Infrastructure) -> Verdict:
    """LifeTime's database catalogs are used by no other environment.

    ## Why it matters

    A dedicated environment means servers and catalogs of its own. Two environments in one catalog overwrite each
    other's modules, configuration and logs, and cannot be upgraded or restored one without the other.

    ## How it is decided

    Platform, log and session database of every server are read from server.hsconf (names, never passwords).
    LifeTime's must not appear in any other environment. Sharing the database server is allowed. Names of servers are
    compared by text, with and without domain; an alias in DNS is not resolved. With Oracle the service and the owner
    of the schema are compared; where the file does not name the owner, one service in both environments gives
    unknown. If there is no LifeTime at all, the check does not apply.

    ## How to fix

    1. Create new catalogs for LifeTime on the same or another database server.
    2. Install LifeTime afresh against them, in its own environment, and register the environments in it.
    3. Do not move the shared catalog: it belongs to the other environment.

    Effect on users: none for the users of applications. Nobody can deploy while LifeTime is being rebuilt; its
    history is lost.

    ## References

    - Size an environment to run the infrastructure management console - https://github.com/OutSystems/docs-support/blob/main/src/enterprise/install/size-environment-run-infra-mgmt-console.md
    - Infrastructure architecture and deployment options - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/infra-architecture/infra-architecture.md
    """
    lifetime, others = lifetime_and_others(infrastructure)
    servers = [server for environment in lifetime for server in environment.find_servers().found]
    readable = search(servers, lambda host: bool(database_catalogs(host)))
    # Front-ends of one environment name the same catalogs, so each is kept once.
    mine = list(dict.fromkeys(section for host in readable.found for section in database_catalogs(host)))
    candidates = [host for environment in others for host in environment.platform_hosts]
    sharing = search(candidates, lambda host: host.has_platform_server and _shares(database_catalogs(host), mine))
    if sharing.found:
        return failed(
            f"{sharing.names} and LifeTime ({readable.names}) use the same database catalog.{sharing.unseen_note}",
            expected="catalogs that only LifeTime uses",
            found=", ".join(
                sorted({told for host in sharing.found for told in _shared(database_catalogs(host), mine)})
            ),
        )
    for environment in (*lifetime, *others):
        environment.demand_hosts()
    for environment in lifetime:
        environment.find_servers().demand_complete_sight()
    readable.demand_complete_sight()
    sharing.demand_complete_sight()
    return passed(f"No other environment uses the catalogs of LifeTime ({readable.names}).")


def _shares(theirs: tuple[facts.DatabaseSection, ...], mine: list[facts.DatabaseSection]) -> bool:
    same = [one for one in theirs for other in mine if is_same_catalog(one, other)]
    if same and all(lacks_schema(section) for section in same):
        sentence = f"Two environments use the Oracle service {same[0].catalog}; which schema each uses is not known."
        unknown(Reason.SOURCE_NOT_CONFIGURED, sentence)
    return bool(same)


def _shared(theirs: tuple[facts.DatabaseSection, ...], mine: list[facts.DatabaseSection]) -> set[str]:
    return {f"{one.catalog} on {one.server}" for one in theirs if any(is_same_catalog(one, other) for other in mine)}
